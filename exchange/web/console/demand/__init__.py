"""Who takes leads: buyers, their connections, trials and answers, the store and nurture."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.web.console._rights import SETTING, Rights
from exchange.web.console.demand import (
    answers,
    buyers_new,
    connector,
    connectors,
    csv_addresses,
    inbox,
    nurture,
    nurture_plan,
    store,
    store_rule,
    store_rules,
    terms,
    trial,
)

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        answers: Rights(),
        buyers_new: Rights(),
        connector: Rights(),
        connectors: Rights(),
        csv_addresses: SETTING,
        inbox: Rights(),
        nurture: Rights(),
        nurture_plan: Rights(),
        store: Rights(),
        store_rule: Rights(),
        store_rules: Rights(),
        terms: Rights(),
        trial: Rights(),
    }
)
