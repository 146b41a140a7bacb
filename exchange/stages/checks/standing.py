"""Checks on the contract itself: is it on, does it take this kind of lead, is it open, is its tier asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.model.lead import Mode
from exchange.model.party import Buyer, Contract, State
from exchange.model.verdict import Check
from exchange.stages.checks.bits import grouped, mask_of, places_of
from exchange.stages.checks.facts import Case, Told
from exchange.stages.reasons import show_time, show_weekday
from exchange.stages.schedule import OpeningHours

SIMULATED = "simulated"  # the connection of the built-in buyers, which take test leads whatever their mode


@dataclass(frozen=True, slots=True)
class ContractActive:
    contracts: Sequence[Contract]
    off: int

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> ContractActive:
        off = [place for place, contract in enumerate(contracts) if contract.state is not State.ACTIVE]
        return cls(contracts, mask_of(off))

    def failing(self, case: Case) -> int:
        return self.off

    def tell(self, case: Case, failed: int) -> Told:
        for place in places_of(failed):
            contract = self.contracts[place]
            why = f": {contract.paused_reason}" if contract.paused_reason else ""
            yield (place,), Check("contract_active", f"{contract.state.value}{why}", "active")


@dataclass(frozen=True, slots=True)
class BuyerActive:
    contracts: Sequence[Contract]
    buyers: Mapping[str, Buyer]
    off: int
    away: tuple[tuple[int, int], ...]  # until, mask

    @classmethod
    def of(cls, contracts: Sequence[Contract], buyers: Mapping[str, Buyer]) -> BuyerActive:
        owners = [buyers[contract.buyer_id] for contract in contracts]
        off = mask_of([place for place, buyer in enumerate(owners) if buyer.state is not State.ACTIVE])
        return cls(contracts, buyers, off, tuple(grouped(buyer.away_until for buyer in owners).items()))

    def failing(self, case: Case) -> int:
        failed = self.off
        for until, mask in self.away:
            if case.now < until:
                failed |= mask
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        for place in places_of(failed):
            contract = self.contracts[place]
            buyer = self.buyers[contract.buyer_id]
            got = buyer.state.value
            if buyer.state is State.ACTIVE and buyer.away_until is not None:
                got = f"on vacation until {_return_of(buyer.away_until, contract.zone, case.now)}"
            yield (place,), Check("buyer_active", got, "active")


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
        for number, mask in self.tiers:
            if failed & mask:
                yield places_of(failed & mask), Check("tier", str(case.facts.tier_open), str(number))
