"""What needs a person, or ought to be known: each with the queue that it counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from exchange.flows.alerts import settings_of
from exchange.flows.jobs import CONVERT
from exchange.flows.market import Market, available_in
from exchange.flows.spent import Short, short_buyers
from exchange.model.actor import Actor
from exchange.model.endpoint import ACTIVE
from exchange.model.money import Money
from exchange.sources.document import Source
from exchange.storage.dashboard import dead_jobs
from exchange.storage.disposition_words import unknown_words
from exchange.storage.disputes import OLDEST as FIRST
from exchange.storage.disputes import DisputeFilter, disputed_sales
from exchange.storage.endpoints import troubled_endpoints
from exchange.storage.payout_lists import prepared_sums
from exchange.storage.queues import resting_queues
from exchange.storage.return_views import waiting_returns
from exchange.storage.screen import waiting_counts
from exchange.storage.unclear import OLDEST, UnclearFilter, list_unclear
from exchange.storage.unmapped import unmapped_answers
from exchange.web.words import money, plural, roughly

_WORDS_MOST = 200
_AD_ACCOUNT = f"{CONVERT}:"  # how its queue is called
_RESTING = 20


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


async def needs(market: Market, actor: Actor, mode: str) -> list[Need]:
    """What waits for a person, the worst first."""
    return [
        *await _returns(market, actor, mode),
        *await _to_settle(market, actor, mode),
        *await _disputed(market, actor, mode),
        *await _screened(market, mode),
        *await _unmapped(market, actor),
        *await _words(market, actor),
        *await _payouts(market, mode),
        *await _short(market, mode),
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


async def _returns(market: Market, actor: Actor, mode: str) -> list[Need]:
    """Returns to decide: what is at stake, and how long the one has left that is due first."""
    waiting = await market.db.read(waiting_returns, actor, mode)
    if not waiting.returns:
        return []
    note = f"{money(Money(waiting.units, waiting.currency))} at stake" if waiting.currency else ""
    note += f"{', ' if note else ''}the oldest waits for {roughly(market.clock.now() - waiting.oldest_at)}"
    href = "/console/returns" + ("?mode=test" if mode == "test" else "")
    return [Need("returns", "return", f"{plural(waiting.returns, 'return')} to decide", note, href, "Review")]


async def _to_settle(market: Market, actor: Actor, mode: str) -> list[Need]:
    rows = await market.db.read(list_unclear, actor, UnclearFilter(mode, span=replace(OLDEST, limit=1_000)))
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
    rows = await market.db.read(prepared_sums) if mode == "live" else []
    if not rows:
        return []
    title = f"{plural(sum(row['runs'] for row in rows), 'payout')} to approve"
    note = " and ".join(money(Money(row["units"], row["currency"])) for row in rows)
    return [Need("payouts", "money", title, note, "/console/payouts?state=prepared#runs", "Open")]


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
    rows = await market.db.read(disputed_sales, actor, DisputeFilter(mode, span=replace(FIRST, limit=1_000)))
    if not rows:
        return []
    currency = rows[0]["currency"]
    worth = Money(sum(row["price_units"] for row in rows if row["currency"] == currency), currency)
    title = f"{plural(len(rows), 'delivery', 'deliveries')} came back after the sale"
    href = "/console/disputes" + ("?mode=test" if mode == "test" else "")
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


async def _short(market: Market, mode: str) -> list[Need]:
    """Those whose money is good for fewer leads than the alert about balances asks for."""
    available = await available_in(market, mode)
    least = (await settings_of(market))["balance"].first
    return [
        Need(
            "balance",
            "money",
            _good_for(each),
            f"{money(each.left)} left, at up to {money(each.highest)} a lead",
            f"/console/billing/{each.buyer.id}",
            "Open",
        )
        for each in sorted(short_buyers(market.deals, available, least), key=lambda each: each.left.units)
    ]


def _good_for(short: Short) -> str:
    leads = max(short.left.units, 0) // short.highest.units
    told = f"is good for {plural(leads, 'lead')}" if leads else "is not good for one lead"
    return f"{short.buyer.name}'s balance {told}"
