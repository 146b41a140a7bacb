"""How each buyer and each contract stands now: its state in a word, and what the newest requests say of its bids."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from exchange.flows.market import Market
from exchange.flows.trail import read_trail
from exchange.model.actor import SYSTEM, Actor
from exchange.model.money import Money
from exchange.model.party import Buyer, Contract, Pause, State, Window
from exchange.model.pause import asleep
from exchange.stages.asked import percentile
from exchange.stages.caps import best_price, contract_caps
from exchange.storage.buying import bought_since, returned_since
from exchange.storage.dashboard import recent_trails
from exchange.web.story.contracts import CUT, SIMULATED
from exchange.web.words import Times, money

TRAILS = 300
"""So many of the newest requests of the day tell how contracts bid, win and answer."""
RETURN_DAYS = 30
_DAY_MS = 86_400_000


class Standing(NamedTuple):
    """A state in words: never by its colour alone. `key` is what lists filter by."""

    key: str
    word: str
    tone: str
    icon: str
    told: str = ""


@dataclass
class Played:
    """What the newest requests say of one contract or buyer."""

    pings: int = 0
    bids: int = 0
    timeouts: int = 0
    chances: int = 0  # requests in which it could have won: its bids, or of a fixed price those it was eligible for
    posts: int = 0
    answered: int = 0  # posts that were accepted or refused
    accepted: int = 0
    took: list[int] = field(default_factory=list)

    def add(self, other: Played) -> None:
        for name in ("pings", "bids", "timeouts", "chances", "posts", "answered", "accepted"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.took += other.took

    @property
    def p95_ms(self) -> int | None:
        return percentile(sorted(Counter(self.took).items()), 95) if self.took else None


@dataclass(frozen=True, slots=True)
class Line:
    """A buyer, or one contract of a buyer (`contract` is then given)."""

    id: str
    name: str
    buyer: Buyer
    contract: Contract | None
    standing: Standing
    contracts: int
    played: Played
    leads: int
    spent: Money
    cap: float | None  # the part used of its fullest cap
    cap_told: str
    sold: int  # in the last days, and how many of them came back
    returned: int
    left: Money | None

    @property
    def average(self) -> Money | None:
        return Money(self.spent.units // self.leads, self.spent.currency) if self.leads else None

    def fields(self) -> Mapping[str, object]:
        played = self.played
        return {
            "buyer": self.id,
            "name": self.name,
            "state": self.standing.key,
            "told": self.standing.told,
            "contracts": self.contracts,
            "pings": played.pings,
            "bids": played.bids,
            "wins": played.posts,
            "accepted": played.accepted,
            "timeouts": played.timeouts,
            "p95_ms": played.p95_ms,
            "leads_today": self.leads,
            "spent_today": self.spent.text,
            "currency": self.spent.currency,
            "cap_used": round(self.cap, 4) if self.cap is not None else None,
            "sold_30_days": self.sold,
            "returned_30_days": self.returned,
            "left": self.left.text if self.left is not None else None,
        }


FIELDS = (
    "buyer", "name", "state", "told", "contracts", "pings", "bids", "wins", "accepted", "timeouts", "p95_ms",
    "leads_today", "spent_today", "currency", "cap_used", "sold_30_days", "returned_30_days", "left",
)  # fmt: skip


def real_buyers(market: Market) -> list[Buyer]:
    """Those of the house's own making left out, and those that are gone."""
    found = (each for each in market.deals.buyers.values() if not each.id.startswith(SIMULATED))
    return sorted((each for each in found if each.state is not State.DELETED), key=lambda each: each.name.lower())


def contracts_of(market: Market, buyer_id: str) -> list[Contract]:
    found = (each for each in market.deals.contracts.values() if each.buyer_id == buyer_id)
    return sorted((each for each in found if each.state is not State.DELETED), key=lambda each: each.name.lower())


