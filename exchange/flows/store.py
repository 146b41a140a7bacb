"""The store: what nobody bought in its auction is listed without a personal value; who claims it first holds it for two
minutes, and pays to see the rest.

A confirmed claim is a delivery like any other: a hold on the buyer's caps and money, then a sale with its booking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import orjson

from exchange.flows.case import Case, own_case
from exchange.flows.check_suppression import listed
from exchange.flows.checks import deciding
from exchange.flows.market import Market
from exchange.flows.settle import CannotSettle, Decision, StillAtWork, claim_until, claims_of, settle
from exchange.flows.shelf import stand_of
from exchange.flows.stored_lead import stored_lead
from exchange.flows.tell import News, tell
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.auction import AttemptState
from exchange.model.hold import BalanceShort, CapFull, HoldRequest
from exchange.model.lead import Lead
from exchange.model.money import Money
from exchange.model.party import Contract, State
from exchange.model.work import Intent, JobRow, LeadState
from exchange.stages.caps import cap_parts
from exchange.stages.eligible import Facts, Judgement, judge
from exchange.stages.reasons import sentence
from exchange.stages.respond import rfc3339
from exchange.stages.store import Card, Wanted, asking
from exchange.storage.database import Row
from exchange.storage.purchase import Lapsed, Purchase, SoldElsewhere, purchase
from exchange.storage.requests import bought_before
from exchange.storage.selling import read_attempt, read_lead
from exchange.storage.shelf import leave, may_see
from exchange.storage.store import (
    ClaimRow,
    Taken,
    end_claim,
    holds_of,
    open_claim,
    read_claim,
    read_item,
    rule_of,
    shelf,
    take,
    unfinished,
    withdraw,
)
from exchange.storage.store_orders import take_within

CLAIM_MS = 120_000
HELD_AT_ONCE = 10
OTHERS_FIRST_MS = 600_000
_BROWSED, _BROWSED_MOST = 200, 5_000
CHANNEL = "store"
CLAIMED = "lead.claimed"
_LEFT_HALF_WAY_MS = CLAIM_MS + 30_000
_GONE = "This lead is not in the store any more."


class CannotBuy(Exception):
    """Why the buyer gets it not, as a sentence. `slug` names it for programs."""

    def __init__(self, slug: str, sentence: str, missing: Money | None = None) -> None:
        super().__init__(sentence)
        self.slug, self.missing = slug, missing


@dataclass(frozen=True, slots=True)
class Claim:
    """A lead held for a buyer until a moment, at a price."""

    id: str
    lead_id: str
    price: Money
    expires_at: int


class Bought(NamedTuple):
    """A claim that became a sale: the delivery's id, and the whole lead."""

    claim_id: str
    attempt_id: str
    price: Money
    lead: Lead


def card_in(row: Row) -> Card:
    """The card of a listed lead."""
    told = orjson.loads(row["card"])
    return Card(**{**told, "facts": tuple((label, value) for label, value in told["facts"])})


def price_of(row: Row, now: int) -> Money:
    return asking(rule_of(row), row["listed_at"], now)


