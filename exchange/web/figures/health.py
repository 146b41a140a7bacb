"""How buyers stand now: how fast they answer, how full their caps are, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from exchange.flows.jobs import CONVERT
from exchange.flows.market import Market, available_of
from exchange.flows.spent import short_buyers
from exchange.flows.trail import read_trail
from exchange.model.actor import Actor
from exchange.model.endpoint import ACTIVE
from exchange.model.money import Money
from exchange.model.party import Cap, Contract, State, Window
from exchange.sources.document import Source
from exchange.stages.caps import contract_caps
from exchange.stages.schedule import window_end, window_start
from exchange.storage.dashboard import dead_jobs, recent_trails
from exchange.storage.disposition_words import unknown_words
from exchange.storage.disputes import disputed_sales
from exchange.storage.endpoints import troubled_endpoints
from exchange.storage.holds import all_cap_use
from exchange.storage.leads import unclear_attempts
from exchange.storage.ledger import all_balances
from exchange.storage.payout_lists import count_prepared
from exchange.storage.queues import resting_queues
from exchange.storage.screen import waiting_counts
from exchange.storage.unmapped import unmapped_answers
from exchange.web.figures.day import percentile
from exchange.web.story.contracts import CUT, SIMULATED
from exchange.web.words import Times, money, plural, roughly

TRAILS = 300
"""So many of the newest requests tell how fast buyers answer: enough for a p95, few enough to unpack at once."""

GAUGES = 5
_WORDS_MOST = 200
_AD_ACCOUNT = f"{CONVERT}:"  # how its queue is called
_RESTING = 20
_TIMED_OUT = "timeout"


@dataclass(frozen=True, slots=True)
class Latency:
    """How one buyer answered pings. `limit_ms` is the most it was given."""

    buyer_id: str
    name: str
    p50_ms: int
    p95_ms: int
    pings: int
    timeouts: int
    no_bids: int
    open: bool


@dataclass(frozen=True, slots=True)
class Gauge:
    """How far one cap is used. `expected` is the share of its window that has gone by; None for one without end."""

    buyer: str
    contract: str
    used: str
    most: str
    part: float
    expected: float | None
    told: str

    @property
    def fields(self) -> dict[str, Any]:
        return {"buyer": self.buyer, "contract": self.contract, "used": self.used, "most": self.most, "told": self.told}


@dataclass(frozen=True, slots=True)
class Need:
    """Something a person must do, or know. `href` empty: there is no page for it."""

    kind: str
    icon: str
    title: str
    note: str
    href: str
    verb: str
    bad: bool = False


async def latencies(market: Market, actor: Actor, mode: str, since: int) -> list[Latency]:
    """Of the newest requests since an instant, the slowest buyer last. Pings nobody waited for tell nothing."""
    packed = await market.db.read(recent_trails, actor, mode, since, TRAILS)
    lines: dict[str, list[Mapping[str, Any]]] = {}
    for document in packed:
        for asked in read_trail(document)["asked"]:
            if asked.get("detail") == CUT:
                continue
            lines.setdefault(asked["contract"], []).append(asked)
    by_buyer: dict[str, list[Mapping[str, Any]]] = {}
    for contract_id, found in lines.items():
        contract = market.deals.contracts.get(contract_id)
        by_buyer.setdefault(contract.buyer_id if contract is not None else contract_id, []).extend(found)
    made = [_latency(market, buyer_id, found) for buyer_id, found in by_buyer.items()]
    return sorted(made, key=lambda each: (each.p50_ms, each.name))


def _latency(market: Market, buyer_id: str, lines: list[Mapping[str, Any]]) -> Latency:
    took = sorted((round(line["took"]), 1) for line in lines)
    buyer = market.deals.buyers.get(buyer_id)
    return Latency(
        buyer_id,
        buyer.name if buyer is not None else buyer_id,
        percentile(took, 50) or 0,
        percentile(took, 95) or 0,
        len(lines),
        sum(line.get("reason") == _TIMED_OUT for line in lines),
        sum(line.get("reason") == "no_bid" for line in lines),
        market.breaker.state(buyer_id, market.clock.now()).open,
    )


def ping_limit_ms(market: Market) -> int:
    """The longest any tier gives buyers to bid."""
    return max((tier.ping_ms for each in market.deals.campaigns.values() for tier in each.tiers), default=0)


async def gauges(market: Market, times: Times) -> list[Gauge]:
    """The fullest caps of contracts that are on."""
    use = dict(await market.db.read(all_cap_use, times.now))
    found = [
        _gauge(market, contract, key, name, cap, use, times)
        for contract in market.deals.contracts.values()
        if contract.state is State.ACTIVE and not contract.id.startswith(SIMULATED)
        for key, name, cap in contract_caps(contract)
    ]
    return sorted(found, key=lambda each: (-each.part, each.contract))[:GAUGES]


def _gauge(
    market: Market,
    contract: Contract,
    key: str,
    name: str,
    cap: Cap,
    use: Mapping[tuple[str, int], int],
    times: Times,
) -> Gauge:
    start = window_start(cap.window, contract.zone, times.now)
    used = use.get((key, start), 0)
    part = used / cap.most if cap.most else 1.0
    expected = None
    if cap.window is not Window.TOTAL:
        end = window_end(cap.window, contract.zone, times.now)
        expected = (times.now - start) / (end - start)
    buyer = market.deals.buyers.get(contract.buyer_id)
    return Gauge(
        buyer.name if buyer is not None else contract.buyer_id,
        contract.name,
        _amount(used, cap, contract),
        _amount(cap.most, cap, contract),
        part,
        expected,
        _pace(contract, cap, name, used, part, expected, times),
    )


def _amount(units: int, cap: Cap, contract: Contract) -> str:
    return money(Money(units, contract.max_bid.currency)) if cap.unit == "money" else f"{units:,}"


def _pace(contract: Contract, cap: Cap, name: str, used: int, part: float, expected: float | None, times: Times) -> str:
    period = (
        "in all" if cap.window is Window.TOTAL else f"{'an' if cap.window is Window.HOUR else 'a'} {cap.window.value}"
    )
    if expected is None:
        return "budget" if name == "budget" else period
    end = window_end(cap.window, contract.zone, times.now)
    local = Times(_zone(contract, times), times.now)
    resets = f"resets {local.local(end):%H:%M} {local.zone_name(end)}, in {roughly(end - times.now)}"
    left = cap.most - used
    if part >= 0.95:
        return f"{period}, {_amount(max(left, 0), cap, contract)} left, {resets}"
    pace = "ahead of pace" if part > expected * 1.2 + 0.02 else "behind pace" if part < expected * 0.8 else "on pace"
    return f"{period}, {pace}, {resets}"


def _zone(contract: Contract, times: Times) -> Any:
    return type(times.zone)(contract.zone)


async def needs(market: Market, actor: Actor, mode: str) -> list[Need]:
    """What waits for a person, the worst first."""
    return [
        *_broken(market),
        *await _to_settle(market, actor, mode),
        *await _disputed(market, actor, mode),
        *await _screened(market, mode),
        *await _unmapped(market, actor),
        *await _words(market, actor),
        *await _payouts(market, mode),
        *await _short(market),
        *await _resting(market, actor),
        *await _webhooks(market, actor),
        *[
            Need(
                "dead_jobs",
                "warning",
                f"{plural(row['jobs'], 'job')} gave up: {row['kind'].replace('_', ' ')}",
                str(row["error"] or ""),
                "",
                "",
                bad=True,
            )
            for row in await market.db.read(dead_jobs, actor)
        ],
    ]


def _broken(market: Market) -> Iterable[Need]:
    now = market.clock.now()
    for buyer in market.deals.buyers.values():
        state = market.breaker.state(buyer.id, now)
        if state.sentence:
            title = f"{buyer.name} is left alone" if state.open else f"{buyer.name} is being tried again"
            yield Need("breaker", "pulse", title, state.sentence, "", "", bad=True)


async def _to_settle(market: Market, actor: Actor, mode: str) -> list[Need]:
    rows = await market.db.read(unclear_attempts, actor, 1_000, mode)
    if not rows:
        return []
    currency = rows[0]["currency"]
    held = Money(sum(row["price_units"] for row in rows if row["currency"] == currency), currency)
    oldest = roughly(market.clock.now() - rows[0]["made_at"])
    title = f"{plural(len(rows), 'unclear delivery', 'unclear deliveries')} to settle"
    href = "/console/unclear" + ("?mode=test" if mode == "test" else "")
    return [Need("unclear", "question", title, f"{money(held)} held, the oldest for {oldest}", href, "Settle")]


async def _payouts(market: Market, mode: str) -> list[Need]:
    """Runs that wait for approval; those that somebody holds do not."""
    count = await market.db.read(count_prepared) if mode == "live" else 0
    if not count:
        return []
    title = f"{plural(count, 'payout')} to approve"
    return [
        Need("payouts", "money", title, "Prepared from the ledger", "/console/payouts?state=prepared#runs", "Review")
    ]


async def _screened(market: Market, mode: str) -> list[Need]:
    """Leads that wait for a decision, and bursts and farms that nobody has seen to."""
    held, alerts = await market.db.read(waiting_counts, mode)
    href = "/console/screen" + ("?mode=test" if mode == "test" else "")
    needs = []
    if held:
        needs.append(Need("held", "clock", f"{plural(held, 'held lead')} to decide", "", href, "Decide"))
    if alerts and mode == "live":
        title = f"{plural(alerts, 'alert')} of the fraud screen"
        needs.append(
            Need("screen", "shield", title, "Bursts, lead farms, sellers who only ping", href, "Look", bad=True)
        )
    return needs


async def _disputed(market: Market, actor: Actor, mode: str) -> list[Need]:
    """Sales whose delivery came back."""
    rows = await market.db.read(disputed_sales, actor, mode, 1_000)
    if not rows:
        return []
    currency = rows[0]["currency"]
    worth = Money(sum(row["price_units"] for row in rows if row["currency"] == currency), currency)
    title = f"{plural(len(rows), 'delivery', 'deliveries')} came back after the sale"
    href = "/console/unclear" + ("?mode=test" if mode == "test" else "")
    return [Need("disputed", "return", title, f"{money(worth)} of sales that stand until you decide", href, "Decide")]


async def _unmapped(market: Market, actor: Actor) -> list[Need]:
    """Contracts whose buyer says what no rule of their connection knows: nothing of it is ever a sale."""
    return [
        Need(
            "unmapped",
            "question",
            f"{plural(row['answers'], 'answer')} of {_contract_name(market, row['contract_id'])} not understood",
            f"No rule of its connection reads them. {plural(row['shapes'], 'kind')} of answer to the {row['stage']}, "
            f"the newest {roughly(market.clock.now() - row['last_at'])} ago",
            "/console/inbox",
            "Map it",
            bad=row["stage"] == "post",
        )
        for row in await market.db.read(unmapped_answers, actor)
    ]


async def _words(market: Market, actor: Actor) -> list[Need]:
    """Reports that wait because nobody knows the buyer's word: they count for nothing until then."""
    rows = await market.db.read(unknown_words, actor, _WORDS_MOST)
    if not rows:
        return []
    title = f"{plural(sum(row['times'] for row in rows), 'disposition')} in words nobody knows"
    note = f"{plural(len(rows), 'word')}, such as “{rows[0]['said']}”"
    return [Need("words", "tag", title, note, "/console/words", "Map them")]


