"""Checks on what is left: caps, budget, balance, price, health, rate and time.

Test leads use up no cap and no money, so those checks let them pass. What a lead will cost is known for fixed prices;
of a live bid only that it reaches the reserve.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.model.lead import Mode
from exchange.model.ledger import Billing
from exchange.model.money import Money
from exchange.model.party import Buyer, Cap, Contract, Hours, Window
from exchange.model.verdict import Check
from exchange.stages.caps import BUDGET, best_price, contract_caps, least_price
from exchange.stages.checks.bits import grouped, mask_of, places_of
from exchange.stages.checks.facts import Case, Facts, Told
from exchange.stages.reasons import REACHED, show_duration, show_exact, show_money, show_time
from exchange.stages.schedule import ZoneWindows

LEAST_BID_UNITS = 100  # a live bid costs a cent at least


@dataclass(frozen=True, slots=True)
class CapRow:
    """A cap of one contract. `room` is the use above which the next sale does not fit any more; `spread` are the hours
    it is spread over, None where all of it may be used at once.
    """

    place: int
    key: str
    name: str
    cap: Cap
    need: int
    room: int
    currency: str
    windows: ZoneWindows
    spread: tuple[Hours, ...] | None

    def by_now(self, now: int) -> int:
        """What may be used by this moment."""
        return self.cap.most if self.spread is None else self.windows.by_now(self.cap, self.spread, now)


@dataclass(frozen=True, slots=True)
class Caps:
    """Caps and budgets alike."""

    rows: Mapping[str, CapRow]
    tight: tuple[CapRow, ...]  # these fit no sale even when nothing is used
    by_place: Mapping[int, tuple[CapRow, ...]]
    spread: tuple[CapRow, ...] = ()

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> Caps:
        zones: dict[str, ZoneWindows] = {}
        by_place: dict[int, tuple[CapRow, ...]] = {}
        for place, contract in enumerate(contracts):
            if contract.caps or contract.budget is not None:
                windows = zones.setdefault(contract.zone, ZoneWindows(contract.zone))
                by_place[place] = tuple(_cap_rows(place, contract, windows))
        rows = {row.key: row for mine in by_place.values() for row in mine}
        tight, spread = (
            [row for row in rows.values() if row.room < 0],
            [row for row in rows.values() if row.spread is not None],
        )
        return cls(rows, tuple(tight), by_place, tuple(spread))

    def failing(self, case: Case) -> int:
        if case.lead.mode is Mode.TEST:
            return 0
        full = [row.place for row in self.tight if _holds(row, case.now)]
        for key, used in case.facts.cap_use.items():
            row = self.rows.get(key)
            if row is not None and used > row.room and _holds(row, case.now):
                full.append(row.place)
        full += [row.place for row in self.spread if _ahead(row, case) and _holds(row, case.now)]
        return mask_of(full)

    def tell(self, case: Case, failed: int) -> Told:
        for place in places_of(failed):
            for row in self.by_place[place]:
                used = case.facts.cap_use.get(row.key, 0)
                if not _holds(row, case.now):
                    continue
                if used <= row.room and _ahead(row, case):
                    yield (place,), Check("pacing", *_pace_words(row, used, case.now))
                elif used > row.room:
                    reached = case.facts.reached.get(row.key) if row.name != BUDGET else None
                    yield (place,), Check(row.name, *_cap_words(row, used, reached, case.now))


def _cap_rows(place: int, contract: Contract, windows: ZoneWindows) -> list[CapRow]:
    price = least_price(contract)
    least = (0 if contract.zero_price else LEAST_BID_UNITS) if price is None else price.units
    rows = []
    for key, name, cap in contract_caps(contract):
        need = least if cap.unit == "money" else 1
        currency = contract.max_bid.currency
        spread = contract.hours if contract.even and cap.window is not Window.TOTAL else None
        rows.append(CapRow(place, key, name, cap, need, cap.most - need, currency, windows, spread))
    return rows


def _holds(row: CapRow, now: int) -> bool:
    return not row.cap.weekdays or row.windows.weekday(now) in row.cap.weekdays


def _ahead(row: CapRow, case: Case) -> bool:
    """Whether a sale is more than its pace allows by now."""
    return row.spread is not None and case.facts.cap_use.get(row.key, 0) + row.need > row.by_now(case.now)


def _pace_words(row: CapRow, used: int, now: int) -> tuple[str, str]:
    if row.cap.unit == "money":
        return show_money(Money(used, row.currency)), show_money(Money(row.by_now(now), row.currency))
    return f"{used:,}", f"{row.by_now(now):,}"


def _cap_words(row: CapRow, used: int, reached: int | None, now: int) -> tuple[str, str]:
    money = row.cap.unit == "money"
    got, most = (show_exact(Money(units, row.currency)) if money else f"{units:,}" for units in (used, row.cap.most))
    if used < row.cap.most:
        return f"{got} + {show_exact(Money(row.need, row.currency))}", most
    since = f"{REACHED}{show_time(reached, row.windows.zone, now, seconds=True)}" if reached is not None else ""
    return f"{got}{since}", most


@dataclass(frozen=True, slots=True)
class Wallet:
    """What one buyer's contracts cost. No fixed price means a live bid, which costs the reserve at least."""

    buyer_id: str
    nothing_booked: Money
    needs: tuple[tuple[int, Money | None, int], ...]  # place, fixed price, least units of a bid
    enough_units: int  # with this much in `currency`, and the reserve, every contract can pay
    currency: str


