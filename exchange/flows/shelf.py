"""What nobody bought in its auction is put on the store's shelf, and whoever looks for such a lead is told.

A lead whose consumer may not be sold any more leaves the shelf: at once when they take their consent back or are
erased, and soon after they came on a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import orjson
from pydantic import TypeAdapter

from exchange.flows.check_suppression import ask_lists
from exchange.flows.market import Market
from exchange.flows.party_news import store_matches
from exchange.flows.stored_lead import stored_lead
from exchange.flows.tell import News, tell
from exchange.model.actor import Role
from exchange.model.finding import Outcome
from exchange.model.lead import Lead
from exchange.model.party import State, StoreRule
from exchange.model.reason import Reason
from exchange.model.vertical import Vertical
from exchange.stages.consent_policy import AUTHORIZATION_MS, authorization_over
from exchange.stages.store import Wanted, card_of
from exchange.storage.database import Row
from exchange.storage.shelf import ERASED, note_seen, unseen
from exchange.storage.store import ItemRow, all_searches, end_items, list_item, unlisted

MATCH = "store.match"
_DAY_MS = 86_400_000
_LISTED_AT_ONCE = 100
_SEEN_AT_ONCE = 100
WANTED: TypeAdapter[Wanted] = TypeAdapter(Wanted)


async def list_unsold(market: Market) -> int:
    """The duty: put on the shelf what ended unsold and may be there, and take off what was there long enough."""
    now = market.clock.now()
    await market.db.write(end_items, now)
    active = [campaign for campaign in market.deals.campaigns.values() if campaign.state is State.ACTIVE]
    rules = {campaign.id: campaign.store for campaign in active if campaign.store is not None}
    if not rules:
        return 0
    since = now - max(rule.days for rule in rules.values()) * _DAY_MS
    rows = await market.db.read(unlisted, sorted(rules), since, _LISTED_AT_ONCE)
    searches = await market.db.read(all_searches) if rows else []
    return sum([await _list(market, row, searches, now) for row in rows])


async def list_these(market: Market, rows: Sequence[Row]) -> int:
    """Put some unsold leads on the shelf now, where their campaigns have one. Returns how many got there."""
    now, listed = market.clock.now(), 0
    searches = await market.db.read(all_searches) if rows else []
    for row in rows:
        campaign = market.deals.campaigns.get(row["campaign_id"])
        ready = campaign is not None and campaign.state is State.ACTIVE and campaign.store is not None
        if ready and row["state"] == "unsold" and row["mode"] == "live" and row["sealed"] is not None:
            listed += await _list(market, row, searches, now)
    return listed


async def list_by(market: Market, row: Row, rule: StoreRule) -> bool:
    """Put an unsold live lead on the shelf now by a rule of its own, also one that was there before and was not bought.

    False when it is there, was bought there, or its consumer may not be sold.
    """
    now, searches = market.clock.now(), await market.db.read(all_searches)
    return bool(await _list(market, row, searches, now, rule))


async def _list(market: Market, row: Row, searches: list[Row], now: int, own: StoreRule | None = None) -> int:
    """List one lead, by a rule of its `own` or its campaign's. One whose values are erased, or whose campaign is
    closed, is left where it is.
    """
    campaign, vertical = market.deals.campaigns[row["campaign_id"]], market.verticals.get(row["vertical"])
    lead = await stored_lead(market, row, campaign) if vertical is not None else None
    store = own if own is not None else campaign.store
    if lead is None or vertical is None or store is None:
        return 0
    rule = replace(store, sales=min(store.sales, campaign.slots))
    card, stand = card_of(lead, vertical), stand_of(market, lead, vertical)
    item = ItemRow(
        lead.id,
        lead.month,
        vertical.name,
        campaign.id,
        card.us_state,
        card.grade,
        orjson.dumps(card).decode(),
        rule,
        now,
        min(now + rule.days * _DAY_MS, _good_until(lead, now)),
        market.lists.seen,
        stand.gone,
        stand.kept_from,
    )
    seeing = [each for each in searches if stand.gone is None and each["buyer_id"] not in stand.kept_from]
    named = {buyer_id for buyer_id, after_ms in rule.seen_by if after_ms == 0} if rule.seen_by else None
    seeing = [each for each in seeing if named is None or each["buyer_id"] in named]
    matched = [each for each in seeing if wanted_in(each).takes(card, rule.first)]
    jobs = [job for each in matched for job in tell(market, _match_news(each, item, now))]
    jobs += store_matches(market, matched, item.lead_id)
    found = [str(each["id"]) for each in matched]
    listed = await market.db.write(list_item, item, found, tuple(jobs), again=own is not None)
    return int(listed and stand.gone is None)


def _good_until(lead: Lead, now: int) -> int:
    """An authorization ends after a year: no card outlives it."""
    signed = lead.consent.authorized_at
    return signed + AUTHORIZATION_MS if signed is not None else now + 3_650 * _DAY_MS


class Stand(NamedTuple):
    """How a lead stands with the lists: why it may not be sold at all, as a sentence, and the buyers whose own list
    names its consumer. A list that cannot be asked says nothing here: a claim asks again.
    """

    gone: str | None
    kept_from: tuple[str, ...] = ()


def stand_of(market: Market, lead: Lead, vertical: Vertical) -> Stand:
    if (over := authorization_over(lead, vertical, market.clock.now())) is not None:
        return Stand(over)
    said = ask_lists(lead, vertical, market)
    refused = [
        each.sentence
        for each in said.findings
        if each.outcome is Outcome.REFUSED and each.reason is not Reason.LISTS_UNREADY
    ]
    return Stand(refused[0]) if refused else Stand(None, tuple(sorted(said.named)))


async def look_over(market: Market) -> int:
    """The duty: hold what is on the shelf against lists that changed, some at once. Returns how many leads left."""
    version = market.lists.seen
    rows = await market.db.read(unseen, version, _SEEN_AT_ONCE)
    stands = [(str(row["id"]), *(await _stand_now(market, row))) for row in rows]
    if stands:
        await market.db.write(note_seen, stands, version, market.clock.now())
    return sum(gone is not None for _, gone, _ in stands)


async def _stand_now(market: Market, row: Row) -> Stand:
    campaign, vertical = market.deals.campaigns.get(row["campaign_id"]), market.verticals.get(row["vertical"])
    lead = await stored_lead(market, row, campaign) if campaign is not None else None
    if lead is None:
        return Stand(ERASED)
    return stand_of(market, lead, vertical) if vertical is not None else Stand(None)


def wanted_in(search: Row) -> Wanted:
    """What a saved search looks for."""
    return WANTED.validate_json(search["wanted"])


def _match_news(search: Row, item: ItemRow, now: int) -> News:
    facts = {
        "search": search["name"],
        "lead_id": item.lead_id,
        "price": item.rule.first.text,
        "currency": item.rule.first.currency,
    }
    return News(MATCH, Role.BUYER, search["buyer_id"], item.lead_id, now, facts)
