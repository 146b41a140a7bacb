"""The rules that a recorded lead is sold under: those of its day, with the changes of a draft upon them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from exchange.model.draft import Change, Draft
from exchange.model.money import Money
from exchange.model.party import Buyer, Campaign, Contract, Payout, SaleMode, State
from exchange.stages.caps import best_price
from exchange.stages.checks.rivals import Conflict
from exchange.stages.draft import campaign_with, contract_with
from exchange.stages.floor_trial import held_out
from exchange.stages.price import reserve
from exchange.stages.simulate.record import NOBODY, Recorded, Round
from exchange.stages.simulate.room import is_room

_OWN = frozenset({"tier", "price", "conflict"})
"""Checks that a simulation makes itself; caps and balances too."""
_STATES = {"contract": "contract_active", "buyer": "buyer_active"}

Shift = Callable[[Recorded, str], tuple[frozenset[str], frozenset[str]] | None]
"""Of a lead and a contract, the checks that it no longer fails under the draft, and those that it fails now."""


def no_shift(_: Recorded, __: str) -> None:
    return None


class Ground:
    """Campaigns and contracts as one draft would have them, in the versions that each lead was decided under."""

    def __init__(
        self,
        draft: Draft,
        contracts: Mapping[tuple[str, int], Contract],
        buyers: Mapping[str, Buyer],
        shift: Shift = no_shift,
        joining: Sequence[Contract] = (),
    ) -> None:
        """`joining` are drafted contracts that older leads never met."""
        self._draft, self._known, self._buyers, self._shift = draft, contracts, buyers, shift
        self._joining = tuple(contract_with(each, draft) for each in joining)
        self._campaigns: dict[tuple[object, ...], Campaign] = {}
        self._contracts: dict[tuple[tuple[str, int], ...], Mapping[str, Contract]] = {}
        self._reserves: dict[tuple[int, int | None, int], Money | None] = {}
        self._states = {_state_key(each): each.value for each in draft if each.setting == "state"}
        self._paid = {each.id for each in draft if each.kind == "campaign" and each.setting.startswith("payout")}

    def campaign(self, lead: Recorded) -> Campaign:
        """Its campaign with the payout that it earned and the floor of its state."""
        own = lead.campaign
        out = own.floor_holdout_bp > 0 and held_out(lead.id, own.floor_holdout_bp)
        key = (own.id, own.version, lead.payout, lead.us_state if own.floors and not out else None)
        found = self._campaigns.get(key)
        if found is None:
            found = campaign_with(own, self._draft)
            floor = None if out else dict(found.floors).get(lead.us_state or "")
            if floor is not None:
                found = replace(found, floor=floor)
            if lead.payout is not None and own.id not in self._paid:
                found = replace(found, payout=Payout(Money(lead.payout[0], own.currency), lead.payout[1]))
            self._campaigns[key] = found
        return found

    def reserve(self, campaign: Campaign, lead: Recorded) -> Money | None:
        """The least of this lead: what was spent on it is earned back too."""
        least = lead.min_price.units if lead.min_price is not None else None
        key = (id(campaign), least, lead.spent_units)
        if key not in self._reserves:
            kept = campaign.min_margin + Money(lead.spent_units, campaign.currency)
            terms = replace(campaign, min_margin=kept) if lead.spent_units else campaign
            self._reserves[key] = reserve(terms, lead.min_price)
        return self._reserves[key]

    def contracts(self, lead: Recorded) -> Mapping[str, Contract]:
        """Those that were judged, by id and in its order."""
        found = self._contracts.get(lead.versions)
        if found is None:
            known = [self._known[each] for each in lead.versions if each in self._known]
            drafted = {each.id: contract_with(each, self._draft) for each in known}
            drafted |= {each.id: each for each in self._joining if each.id not in drafted}
            found = self._contracts[lead.versions] = dict(sorted(drafted.items()))
        return found

    def sells(self, contract: Contract, campaign: Campaign) -> bool:
        """Whether it may take part at all under the draft, and sells the way the campaign does."""
        if self._states.get(("buyer", contract.buyer_id)) == State.PAUSED.value:
            return False
        if self._states.get(("contract", contract.id)) == State.PAUSED.value:
            return False
        return not (campaign.exclusive_only and contract.sale_mode in (SaleMode.SHARED, SaleMode.LEFTOVER))

    def failed(self, lead: Recorded, round_: Round, contract: Contract) -> frozenset[str]:
        """The checks it fails: those of the record, and what the draft makes of them."""
        failed = round_.failed.get(contract.id)
        if self._states and failed:
            failed = failed - {
                check
                for kind, id_ in (("contract", contract.id), ("buyer", contract.buyer_id))
                if self._states.get((kind, id_)) == State.ACTIVE.value
                for check in (_STATES[kind],)
            }
        shift = self._shift(lead, contract.id)
        if shift is None:
            return failed if failed is not None else frozenset({"unknown"})
        gone, added = shift
        return ((failed or NOBODY) - gone) | added

    def kept_out(self, contract: Contract, failed: frozenset[str], least: Money) -> tuple[bool, frozenset[str]]:
        """Whether something keeps it out that no room would change, and its failed checks of room."""
        if not failed:
            return best_price(contract) < least, NOBODY
        room = frozenset(check for check in failed if is_room(check))
        return bool(failed - room - _OWN) or best_price(contract) < least, room

    def without_rivals(self, contracts: list[Contract]) -> list[Contract]:
        """One buyer of each group."""
        if len(contracts) < 2 or not any(self._buyers[each.buyer_id].group for each in contracts):
            return contracts
        met = Conflict.of(contracts, self._buyers).met((1 << len(contracts)) - 1)
        out = {place for place, _ in met}
        return [each for place, each in enumerate(contracts) if place not in out]


def _state_key(change: Change) -> tuple[str, str]:
    return change.kind, change.id
