"""Leads and what became of them: each lead's timeline, deliveries, unclear posts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.web.console._rights import DECIDING, SEEING, Rights
from exchange.web.console.leads import bulk, deliveries, disputes, lead, leads, overlaps, resend_run, resends, unclear

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        bulk: SEEING,
        deliveries: Rights(),
        disputes: DECIDING,
        lead: Rights(),
        leads: Rights(),
        overlaps: Rights(),
        resend_run: Rights(),
        resends: Rights(),
        unclear: Rights(),
    }
)
