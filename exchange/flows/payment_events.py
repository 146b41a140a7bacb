"""What a payment provider tells: kept once, then worked off by a job, in whatever order and however often it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.connector import Callback
from exchange.flows.auto_top_up import auto_failed
from exchange.flows.by_hand import audit_line
from exchange.flows.charges import (
    AUTO,
    SAVE,
    ask,
    book_paid,
    keep_method,
    payments_of,
    refund_booking,
    taken_back,
    went_back,
)
from exchange.flows.jobs import PAYMENT_EVENT, job
from exchange.flows.letters import letter
from exchange.flows.market import Market
from exchange.flows.shapes import ReadyPayments
from exchange.model.actor import SYSTEM, Role
from exchange.model.ledger import TransactionKind
from exchange.model.money import Money
from exchange.model.work import JobRow
from exchange.payments.protocol import Disputed, Event, GaveBack, NotPaid, Other, Paid
from exchange.stages.reasons import show_money
from exchange.storage.charges import (
    ChargeRow,
    book_moves,
    charge_of_intent,
    end_event,
    note_charge,
    read_charge,
    take_event,
)

NOT_OURS = "not ours"


class NoProvider(Exception):
    """Nobody pays by card here."""


async def take_events(market: Market, provider: str, call: Callback) -> int:
    """Keep what a call tells, durably, with the job that does the rest. Returns how many events were new.

    Raises `NoProvider`, `Forged` and `BadReply`.
    """
    ready, now = payments_of(market), market.clock.now()
    if ready is None or ready.provider.name != provider:
        raise NoProvider
    new = 0
    for event in ready.provider.events(ready.access, call, now):
        if isinstance(event, Other):
            continue
        work = _job(market, provider, event, now)
        kind, about = type(event).__name__, _about(event)
        new += await market.db.write(take_event, provider, event.event_id, kind, about, event.at, now, work)
    return new


def _job(market: Market, provider: str, event: Paid | NotPaid | GaveBack | Disputed, now: int) -> JobRow:
    fields = event._asdict()
    if isinstance(money := fields.get("money"), Money):
        fields["money"] = [money.units, money.currency]
    payload: dict[str, object] = {"provider": provider, "kind": type(event).__name__, "event": fields}
    unique = f"payment:{provider}:{event.event_id}"
    return job(market, f"payment:{provider}:{_about(event)}", PAYMENT_EVENT, payload, now, now, unique)


def _about(event: Paid | NotPaid | GaveBack | Disputed) -> str:
    match event:
        case GaveBack():
            return event.refund_id
        case Disputed():
            return event.dispute_id
        case _:
            return event.intent_id or event.session_id


async def work_event(market: Market, payload: Mapping[str, Any]) -> None:
    """Do what follows from an event. Doing it again changes nothing. Raises `NotHeard` when the provider must be asked
    and does not answer."""
    provider, event = str(payload["provider"]), _event(payload)
    ready = payments_of(market)
    if ready is None or ready.provider.name != provider:
        raise NoProvider(f"{provider} is not the provider any more, or its key is missing")
    charge = await _charge_of(market, ready, event)
    done = await _follow(market, charge, event) if charge is not None else NOT_OURS
    await market.db.write(end_event, provider, str(payload["event"]["event_id"]), done)


async def _follow(market: Market, charge: ChargeRow, event: Event) -> str:
    match event:
        case Paid():
            await book_paid(market, charge, event.intent_id, event.money)
            if charge.purpose == SAVE:
                await keep_method(market, charge, event.intent_id)
            return "booked"
        case NotPaid():
            return await _not_paid(market, charge, event)
        case GaveBack():
            return await _gave_back(market, charge, event)
        case Disputed():
            return await _disputed(market, charge, event)
        case _:
            return "nothing"


async def _not_paid(market: Market, charge: ChargeRow, event: NotPaid) -> str:
    """On a page another card may be tried as long as it is open; without one it is over."""
    if charge.purpose == AUTO:
        await auto_failed(market, charge, event.why or "The card was declined.", event.intent_id)
        return "failed"
    state = "failed" if event.session_id else "sent"
    await market.db.write(note_charge, charge.id, state, market.clock.now(), event.session_id, "", event.why)
    return "noted"


async def _gave_back(market: Market, charge: ChargeRow, event: GaveBack) -> str:
    """What failed was booked before, or is now, and is taken back: so it comes to nothing in either order."""
    now = market.clock.now()
    booking = await refund_booking(market, charge, event.refund_of or event.refund_id, event.money, now)
    bookings = (booking, taken_back(booking, now)) if event.failed else (booking,)
    after = {"refund": event.refund_id, "amount": event.money.text, "currency": event.money.currency}
    action = "refund.failed" if event.failed else "account.given_back"
    line = audit_line(market.ids, now, SYSTEM, action, f"buyer:{charge.buyer_id}", after=after)
    await market.db.write(book_moves, bookings, line)
    return "booked"


async def _disputed(market: Market, charge: ChargeRow, event: Disputed) -> str:
    now = market.clock.now()
    reference = f"dispute:{charge.provider}:{event.dispute_id}"
    booking = await went_back(market, charge, TransactionKind.DISPUTE, reference, event.money, now)
    bookings = (booking, taken_back(booking, now)) if event.won else (booking,)
    after = {"dispute": event.dispute_id, "amount": event.money.text, "currency": event.money.currency}
    action = "dispute.won" if event.won else "dispute.lost"
    line = audit_line(market.ids, now, SYSTEM, action, f"buyer:{charge.buyer_id}", after=after)
    await market.db.write(book_moves, bookings, line, _dispute_letters(market, charge, event))
    return "booked"


def _dispute_letters(market: Market, charge: ChargeRow, event: Disputed) -> tuple[JobRow, ...]:
    buyer = market.deals.buyers.get(charge.buyer_id)
    name = buyer.name if buyer is not None else charge.buyer_id
    what = "came back" if event.won else "was taken back by the card's bank"
    sentence = f"{show_money(event.money)} that {name} had paid by card {what}."
    once = f"dispute:{event.dispute_id}:{event.won}"
    return (
        letter(
            market, Role.OPERATOR, None, "a disputed payment", (sentence,), f"/console/billing/{charge.buyer_id}", once
        ),
    )


async def _charge_of(market: Market, ready: ReadyPayments, event: Event) -> ChargeRow | None:
    """The charge that an event is about: by our own id in it, by the payment's id, or by asking for that payment, when
    its money is not booked yet because events came in another order."""
    charge_id = getattr(event, "charge_id", "")
    charge = await market.db.read(read_charge, charge_id) if charge_id else None
    intent_id = getattr(event, "intent_id", "")
    if charge is None and intent_id:
        charge = await market.db.read(charge_of_intent, ready.provider.name, intent_id)
    if charge is None and isinstance(event, GaveBack | Disputed):
        found = await ask(market, ready.provider.intent(ready.access, intent_id))
        charge = await market.db.read(read_charge, found.charge_id) if found.charge_id else None
    return charge


def _event(payload: Mapping[str, Any]) -> Event:
    kinds: Mapping[str, type[Paid | NotPaid | GaveBack | Disputed]] = {
        each.__name__: each for each in (Paid, NotPaid, GaveBack, Disputed)
    }
    fields = dict(payload["event"])
    if "money" in fields:
        fields["money"] = Money(*fields["money"])
    return kinds[payload["kind"]](**fields)
