"""Money by card: a page of the provider's, a charge that nobody waits for, money given back to the card.

Intent before the wire: a charge is stored before the provider hears of it, and goes there under its own id, so that a
repeat is the same charge. What it took is booked once, by the provider's id of the payment, whoever tells it first:
the answer to our call, or any of its events.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, TypeVar

from exchange.clock import month_of
from exchange.connector import Conversation
from exchange.courier.call import Call
from exchange.flows.by_hand import audit_line
from exchange.flows.documents import save_secret
from exchange.flows.jobs import REFUND, job
from exchange.flows.letters import letter
from exchange.flows.market import Market
from exchange.flows.shapes import ReadyPayments
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.ledger import BANK, Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.model.party import Buyer
from exchange.payments import payment_secrets
from exchange.payments.protocol import Wish
from exchange.stages.prepaid_tax import as_booked, tax_of_part, tax_within, taxed
from exchange.stages.reasons import show_money
from exchange.storage.charges import (
    ChargeRow,
    MethodRow,
    add_charge,
    book_charge,
    book_moves,
    charge_of_intent,
    forget_method,
    give_back_charge,
    note_charge,
    read_charge,
    read_method,
    save_method,
)
from exchange.storage.ledger import find_transaction

SECONDS = 20.0
KEYS_KEPT_MS = 23 * 3_600_000
"""A provider knows for a day what it did under a key. Later the same key would do it once more."""
PAGE, SAVE, AUTO = "page", "save", "auto"
BILLING = "/buyer/billing"
EVENTS = "/payments/"
Answer = TypeVar("Answer")


class CannotCharge(Exception):
    """Nothing was charged. The sentence says why, and `field` what to change."""

    def __init__(self, sentence: str, field: str = "amount") -> None:
        super().__init__(sentence)
        self.field = field


class NotHeard(Exception):
    """The provider gave no answer that can be used: the job comes again, under the same key."""


def payments_of(market: Market) -> ReadyPayments | None:
    """The provider, if there is one and its key is known."""
    return market.live.deals.shapes.payments


async def open_page(
    market: Market, buyer: Buyer, amount: Money, actor: Actor, *, save: bool = False, ip: str = ""
) -> str:
    """Where the buyer pays `amount`. Nothing is booked until the provider says that it came. Raises `CannotCharge`."""
    ready = _ready(market)
    if amount.currency != buyer.limit.currency:
        raise CannotCharge(f"Your account is in {buyer.limit.currency}.")
    if told := ready.provider.takes(amount):
        raise CannotCharge(told)
    charge = new_charge(market, buyer, amount, SAVE if save else PAGE, actor.name)
    after = {"charge": charge.id, "amount": amount.text, "currency": amount.currency}
    line = audit_line(market.ids, charge.made_at, actor, "charge.begun", f"buyer:{buyer.id}", after=after, ip=ip)
    await market.db.write(add_charge, charge, line)
    known = await market.db.read(read_method, buyer.id)
    customer = known.customer_id if known is not None and known.provider == ready.provider.name else ""
    wish = wish_of(market, buyer, charge)._replace(save=save, customer_id=customer)
    try:
        page = await ask(market, ready.provider.hosted_page(ready.access, wish))
    except NotHeard as error:
        await market.db.write(note_charge, charge.id, "failed", market.clock.now(), "", "", str(error))
        raise CannotCharge(f"{ready.provider.title} did not answer: {error} Try again in a moment.") from error
    await market.db.write(note_charge, charge.id, "sent", market.clock.now(), page.session_id)
    return page.url


def new_charge(market: Market, buyer: Buyer, amount: Money, purpose: str, made_by: str) -> ChargeRow:
    now = market.clock.now()
    name = _ready(market).provider.name
    return ChargeRow(
        market.ids.new("chg", now), month_of(now), buyer.id, buyer.account, amount, name, purpose, now, made_by
    )


def wish_of(market: Market, buyer: Buyer, charge: ChargeRow) -> Wish:
    what = f"Top-up of {show_money(charge.money)} at {market.name}"
    return Wish(charge.id, buyer.id, buyer.name, charge.money, what, market.public_url + BILLING)


async def ask(market: Market, conversation: Conversation[Answer]) -> Answer:
    """One conversation with the provider. Raises `NotHeard`."""
    result = await market.courier.converse(
        Call("payments", conversation, delivers=True), market.clock.monotonic() + SECONDS
    )
    if result.error is not None:
        raise NotHeard(result.error.why)
    if result.lost is not None:
        raise NotHeard(result.lost.detail or result.lost.why.value[0])
    answer: Answer = result.answer
    return answer


async def book_paid(market: Market, charge: ChargeRow, intent_id: str, money: Money) -> bool:
    """What a charge took goes to its buyer's account. False when it was booked before."""
    reference = deposit_reference(charge, intent_id)
    now, tax = market.clock.now(), _tax(market, charge, money)
    postings = taxed(Posting(BANK, charge.account, money), charge.account, tax)
    booking = Transaction(reference, TransactionKind.TOP_UP, postings, now, month_of(now), charge.id)
    booking = as_booked(booking, await market.db.read(find_transaction, SYSTEM, reference))
    after = {"charge": charge.id, "amount": money.text, "tax": tax.text, "currency": money.currency}
    after["reference"] = intent_id
    line = audit_line(market.ids, now, SYSTEM, "account.topped_up", f"buyer:{charge.buyer_id}", after=after)
    return await market.db.write(book_charge, charge.id, intent_id, booking, line)


