"""What the exchange does in figures, by whatever they are asked by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.web.console._rights import SEEING, Rights
from exchange.web.console.analytics import entries, explorer

ROOM: Mapping[ModuleType, Rights] = MappingProxyType({entries: SEEING, explorer: SEEING})
