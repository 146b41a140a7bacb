"""Counts every issued document of a buyer again from the ledger, and compares it with what was issued, to the unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exchange.flows.gather import Gathered, gather
from exchange.model.actor import SYSTEM
from exchange.model.ledger import Posting, Transaction
from exchange.model.statement import Line, Period, Statement, StatementKind
from exchange.stages.invoice import booking_of, cancelling, negative
from exchange.stages.statement import added, sums_of
from exchange.storage.closed import booked_postings, closed_accounts, closed_periods, number_gaps
from exchange.storage.database import Db
from exchange.storage.statements import account_statements
from exchange.storage.verify import FLAWS_TOLD, Flaw


@dataclass(frozen=True, slots=True)
class Reproduced:
    """How many documents of each kind were counted again, and what of them is not as the ledger has it."""

    counts: Mapping[StatementKind, int] = field(default_factory=dict)
    flaws: tuple[Flaw, ...] = ()


async def reproduce(db: Db, now: int) -> Reproduced:
    """Every document of every account, one account after another."""
    counts: Counter[StatementKind] = Counter()
    gaps = await db.read(number_gaps)
    flaws = [Flaw("statements", number, f"Document {number} is missing: its series has a gap.") for number in gaps]
    for account, currency in await db.read(closed_accounts):
        statements = await db.read(account_statements, SYSTEM, account, currency)
        counts.update(each.kind for each in statements)
        flaws += [flaw async for flaw in _account_flaws(db, account, currency, statements, now)]
        flaws += await _booking_flaws(db, statements)
    return Reproduced(dict(counts), tuple(flaws[:FLAWS_TOLD]))


async def _account_flaws(
    db: Db, account: str, currency: str, statements: Sequence[Statement], now: int
) -> AsyncIterator[Flaw]:
    """The balances at the ends of its periods, and every document of each."""
    earlier: list[Period] = []
    balance = 0
    for period, closing in await db.read(closed_periods, account, currency):
        counted = await gather(db, period, earlier, now)
        opening, balance = balance, balance + counted.moved
        if balance != closing:
            told = f"{account} stood at {closing} units when its period was closed; its entries sum to {balance}."
            yield Flaw("money_periods", account, told)
        own = [each for each in statements if each.period == period]
        for flaw in _period_flaws(counted, own, statements):
            yield flaw
        for each in own:
            if (each.opening.units, each.closing.units) != (opening, balance):
                yield Flaw("statements", each.number, f"{each.number} tells other balances than the ledger does.")
        earlier.append(period)


def _period_flaws(counted: Gathered, own: Sequence[Statement], all_of: Sequence[Statement]) -> Iterator[Flaw]:
    by_number = {each.number: each for each in all_of}
    notes = [each for each in own if each.kind is StatementKind.CREDIT_NOTE]
    homes = {each.corrects: by_number[each.corrects].period for each in notes if each.corrects in by_number}
    noted = set(homes.values())
    corrections = dict(counted.corrections)
    kept = [line for home, lines in counted.corrections if home not in noted for line in lines]
    for each in own:
        match each.kind:
            case StatementKind.CREDIT_NOTE:
                lines = corrections.get(homes.get(each.corrects or "", each.period), ())
            case StatementKind.CANCELLATION:
                lines = negative(added(counted.lines, kept))
            case StatementKind.INVOICE:
                lines = added(counted.lines, kept)
            case _:
                lines = counted.all_lines
        yield from _document_flaws(each, lines)
        if each.kind is StatementKind.STATEMENT and each.payments != counted.payments:
            told = f"{each.number} does not reproduce: its payments are not those of the ledger."
            yield Flaw("statements", each.number, told)
    invoiced = any(each.kind is StatementKind.INVOICE for each in own)
    if own and not invoiced and own[0].kind is StatementKind.CREDIT_NOTE and added(counted.lines, kept):
        told = f"Entries of {own[0].period.account} stand on no document of their period."
        yield Flaw("statements", own[0].number, told)


def _document_flaws(statement: Statement, lines: tuple[Line, ...]) -> Iterator[Flaw]:
    number = statement.number
    if statement.lines != lines:
        yield Flaw("statements", number, f"{number} does not reproduce: its lines are not those of the ledger.")
        return
    kind, currency = statement.kind, statement.period.currency
    if kind is StatementKind.CANCELLATION:
        sums = sums_of(StatementKind.INVOICE, negative(lines), currency, statement.tax_bp)
        again = tuple(-money for money in sums)
    else:
        again = tuple(sums_of(kind, lines, currency, statement.tax_bp))
    if tuple(statement.totals) != again:
        yield Flaw("statements", number, f"{number} does not reproduce: its total is not the sum of its lines.")


async def _booking_flaws(db: Db, statements: Sequence[Statement]) -> list[Flaw]:
    """The entry that each document booked, against what it says."""
    by_number = {each.number: each for each in statements}
    booked: dict[str, tuple[Posting, ...]] = {}
    for start in range(0, len(statements), 200):
        booked |= await db.read(booked_postings, [each.reference for each in statements[start : start + 200]])
    found = []
    for each in statements:
        if booked.get(each.reference) != _booking(each, by_number).postings:
            told = f"{each.number} is booked with other amounts than it tells, or not at all."
            found.append(Flaw("statements", each.number, told))
    return found


def _booking(statement: Statement, by_number: Mapping[str, Statement]) -> Transaction:
    corrected = by_number.get(statement.corrects or "")
    if statement.kind is StatementKind.CANCELLATION and corrected is not None:
        return cancelling(corrected, statement)
    return booking_of(statement)
