"""One recorded lead, sold again by the auction's own code: on recorded bids, and on estimated ones where none is known.

It goes as `flows/quote.py` and `flows/sell.py` go: tier after tier who may have the lead, what they bid, who wins, what
the post brought; the checks, bids and posts are those of the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from exchange.model.auction import Bid, Progress
from exchange.model.money import Money
from exchange.model.party import Buyer, Campaign, Contract, State, Strategy, Tier
from exchange.model.worth import NO_WORTH, Worth
from exchange.stages.auction import Rules, groups, least_asked, lot_of, run_auction
from exchange.stages.price import fixed_bids, least_after_promise, tier_reserve
from exchange.stages.price_rules import Moment
from exchange.stages.settle import free_slots, promise_rest, sale_payout
from exchange.stages.simulate.ground import Ground
from exchange.stages.simulate.record import NOBODY, Posted, Recorded, Round, Sale
from exchange.stages.simulate.room import SHORT, Room
from exchange.stages.simulate.usual import Usual, draw

Step = tuple[str, str, str]  # what, of whom, and how it went


class Outcome(NamedTuple):
    """What a lead brings. `asked` bidders it rested on, `guessed` of which only their habit is known."""

    state: str  # sold | unsold | unclear | quoted
    sales: tuple[Sale, ...] = ()
    promise_units: int = 0
    took_ms: int = 0
    asked: int = 0
    guessed: int = 0
    steps: tuple[Step, ...] = ()

    @property
    def revenue_units(self) -> int:
        return sum(sale.price_units for sale in self.sales)

    @property
    def payout_units(self) -> int:
        return self.promise_units + sum(sale.payout_units for sale in self.sales)

    @property
    def money(self) -> tuple[object, ...]:
        """What two outcomes are compared by."""
        return self.state, sorted(sale[:3] for sale in self.sales), self.promise_units


class Source(NamedTuple):
    """What is known of where a lead came from: the band of its source, and what bids for its leads are worth."""

    band: Callable[[Recorded], str] = lambda _: "usual"
    worth: Callable[[Recorded], Worth] = lambda _: NO_WORTH


class Quoted(NamedTuple):
    tier: Tier
    bids: tuple[Bid, ...]
    promised: Money
    unheard: tuple[str, ...]


@dataclass(slots=True)
class _Going:
    """How one lead goes on."""

    lead: Recorded
    campaign: Campaign
    contracts: Mapping[str, Contract]
    least: Money
    steps: list[Step] = field(default_factory=list)
    progress: Progress = field(default_factory=Progress)
    sales: list[tuple[Bid, Sale]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    guessed: dict[str, tuple[Bid, ...]] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)  # by buyer, on this lead
    took_ms: int = 0

    def step(self, what: str, who: str, how: str = "") -> None:
        self.steps.append((what, who, how))


class Runner:
    """One set of rules, tried on one lead after the other."""

    def __init__(
        self, ground: Ground, buyers: Mapping[str, Buyer], usual: Usual, room: Room, seed: int, source: Source
    ) -> None:
        self.ground, self.buyers, self.usual, self.room = ground, buyers, usual, room
        self.seed, self.source = seed, source
        self.served: dict[str, int] = {}

    def drawn_anew(self, seed: int) -> Runner:
        """The same rules in the same room, with other lots."""
        return Runner(self.ground, self.buyers, self.usual, self.room, seed, self.source)

    def run(self, lead: Recorded) -> Outcome:
        campaign = self.ground.campaign(lead)
        least = self.ground.reserve(campaign, lead)
        if campaign.state is not State.ACTIVE and lead.campaign.state is State.ACTIVE:
            return Outcome("unsold", steps=(("closed", campaign.id, ""),))
        if least is None:
            return Outcome("unsold", steps=(("least", campaign.id, ""),))
        going = _Going(lead, campaign, self.ground.contracts(lead), least)
        quote = None
        if lead.ping is not None:
            quote = self._quote(going, lead.ping)
            if quote is None:
                return self._end(going, None)
            if lead.post is None and (lead.state == "quoted" or not self.usual.posts(lead, self.seed)):
                going.step("not_posted", lead.campaign.seller_id)
                return self._end(going, None)._replace(state="quoted")
        self._sell(going, quote)
        for bid, _ in going.sales:
            self.served[bid.contract_id] = lead.at
        return self._end(going, quote.promised if quote is not None else None)

    def _end(self, going: _Going, promised: Money | None) -> Outcome:
        sales = tuple(sale for _, sale in going.sales)
        state = "sold" if sales else "unclear" if going.progress.unclear else "unsold"
        rest = 0
        if sales:
            currency = going.campaign.currency
            revenue, paid = (Money(sum(units), currency) for units in zip(*(sale[1:3] for sale in sales), strict=True))
            rest = promise_rest(promised, revenue, paid, going.campaign).units
        going.step("end", state, Money(sum(sale.price_units for sale in sales), going.campaign.currency).text)
        return Outcome(
            state, sales, rest, going.took_ms, len(going.known) + len(going.guessed), len(going.guessed),
            tuple(going.steps),
        )  # fmt: skip

    def _quote(self, going: _Going, ping: Round) -> Quoted | None:
        for tier in going.campaign.tiers:
            under = self._rules(going, tier, None)
            waiting = groups(self._eligible(going, ping, tier, under.reserve), tier)
            while waiting:
                group = waiting.pop(0)
                if not group:
                    continue
                bids, unheard = self._ask(going, group, tier)
                plan = run_auction(bids, going.contracts, _with_lot(under, going, bids), Progress(), going.lead.at)
                if plan.winners:
                    promised = Money.zero(going.campaign.currency)
                    for bid in plan.winners:
                        going.step("priced", bid.contract_id, bid.price.text)
                        promised = promised + going.campaign.payout.of(bid.price)
                    later = [contract.id for below in waiting for contract in below]
                    return Quoted(tier, plan.bids, promised, (*unheard, *later))
            if not tier.goes_on:
                break
        return None

    def _sell(self, going: _Going, quote: Quoted | None) -> None:
        last = going.lead.last
        if quote is not None:
            under = self._rules(going, quote.tier, quote.promised)
            fits = {each.id for each in self._eligible(going, last, quote.tier, least_asked(under))}
            standing = [bid for bid in quote.bids if bid.contract_id in fits]
            self._place(going, standing, under, quote.promised)
        for tier in going.campaign.tiers:
            if not free_slots(going.progress, going.campaign.slots):
                break
            if quote is not None and (tier.number < quote.tier.number):
                continue
            at_quote = quote is not None and tier.number == quote.tier.number
            if quote is None or not at_quote or quote.unheard:
                among = frozenset(quote.unheard) if quote is not None and at_quote else None
                self._sell_in(going, last, tier, quote.promised if quote is not None else None, among)
            if not tier.goes_on:
                break

    def _sell_in(
        self, going: _Going, last: Round, tier: Tier, promised: Money | None, among: frozenset[str] | None
    ) -> None:
        under = self._rules(going, tier, promised)
        fits = self._eligible(going, last, tier, least_asked(under))
        waiting = groups([each for each in fits if among is None or each.id in among], tier)
        while waiting and free_slots(going.progress, going.campaign.slots):
            group = [each for each in waiting.pop(0) if each.id not in going.progress.refused]
            if not group:
                continue
            bids, unheard = self._ask(going, group, tier)
            self._place(going, bids, under, promised)
            if unheard:
                waiting = [[going.contracts[each] for each in unheard], *waiting]

    def _rules(self, going: _Going, tier: Tier, promised: Money | None) -> Rules:
        campaign, lead = going.campaign, going.lead
        reserve = tier_reserve(tier, going.least)
        exclusive = None if promised is None else least_after_promise(campaign, promised, reserve, True)
        lot = draw(self.seed, lead.id, str(tier.number)) if tier.strategy is Strategy.WEIGHTED else 0.0
        worth = self._worth(lead) if tier.strategy is Strategy.EXPECTED else NO_WORTH
        served: Mapping[str, int] = self.served
        if tier.strategy is Strategy.ROUND_ROBIN:
            served = {**served, **{each: place - len(lead.chosen) for place, each in enumerate(lead.chosen)}}
        return Rules(tier.strategy, campaign.slots, reserve, campaign.exclusive_only, lot, served, exclusive, worth)

    def _worth(self, lead: Recorded) -> Worth:
        return lead.worth or self.source.worth(lead)

    def _eligible(self, going: _Going, round_: Round, tier: Tier, least: Money) -> list[Contract]:
        fits = []
        for contract in going.contracts.values():
            if contract.tier > tier.number or not self.ground.sells(contract, going.campaign):
                continue
            failed = self.ground.failed(going.lead, round_, contract)
            out, room = self.ground.kept_out(contract, failed, least)
            if out:
                continue
            buyer = self.buyers.get(contract.buyer_id)
            if buyer is None or self.room.full(contract, buyer, self._need(contract, least), going.lead.at, room):
                continue
            fits.append(contract)
        fits = self.ground.without_rivals(fits)
        going.step("fits", f"tier {tier.number}", ", ".join(contract.id for contract in fits))
        return fits

    @staticmethod
    def _need(contract: Contract, least: Money) -> int:
        return contract.price.units if contract.price is not None else max(least.units, 100)

    def _ask(self, going: _Going, group: Sequence[Contract], tier: Tier) -> tuple[list[Bid], list[str]]:
        """What they bid, and who was not waited for because nobody could beat the best bid any more."""
        lead, campaign = going.lead, going.campaign
        bids: list[Bid] = []
        unknown: list[Contract] = []
        took = 0
        for contract in group:
            if contract.price is not None:
                moment = (
                    Moment(lead.grade, self.source.band(lead), lead.us_state, lead.at) if contract.price_rules else None
                )
                bids += fixed_bids([contract], campaign.slots, moment)
                continue
            answer = lead.answer_of(contract.id)
            if answer is None:
                unknown.append(contract)
                continue
            going.known.add(contract.id)
            took = max(took, answer.took_ms)
            bids += self._told(going, contract, answer.bids)
        unheard = []
        alone = campaign.slots == 1 and tier.strategy in (Strategy.HIGHEST_PRICE, Strategy.EXPECTED)
        weigh = self._worth(lead).of if tier.strategy is Strategy.EXPECTED else _price
        best = max((weigh(bid.contract_id, bid.price.units) for bid in bids), default=0)
        for contract in unknown:
            if alone and best > weigh(contract.id, contract.max_bid.units):
                unheard.append(contract.id)
                continue
            bids += self._guess(going, contract)
            took = max(took, self.usual.took_ms(contract.id))
        going.took_ms += min(took, tier.ping_ms)
        return bids, unheard

    def _told(self, going: _Going, contract: Contract, bids: Sequence[Bid], how: str = "") -> list[Bid]:
        """Bids that its terms allow, each told."""
        standing = [bid for bid in bids if not contract.max_bid < bid.price]
        for bid in standing:
            going.step("bid", contract.id, f"{bid.price.text}{' shared' if not bid.exclusive else ''}{how}")
        if not standing:
            going.step("no_bid", contract.id, how.strip())
        return standing

    def _guess(self, going: _Going, contract: Contract) -> list[Bid]:
        found = going.guessed.get(contract.id)
        if found is None:
            usual = self.usual.bids(contract.id, going.lead, self.seed)
            if usual is None:
                return []
            found = going.guessed[contract.id] = usual
        return self._told(going, contract, found, " estimated")

    def _place(self, going: _Going, bids: Sequence[Bid], under: Rules, promised: Money | None) -> None:
        while free_slots(going.progress, under.slots):
            lot = _with_lot(under, going, bids)
            plan = run_auction(bids, going.contracts, lot, going.progress, going.lead.at)
            if not plan.winners:
                return
            for bid in plan.winners:
                going.step("win", bid.contract_id, bid.price.text)
                self._post(going, bid, promised)

    def _post(self, going: _Going, bid: Bid, promised: Money | None) -> None:
        lead, contract = going.lead, going.contracts[bid.contract_id]
        posted = lead.post_of(bid)
        buyer = self.buyers[contract.buyer_id]
        units = bid.price.units + going.spent.get(buyer.id, 0)
        held_back = posted is not None and posted.held_back
        if self.room.full(contract, buyer, units, lead.at, {SHORT} if held_back else NOBODY):
            going.step("full", contract.id)
            going.progress = going.progress._replace(refused=going.progress.refused | {contract.id})
            return
        likely = posted is None or held_back
        if posted is None or held_back:
            taken = self.usual.takes(contract.id, lead, self.seed)
            posted = Posted("accepted" if taken else "rejected", bid.price.units, bid.price.units)
        going.took_ms += posted.took_ms
        going.step("post", contract.id, posted.state)
        progress = going.progress
        if posted.state == "accepted":
            price = posted.price_units if posted.bid_units == bid.price.units else bid.price.units
            paid = replace(bid, price=Money(price, bid.price.currency))
            payout = sale_payout(going.campaign, paid.price, promised, bid.exclusive)
            guessed = likely or contract.id in going.guessed
            going.sales.append((paid, Sale(contract.id, price, payout.units, guessed)))
            going.spent[buyer.id] = going.spent.get(buyer.id, 0) + price
            going.progress = progress._replace(sold=(*progress.sold, paid))
        elif posted.state in ("unclear", "pending"):
            going.progress = progress._replace(unclear=(*progress.unclear, bid))
        else:
            going.progress = progress._replace(refused=progress.refused | {contract.id})


def _with_lot(under: Rules, going: _Going, bids: Sequence[Bid]) -> Rules:
    """The lot falls as it fell then, if who it fell to is here."""
    if under.strategy is not Strategy.WEIGHTED:
        return under
    refused = going.progress.refused
    standing = [bid for bid in bids if not bid.price < under.least(bid) and bid.contract_id not in refused]
    fell_to = next((each for each in going.lead.chosen if each not in refused), "")
    lot = lot_of(fell_to, standing, going.contracts)
    return under if lot is None else replace(under, draw=lot[0] / lot[1])


def _price(_: str, units: int) -> int:
    return units
