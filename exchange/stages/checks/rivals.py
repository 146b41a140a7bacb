"""Checks on who else has the lead, or had it: a buyer that bought it before, a group that is already in the auction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.model.party import Buyer, Contract
from exchange.model.verdict import Check
from exchange.stages.checks.bits import grouped, mask_of, places_of
from exchange.stages.checks.facts import Case, Told
from exchange.stages.reasons import NOT_LISTED, OTHER_COMPANY, OTHER_GROUP, show_day

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class BoughtBefore:
    contracts: Sequence[Contract]
    windows: Mapping[str, tuple[tuple[int, int], ...]]  # by buyer: place and window in ms

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> BoughtBefore:
        windows: dict[str, list[tuple[int, int]]] = {}
        for place, contract in enumerate(contracts):
            if contract.duplicate_days > 0:
                windows.setdefault(contract.buyer_id, []).append((place, contract.duplicate_days * DAY_MS))
        return cls(contracts, {buyer_id: tuple(mine) for buyer_id, mine in windows.items()})

    def failing(self, case: Case) -> int:
        return mask_of(
            [
                place
                for buyer_id, at in case.facts.bought.items()
                for place, window_ms in self.windows.get(buyer_id, ())
                if case.now - at < window_ms
            ]
        )

    def tell(self, case: Case, failed: int) -> Told:
        for place in places_of(failed):
            contract = self.contracts[place]
            day = show_day(case.facts.bought[contract.buyer_id], contract.zone)
            days = contract.duplicate_days
            window = f"{days} day{'s' if days > 1 else ''}"
            yield (place,), Check("duplicate_buyer", f"{case.facts.same} on {day}", window)


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A buyer's own lists keep it from consumers, whatever contract it would buy by."""

    places: Mapping[str, int]  # by buyer
    contracts: Sequence[Contract]

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> Suppressed:
        return cls(grouped(contract.buyer_id for contract in contracts), contracts)

    def failing(self, case: Case) -> int:
        failed = 0
        for buyer_id in case.facts.suppressed:
            failed |= self.places.get(buyer_id, 0)
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        for place in places_of(failed):
            name = case.facts.suppressed[self.contracts[place].buyer_id]
            yield (place,), Check("suppression", name, NOT_LISTED)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Buyers of one group never meet in one auction, and one company never gets a lead twice."""

    contracts: Sequence[Contract]
    buyers: Mapping[str, Buyer]
    groups: Mapping[str, int]
    owners: Mapping[str, int]  # by buyer, those with a group only
    legs: Mapping[str, int]
    meeting: tuple[tuple[int, ...], ...]  # places of each group of several buyers, first come first

    @classmethod
    def of(cls, contracts: Sequence[Contract], buyers: Mapping[str, Buyer]) -> Conflict:
        groups = grouped(buyers[contract.buyer_id].group or None for contract in contracts)
        owners = grouped(
            contract.buyer_id if buyers[contract.buyer_id].group else None  # others conflict with nobody
            for contract in contracts
        )
        meeting = []
        for mask in groups.values():
            places = sorted(places_of(mask), key=lambda place: _rank(contracts[place]))
            if len({contracts[place].buyer_id for place in places}) > 1:
                meeting.append(tuple(places))
        return cls(contracts, buyers, groups, owners, grouped(c.leg for c in contracts), tuple(meeting))

    def failing(self, case: Case) -> int:
        failed = 0
        for group, buyer_id in case.facts.taken_groups.items():
            failed |= self.groups.get(group, 0) & ~self.owners.get(buyer_id, 0)
        for leg in case.facts.taken_legs:
            failed |= self.legs.get(leg, 0)
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        for place in places_of(failed):
            contract = self.contracts[place]
            if contract.leg in case.facts.taken_legs:
                yield (place,), Check("conflict", contract.leg, OTHER_COMPANY)
            else:
                rival = case.facts.taken_groups[self.buyers[contract.buyer_id].group]
                yield (place,), self._same_group(rival)

    def met(self, eligible: int) -> tuple[tuple[int, Check], ...]:
        """Who of `eligible` must stay out because another buyer of its group comes first.

        First is the lower tier, then the lower priority number, then the contract id.
        """
        out: list[tuple[int, Check]] = []
        for places in self.meeting:
            here = [place for place in places if eligible >> place & 1]
            first = self.contracts[here[0]].buyer_id if here else ""
            rivals = [place for place in here if self.contracts[place].buyer_id != first]
            out.extend((place, self._same_group(first)) for place in rivals)
        return tuple(out)

    def _same_group(self, rival: str) -> Check:
        buyer = self.buyers.get(rival)
        return Check("conflict", buyer.name if buyer is not None else rival, OTHER_GROUP)


def _rank(contract: Contract) -> tuple[int, int, str]:
    return contract.tier, contract.priority, contract.id
