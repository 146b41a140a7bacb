"""Leads and what became of them: each lead's timeline, deliveries, unclear posts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.web.console._rights import DECIDING, Rights
from exchange.web.console.leads import deliveries, disputes, lead, leads, overlaps, unclear

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        deliveries: Rights(),
        disputes: DECIDING,
        lead: Rights(),
        leads: Rights(),
        overlaps: Rights(),
        unclear: Rights(),
    }
)