async def buyer_lines(
    market: Market, actor: Actor, mode: str, times: Times, buyers: Sequence[Buyer] | None = None
) -> list[Line]:
    """Every buyer, by name, or those given. Caps, returns and balances are of live leads alone."""
    found = await _contract_lines(market, actor, mode, times, real_buyers(market) if buyers is None else buyers)
    live = mode == "live"
    back = await market.db.read(returned_since, actor, times.now // _DAY_MS - RETURN_DAYS) if live else {}
    left = market.live.available if live else None
    return [_joined(market, buyer, lines, times, back.get(buyer.id, (0, 0)), left) for buyer, lines in found]


async def contract_lines(market: Market, actor: Actor, buyer: Buyer, mode: str, times: Times) -> list[Line]:
    """Every contract of one buyer."""
    [(_, lines)] = await _contract_lines(market, actor, mode, times, [buyer])
    return lines


async def _contract_lines(
    market: Market, actor: Actor, mode: str, times: Times, buyers: Sequence[Buyer]
) -> list[tuple[Buyer, list[Line]]]:
    begin, _ = times.today()
    played = await played_lately(market, SYSTEM, mode, begin)  # of these contracts alone something is shown
    bought: dict[tuple[str, str], tuple[int, int]] = {}
    for row in await market.db.read(bought_since, actor, mode, begin):
        bought[(row["contract_id"], row["currency"])] = (row["leads"], row["units"])
    found = []
    for buyer in buyers:
        lines = []
        for contract in contracts_of(market, buyer.id):
            currency = contract.max_bid.currency
            leads, units = bought.get((contract.id, currency), (0, 0))
            part, told = fullest(market, contract, times) if mode == "live" else (None, "")
            mine = played.get(contract.id, Played())
            state = contract_standing(market, contract, times)
            spent = Money(units, currency)
            line = Line(
                contract.id, contract.name, buyer, contract, state, 1, mine, leads, spent, part, told, 0, 0, None
            )
            lines.append(line)
        found.append((buyer, lines))
    return found


def _joined(
    market: Market,
    buyer: Buyer,
    lines: Sequence[Line],
    times: Times,
    back: tuple[int, int],
    left: Mapping[str, Money] | None,
) -> Line:
    played = Played()
    for line in lines:
        played.add(line.played)
    currency = buyer.limit.currency
    spent = sum(line.spent.units for line in lines if line.spent.currency == currency)
    used = max((line for line in lines if line.cap is not None), key=lambda line: line.cap or 0.0, default=None)
    return Line(
        buyer.id,
        buyer.name,
        buyer,
        None,
        buyer_standing(market, buyer, times),
        len(lines),
        played,
        sum(line.leads for line in lines),
        Money(spent, currency),
        used.cap if used is not None else None,
        used.cap_told if used is not None else "",
        *back,
        left.get(buyer.id, buyer.limit) if left is not None else None,
    )


async def played_lately(market: Market, actor: Actor, mode: str, since: int, most: int = TRAILS) -> dict[str, Played]:
    """By contract, what the newest requests since an instant say. A ping nobody waited for tells nothing."""
    found: dict[str, Played] = defaultdict(Played)
    fixed = {each.id for each in market.deals.contracts.values() if each.price is not None}
    for document in await market.db.read(recent_trails, actor, mode, since, most):
        _note(found, read_trail(document), fixed)
    return found


def _note(found: dict[str, Played], trail: Mapping[str, Any], fixed: set[str]) -> None:
    for asked in trail.get("asked", ()):
        if asked.get("detail") == CUT:
            continue
        line = found[asked["contract"]]
        line.pings += 1
        line.bids += bool(asked["bids"])
        line.chances += bool(asked["bids"])
        line.timeouts += asked.get("reason") == "timeout"
        line.took.append(round(asked["took"]))
    for contract_id, verdict in trail.get("verdicts", {}).items():
        if contract_id in fixed and not verdict["failed"]:
            found[contract_id].chances += 1
    for post in trail.get("posts", ()):
        line = found[post["contract"]]
        line.posts += 1
        line.answered += post["state"] in ("accepted", "rejected")
        line.accepted += post["state"] == "accepted"


def fullest(market: Market, contract: Contract, times: Times) -> tuple[float | None, str]:
    """The part used of its fullest cap, and that cap in words: `12 of 40 a day`."""
    use, best, told = market.live.cap_use(times.now), None, ""
    for key, _, cap in contract_caps(contract):
        part = use.get(key, 0) / cap.most if cap.most else 1.0
        if best is None or part > best:
            often = (
                "in all"
                if cap.window is Window.TOTAL
                else f"a{'n' if cap.window is Window.HOUR else ''} {cap.window.value}"
            )
            used, most = (
                (f"{use.get(key, 0):,}", f"{cap.most:,}")
                if cap.unit == "count"
                else (money(Money(amount, contract.max_bid.currency)) for amount in (use.get(key, 0), cap.most))
            )
            best, told = part, f"{used} of {most} {often}"
    return best, told


def _often(window: Window) -> str:
    """`a day`, `an hour`, `in all`."""
    return "in all" if window is Window.TOTAL else f"{'an' if window is Window.HOUR else 'a'} {window.value}"


def buyer_standing(market: Market, buyer: Buyer, times: Times) -> Standing:
    """The worst that is so of a buyer now."""
    if asleep(buyer.state, buyer.pause, times.now):
        return Standing("paused", "Paused", "warn", "clock", _pause_told(buyer.pause, times))
    if buyer.away_until is not None and times.now < buyer.away_until:
        return Standing("away", "On vacation", "warn", "clock", f"until {_at(times, buyer.away_until)}")
    state = market.breaker.state(buyer.id, times.now)
    if state.open:
        return Standing("broken", "Not asked", "bad", "warning", state.sentence)
    prices = [best_price(each) for each in contracts_of(market, buyer.id) if each.state is State.ACTIVE]
    left = market.live.available.get(buyer.id)
    if left is not None and prices and all(left < price for price in prices if price.currency == left.currency):
        return Standing("short", "Over its limit", "bad", "money", f"{money(left)} left")
    if not prices:
        return Standing("idle", "Nothing live", "", "dash", "No contract is live.")
    return Standing("active", "Active", "good", "check")


def contract_standing(market: Market, contract: Contract, times: Times) -> Standing:
    if contract.state is State.PAUSED and contract.pause is None:
        return Standing("new", "Not live yet", "", "dash", contract.paused_reason)
    if asleep(contract.state, contract.pause, times.now):
        return Standing("paused", "Paused", "warn", "clock", _pause_told(contract.pause, times))
    part, told = fullest(market, contract, times)
    if part is not None and part >= 1:
        return Standing("full", "Cap reached", "warn", "warning", told)
    return Standing("active", "Live", "good", "check")


def _pause_told(pause: Pause | None, times: Times) -> str:
    """`by pat@exchange.example since 09:12 EST until Mon 23 Nov, 00:00 EST: CRM migration`."""
    if pause is None:
        return ""
    until = f" until {_at(times, pause.until)}" if pause.until is not None else " until resumed"
    return f"by {pause.by} since {_at(times, pause.since)}{until}{': ' if pause.reason else ''}{pause.reason}"


def _at(times: Times, at: int) -> str:
    local, today = times.local(at), times.local(times.now)
    day = "" if local.date() == today.date() else f"{local:%a} {local.day} {local:%b}, "
    return f"{day}{local:%H:%M} {times.zone_name(at)}"


def reach(lines: Iterable[Line]) -> int:
    """How many pings the figures rest on."""
    return sum(line.played.pings for line in lines)
