"""What needs a person now, what did, and the rules that look for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.model.rights import Right
from exchange.web.console._rights import Rights
from exchange.web.console.alerts import alert, alerts, rules

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        alerts: Rights(change=Right.PAUSE),
        rules: Rights(change=Right.SETTINGS),
        alert: Rights(change=Right.PAUSE),
    }
)
