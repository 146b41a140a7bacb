"""Recorded leads, read for a simulation: what their records say, under which versions, and what caps had used."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from exchange.courier.courier import CLOSED_EARLY
from exchange.flows.lead_terms import FACT
from exchange.flows.market import Market
from exchange.flows.trail import read_trail
from exchange.model.actor import Actor
from exchange.model.auction import Bid
from exchange.model.money import Money, read_units
from exchange.model.party import Buyer, Campaign, Contract
from exchange.model.reason import Reason
from exchange.model.worth import WHOLE, Odds, Worth
from exchange.stages.simulate.record import Answer, Posted, Recorded, Round, Sale
from exchange.stages.simulate.room import Past, Use
from exchange.storage.database import Row
from exchange.storage.recordings import (
    Records,
    Span,
    like_rounds,
    moves_of,
    recorded_page,
    sold_before,
    sold_within,
    versions_of,
)
from exchange.vault import VaultError

LEADS_MOST = 50_000
LIKE_DAYS, LIKE_ROUNDS = 14, 3_000
DAY_MS = 86_400_000
_PAGE = 500
_CAP_DAYS = 32  # the longest window that begins anew
_SIMULATED = "simulated-"
_NOT_HELD = frozenset({Reason.CAP_FULL.slug, Reason.BALANCE_SHORT.slug})


class Recording(NamedTuple):
    """The leads of a time in its order, and the versions they were decided under."""

    leads: tuple[Recorded, ...]
    contracts: Mapping[tuple[str, int], Contract]
    rows: Mapping[str, Row]  # of `leads`, by id: only those columns that a page reads


async def read_recording(market: Market, actor: Actor, span: Span, most: int = LEADS_MOST) -> Recording:
    """The newest `most` leads of a span, in the order they came."""
    rows: dict[str, Row] = {}
    drafts: list[_Draft] = []
    before = (span.until, "")
    while len(rows) < most:
        page = await market.db.read(recorded_page, actor, span, before, min(_PAGE, most - len(rows)))
        if not page.leads:
            break
        drafts += await asyncio.to_thread(_read_page, market, page)
        rows |= {row["id"]: row for row in page.leads}
        before = (page.leads[-1]["received_at"], page.leads[-1]["id"])
    campaigns, contracts = await market.db.read(
        versions_of,
        sorted({(row["campaign_id"], row["campaign_version"]) for row in rows.values()}),
        sorted({each for draft in drafts for each in draft.versions}),
    )
    found = [draft.recorded(campaigns) for draft in reversed(drafts)]
    return Recording(tuple(each for each in found if each is not None), contracts, rows)


class _Draft(NamedTuple):
    """A recorded lead whose campaign's version is not read yet."""

    row: Row
    versions: tuple[tuple[str, int], ...]
    ping: Round | None
    post: Round | None
    sales: tuple[Sale, ...]
    promise_units: int
    payout: tuple[int, int] | None
    min_price: Money | None
    took_ms: int
    worth: Worth | None

    def recorded(self, campaigns: Mapping[tuple[str, int], Campaign]) -> Recorded | None:
        row = self.row
        campaign = campaigns.get((row["campaign_id"], row["campaign_version"]))
        if campaign is None:
            return None
        return Recorded(
            row["id"],
            row["received_at"],
            campaign,
            row["sub_id1"] or "",
            row["us_state"],
            row["grade"],
            row["state"],
            self.versions,
            self.ping,
            self.post,
            self.sales,
            self.promise_units,
            self.payout,
            self.min_price,
            row["cost_units"] if self.post is None else 0,
            self.took_ms,
            self.worth,
        )


def _read_page(market: Market, page: Records) -> list[_Draft]:
    trails: dict[str, list[Row]] = defaultdict(list)
    attempts: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in page.trails:
        trails[row["lead_id"]].append(row)
    for row in page.attempts:
        attempts[row["lead_id"]][row["id"]] = row
    promises = {row["reference"].partition(":")[2]: row["units"] for row in page.promises}
    same: dict[object, Any] = {}
    found = [_read(market, row, trails[row["id"]], attempts[row["id"]], same) for row in page.leads]
    return [each._replace(promise_units=promises.get(each.row["id"], 0)) for each in found if each is not None]


def _read(
    market: Market, row: Row, trails: Sequence[Row], attempts: Mapping[str, Row], same: dict[object, Any]
) -> _Draft | None:
    """None for a lead that no contract was judged for: it was refused before."""
    ping = post = None
    versions: tuple[tuple[str, int], ...] = ()
    payout, took, sales, worth = None, 0, tuple[Sale, ...](), None
    for trail in trails:
        told = read_trail(bytes(trail["document"]))
        if not told["verdicts"]:
            if trail["endpoint"] != "ping":
                return None  # a post that its own checks refused, whatever its ping had found
            continue
        round_ = _round(told, row["currency"], attempts, same)
        if trail["endpoint"] == "ping":
            ping = round_
        else:
            post, sales = round_, _sales(told, attempts)
            payout = tuple(told[FACT]) if FACT in told else None
        worth = _worth(told) or worth
        took += trail["took_ms"] or 0
        judged = tuple((name, each["version"]) for name, each in told["verdicts"].items() if _real(name))
        versions = same.setdefault(judged, judged)
    if ping is None and post is None:
        return None
    return _Draft(row, versions, ping, post, sales, 0, payout, _min_price(market, row), took, worth)