def deposit_reference(charge: ChargeRow, intent_id: str) -> str:
    return f"top_up:{charge.buyer_id}:{charge.provider}:{intent_id}"


async def keep_method(market: Market, charge: ChargeRow, intent_id: str) -> None:
    """The buyer let the provider keep the card: what it is called there. Raises `NotHeard`."""
    ready = _ready(market)
    found = await ask(market, ready.provider.intent(ready.access, intent_id))
    if found.method is not None:
        now = market.clock.now()
        row = MethodRow(charge.buyer_id, charge.provider, *found.method, now)
        await market.db.write(save_method, row)


async def drop_method(market: Market, buyer_id: str, actor: Actor, ip: str = "") -> bool:
    """Use a kept card no more."""
    line = audit_line(market.ids, market.clock.now(), actor, "card.removed", f"buyer:{buyer_id}", after={}, ip=ip)
    return await market.db.write(forget_method, buyer_id, line)


async def give_back_to_card(
    market: Market, buyer: Buyer, intent_id: str, amount: Money, reference: str, note: str, actor: Actor, ip: str = ""
) -> bool:
    """Give back what was paid by card, to the card: never more than is there and not held, nor than the payment was.

    It is booked first, once under a reference, and taken back if the provider refuses. False when it was booked before.
    Raises `CannotCharge`, `TooLittle` and `BookingConflict`.
    """
    ready = _ready(market)
    charge = await market.db.read(charge_of_intent, ready.provider.name, intent_id)
    if charge is None or charge.buyer_id != buyer.id or charge.state != "paid":
        raise CannotCharge("There is no such payment of this buyer.", "payment")
    if told := ready.provider.takes(amount):
        raise CannotCharge(told)
    if amount.currency != charge.money.currency:
        raise CannotCharge(f"This payment was in {charge.money.currency}.")
    now = market.clock.now()
    refund_id = f"rfd_{sha256(f'{charge.id}:{reference}'.encode()).hexdigest()[:32]}"
    booking = await refund_booking(market, charge, refund_id, amount, now)
    after = {"amount": amount.text, "currency": amount.currency, "payment": intent_id, "reference": reference}
    after["note"] = note
    line = audit_line(market.ids, now, actor, "account.given_back", f"buyer:{buyer.id}", after=after, ip=ip)
    payload: dict[str, object] = {"refund": refund_id, "charge": charge.id, "units": amount.units}
    sending = job(market, "payments", REFUND, payload, now, now, f"refund:{refund_id}")
    return await market.db.write(give_back_charge, booking, charge, line, sending)


