"""What the exchange does now, and whether it is well."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.web.console._rights import Rights
from exchange.web.console.overview import _stream, dashboard, live

ROOM: Mapping[ModuleType, Rights] = MappingProxyType({dashboard: Rights(), live: Rights(), _stream: Rights()})
