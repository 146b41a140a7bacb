"""Sellers and their campaigns: who sends leads, under which terms, and how far each has come."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.web.console._rights import Rights
from exchange.web.console.sellers import campaign, campaign_new, new_seller, seller, sellers

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {campaign: Rights(), campaign_new: Rights(), new_seller: Rights(), seller: Rights(), sellers: Rights()}
)