async def refund_booking(market: Market, charge: ChargeRow, refund_id: str, money: Money, now: int) -> Transaction:
    reference = f"refund:{charge.provider}:{refund_id}"
    return await went_back(market, charge, TransactionKind.REFUND, reference, money, now)


async def went_back(
    market: Market, charge: ChargeRow, kind: TransactionKind, reference: str, money: Money, now: int
) -> Transaction:
    """What of a charge went back to its card, with the tax that is in it: its part of what was booked when it came, or
    what is due now where that was not told yet."""
    paid_in = await market.db.read(find_transaction, SYSTEM, deposit_reference(charge, charge.intent_id or ""))
    tax = tax_of_part(money, paid_in) if paid_in is not None else _tax(market, charge, money)
    postings = taxed(Posting(charge.account, BANK, money), charge.account, tax)
    wanted = Transaction(reference, kind, postings, now, month_of(now), charge.id)
    return as_booked(wanted, await market.db.read(find_transaction, SYSTEM, reference))


def _tax(market: Market, charge: ChargeRow, money: Money) -> Money:
    buyer = market.deals.buyers.get(charge.buyer_id)
    return tax_within(buyer, charge.account, money) if buyer is not None else Money.zero(money.currency)


def taken_back(booking: Transaction, now: int) -> Transaction:
    """What went back did not, in the end; or what was disputed was won. A booking is undone once."""
    back = tuple(each._replace(source=each.destination, destination=each.source) for each in booking.postings)
    kind, reference = TransactionKind.REVERSAL, f"reversal:{booking.reference}"
    return Transaction(reference, kind, back, now, month_of(now), booking.cause, booking.reference)


async def send_refund(market: Market, payload: Mapping[str, Any]) -> None:
    """Have the provider give back what was booked; under one id it does so once. Where that was booked long ago, it is
    asked first whether it did. Raises `NotHeard`."""
    ready = _ready(market)
    charge = await market.db.read(read_charge, str(payload["charge"]))
    assert charge is not None and charge.intent_id is not None
    refund_id, money = str(payload["refund"]), Money(int(payload["units"]), charge.money.currency)
    now = market.clock.now()
    booking = await refund_booking(market, charge, refund_id, money, now)
    booked = await market.db.read(find_transaction, SYSTEM, booking.reference)
    answer = None
    if booked is not None and now - booked.at >= KEYS_KEPT_MS:
        answer = await ask(market, ready.provider.refund_made(ready.access, refund_id, charge.intent_id))
    if answer is None:
        answer = await ask(market, ready.provider.refund(ready.access, refund_id, charge.intent_id, money))
    if answer.accepted:
        return
    undone = taken_back(booking, now)
    why = answer.why or f"{ready.provider.title} refused."
    after = {"refund": refund_id, "amount": money.text, "currency": money.currency, "why": why}
    line = audit_line(market.ids, now, SYSTEM, "refund.failed", f"buyer:{charge.buyer_id}", after=after)
    again = "The money is on the account again. To try once more, take another reference."
    told = (f"{show_money(money)} could not be given back to the card: {why} {again}",)
    path = f"/console/billing/{charge.buyer_id}"
    mail = letter(market, Role.OPERATOR, None, "a refund failed", told, path, f"refund-failed:{refund_id}")
    await market.db.write(book_moves, (undone,), line, (mail,))


def _ready(market: Market) -> ReadyPayments:
    ready = payments_of(market)
    if ready is None:
        raise CannotCharge("This exchange takes no cards. Pay by bank transfer.", "payment")
    return ready


async def connect_events(market: Market, actor: Actor, base: str = "") -> str:
    """Have the provider send its events here, and keep the secret that they are signed with; the one before stays good
    until the next time. Returns the address. Raises `NotHeard` and `CannotCharge`."""
    ready = _ready(market)
    url = f"{base or market.public_url}{EVENTS}{ready.provider.name}"
    secret = await ask(market, ready.provider.listen(ready.access, url))
    _, name, before = payment_secrets(ready.provider.name)
    if ready.access.event_secrets[0]:
        await save_secret(market, before, ready.access.event_secrets[0], actor)
    await save_secret(market, name, secret, actor)
    return url
