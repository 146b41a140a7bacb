"""How leads are sold: ping trees, and what other rules would bring."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.web.console._rights import Rights
from exchange.web.console.rules import earn_now, simulated_lead, simulation, simulator, tree, trees

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        earn_now: Rights(),
        simulated_lead: Rights(),
        simulation: Rights(),
        simulator: Rights(),
        tree: Rights(),
        trees: Rights(),
    }
)
