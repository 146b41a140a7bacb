"""What an issued run owes: held, split, marked paid with the bank's reference, taken back when it bounced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.letters import letter
from exchange.flows.market import Market
from exchange.flows.payouts import CannotPay, require_sound
from exchange.flows.tell import News, tell
from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.money import BadMoney, Money
from exchange.model.payout import Payment, PaymentState, Run
from exchange.model.work import JobRow
from exchange.stages.payout.run import bounce_booking, payment_booking
from exchange.stages.reasons import show_money
from exchange.stages.statement import CENT
from exchange.storage.payout_payments import (
    Paying,
    bounce,
    hold_payment,
    pay,
    payments_in_file,
    payments_of,
    read_payment,
    split_payment,
)
from exchange.storage.payout_runs import read_run

PAID = "payout.paid"
REFERENCE_MOST = 80


async def mark_paid(market: Market, payment_id: str, reference: str, actor: Actor, ip: str = "") -> Payment:
    """It left the bank, which calls it `reference`: moves it out of the seller's account, once. Raises `CannotPay`."""
    reference = reference.strip()
    if not reference or len(reference) > REFERENCE_MOST or not reference.isprintable():
        raise CannotPay(f"Say what the bank calls the payment: a reference of at most {REFERENCE_MOST} characters.")
    payment, run = await _found(market, payment_id)
    if payment.state is PaymentState.PAID:
        return payment
    if payment.state is PaymentState.BOUNCED:
        raise CannotPay("This payment came back; another part of its run takes its place.")
    if payment.hold_reason:
        raise CannotPay(f"This payment is held: {payment.hold_reason}. Let it go first.")
    await require_sound(market, run.seller_id, run.currency)
    now = market.clock.now()
    booking = payment_booking(payment.id, run, payment.money, now, month_of(now))
    line = _line(market, actor, "payment.paid", payment, {"reference": reference}, ip)
    news = _news(market, run, payment, reference, now)
    await market.db.write(pay, Paying(payment.id, reference, now, actor.name, booking, line, news))
    standing, _ = await _found(market, payment_id)
    return standing


async def mark_run_paid(market: Market, run_id: str, reference: str, actor: Actor, ip: str = "") -> list[Payment]:
    """All that a run owes and that is not held, under one reference. Raises `CannotPay`."""
    return await _all_paid(market, await market.db.write(payments_of, [run_id]), reference, actor, ip)


async def mark_file_paid(market: Market, file_id: str, reference: str, actor: Actor, ip: str = "") -> list[Payment]:
    """All payments of a file, when the bank has made them. Raises `CannotPay`."""
    return await _all_paid(market, await market.db.write(payments_in_file, file_id), reference, actor, ip)


async def take_back(market: Market, payment_id: str, reason: str, actor: Actor, ip: str = "") -> Payment:
    """A payment came back from the bank: booked back, and owed again as another part. Raises `CannotPay`."""
    reason = reason.strip()
    if not reason:
        raise CannotPay("Say why it came back: the bank's code and words.")
    payment, run = await _found(market, payment_id)
    if payment.state is PaymentState.BOUNCED:
        return payment
    if payment.state is not PaymentState.PAID:
        raise CannotPay("Only a payment that was marked paid can come back.")
    now = market.clock.now()
    booking = bounce_booking(payment.id, run, payment.money, now, month_of(now))
    line = _line(market, actor, "payment.bounced", payment, {"reason": reason}, ip)
    await market.db.write(bounce, payment.id, reason, market.ids.new("pmt", now), booking, line)
    standing, _ = await _found(market, payment_id)
    return standing


async def hold(market: Market, payment_id: str, reason: str, actor: Actor, ip: str = "") -> Payment:
    """Keep a payment that is due out of files and from being paid; an empty reason lets it go. Raises `CannotPay`."""
    payment, _ = await _found(market, payment_id)
    action = "payment.held" if reason else "payment.let_go"
    line = _line(market, actor, action, payment, {"reason": reason}, ip)
    if not await market.db.write(hold_payment, payment.id, reason, line):
        raise CannotPay("Only a payment that is due is held or let go, once.")
    standing, _ = await _found(market, payment_id)
    return standing


async def split(market: Market, payment_id: str, amount: str, actor: Actor, ip: str = "") -> list[Payment]:
    """Leave `amount` in a payment and make another of the rest: to pay a part now, or hold one. Raises `CannotPay`."""
    payment, run = await _found(market, payment_id)
    try:
        first = Money.parse(amount.strip(), payment.money.currency)
    except BadMoney:
        raise CannotPay(f"{amount.strip()[:20]!r} is no amount: write it as 500.00.") from None
    if first.units % CENT or not 0 < first.units < payment.money.units:
        raise CannotPay(f"A part is whole cents, more than nothing and less than {payment.money.text}.")
    now = market.clock.now()
    line = _line(market, actor, "payment.split", payment, {"first": first.text}, ip)
    if not await market.db.write(split_payment, payment.id, first.units, market.ids.new("pmt", now), line):
        raise CannotPay("Only a payment that is due is split.")
    return await market.db.write(payments_of, [run.id])


async def _all_paid(
    market: Market, payments: Sequence[Payment], reference: str, actor: Actor, ip: str
) -> list[Payment]:
    wanted = [each for each in payments if each.state in (PaymentState.DUE, PaymentState.EXPORTED)]
    wanted = [each for each in wanted if not each.hold_reason]
    if not wanted:
        done = [each for each in payments if each.state is PaymentState.PAID]
        if done:
            return done
        raise CannotPay("Nothing of it is owed: it is held, or nothing was approved.")
    return [await mark_paid(market, each.id, reference, actor, ip) for each in wanted]


async def _found(market: Market, payment_id: str) -> tuple[Payment, Run]:
    payment = await market.db.write(read_payment, payment_id)
    run = await market.db.write(read_run, payment.run_id) if payment is not None else None
    if payment is None or run is None:
        raise CannotPay("There is no such payment.")
    return payment, run


def _news(market: Market, run: Run, payment: Payment, reference: str, now: int) -> tuple[JobRow, ...]:
    facts: dict[str, object] = {
        "statement": run.number,
        "run_id": run.id,
        "payment_id": payment.id,
        "seller_id": run.seller_id,
        "amount": payment.money.text,
        "currency": payment.money.currency,
        "reference": reference,
    }
    told = (
        News(PAID, role, party, payment.id, now, facts, once=payment.id)
        for role, party in ((Role.SELLER, run.seller_id), (Role.OPERATOR, None))
    )
    what = f"{show_money(payment.money)} of statement {run.number} left the bank. Its reference: {reference}."
    path = f"/seller/statements/{run.number}"
    mail = letter(
        market, Role.SELLER, run.seller_id, f"{show_money(payment.money)} paid", (what,), path, payment.id, "payout"
    )
    return (*(job for news in told for job in tell(market, news)), mail)


def _line(market: Market, actor: Actor, action: str, payment: Payment, after: Mapping[str, str], ip: str) -> AuditLine:
    told = {"run": payment.run_id, "amount": payment.money.text, "currency": payment.money.currency, **after}
    return audit_line(market.ids, market.clock.now(), actor, action, f"payment:{payment.id}", after=told, ip=ip)
