"""Recorded leads, one after the other in the order they came: each by its record, and under the draft.

A lead is sold twice by the same code, under the rules of its day and under the draft. Where both give the same, what
the record says of it stands; so rules that change nothing give the recorded numbers, to the cent. Where they differ,
the draft's result counts, and what a buyer then buys more or less is taken from its caps and its balance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from exchange.model.draft import Change, Draft
from exchange.model.party import Buyer, Contract
from exchange.stages.simulate.ground import Ground, Shift, no_shift
from exchange.stages.simulate.record import Recorded
from exchange.stages.simulate.result import CHANGED_MOST, Changed, Result
from exchange.stages.simulate.room import Past, Room
from exchange.stages.simulate.run import Outcome, Runner, Source
from exchange.stages.simulate.usual import Usual

DRAWS = 4  # how often an estimated lead is drawn again, to see how far its result may lie from the first draw
SAMPLED_MOST = 1_500  # leads that are
_CAPS = ("cap.", "spend.")


class Setting(NamedTuple):
    """What a simulation is made in. `contracts` are by id and version."""

    contracts: Mapping[tuple[str, int], Contract]
    buyers: Mapping[str, Buyer]
    past: Past
    currency: str
    seed: int = 1
    shift: Shift = no_shift
    joining: Sequence[Contract] = ()
    source: Source = Source()


class Period:
    """Leads of one currency under one draft. `leads` are in the order of time; `like` are those bids are drawn from."""

    def __init__(self, leads: Sequence[Recorded], draft: Draft, given: Setting, like: Iterable[Recorded] = ()) -> None:
        self._leads, self._draft, self._given = leads, draft, given
        self._usual = Usual([*leads, *like])
        self._as_it_was = self._runner((), Room(given.past))
        self._room = Room(given.past, [each.id for each in draft if _of_caps(each)])
        self._drafted = self._runner(draft, self._room)
        self._others = [self._drafted.drawn_anew(given.seed + 1 + turn) for turn in range(DRAWS)]
        self._campaigns = {each.id for each in draft if each.kind == "campaign"}
        self._parties = {each.id for each in draft if each.kind != "campaign"}
        self.result = Result(given.currency, given.seed)
        self.done = 0

    def _runner(self, draft: Draft, room: Room) -> Runner:
        given = self._given
        drafted = bool(draft)
        ground = Ground(
            draft,
            given.contracts,
            given.buyers,
            given.shift if drafted else no_shift,
            given.joining if drafted else (),
        )
        return Runner(ground, given.buyers, self._usual, room, given.seed, given.source)

    @property
    def over(self) -> bool:
        return self.done >= len(self._leads)

    def go_on(self, most: int) -> int:
        """Sell so many more leads. Returns how many are done in all."""
        for lead in self._leads[self.done : self.done + most]:
            self._sell(lead)
        self.done = min(self.done + most, len(self._leads))
        return self.done

    def _sell(self, lead: Recorded) -> None:
        was = self._as_it_was.run(lead)
        then = self._drafted.run(lead) if self._concerned(lead) else was
        same = was.money == then.money
        if not same:
            self._take(lead, was, then)
        self._count(lead, was, then, same)
        if then is not was and (then.guessed or any(sale.likely for sale in then.sales)):
            self._draw_again(lead, then, same)

    def _concerned(self, lead: Recorded) -> bool:
        """Whether anything is otherwise for this lead: its campaign, a contract, or what is left of one."""
        if lead.campaign.id in self._campaigns or self._room.moved:
            return True
        if not self._parties:
            return False
        own = self._drafted.ground.contracts(lead).values()
        return any(each.id in self._parties or each.buyer_id in self._parties for each in own)

    def _take(self, lead: Recorded, was: Outcome, then: Outcome) -> None:
        """What buyers buy more, and what they buy no more."""
        before = {sale[:2] for sale in was.sales}
        after = {sale[:2] for sale in then.sales}
        contracts = self._drafted.ground.contracts(lead)
        for sold, sign in ((before - after, -1), (after - before, 1)):
            for contract_id, units in sorted(sold):
                self._room.note(contracts[contract_id], units, lead.at, sign)

    def _count(self, lead: Recorded, was: Outcome, then: Outcome, same: bool) -> None:
        result = self.result
        recorded_state = _state(lead)
        result.reproduced += was.money == (recorded_state, sorted(each[:3] for each in lead.sales), lead.promise_units)
        result.before.add(bool(lead.sales), lead.revenue_units, lead.payout_units, lead.took_ms)
        sales = lead.sales if same else then.sales
        revenue, payout = lead.revenue_units, lead.payout_units
        state = recorded_state
        if not same:
            revenue, payout, state = then.revenue_units, then.payout_units, then.state
        took = lead.took_ms + then.took_ms - was.took_ms if lead.took_ms else 0
        result.after.add(bool(sales), revenue, payout, max(took, 0))
        result.asked += then.asked
        result.guessed += then.guessed if then is not was else 0
        self._sides(lead, False, lead.sales, lead.payout_units)
        self._sides(lead, True, sales, payout)
        if not same:
            result.changed_count += 1
            if len(result.changed) < CHANGED_MOST:
                result.changed.append(
                    Changed(
                        lead.id,
                        lead.at,
                        lead.campaign.id,
                        recorded_state,
                        lead.revenue_units,
                        state,
                        revenue,
                        bool(then.guessed) or any(sale.likely for sale in then.sales),
                        was.steps,
                        then.steps,
                    )
                )

    def _sides(self, lead: Recorded, then: bool, sales: Collection[tuple[object, ...]], payout: int) -> None:
        result, contracts = self.result, self._drafted.ground.contracts(lead)
        revenue = 0
        for contract_id, units, own, *_ in sales:
            assert isinstance(contract_id, str) and isinstance(units, int) and isinstance(own, int)
            contract = contracts.get(contract_id)
            buyer = contract.buyer_id if contract is not None else contract_id
            result.buyers[buyer] = result.buyers[buyer].plus(then, 1, units, own)
            revenue += units
        seller = lead.campaign.seller_id
        result.sellers[seller] = result.sellers[seller].plus(then, int(bool(sales)), revenue, payout)

    def _draw_again(self, lead: Recorded, then: Outcome, same: bool) -> None:
        """By how much it differs when its estimates are drawn again: the range of the result."""
        result = self.result
        result.touched += 1
        if result.sampled >= SAMPLED_MOST:
            return
        result.sampled += 1
        outcomes = [then, *(other.run(lead) for other in self._others)]
        squares = []
        for values in ([each.revenue_units for each in outcomes],
                       [each.revenue_units - each.payout_units for each in outcomes]):  # fmt: skip
            count, total = len(values), sum(values)
            squares.append((count * sum(each * each for each in values) - total * total) // (count * (count - 1)))
        result.squares = (result.squares[0] + squares[0], result.squares[1] + squares[1])


def _of_caps(change: Change) -> bool:
    return change.kind == "contract" and change.setting.startswith(_CAPS)


def _state(lead: Recorded) -> str:
    """What the record says became of it at its answer."""
    if lead.sales:
        return "sold"
    return {"unclear": "unclear", "pending": "unclear", "quoted": "quoted"}.get(lead.state, "unsold")
