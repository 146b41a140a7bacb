"""Checks on the contract itself: is it on, does it take this kind of lead, is it open, is its tier asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.model.lead import Mode
from exchange.model.party import Buyer, Contract, State
from exchange.model.pause import Pause, asleep
from exchange.model.verdict import Check
from exchange.stages.checks.bits import grouped, mask_of, places_of
from exchange.stages.checks.facts import Case, Told
from exchange.stages.reasons import TREE_ENDS, show_time, show_weekday
from exchange.stages.schedule import OpeningHours

SIMULATED = "simulated"  # the connection of the built-in buyers, which take test leads whatever their mode


@dataclass(frozen=True, slots=True)
class ContractActive:
    contracts: Sequence[Contract]
    off: Pauses

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> ContractActive:
        return cls(contracts, Pauses.of([(contract.state, contract.pause) for contract in contracts]))

    def failing(self, case: Case) -> int:
        return self.off.at(case.now)

    def tell(self, case: Case, failed: int) -> Told:
        for place in places_of(failed):
            contract = self.contracts[place]
            if contract.pause is not None:
                got = _paused(contract.pause, contract.zone, case.now)
            else:
                why = f": {contract.paused_reason}" if contract.paused_reason else ""
                got = f"{contract.state.value}{why}"
            yield (place,), Check("contract_active", got, "active")


@dataclass(frozen=True, slots=True)
class Pauses:
    """Those that are off, and those that are off until an instant: looked up anew for every lead."""

    always: int
    until: tuple[tuple[int, int], ...]  # instant, mask

    @classmethod
    def of(cls, known: Sequence[tuple[State, Pause | None]]) -> Pauses:
        always = [place for place, (state, pause) in enumerate(known) if state is not State.ACTIVE
                  and (state is State.DELETED or pause is None or pause.until is None)]  # fmt: skip
        ends = (pause.until if state is State.PAUSED and pause is not None else None for state, pause in known)
        return cls(mask_of(always), tuple(grouped(ends).items()))

    def at(self, now: int) -> int:
        failed = self.always
        for until, mask in self.until:
            if now < until:
                failed |= mask
        return failed


@dataclass(frozen=True, slots=True)
class BuyerActive:
    contracts: Sequence[Contract]
    buyers: Mapping[str, Buyer]
    off: Pauses
    away: tuple[tuple[int, int], ...]  # until, mask

    @classmethod
    def of(cls, contracts: Sequence[Contract], buyers: Mapping[str, Buyer]) -> BuyerActive:
        owners = [buyers[contract.buyer_id] for contract in contracts]
        off = Pauses.of([(buyer.state, buyer.pause) for buyer in owners])
        return cls(contracts, buyers, off, tuple(grouped(buyer.away_until for buyer in owners).items()))

    def failing(self, case: Case) -> int:
        failed = self.off.at(case.now)
        for until, mask in self.away:
            if case.now < until:
                failed |= mask
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        for place in places_of(failed):
            contract = self.contracts[place]
            buyer = self.buyers[contract.buyer_id]
            got = buyer.state.value
            if not asleep(buyer.state, buyer.pause, case.now):
                assert buyer.away_until is not None
                got = f"on vacation until {_return_of(buyer.away_until, contract.zone, case.now)}"
            elif buyer.pause is not None:
                got = _paused(buyer.pause, contract.zone, case.now)
            yield (place,), Check("buyer_active", got, "active")


def _paused(pause: Pause, zone: str, now: int) -> str:
    """`paused by pat@exchange.example since 09:12 EST until 14:00 EST: CRM migration`."""
    until = f" until {show_time(pause.until, zone, now)}" if pause.until is not None else ""
    why = f": {pause.reason}" if pause.reason else ""
    return f"paused by {pause.by} since {show_time(pause.since, zone, now)}{until}{why}"


def _return_of(until: int, zone: str, now: int) -> str:
    day = show_weekday(until, zone)
    return show_time(until, zone) if day == show_weekday(now, zone) else day


@dataclass(frozen=True, slots=True)
class ModeTaken:
    live_only: int
    test_only: int

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> ModeTaken:
        live = [
            place
            for place, contract in enumerate(contracts)
            if contract.mode is Mode.LIVE and contract.connection != SIMULATED
        ]
        test = [place for place, contract in enumerate(contracts) if contract.mode is Mode.TEST]
        return cls(mask_of(live), mask_of(test))

    def failing(self, case: Case) -> int:
        return self.live_only if case.lead.mode is Mode.TEST else self.test_only

    def tell(self, case: Case, failed: int) -> Told:
        other = Mode.LIVE if case.lead.mode is Mode.TEST else Mode.TEST
        yield places_of(failed), Check("mode", case.lead.mode.value, other.value)


@dataclass(frozen=True, slots=True)
class OpenNow:
    schedules: tuple[tuple[OpeningHours, int], ...]  # one for all contracts of the same hours

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> OpenNow:
        groups = grouped((contract.zone, contract.hours) if contract.hours else None for contract in contracts)
        return cls(tuple((OpeningHours(zone, hours), mask) for (zone, hours), mask in groups.items()))

    def failing(self, case: Case) -> int:
        failed = 0
        for schedule, mask in self.schedules:
            if not schedule.open_at(case.now):
                failed |= mask
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        for schedule, mask in self.schedules:
            if failed & mask:
                opens = schedule.next_opening(case.now)
                required = "never" if opens is None else show_time(opens, schedule.zone, case.now)
                came = show_time(case.now, schedule.zone)
                yield places_of(failed & mask), Check("schedule", came, required)


@dataclass(frozen=True, slots=True)
class TierOpen:
    tiers: tuple[tuple[int, int], ...]  # number, mask

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> TierOpen:
        return cls(tuple(grouped(contract.tier for contract in contracts).items()))

    def failing(self, case: Case) -> int:
        failed, highest = 0, case.facts.tier_open
        if highest is not None:
            for number, mask in self.tiers:
                if number > highest:
                    failed |= mask
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        facts = case.facts
        waits = f"{facts.tier_open}, {facts.tier_name}" if facts.tier_name else f"{facts.tier_open}"
        for number, mask in self.tiers:
            if failed & mask:
                ends = facts.tier_last is not None and number > facts.tier_last
                got = f"{TREE_ENDS}{facts.tier_last}" if ends else waits
                yield places_of(failed & mask), Check("tier", got, str(number))