async def _resting(market: Market, actor: Actor) -> list[Need]:
    """Destinations that are down. Their jobs wait and lose nothing by it."""
    now = market.clock.now()
    return [
        Need(
            "resting",
            "pulse",
            f"{_destination(market, row['queue'])} is down for {roughly(now - row['down_since'])}",
            f"{row['last_error']}; {plural(row['waiting'], 'job')} waiting, "
            + (f"next try in {roughly(row['rest_until'] - now)}" if row["rest_until"] > now else "being tried now"),
            *_where(market, row["queue"]),
            bad=True,
        )
        for row in await market.db.read(resting_queues, actor, _RESTING)
    ]


async def _webhooks(market: Market, actor: Actor) -> list[Need]:
    """Addresses of others that do not take what they asked to be told. It waits, and is tried again."""
    now = market.clock.now()
    made = []
    for row in await market.db.read(troubled_endpoints, actor):
        whom = f"{row['kind'].capitalize()} to {urlsplit(row['url']).hostname}"
        title, note = f"{whom} was disabled", row["state_why"]
        if row["state"] == ACTIVE:
            title = f"{whom} fails for {roughly(now - row['failing_since'])}"
            ahead = max(row["next_at"] - now, 0) if row["next_at"] is not None else None
            note = f"{plural(row['waiting'], 'event')} waiting" + (f", next try in {roughly(ahead)}" if ahead else "")
        made.append(Need("webhook", "pulse", title, note, "/console/webhooks", "See webhooks", bad=True))
    return made