@dataclass(frozen=True, slots=True)
class Balance:
    wallets: tuple[Wallet, ...]
    by_place: Mapping[int, tuple[Wallet, Money | None, int]]

    @classmethod
    def of(cls, contracts: Sequence[Contract], buyers: Mapping[str, Buyer]) -> Balance:
        masks = grouped(contract.buyer_id for contract in contracts)
        wallets = tuple(
            _wallet(buyers[buyer_id], [(place, contracts[place]) for place in places_of(mask)])
            for buyer_id, mask in masks.items()
        )
        by_place = {place: (wallet, price, least) for wallet in wallets for place, price, least in wallet.needs}
        return cls(wallets, by_place)

    def failing(self, case: Case) -> int:
        if case.lead.mode is Mode.TEST:
            return 0
        short: list[int] = []
        facts, available = case.facts, case.facts.available
        reserve_units = 0 if facts.reserve is None else facts.reserve.units
        for wallet in self.wallets:
            have = available.get(wallet.buyer_id, wallet.nothing_booked)
            units = have.units
            if units >= wallet.enough_units and units >= reserve_units and have.currency == wallet.currency:
                continue
            for place, price, least in wallet.needs:
                if price is None:
                    if units < least or units < reserve_units:
                        short.append(place)
                elif units < price.units or have.currency != price.currency:
                    short.append(place)
        return mask_of(short)

    def tell(self, case: Case, failed: int) -> Told:
        for place in places_of(failed):
            wallet, price, least = self.by_place[place]
            have = case.facts.available.get(wallet.buyer_id, wallet.nothing_booked)
            need = price if price is not None else _least_bid(case.facts, least, have.currency)
            yield (place,), Check("balance", show_exact(have), show_exact(need))


def _wallet(buyer: Buyer, contracts: Sequence[tuple[int, Contract]]) -> Wallet:
    start = buyer.limit if buyer.billing is Billing.CREDIT else Money.zero(buyer.limit.currency)
    needs = [(place, least_price(each), 0 if each.zero_price else LEAST_BID_UNITS) for place, each in contracts]
    fixed = [price for _, price, _ in needs if price is not None]
    currencies = {price.currency for price in fixed}
    enough = max([LEAST_BID_UNITS, *(price.units for price in fixed)])
    return Wallet(
        buyer.id,
        start,
        tuple(needs),
        enough,
        (currencies or {start.currency}).pop() if len(currencies) < 2 else "",  # with several, each is compared
    )


def _least_bid(facts: Facts, least: int, currency: str) -> Money:
    reserve = facts.reserve
    return reserve if reserve is not None and reserve.units > least else Money(least, currency)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The prices of one currency, rising; `under[n]` are the contracts that pay one of the lowest `n` prices."""

    prices: tuple[int, ...]
    under: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Price:
    contracts: Sequence[Contract]
    ladders: Mapping[str, Ladder]

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> Price:
        best = [best_price(contract) for contract in contracts]
        ladders = {}
        for currency in {price.currency for price in best}:
            steps = sorted(grouped(price.units if price.currency == currency else None for price in best).items())
            under = [0]
            for _, mask in steps:
                under.append(under[-1] | mask)
            ladders[currency] = Ladder(tuple(units for units, _ in steps), tuple(under))
        return cls(contracts, ladders)

    def failing(self, case: Case) -> int:
        reserve, failed = case.facts.reserve, 0
        if reserve is not None:
            for currency, ladder in self.ladders.items():
                same = currency == reserve.currency
                failed |= ladder.under[bisect_left(ladder.prices, reserve.units) if same else -1]
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        reserve = case.facts.reserve
        for place in places_of(failed if reserve is not None else 0):
            assert reserve is not None
            contract = self.contracts[place]
            best = best_price(contract)
            if best.currency != reserve.currency:
                yield (place,), Check("price", best.currency, reserve.currency)
            else:
                kind = "bid" if contract.price is None else "fixed"
                yield (place,), Check("price", f"{kind} {show_exact(best)}", show_exact(reserve))


@dataclass(frozen=True, slots=True)
class Health:
    owners: Mapping[str, int]

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> Health:
        return cls(grouped(contract.buyer_id for contract in contracts))

    def failing(self, case: Case) -> int:
        failed = 0
        for buyer_id in case.facts.broken:
            failed |= self.owners.get(buyer_id, 0)
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        for buyer_id, sentence in case.facts.broken.items():
            yield places_of(self.owners.get(buyer_id, 0) & failed), Check("health", sentence, "in health")


@dataclass(frozen=True, slots=True)
class RateLeft:
    contracts: Sequence[Contract]
    place_of: Mapping[str, int]

    def failing(self, case: Case) -> int:
        return mask_of([self.place_of[name] for name in case.facts.over_rate if name in self.place_of])

    def tell(self, case: Case, failed: int) -> Told:
        for place in places_of(failed):
            yield (place,), Check("rate", "reached", f"{self.contracts[place].per_second:g} a second")


@dataclass(frozen=True, slots=True)
class TimeLeft:
    contracts: Sequence[Contract]
    place_of: Mapping[str, int]

    def failing(self, case: Case) -> int:
        left = case.facts.time_left_ms
        if left is None:
            return 0
        late = [name for name, latency_ms in case.facts.latency_ms.items() if latency_ms > left]
        return mask_of([self.place_of[name] for name in late if name in self.place_of])

    def tell(self, case: Case, failed: int) -> Told:
        left = show_duration(max(case.facts.time_left_ms or 0, 0))
        for place in places_of(failed):
            usual = show_duration(case.facts.latency_ms[self.contracts[place].id])
            yield (place,), Check("deadline", left, usual)
