"""Every statement of a seller again, from the ledger alone: sums, reserve, carry, payments, and what is kept by the
hour. What differs is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

from exchange.model.actor import SYSTEM
from exchange.model.ledger import Transaction
from exchange.model.money import Money
from exchange.model.payout import Payment, PaymentState, PaymentTerms, Run, RunState
from exchange.model.statement import BEGINNING
from exchange.stages.payout.run import bounce_booking, figures_of, issue_booking, payment_booking
from exchange.stages.respond import rfc3339
from exchange.storage.database import Db
from exchange.storage.earned import differing, earned_accounts, earned_ends
from exchange.storage.hours import HOUR_MS
from exchange.storage.ledger import find_transaction
from exchange.storage.payout_books import Books, account_books, numbered_runs
from exchange.storage.payout_sums import summed, sums
from exchange.storage.seller_terms import terms_version
from exchange.storage.verify import FLAWS_TOLD, Flaw

_WEEK_MS = 7 * 24 * HOUR_MS


class PayoutsChecked(NamedTuple):
    """How many statements were counted again, and the first flaw of each account."""

    statements: int
    flaws: tuple[Flaw, ...]


async def check_payouts(db: Db) -> PayoutsChecked:
    """Every run of every account, one account after another, while the exchange runs."""
    found = await db.read(numbered_runs)
    numbers = [number for _, _, number in found if number is not None]
    flaws = _gaps(numbers)
    for seller_id, currency in dict.fromkeys(each[:2] for each in found):
        if (flaw := await _check_account(db, await db.read(account_books, seller_id, currency))) is not None:
            flaws.append(flaw)
    flaws += [flaw async for flaw in _wrong_hours(db)]
    return PayoutsChecked(len(numbers), tuple(flaws[:FLAWS_TOLD]))


async def _wrong_hours(db: Db) -> AsyncIterator[Flaw]:
    """The first hour of each seller's account that is not what its entries sum to; a week at one stretch."""
    for account, currency in await db.read(earned_accounts):
        first, last = await db.read(earned_ends, account, currency)
        for begin in range(first - first % HOUR_MS, last, _WEEK_MS):
            found = await db.read(differing, account, currency, begin, begin + _WEEK_MS)
            if found is not None:
                kept, booked = (Money(units, currency).text for units in (found.kept, found.booked))
                yield Flaw(
                    "earned_hours",
                    account,
                    f"{account} keeps {kept} {currency} as {found.kind} in the hour {rfc3339(found.hour)}; its entries "
                    f"sum to {booked}.",
                )
                break


def _gaps(numbers: list[str]) -> list[Flaw]:
    """The first number of each year that no statement has."""
    years: dict[str, set[int]] = defaultdict(set)
    for number in numbers:
        series, _, place = number.rpartition("-")
        years[series].add(int(place))
    missing = ((series, next(n for n in range(1, len(taken) + 2) if n not in taken)) for series, taken in years.items())
    return [
        Flaw("payout_runs", series, f"Statement {series}-{place:05d} is missing: its series has a gap.")
        for series, place in missing
        if place <= max(years[series])
    ]


async def _check_account(db: Db, books: Books) -> Flaw | None:
    """Its runs, oldest first, then what they leave on it."""
    payments: dict[str, list[Payment]] = defaultdict(list)
    for payment in books.payments:
        payments[payment.run_id].append(payment)
    before: Run | None = None
    for run in books.runs:
        for told in (
            _wrong_place(run, before),
            await _wrong_figures(db, run, before, books.runs),
            await _wrong_bookings(db, run, payments[run.id]),
        ):
            if told:
                return _flaw(run, told)
        before = run
    return _wrong_balance(books)


def _wrong_place(run: Run, before: Run | None) -> str:
    follows = (before.id, before.until) if before is not None else ("", BEGINNING)
    return "" if (run.previous, run.since) == follows else "does not begin where the one before it ended"


async def _wrong_figures(db: Db, run: Run, before: Run | None, runs: list[Run]) -> str:
    found = summed(await db.read(sums, run.period))
    row = await db.read(terms_version, run.seller_id, run.terms_version)
    let_go = [each for each in runs if each.released_in == run.id] if run.number is not None else []
    released = sum(each.figures.held for each in let_go) if run.number is not None else run.figures.released
    carried = before.figures.carry if before is not None else 0
    again = figures_of(found, carried, released, row or PaymentTerms(), run.currency)
    if again == run.figures:
        return ""
    said, is_now = run.figures, again
    for name in ("sold", "returned", "adjusted"):
        if getattr(said.sums, name) != getattr(is_now.sums, name):
            return f"says {name} {_text(run, getattr(said.sums, name))}; its entries sum to " + _text(
                run, getattr(is_now.sums, name)
            )
    for name in ("carried", "released", "held", "pay", "carry", "rounding"):
        if getattr(said, name) != getattr(is_now, name):
            return f"says {name} {_text(run, getattr(said, name))}; from the ledger it is " + _text(
                run, getattr(is_now, name)
            )
    return "counts its entries wrongly"


async def _wrong_bookings(db: Db, run: Run, payments: list[Payment]) -> str:
    """Whether what it says was moved is in the books, and nothing else."""
    if run.issued_at is None:
        return "has payments before it was issued" if payments else ""
    wanted = list(_bookings(run, payments))
    for booking in wanted:
        booked = await db.read(find_transaction, SYSTEM, booking.reference)
        if booked is None:
            return f"needs the entry {booking.reference}, which is not in the books"
        if (booked.kind, booked.postings) != (booking.kind, booking.postings):
            return f"does not agree with the entry {booking.reference}"
    owed = sum(each.money.units for each in payments if each.state is not PaymentState.BOUNCED)
    if owed != run.figures.pay:
        return f"pays {_text(run, run.figures.pay)}; its payments sum to {_text(run, owed)}"
    return ""


def _bookings(run: Run, payments: list[Payment]) -> Iterator[Transaction]:
    if (booking := issue_booking(run, 0, "")) is not None:
        yield booking
    for each in payments:
        if each.state in (PaymentState.PAID, PaymentState.BOUNCED):
            yield payment_booking(each.id, run, each.money, 0, "")
        if each.state is PaymentState.BOUNCED:
            yield bounce_booking(each.id, run, each.money, 0, "")


def _wrong_balance(books: Books) -> Flaw | None:
    """What the account holds is what statements still owe, what they carry over, and what moved since."""
    if not books.runs:
        return None
    last = books.runs[-1]
    issued = [run for run in books.runs if run.number is not None]
    open_units = sum(
        each.money.units for each in books.payments if each.state in (PaymentState.DUE, PaymentState.EXPORTED)
    )
    left = open_units + (issued[-1].figures.carry if issued else 0) + books.moved
    if books.payable != left:
        return _flaw(last, f"leaves {_text(last, left)}; the account holds {_text(last, books.payable)}")
    reserve = sum(run.figures.held for run in issued if run.released_in is None)
    if books.reserve != reserve:
        holds = _text(last, books.reserve)
        return _flaw(last, f"leaves a reserve of {_text(last, reserve)}; the account holds {holds}")
    return None


def _text(run: Run, units: int) -> str:
    return f"{Money(units, run.currency).text} {run.currency}"


def _flaw(run: Run, told: str) -> Flaw:
    name = run.number or run.id
    what = "Statement" if run.state is not RunState.PREPARED else "Payout run"
    return Flaw("payout_runs", run.id, f"{what} {name} of {run.seller_id} {told}.")
