"""Files for banks: what is due goes into one, once; the file stays, sealed, the same bytes whenever asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.payouts import CannotPay, require_sound
from exchange.flows.seller_terms import account_of_seller, payer
from exchange.model.actor import Actor
from exchange.model.payout import Account, AchAccount, AchPayer, BankFile, Method, Payer, Payment, SepaAccount
from exchange.stages.holidays import ach_day, sepa_day
from exchange.stages.payout.nacha import CENTS_MOST, AchPayment, ach_file
from exchange.stages.payout.pain001 import SepaPayment, sepa_file
from exchange.stages.statement import CENT
from exchange.storage.audit import record
from exchange.storage.database import Conflict
from exchange.storage.payout_payments import LISTED, due_payments, files_of_day, read_file, save_file, withdraw_file
from exchange.storage.payout_runs import read_run
from exchange.storage.seller_terms import bank_changed

REASON_MOST = 200
FILES_A_DAY = 26  # a letter tells those of one day apart
_ENDS = {Method.ACH: "ach", Method.SEPA: "xml"}


class LeftOut(NamedTuple):
    """A payment that is due and not in the file, and why."""

    payment: Payment
    why: str


@dataclass(frozen=True, slots=True)
class Exported:
    file: BankFile
    content: bytes
    left_out: tuple[LeftOut, ...]


class _Ready(NamedTuple):
    payment: Payment
    account: Account
    number: str  # of its statement


async def export(market: Market, method: Method, actor: Actor, ip: str = "") -> Exported:
    """Everything that is due by this way, in a new file. Raises `CannotPay` when there is nothing, or no account."""
    if method.file_format is None or method.currency is None:
        raise CannotPay("What is paid by hand goes into no file: pay it, and mark it paid.")
    sender = await payer(market, method)
    if sender is None:
        raise CannotPay(f"Say first which account is paid from by {method.title}.")
    ready, left_out = await _sorted_out(market, method, method.currency, actor)
    if not ready:
        why = f" {left_out[0].why}" if left_out else " Approve a run first."
        raise CannotPay(f"Nothing is due by {method.title}.{why}")
    now = market.clock.now()
    today = datetime.fromtimestamp(now / 1000, ZoneInfo(market.zone))
    made = await market.db.write(files_of_day, method.file_format, today.date().isoformat())
    if made >= FILES_A_DAY:
        raise CannotPay(f"{FILES_A_DAY} files were made today, and a day has no more letters.")
    letter = chr(ord("A") + made)
    file_id = market.ids.new("pfl", now)
    effective, content = _written(method, sender, ready, file_id, now, today, letter)
    file = BankFile(
        file_id,
        method.file_format,
        method.currency,
        today.date().isoformat(),
        letter,
        f"payouts-{today:%Y-%m-%d}-{letter.lower()}.{_ENDS[method]}",
        sha256(content).hexdigest(),
        len(ready),
        sum(each.payment.money.units for each in ready),
        effective.isoformat(),
        now,
        actor.name,
    )
    after = {"file": file.name, "payments": str(file.payments), "sha256": file.sha256}
    line = audit_line(market.ids, now, actor, "payout.exported", f"payout_file:{file_id}", after=after, ip=ip)
    sealed = market.vault.seal_secret(file_secret(file_id), content)
    try:
        await market.db.write(save_file, file, sealed, [each.payment.id for each in ready], line)
    except Conflict:
        raise CannotPay("Somebody exported at the same moment. Look at the list of files.") from None
    return Exported(file, content, tuple(left_out))


async def open_file(market: Market, file_id: str, actor: Actor, ip: str = "") -> tuple[BankFile, bytes] | None:
    """A file as it was exported, with a line that says who took it; None when there is none."""
    found = await market.db.write(read_file, file_id)
    if found is None:
        return None
    file, sealed = found
    content = market.vault.open_secret(file_secret(file_id), sealed)
    assert sha256(content).hexdigest() == file.sha256, "it opens only unaltered"
    line = audit_line(
        market.ids, market.clock.now(), actor, "payout.file_taken", f"payout_file:{file_id}", after={}, ip=ip
    )
    await market.db.write(record, line)
    return file, content


async def withdraw(market: Market, file_id: str, reason: str, actor: Actor, ip: str = "") -> int:
    """The bank did not take a file: its payments are due again, and go into another one. Raises `CannotPay`."""
    reason = reason.strip()
    if not reason or len(reason) > REASON_MOST or not reason.isprintable():
        raise CannotPay(
            f"Say what the bank said, in at most {REASON_MOST} characters: the payments will be made again."
        )
    after = {"reason": reason}
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "payout.file_withdrawn", f"payout_file:{file_id}", after=after, ip=ip)
    count = await market.db.write(withdraw_file, file_id, line)
    if not count:
        raise CannotPay("Nothing of this file waits: it was paid, or withdrawn before.")
    return count


async def _sorted_out(
    market: Market, method: Method, currency: str, actor: Actor
) -> tuple[list[_Ready], list[LeftOut]]:
    """What goes into a file, as much as one holds, and what of it cannot: that stands in nobody's way."""
    ready: list[_Ready] = []
    left_out: list[LeftOut] = []
    payments, after = await market.db.write(due_payments, method.value, currency), ""
    while payments and len(ready) < LISTED:
        for payment in payments[: LISTED - len(ready)]:
            found, after = await _account_for(market, payment, actor), payment.id
            if isinstance(found, str):
                left_out.append(LeftOut(payment, found))
            else:
                ready.append(found)
        payments = await market.db.write(due_payments, method.value, currency, after)
    return ready, left_out


async def _account_for(market: Market, payment: Payment, actor: Actor) -> _Ready | str:
    """Where a payment goes; a sentence when it cannot go into a file now."""
    seller = market.deals.sellers.get(payment.seller_id)
    name = seller.name if seller is not None else payment.seller_id
    run = await market.db.read(read_run, payment.run_id)
    assert run is not None and run.number is not None and run.issued_at is not None, "only issued runs have payments"
    await require_sound(market, payment.seller_id, payment.money.currency)
    account = await account_of_seller(market, payment.seller_id, payment.method)
    if account is None:
        return f"{name} has no bank details for {payment.method.title}."
    changed = await market.db.read(bank_changed, payment.seller_id)
    if changed is not None and changed[0] >= run.issued_at and changed[1] == actor.name:
        return f"You changed the bank details of {name} after {run.number} was approved: another person exports it."
    if payment.money.units // CENT > CENTS_MOST:
        return f"{payment.money.text} does not fit into one entry: split it."
    return _Ready(payment, account, run.number)


def _written(
    method: Method, sender: Payer, ready: list[_Ready], file_id: str, now: int, today: datetime, letter: str
) -> tuple[date, bytes]:
    """The day it takes effect, and the file."""
    if method is Method.ACH:
        assert isinstance(sender, AchPayer)
        effective = ach_day(today.date())
        ach = [
            AchPayment(each.account, each.payment.money, each.number)
            for each in ready
            if isinstance(each.account, AchAccount)
        ]
        return effective, ach_file(sender, ach, today, effective, letter)
    assert isinstance(sender, SepaAccount)
    effective = sepa_day(today.date())
    sepa = [
        SepaPayment(each.payment.id, each.account, each.payment.money, each.number)
        for each in ready
        if isinstance(each.account, SepaAccount)
    ]
    return effective, sepa_file(sender, sepa, file_id, now, effective)


def file_secret(file_id: str) -> str:
    return f"payout file {file_id}"
