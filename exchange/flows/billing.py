"""Documents for buyers: a period is closed, counted from the ledger, numbered, booked and told of, all in one unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.gather import Gathered, gather
from exchange.flows.letters import letter
from exchange.flows.market import Market
from exchange.flows.tell import News, tell
from exchange.log import logger
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.ledger import TAX
from exchange.model.party import Buyer
from exchange.model.statement import Cut, Line, Party, Period, Statement, StatementKind
from exchange.model.work import JobRow
from exchange.stages.invoice import Heading, booking_of, cancelled, cancelling, document
from exchange.stages.reasons import show_money
from exchange.stages.respond import rfc3339
from exchange.stages.statement import added, due_bounds
from exchange.storage.database import Conflict
from exchange.storage.movements import first_movement_at, sealed_through
from exchange.storage.statements import (
    Issue,
    NumberTaken,
    PeriodTaken,
    account_statements,
    billed_accounts,
    issue,
    last_cut,
    next_place,
    number_of,
    periods_of,
    read_statement,
)

_LOG = logger(__name__)
TRIES = 50
AT_ONCE = 100
"""As many documents as the job makes in one turn; the rest follow in the next."""
ISSUED = "invoice.issued"


class CannotIssue(Exception):
    """No document was made. The sentence says why."""


class _Numbers:
    """The next numbers of each series, given out in the order of the documents that are made together."""

    def __init__(self, year: int, places: Mapping[str, int]) -> None:
        self._year, self._places = year, dict(places)

    def take(self, kind: StatementKind) -> str:
        place = self._places[kind.series]
        self._places[kind.series] = place + 1
        return number_of(kind.series, self._year, place)


class _Work(NamedTuple):
    """A period that is being closed, with the account's balances at its ends."""

    period: Period
    opening: int
    closing: int
    gathered: Gathered


async def bill(
    market: Market, account: str, currency: str, until: int, actor: Actor, ip: str = ""
) -> tuple[Statement, ...]:
    """Close the account's period that ends at `until`, which is over, and issue its documents; none for an empty one.

    Raises `CannotIssue`: it was closed meanwhile, or entries of it still wait for their seal.
    """
    buyer = _buyer_of(market, account)
    for _ in range(TRIES):
        work = await _count(market, account, currency, until)
        statements = await _documents(market, buyer, work)
        try:
            await market.db.write(issue, _issue(market, buyer, work.period, work.closing, statements, actor, ip))
        except NumberTaken:
            continue
        except PeriodTaken as error:
            raise CannotIssue("Somebody closed this period at the same moment: look at the list.") from error
        return statements
    raise CannotIssue("Too many documents were issued at the same moment. Try again.")


async def _count(market: Market, account: str, currency: str, until: int) -> _Work:
    now = market.clock.now()
    since, opening = await market.db.read(last_cut, account, currency)
    if until <= since.at or until > now:
        raise CannotIssue("This period was closed before, or is not over yet.")
    position = await market.db.read(sealed_through, until)
    if position is None:
        raise CannotIssue("The last entries of this period are being sealed. Try again in a few seconds.")
    period = Period(account, currency, since, Cut(until, position))
    earlier = await market.db.read(periods_of, account, currency)
    gathered = await gather(market.db, period, earlier, now)
    return _Work(period, opening, opening + gathered.moved, gathered)


async def _documents(market: Market, buyer: Buyer, work: _Work) -> tuple[Statement, ...]:
    """What is issued for a period that was counted."""
    heading, period, gathered = heading_of(market, buyer), work.period, work.gathered
    numbers = await _numbers(market, heading.issued_at)
    if period.account.endswith(":prepaid"):
        if not (gathered.all_lines or gathered.payments):
            return ()
        kind, lines = StatementKind.STATEMENT, gathered.all_lines
        return (_made(kind, numbers, work, lines, heading)._replace(payments=gathered.payments),)
    invoices = standing_invoices(await market.db.read(account_statements, SYSTEM, period.account, period.currency))
    lines, notes = gathered.lines, []
    for home, corrected in gathered.corrections:
        if home in invoices:
            notes.append((invoices[home], corrected))
        else:
            lines = added(lines, corrected)  # nothing was invoiced there
    made = [_made(StatementKind.INVOICE, numbers, work, lines, heading)] if lines else []
    made += [_made(StatementKind.CREDIT_NOTE, numbers, work, part, heading, invoice) for invoice, part in notes]
    return tuple(made)


def _made(
    kind: StatementKind,
    numbers: _Numbers,
    work: _Work,
    lines: tuple[Line, ...],
    heading: Heading,
    corrects: Statement | None = None,
) -> Statement:
    return document(
        kind,
        numbers.take(kind),
        work.period,
        lines,
        heading,
        opening=work.opening,
        closing=work.closing,
        payments=work.gathered.payments if kind is StatementKind.STATEMENT else (),
        corrects=corrects,
    )


def standing_invoices(statements: Sequence[Statement]) -> dict[Period, Statement]:
    """By period, the invoice that holds now: not one that was cancelled."""
    gone = {each.corrects for each in statements if each.kind is StatementKind.CANCELLATION}
    found = [each for each in statements if each.kind is StatementKind.INVOICE and each.number not in gone]
    return {each.period: each for each in found}


