"""A return is decided: by a person or a rule, once. What it moves is worked out, told before, and booked with it."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.jobs import RESELL, job
from exchange.flows.market import Market
from exchange.flows.party_news import return_decided
from exchange.flows.return_booked import booked_effect, taken_back, taken_back_but
from exchange.flows.return_terms import bears
from exchange.flows.settle import TRIES, StillAtWork, sums_of, terms_of
from exchange.flows.tell import News, tell
from exchange.flows.undo import owed_without
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.money import Money
from exchange.model.return_terms import RESELLABLE
from exchange.model.returns import GRANTED, OPEN_RETURNS, Effect, ReturnState, Ruling
from exchange.model.work import JobRow
from exchange.stages.returns.money import Moved, Sold, give_another, give_back, give_part, nothing
from exchange.stages.returns.terms import DAY_MS
from exchange.stages.returns.words import Parties, sentence, undone_sentence
from exchange.storage.database import Row
from exchange.storage.ledger import find_transaction
from exchange.storage.resales import was_sold_again
from exchange.storage.returns import CannotPay, SaleGone, SoldAgain, decide, return_of
from exchange.storage.selling import LeadMoved, read_lead

RETURN_DECIDED = "lead.return_decided"
_SOLD_AGAIN = "The lead was sold again since: the return can no more be taken back."
_WANTED_NO_MORE = "Its buyer took the request back: nothing is given for it."
_OTHERWISE = "Its buyer asks for another amount meanwhile. Look at what it does now."
OFFERED_AGAIN = "The lead is then offered to contracts for leftover leads."
TURN_MS = 30 * 86_400_000  # so long a person may take back what a rule decided
_OPEN = tuple(each.value for each in OPEN_RETURNS)
_CREDITED = (ReturnState.APPROVED.value, ReturnState.PARTIAL.value)


class CannotDecide(Exception):
    """The sentence says what is in the way."""


class Choice(NamedTuple):
    """What is to be decided. `credit` is the part for PARTIAL; `rule` names the rule that did it by itself.
    `withdrawn`: its buyer took the request back. `lowers`: of what it was credited it is left `credit`.
    `seen` is what a person saw that is asked (`part_asked`): no other is approved."""

    state: ReturnState
    why: str = ""
    credit: Money | None = None
    rule: str = ""
    automatic: bool = False
    withdrawn: bool = False
    lowers: bool = False
    seen: str | None = None


class Decided(NamedTuple):
    """The request as it stands now. `first` is False when it had been decided before: then nothing was changed."""

    request: Row
    first: bool


class Outlook(NamedTuple):
    """What a choice would do, before it is made."""

    effect: Effect
    sentence: str


async def outlook(market: Market, request: Row, choice: Choice) -> Outlook:
    """Raises `CannotDecide`."""
    now, choice = market.clock.now(), _as_asked(request, choice)
    _require_wanted(request, choice)
    parties = _parties(market, request)
    if _is_turn(request, choice, now) and request["state"] in _CREDITED:
        if await market.db.read(was_sold_again, request):
            raise CannotDecide(_SOLD_AGAIN)
        effect = booked_effect(request)
        return Outlook(effect, undone_sentence(effect, parties))
    moved = await _moved(market, request, choice, now)
    effect = moved.effect if moved is not None else nothing(request["currency"])
    told = sentence(choice.state, effect, parties)
    lead = await market.db.read(read_lead, request["lead_id"])
    until = await _offered_until(market, request, lead, choice) if lead is not None else None
    return Outlook(effect, f"{told} {OFFERED_AGAIN}" if until is not None and now < until else told)


async def decide_return(market: Market, return_id: str, choice: Choice, actor: Actor, ip: str = "") -> Decided:
    """Decide it, or, what a rule decided, the other way round. Raises `CannotDecide`, and `StillAtWork` while the lead
    is being sold."""
    for _ in range(TRIES):
        request = await market.db.write(return_of, return_id)
        if request is None:
            raise CannotDecide(f"There is no return {return_id}.")
        if not _may_decide(request, choice, market.clock.now()):
            return Decided(request, first=False)
        _require_wanted(request, choice)
        if choice.state is ReturnState.APPROVED and choice.seen not in (None, part_asked(request)):
            raise CannotDecide(_OTHERWISE)
        with suppress(LeadMoved):
            return await _decide(market, request, _as_asked(request, choice), actor, ip)
    raise StillAtWork(f"The lead of {return_id} is being sold at this moment. Try again.")


def part_asked(request: Row) -> str:
    """What of the price is asked; empty: all of it."""
    return Money(request["asked_units"], request["currency"]).text if request["asked_units"] is not None else ""


def _require_wanted(request: Row, choice: Choice) -> None:
    """Its buyer charged the lead to somebody else again: what it is given now would stay with it."""
    if choice.state in GRANTED and request["withdrawn_at"] is not None:
        raise CannotDecide(_WANTED_NO_MORE)


def _as_asked(request: Row, choice: Choice) -> Choice:
    """An approval gives what was asked: the price, or the part of it that the buyer named."""
    if choice.state is not ReturnState.APPROVED or request["asked_units"] is None:
        return choice
    return choice._replace(state=ReturnState.PARTIAL, credit=Money(request["asked_units"], request["currency"]))


async def _decide(market: Market, request: Row, choice: Choice, actor: Actor, ip: str) -> Decided:
    now = market.clock.now()
    ruling = await _ruling(market, request, choice, actor, ip, now)
    try:
        first = await market.db.write(decide, ruling)
    except SaleGone:
        raise CannotDecide("Its sale was undone meanwhile: there is nothing to give back.") from None
    except SoldAgain:
        raise CannotDecide(_SOLD_AGAIN) from None
    except CannotPay:
        parties = _parties(market, request)
        raise CannotDecide(f"{parties.buyer} has too little to pay for it again: it must top up first.") from None
    row = await market.db.write(return_of, request["id"])
    assert row is not None
    return Decided(row, first)


def _may_decide(request: Row, choice: Choice, now: int) -> bool:
    if choice.lowers:
        return choice.credit is not None and may_lower(request, choice.credit)
    return request["state"] in _OPEN or _is_turn(request, choice, now)


def may_lower(request: Row, credit: Money) -> bool:
    """Whether it was credited more, and its buyer wants that still."""
    stands = request["state"] in _CREDITED and not request["turned"] and request["withdrawn_at"] is None
    return stands and 0 < credit.units < int(request["credit_units"] or 0)


def _is_turn(request: Row, choice: Choice, now: int) -> bool:
    """Whether this takes back what a rule decided: once, within 30 days, by a person. What its own buyer wants no more
    is taken back whoever credited it, and when."""
    if choice.withdrawn:
        return request["state"] in _CREDITED and not request["turned"]
    if not may_turn(request, now) or choice.automatic:
        return False
    was_declined: bool = request["state"] == ReturnState.DECLINED.value
    return (choice.state in GRANTED) == was_declined


def may_turn(request: Row, now: int) -> bool:
    """Whether a person may still decide it the other way round."""
    decided_by_rule = bool(request["automatic"]) and not request["turned"] and request["decided_at"] is not None
    wanted = request["withdrawn_at"] is None or request["state"] != ReturnState.DECLINED.value
    return decided_by_rule and wanted and now < int(request["decided_at"]) + TURN_MS


async def _ruling(market: Market, request: Row, choice: Choice, actor: Actor, ip: str, now: int) -> Ruling:
    before = booked_effect(request) if choice.lowers else None
    undoes = request["state"] in _CREDITED and before is None
    moved: Moved | None
    if before is not None and choice.credit is not None:
        moved = await taken_back_but(market, request, choice.credit, now)
    elif undoes:
        moved = await taken_back(market, request, now)
    else:
        moved = await _moved(market, request, choice, now)
    lead = await market.db.write(read_lead, request["lead_id"])
    if lead is None:
        raise CannotDecide("Its lead is gone.")
    if moved is not None and lead["state"] in ("open", "selling"):
        raise StillAtWork(f"The lead of {request['id']} is being sold at this moment. Try again in a moment.")
    effect = moved.effect if moved is not None else nothing(request["currency"])
    undone = effect if undoes else None
    if before is not None:
        undone = Effect(before.credit - effect.credit, before.debit - effect.debit, effect.bears)
    told = undone_sentence(undone, _parties(market, request)) if undone is not None else choice.why
    return Ruling(
        request["id"],
        choice.state,
        _OPEN if request["state"] in _OPEN else (request["state"],),
        now,
        month_of(now),
        actor.name,
        choice.automatic,
        choice.rule,
        choice.why,
        effect,
        _line(market, request, choice, effect, actor, ip, now),
        _event(market, request, choice, effect, actor, undone),
        sums_of(lead) if moved is not None else None,
        moved.transactions if moved is not None else (),
        moved.back if moved is not None else None,
        moved.payout_back if moved is not None else None,
        moved.reverses_sale if moved is not None else False,
        undoes,
        before,
        (
            *_news(market, request, lead, choice, effect, told, undone, now),
            *(await _again(market, request, lead, choice, now)),
        ),
    )


async def _again(market: Market, request: Row, lead: Row, choice: Choice, now: int) -> tuple[JobRow, ...]:
    """The job that offers the lead to contracts for leftover leads, where the terms it was sold under let it."""
    until = await _offered_until(market, request, lead, choice)
    if until is None or until <= now:
        return ()
    payload: dict[str, object] = {"lead_id": lead["id"], "return_id": request["id"], "until": until}
    return (job(market, f"resell:{lead['id']}", RESELL, payload, now, now, f"resell:{request['id']}"),)


async def _offered_until(market: Market, request: Row, lead: Row, choice: Choice) -> int | None:
    """Until when it may be sold again after this choice; None: not at all."""
    if choice.state is not ReturnState.APPROVED or request["mode"] != "live":
        return None
    contract = await terms_of(market, request)
    if contract is None or request["reason"] not in RESELLABLE:
        return None
    return int(lead["received_at"]) + contract.returns.resell_days * DAY_MS


async def _moved(market: Market, request: Row, choice: Choice, now: int) -> Moved | None:
    """None when nothing moves. Raises `CannotDecide` for a credit that makes no sense."""
    if choice.state not in GRANTED:
        return None
    if request["returned_units"] and choice.state is not ReturnState.REPLACED:
        raise CannotDecide("This lead was given free of charge: decline it, or give another one instead.")
    sold, who = await _sold(market, request), bears(request, now)
    month, return_id = month_of(now), request["id"]
    if choice.state is ReturnState.APPROVED:
        return give_back(sold, return_id, who, now, month)
    if choice.state is ReturnState.REPLACED:
        return give_another(sold, return_id, who, now, month)
    credit, contract = choice.credit, await terms_of(market, request)
    if contract is not None and not contract.returns.partial:
        raise CannotDecide("The contract gives back the whole price or nothing.")
    if credit is None or credit.currency != sold.price.currency or not 0 < credit.units < sold.price.units:
        raise CannotDecide(f"A part is more than 0 and less than the price, {sold.price.text} {sold.price.currency}.")
    return give_part(sold, return_id, credit, who, now, month)


async def _sold(market: Market, request: Row) -> Sold:
    lead = await market.db.write(read_lead, request["lead_id"])
    if lead is None or request["reversed_at"] is not None or request["returned_at"] is not None:
        raise CannotDecide("Its sale was undone before: there is nothing to give back.")
    currency = request["currency"]
    booked = await market.db.write(find_transaction, SYSTEM, f"sale:{request['attempt_id']}")
    payout = Money(request["payout_units"], currency)
    loses = payout
    if booked is not None:
        owed = await owed_without(market, lead, request["sale_id"], test=False)
        loses = Money(lead["payout_units"], currency) - owed
    return Sold(
        request["attempt_id"],
        lead["id"],
        request["seller_id"],
        Money(request["price_units"], currency),
        payout,
        loses,
        booked,
    )


def _parties(market: Market, request: Row) -> Parties:
    buyer = market.deals.buyers.get(request["buyer_id"])
    seller = market.deals.sellers.get(request["seller_id"])
    return Parties(
        buyer.name if buyer is not None else request["buyer_id"],
        seller.name if seller is not None else request["seller_id"],
    )


def _event(market: Market, request: Row, choice: Choice, effect: Effect, actor: Actor, undone: Effect | None) -> str:
    """A line of the lead's timeline, for those who run the exchange."""
    who = f"by rule {choice.rule}" if choice.automatic else f"by {actor.name}"
    if undone is not None:
        what = "lowered" if choice.lowers else "taken back"
        return f"Return {what} {who}: {undone_sentence(undone, _parties(market, request))}"
    told = sentence(choice.state, effect, _parties(market, request))
    return f"Return {choice.state.value} {who}. {told}"