def _real(contract_id: str) -> bool:
    return not contract_id.startswith(_SIMULATED)


def _round(told: Mapping[str, Any], currency: str, attempts: Mapping[str, Row], same: dict[object, Any]) -> Round:
    failed = {}
    for name, verdict in told["verdicts"].items():
        if _real(name):
            checks = frozenset(check[0] for check in verdict["failed"] or ())
            failed[name] = same.setdefault(checks, checks)
    asked = {line["contract"]: _answer(line, currency) for line in told["asked"]}
    posts: dict[str, tuple[Posted, ...]] = {}
    for line in told["posts"]:
        posts[line["contract"]] = (*posts.get(line["contract"], ()), _posted(line, attempts))
    return Round(failed, asked, posts)


def _answer(line: Mapping[str, Any], currency: str) -> Answer:
    bids = tuple(
        Bid(line["contract"], bid["leg"], Money(read_units(bid["price"]), currency), bid["exclusive"], None, None)
        for bid in line["bids"]
    )
    return Answer(bids, int(line["took"]), line.get("detail") == CLOSED_EARLY)


def _posted(line: Mapping[str, Any], attempts: Mapping[str, Row]) -> Posted:
    bid = read_units(line["price"])
    attempt = attempts.get(line["attempt"])
    state = attempt["state"] if attempt is not None else line["state"]
    sold = attempt["price_units"] if attempt is not None else None
    took = 0 if line.get("beside") else int(line["took"])
    return Posted(state, sold if sold is not None else bid, bid, took, line["reason"] in _NOT_HELD, line["exclusive"])


def _worth(told: Mapping[str, Any]) -> Worth | None:
    """What an auction by worth knew of its bidders."""
    ranking = told.get("ranking")
    if ranking is None:
        return None
    odds = {
        each["contract"]: Odds(round(each["taken"] * WHOLE), round(each["returned"] * WHOLE))
        for each in ranking["candidates"]
    }
    return Worth(round(ranking["alive"] * WHOLE), Odds(), odds)


def _sales(told: Mapping[str, Any], attempts: Mapping[str, Row]) -> tuple[Sale, ...]:
    """What this request sold, in the order of its posts."""
    found = [(line["contract"], attempts.get(line["attempt"])) for line in told["posts"]]
    return tuple(
        Sale(contract_id, row["price_units"], row["payout_units"])
        for contract_id, row in found
        if row is not None and row["state"] == "accepted" and row["price_units"] is not None
    )


def _min_price(market: Market, row: Row) -> Money | None:
    """The seller's own least. It is gone with the values of an erased consumer."""
    if row["sealed"] is None or row["wrapped"] is None:
        return None
    try:
        opened = market.vault.open(
            market.vault.data_key(bytes(row["wrapped"])), f"lead:{row['id']}", bytes(row["sealed"])
        )
    except VaultError:
        return None
    least = orjson.loads(opened)["min_price"]
    return Money.parse(least, row["currency"]) if least is not None else None


async def read_like(market: Market, recording: Recording, span: Span) -> list[Recorded]:
    """Leads of the two weeks before the end of a span, for the habits of buyers: a few do not tell them."""
    if not recording.leads or len(recording.leads) >= LIKE_ROUNDS:
        return []
    own = recording.leads[-1].campaign
    since = span.until - LIKE_DAYS * DAY_MS
    until = min(recording.leads[0].at, span.until)
    verticals = sorted({each.campaign.vertical for each in recording.leads})
    found: list[Recorded] = []
    for vertical in verticals:
        rows = await market.db.read(like_rounds, vertical, own.currency, since, until, LIKE_ROUNDS)
        found += await asyncio.to_thread(like_leads, rows, own)
    return found


def like_leads(rows: Iterable[Row], campaign: Campaign) -> list[Recorded]:
    found, same = [], dict[object, Any]()
    for row in rows:
        told = read_trail(bytes(row["document"]))
        round_ = _round(told, campaign.currency, {}, same)
        found.append(Recorded("", 0, campaign, "", row["us_state"], row["grade"], "", (), None, round_, ()))
    return found


async def read_past(market: Market, recording: Recording, span: Span, buyers: Mapping[str, Buyer]) -> Past:
    """What caps had used and accounts could spend, at every moment of a span."""
    start = recording.leads[0].at if recording.leads else span.since
    sold: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    endless = any(cap.window.value == "total" for each in recording.contracts.values() for cap in each.caps) or any(
        each.budget is not None for each in recording.contracts.values()
    )
    since = 0 if endless else start - _CAP_DAYS * DAY_MS
    for row in await market.db.read(sold_before, since, start):
        sold[row["contract_id"]].append((row["quarter"] * 900_000, row["sold"], row["units"]))
    for row in await market.db.read(sold_within, start, span.until):
        sold[row["contract_id"]].append((row["accepted_at"], 1, row["price_units"]))
    moved, available = {}, {}
    for buyer_id in sorted({each.buyer_id for each in recording.contracts.values()}):
        buyer = buyers.get(buyer_id)
        if buyer is None:
            continue
        have = market.live.available.get(buyer_id)
        available[buyer_id] = have.units if have is not None else buyer.limit.units
        rows = await market.db.read(moves_of, buyer.account, start)
        moved[buyer_id] = Use((row["at"], 1, row["units"]) for row in rows)
    return Past({name: Use(rows) for name, rows in sold.items()}, moved, available, {})