async def cancel(market: Market, number: str, reason: str, actor: Actor, ip: str = "") -> tuple[Statement, Statement]:
    """Take an invoice back by a credit note and issue another for the same period, under today's name, address and tax.

    Its sales stay on the buyer's account. Raises `CannotIssue`.
    """
    invoice = await market.db.read(read_statement, actor, number)
    if invoice is None or invoice.kind is not StatementKind.INVOICE:
        raise CannotIssue(f"There is no invoice {number}.")
    buyer = _buyer_of(market, invoice.period.account)
    for _ in range(TRIES):
        heading = heading_of(market, buyer)
        numbers = await _numbers(market, heading.issued_at)
        gone = cancelled(invoice, numbers.take(StatementKind.CANCELLATION), heading, reason)
        anew = document(
            StatementKind.INVOICE,
            numbers.take(StatementKind.INVOICE),
            invoice.period,
            invoice.lines,
            heading,
            opening=invoice.opening.units,
            closing=invoice.closing.units,
            replaces=number,
        )
        wanted = _issue(market, buyer, None, 0, (gone, anew), actor, ip, reason)
        bookings = (cancelling(invoice, gone), booking_of(anew))
        try:
            await market.db.write(issue, wanted._replace(bookings=bookings))
        except NumberTaken:
            continue
        except Conflict as error:
            raise CannotIssue(f"{number} was cancelled before.") from error
        return gone, anew
    raise CannotIssue("Too many documents were issued at the same moment. Try again.")


async def bill_due(market: Market) -> int:
    """Close every period that is over of every account of a buyer who is billed by the calendar. Returns how many
    documents were made; what is left comes in the next turn."""
    made = 0
    for account, currency in await market.db.read(billed_accounts):
        buyer = market.deals.buyers.get(account.split(":")[1])
        if buyer is None or buyer.terms.every is None or made >= AT_ONCE:
            continue
        since, _ = await market.db.read(last_cut, account, currency)
        after = since.at or await market.db.read(first_movement_at, account, currency)
        if not after:
            continue
        zone = buyer.terms.zone or market.zone
        for bounds in due_bounds(buyer.terms.every, zone, after, market.clock.now())[:AT_ONCE]:
            try:
                made += len(await bill(market, account, currency, bounds.until, SYSTEM))
            except CannotIssue as wait:
                _LOG.info("No document was issued", account=account, why=str(wait))
                break
    return made


def heading_of(market: Market, buyer: Buyer) -> Heading:
    now, terms = market.clock.now(), buyer.terms
    zone = terms.zone or market.zone
    names = {each.id: each.name for each in market.deals.contracts.values() if each.buyer_id == buyer.id}
    names[TAX] = terms.tax_name or "Tax"
    party = Party(buyer.id, buyer.name, terms.address, terms.tax_id, zone)
    return Heading(party, now, month_of(now), terms.due_days, terms.tax_name, terms.tax_bp, names, market.issuer)


def _issue(
    market: Market,
    buyer: Buyer,
    period: Period | None,
    closing: int,
    statements: tuple[Statement, ...],
    actor: Actor,
    ip: str,
    reason: str = "",
) -> Issue:
    now = market.clock.now()
    after = {each.number: f"{each.totals.total.text} {each.period.currency}" for each in statements}
    if reason:
        after["reason"] = reason
    action = "invoice.cancelled" if period is None else "invoice.issued" if statements else "period.closed"
    line = audit_line(market.ids, now, actor, action, f"buyer:{buyer.id}", after=after, ip=ip)
    jobs = tuple(job for each in statements for job in _told(market, buyer, each))
    bookings = tuple(booking_of(each) for each in statements)
    return Issue(period, closing, statements, bookings, line, jobs)


def _told(market: Market, buyer: Buyer, statement: Statement) -> tuple[JobRow, ...]:
    """The event, and for what is owed or credited a mail to the buyer's people."""
    now, total = market.clock.now(), statement.totals.total
    facts: dict[str, object] = {
        "invoice": statement.number,
        "kind": statement.kind.value,
        "buyer_id": buyer.id,
        "total": total.text,
        "currency": total.currency,
        "due_at": rfc3339(statement.due_at) if statement.due_at is not None else None,
        "corrects": statement.corrects,
    }
    news = tell(market, News(ISSUED, Role.BUYER, buyer.id, statement.number, now, facts, once=statement.number))
    if statement.kind is StatementKind.STATEMENT:
        return news
    what = "Invoice" if statement.kind is StatementKind.INVOICE else "Credit note"
    day = (
        f"{datetime.fromtimestamp(statement.due_at // 1000, ZoneInfo(statement.party.zone)):%a %d %b %Y}"
        if (statement.due_at is not None)
        else ""
    )
    told = f"{what} {statement.number} over {show_money(total)} was issued" + (f", due {day}." if day else ".")
    path = f"/buyer/billing/{statement.number}"
    mail = letter(
        market, Role.BUYER, buyer.id, f"{what} {statement.number}", (told,), path, statement.number, "invoice"
    )
    return (*news, mail)


async def _numbers(market: Market, now: int) -> _Numbers:
    year = datetime.fromtimestamp(now // 1000, ZoneInfo(market.zone)).year
    series = {kind.series for kind in StatementKind}
    return _Numbers(year, {each: await market.db.read(next_place, each, year) for each in sorted(series)})


def _buyer_of(market: Market, account: str) -> Buyer:
    kind, _, rest = account.partition(":")
    buyer = market.deals.buyers.get(rest.partition(":")[0]) if kind == "buyer" else None
    if buyer is None or not account.endswith((":prepaid", ":receivable")):
        raise CannotIssue(f"{account} is no account of a buyer.")
    return buyer