async def browse(
    market: Market, buyer_id: str, wanted: Wanted, before: tuple[int, str], most: int
) -> tuple[list[Row], str]:
    """Leads on the shelf that somebody looks for, newest first, and where to look on: empty when that was all.

    `before` is as for `shelf`. Of many that do not fit only so many are passed at once: the page may then be short.
    """
    now, found = market.clock.now(), list[Row]()
    for _ in range(_BROWSED_MOST // _BROWSED):
        rows = await market.db.read(shelf, buyer_id, wanted.vertical, now, before, _BROWSED)
        for row in rows:
            if wanted.takes(card_in(row), price_of(row, now)):
                if len(found) == most:
                    return found, f"{before[0]}_{before[1]}"
                found.append(row)
            before = (row["listed_at"], row["lead_id"])
        if len(rows) < _BROWSED:
            return found, ""
    return found, f"{before[0]}_{before[1]}"


async def claim(market: Market, lead_id: str, actor: Actor, order_id: str | None = None) -> Claim:
    """Hold a lead for two minutes, at the price of this moment. Raises `CannotBuy`, and `OverLimit` for an order."""
    buyer_id = _buyer(actor)
    now = market.clock.now()
    item = await market.db.read(read_item, lead_id)
    if item is None or item["state"] != "listed" or item["ends_at"] <= now:
        raise CannotBuy("not_listed", _GONE)
    if not await market.db.read(may_see, lead_id, buyer_id, now):
        raise CannotBuy("not_listed", _GONE)
    own = await market.db.read(open_claim, buyer_id, lead_id)
    if own is not None and own["state"] == "held" and own["expires_at"] > now:
        if own["order_id"] != order_id:
            raise CannotBuy("held", "You hold this lead already.")
        return Claim(own["id"], lead_id, Money(own["price_units"], own["currency"]), own["expires_at"])
    await _check_holds(market, buyer_id, lead_id, now)
    price = price_of(item, now)
    contract = await _contract(market, lead_id, buyer_id, price)
    row = ClaimRow(
        market.ids.new("clm", now),
        lead_id,
        buyer_id,
        contract.id,
        price.units,
        price.currency,
        now,
        actor.name,
        now + CLAIM_MS,
        order_id,
    )
    unit = take if order_id is None else take_within
    taken = await market.db.write(unit, row, rule_of(item).sales, _news(market, row))
    if taken is not None:
        raise CannotBuy("taken", _taken(taken, now))
    return Claim(row.id, lead_id, price, row.expires_at)


async def _check_holds(market: Market, buyer_id: str, lead_id: str, now: int) -> None:
    """Nobody keeps the shelf from the others: few leads are held at once, and one let go is the others' for a while."""
    held, let_go = await market.db.read(holds_of, buyer_id, lead_id, now)
    if held >= HELD_AT_ONCE:
        raise CannotBuy("too_many", f"You hold {held} leads. Pay for one, or give one back.")
    if let_go is not None and now < let_go + OTHERS_FIRST_MS:
        minutes = -(-(let_go + OTHERS_FIRST_MS - now) // 60_000)
        raise CannotBuy("let_go", f"You held it and let it go. For {minutes} min more it is for others.")


def _news(market: Market, row: ClaimRow) -> tuple[JobRow, ...]:
    """The buyer's other programs hear what one of its people holds, and until when."""
    facts: dict[str, object] = {
        "lead_id": row.lead_id,
        "claim_id": row.id,
        "contract_id": row.contract_id,
        "price": Money(row.price_units, row.currency).text,
        "currency": row.currency,
        "expires_at": rfc3339(row.expires_at),
    }
    return tell(market, News(CLAIMED, Role.BUYER, row.buyer_id, row.lead_id, row.made_at, facts))


def _taken(taken: Taken, now: int) -> str:
    seconds = max((now - taken.at) // 1000, 0)
    return f"Taken {seconds} s ago." if seconds < 120 else "Taken."


def _buyer(actor: Actor) -> str:
    if actor.role is not Role.BUYER or actor.party_id is None:
        raise CannotBuy("not_a_buyer", "Only a buyer takes leads from the store.")
    return actor.party_id


async def _contract(market: Market, lead_id: str, buyer_id: str, price: Money) -> Contract:
    """The buyer's contract that may have the lead now. Raises `CannotBuy` with what is in the way."""
    case = await _case(market, lead_id)
    bought = await market.db.write(bought_before, case.phone_index, case.email_index)
    if buyer_id in bought:
        raise CannotBuy("owned", "You bought this consumer before.")
    judgement = _judge(market, case.knowing(bought), buyer_id, price)
    if judgement.eligible:
        return judgement.eligible[0]
    if not judgement.verdicts:
        raise CannotBuy("no_contract", "You have no contract that buys in the store here.")
    checks = [check for verdict in judgement.verdicts for check in verdict.failed]
    have = market.live.available.get(buyer_id, Money.zero(price.currency))
    if any(check.name == "balance" for check in checks) and have < price:
        raise _short(price - have, price)
    raise CannotBuy("not_eligible", " ".join(dict.fromkeys(map(sentence, checks))))


def _short(missing: Money, price: Money) -> CannotBuy:
    told = f"Your balance is {missing.text} {missing.currency} short of {price.text}."
    return CannotBuy("balance", told, missing)


def _judge(market: Market, case: Case, buyer_id: str, price: Money) -> Judgement:
    book = case.deals.stores[case.vertical.name]
    live, now = market.live, market.clock.now()
    facts = Facts(
        reserve=price,
        cap_use=live.cap_use(now),
        reached=live.reached(now),
        available=live.available,
        bought=case.bought,
        suppressed=case.suppressed,
        seller_name=case.deals.sellers[case.submission.seller_id].name,
    )
    own = [contract.id for contract in book.contracts if contract.buyer_id == buyer_id]
    return judge(book, case.lead, facts, now, own)


async def _case(market: Market, lead_id: str) -> Case:
    """The lead as it was understood, under the deals of now. Raises `CannotBuy` when it may not be sold any more."""
    row = await market.db.write(read_lead, lead_id)
    campaign = market.deals.campaigns.get(row["campaign_id"]) if row is not None else None
    vertical = market.verticals.get(row["vertical"]) if row is not None else None
    lead = await stored_lead(market, row, campaign) if row is not None and campaign is not None else None
    if row is None or lead is None or campaign is None or vertical is None or campaign.state is not State.ACTIVE:
        raise CannotBuy("not_listed", _GONE)
    case = listed(own_case(row, lead, campaign, vertical, market, CHANNEL), market)
    if (found := deciding(case.findings)) is not None:
        if (why := stand_of(market, lead, vertical).gone) is not None:
            await market.db.write(leave, lead_id, why, market.clock.now())
        raise CannotBuy("not_listed", f"{found.sentence} The lead is not sold any more.")
    return case


async def _own(market: Market, lead_id: str) -> Lead:
    """A lead that was paid for, whatever became of its campaign since. Raises `CannotBuy` when it was erased."""
    row = await market.db.write(read_lead, lead_id)
    campaign = market.deals.campaigns.get(row["campaign_id"]) if row is not None else None
    lead = await stored_lead(market, row, campaign) if row is not None and campaign is not None else None
    if lead is None:
        raise CannotBuy("erased", "The consumer's values were erased since: you must erase yours too.")
    return lead


async def confirm(market: Market, claim_id: str, actor: Actor) -> Bought:
    """Pay for a held lead and see it. The same again answers the same. Raises `CannotBuy`."""
    row = await market.db.read(read_claim, actor, claim_id)
    if row is None:
        raise CannotBuy("no_claim", "There is no such claim of yours.")
    if row["state"] == "held":
        row = await _begin(market, row, actor)
    if row["state"] == "buying":
        await _finish(market, row, actor)
    elif row["state"] != "bought":
        raise await _over(market, row)
    price = Money(row["price_units"], row["currency"])
    return Bought(row["id"], str(row["attempt_id"]), price, await _own(market, row["lead_id"]))


async def _begin(market: Market, row: Row, actor: Actor) -> Row:
    """Hold the lead, the money and the caps for it, durable before it is called a sale."""
    case = await _case(market, row["lead_id"])
    contract = market.deals.contracts.get(row["contract_id"])
    if contract is None or contract.state is not State.ACTIVE:
        await market.db.write(end_claim, row["id"], "released", market.clock.now())
        raise CannotBuy("no_contract", "Your contract does not buy at this moment.")
    wanted = await _purchase(market, case, row, contract)
    try:
        got = await market.db.write(purchase, wanted)
    except Lapsed:
        return await _begun(market, row, actor)
    except SoldElsewhere as sold:
        await market.db.write(withdraw, row["id"], wanted.intent.made_at, for_good=sold.for_good)
        raise CannotBuy("not_listed", _GONE) from None
    market.live.note_hold(wanted.intent, got)
    if isinstance(got, BalanceShort):
        raise _short(wanted.intent.price - got.available, wanted.intent.price)
    if isinstance(got, CapFull):
        raise CannotBuy("cap_full", "Your contract has bought all it may for now.")
    return {**row, "state": "buying", "attempt_id": wanted.intent.attempt_id}


async def _begun(market: Market, row: Row, actor: Actor) -> Row:
    """The claim as somebody left it who was faster: with a sale begun, or over."""
    now_it_is = await market.db.write(read_claim, actor, row["id"])
    if now_it_is is None or now_it_is["state"] not in ("buying", "bought"):
        raise await _over(market, row)
    return now_it_is


async def _over(market: Market, row: Row) -> CannotBuy:
    """Why a claim that ended buys nothing: its lead is gone, or somebody else may have it now."""
    item = await market.db.read(read_item, row["lead_id"])
    if item is None or item["state"] != "listed":
        return CannotBuy("not_listed", _GONE)
    return CannotBuy("lapsed", "The two minutes are over, so the lead is free for everybody again.")


async def _purchase(market: Market, case: Case, row: Row, contract: Contract) -> Purchase:
    now, price = market.clock.now(), Money(row["price_units"], row["currency"])
    attempt_id = market.ids.new("dlv", now)
    item = await market.db.read(read_item, case.lead.id)
    lead = await market.db.write(read_lead, case.lead.id)
    assert item is not None and lead is not None
    until = claim_until(market, lead, LeadState.SOLD, now) or now
    caps = cap_parts(contract, price, now, market.live.windows(contract.zone))
    sales = rule_of(item).sales
    intent = Intent(
        attempt_id,
        case.submission.month,
        case.lead.id,
        case.lead.request_id,
        contract.buyer_id,
        contract.id,
        contract.version,
        contract.leg,
        1,
        attempt_id,
        AttemptState.PENDING,
        sales == 1,
        price,
        now,
        case.mode.value,
        HoldRequest(attempt_id, caps, market.deals.buyers[contract.buyer_id].account, price),
    )
    claims = claims_of(lead, case.campaign.duplicate_scope, until) if until > now else ()
    return Purchase(row["id"], lead["seller_id"], intent, sales, claims, until)


async def _finish(market: Market, row: Row, actor: Actor) -> None:
    """What is held becomes a sale. A second run finds it done."""
    price = Money(row["price_units"], row["currency"])
    decision = Decision(accepted=True, why=f"bought in the store by {row['made_by']}", price=price)
    try:
        await settle(market, row["attempt_id"], decision, actor)
    except StillAtWork:
        raise CannotBuy("busy", "It is being booked. Ask again in a moment.") from None
    except CannotSettle:
        attempt = await market.db.write(read_attempt, row["attempt_id"])
        if attempt is None or attempt["state"] != AttemptState.ACCEPTED.value:
            await market.db.write(end_claim, row["id"], "released", market.clock.now())
            raise CannotBuy("not_listed", _GONE) from None
    await market.db.write(end_claim, row["id"], "bought", market.clock.now())


async def release(market: Market, claim_id: str, actor: Actor) -> bool:
    """Give a held lead back. False when it is held no more."""
    row = await market.db.read(read_claim, actor, claim_id)
    if row is None or row["state"] != "held":
        return False
    return await market.db.write(end_claim, claim_id, "released", market.clock.now())


async def finish_purchases(market: Market) -> int:
    """The duty: what a stopped process left between the buyer's word and the sale."""
    rows = await market.db.read(unfinished, market.clock.now() - _LEFT_HALF_WAY_MS)
    for row in rows:
        await _finish(market, row, SYSTEM)
    return len(rows)
