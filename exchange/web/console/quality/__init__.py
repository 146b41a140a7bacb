"""What sources and buyers are worth, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.web.console._rights import WATCHING, Rights
from exchange.web.console.quality import (
    attribution,
    quality,
    quality_buyer,
    quality_buyers,
    quality_cohorts,
    quality_measures,
    quality_prices,
    quality_shaving,
    quality_sources,
)

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        attribution: Rights(),
        quality: Rights(),
        quality_buyer: Rights(),
        quality_buyers: Rights(),
        quality_cohorts: Rights(),
        quality_measures: WATCHING,
        quality_prices: Rights(),
        quality_shaving: Rights(),
        quality_sources: Rights(),
    }
)