def _line(market: Market, request: Row, choice: Choice, effect: Effect, actor: Actor, ip: str, now: int) -> AuditLine:
    after = {
        "state": choice.state.value,
        "why": choice.why,
        "rule": choice.rule,
        "credit": effect.credit.text,
        "debit": effect.debit.text,
    }
    before, what = {"state": request["state"]}, f"return:{request['id']}"
    return audit_line(market.ids, now, actor, "return.decided", what, before=before, after=after, ip=ip)


def _news(
    market: Market,
    request: Row,
    lead: Row,
    choice: Choice,
    effect: Effect,
    told: str,
    undone: Effect | None,
    now: int,
) -> tuple[JobRow, ...]:
    """Both sides hear: the buyer what it gets, the seller what it loses. Neither hears of the other.

    What is lowered is told as what is left of it.
    """
    undoes = undone is not None and not choice.lowers
    sign, loses = -1 if undoes else 1, -undone.debit if undone is not None else effect.debit
    common: dict[str, object] = {
        "lead_id": request["lead_id"],
        "return_id": request["id"],
        "reason": request["reason"],
        "status": "taken_back" if undoes else choice.state.value,
        "currency": request["currency"],
        "rule": choice.rule or None,
        "test": request["mode"] == "test",
    }
    credit = Money(sign * effect.credit.units, request["currency"]).text
    to_buyer = {**common, "your_return_id": request["their_reference"], "credit": credit, "why": told}
    returned = Money(sign * effect.debit.units, request["currency"]).text
    to_seller = {
        **common,
        "seller_lead_id": lead["seller_lead_id"],
        "your_return_id": request["seller_reference"],
        "returned_amount": returned,
        "price": (Money(lead["payout_units"], request["currency"]) - loses).text,
    }
    about = request["sale_id"]
    news = [News(RETURN_DECIDED, Role.BUYER, request["buyer_id"], about, now, to_buyer)]
    sellers = request["rule"] != "outside_window" or choice.state in GRANTED
    if sellers:  # else it had not heard of the request
        seller = request["seller_id"]
        news.append(News(RETURN_DECIDED, Role.SELLER, seller, about, now, to_seller, request["campaign_id"]))
    state = "taken back" if undoes else choice.state.value
    money = effect.credit, effect.debit
    told_people = return_decided(market, request, state, *money, seller_too=sellers, when=now)
    return (*(job for each in news for job in tell(market, each)), *told_people)
