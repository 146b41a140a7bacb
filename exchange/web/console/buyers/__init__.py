"""Buyers and their contracts: how they stand, their terms, and what people do about them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.web.console._rights import Rights
from exchange.web.console.buyers import _desk, buyer, buyers, contract, missed, pause, versions

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        buyers: Rights(),
        buyer: Rights(),
        contract: Rights(),
        _desk: Rights(),
        missed: Rights(),
        pause: Rights(),
        versions: Rights(),
    }
)
