"""What belongs to the whole exchange: its people and its connections to others."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.model.rights import Right
from exchange.web.console._rights import SEEING, SETTING, Rights
from exchange.web.console.settings import (
    ad_accounts,
    audit,
    audit_line,
    data,
    general,
    health,
    keys,
    overview,
    privacy,
    providers,
    security,
    users,
    verticals,
    webhooks,
)

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        ad_accounts: SETTING,
        audit: Rights(),
        audit_line: SEEING,
        health: Rights(),
        keys: Rights(Right.SETTINGS, Right.SETTINGS),
        security: Rights(Right.SETTINGS, Right.SETTINGS),
        privacy: SEEING,
        users: Rights(Right.SETTINGS, Right.SETTINGS),
        overview: Rights(),
        general: Rights(Right.SETTINGS, Right.SETTINGS),
        data: Rights(Right.SETTINGS, Right.SETTINGS),
        providers: Rights(Right.SETTINGS, Right.SETTINGS),
        verticals: Rights(),
        webhooks: SETTING,
    }
)
