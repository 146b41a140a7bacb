"""How the demo's posting instructions came to be what they are: two changes before its leads begin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from exchange.clock import SimulatedClock
from exchange.flows.documents import remove_document, save_document
from exchange.flows.market import Market, refresh
from exchange.flows.shapes import VERTICAL
from exchange.flows.specs import keep_specs
from exchange.model.actor import SYSTEM
from exchange.storage.parties import save_campaign
from exchange.yaml_files import read_yaml

DAYS = 21
"""How long before the first lead the market was founded."""

_CAMPAIGN, _VERTICAL, _LATER_FIELD = "acme-solar", "solar", "project_type"
_EARLIER_HOLD_MS = 60_000
_SECONDS_PER_DAY = 86_400


async def change_instructions(market: Market, clock: SimulatedClock, verticals: Path) -> None:
    """At first prices were held for a minute and a field was missing; then the one changed, then the other."""
    campaign = market.deals.campaigns[_CAMPAIGN]
    began = clock.now()
    await market.db.write(save_campaign, replace(campaign, price_hold_ms=_EARLIER_HOLD_MS), clock.now(), "demo")
    document = read_yaml((verticals / f"{_VERTICAL}.yaml").read_bytes(), _VERTICAL, [])
    fields = [field for field in document["fields"] if field["name"] != _LATER_FIELD]
    await save_document(market, VERTICAL, _VERTICAL, {**document, "fields": fields}, SYSTEM)
    await keep_specs(market)
    clock.advance(9 * _SECONDS_PER_DAY)
    await remove_document(market, VERTICAL, _VERTICAL, SYSTEM)  # the file, which has the field, holds again
    await keep_specs(market)
    clock.advance(8 * _SECONDS_PER_DAY)
    await market.db.write(save_campaign, campaign, clock.now(), "demo")
    await refresh(market)
    await keep_specs(market)
    clock.set(began + DAYS * _SECONDS_PER_DAY * 1_000)