def _destination(market: Market, queue: str) -> str:
    source = _source(market, queue)
    if queue.startswith(_AD_ACCOUNT):
        return "An ad account"
    return source.title if source is not None else queue


def _where(market: Market, queue: str) -> tuple[str, str]:
    """The page that tells more, and the word that leads there; of a source or an ad account only."""
    if queue.startswith(_AD_ACCOUNT):
        return "/console/ad-accounts", "Open"
    source = _source(market, queue)
    return (f"/console/sources/{source.name}", "Open") if source is not None else ("", "")


def _source(market: Market, queue: str) -> Source | None:
    """Where a queue looks, or whose messages it takes."""
    kind, _, rest = queue.partition(":")
    return market.sources.get(rest.partition(":")[0]) if kind in ("source", "take") else None


def _contract_name(market: Market, contract_id: str) -> str:
    contract = market.deals.contracts.get(contract_id)
    if contract is None:
        return contract_id
    buyer = market.deals.buyers.get(contract.buyer_id)
    return f"{buyer.name if buyer is not None else contract.buyer_id}, {contract.name}"


async def _short(market: Market) -> list[Need]:
    available = available_of(market.deals.buyers.values(), await market.db.read(all_balances))
    return [
        Need(
            "balance",
            "money",
            f"{each.buyer.name} is short of money",
            f"{money(each.left)} left, its highest bid is {money(each.highest)}",
            "",
            "",
        )
        for each in short_buyers(market.deals, available)
    ]
