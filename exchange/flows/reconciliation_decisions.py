"""Whose word counts for what differs between two books: decided once, with a reason.

Taking the other side's word books what its book says more, against the house's margin, or settles the post that nobody
knew the end of, in one unit with the decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.reconciliations import UNREADABLE, CannotReconcile, account_of_party
from exchange.flows.settle import CannotSettle, Decision, settle
from exchange.model.actor import Actor
from exchange.model.audit import AuditLine
from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.model.reconciling import DifferenceKind
from exchange.model.work import Closing, LeadState, Settlement, Sums
from exchange.storage.database import Row
from exchange.storage.reconciliations import (
    BookFile,
    BookMoved,
    Decided,
    DecidedBefore,
    book_head,
    decide_line,
    read_line,
    settle_line,
    settled_as,
)

OURS, THEIRS = "ours", "theirs"
NOTE_MOST = 300
AT_ONCE = 1_000
"""So many are decided in one go: each is a unit of its own, and somebody waits."""
_UNCLEAR = (DifferenceKind.UNCLEAR.value, DifferenceKind.UNCLEAR_ABSENT.value)


class Word(NamedTuple):
    """Whose word counts (`ours` books nothing, `theirs` what theirs says), why, and who says so."""

    decision: str
    note: str
    actor: Actor
    ip: str = ""


class Outcome(NamedTuple):
    """How many differences were decided now, what was in the way of others, by their numbers, and how many are left
    because no more are decided in one go."""

    done: int
    failed: tuple[tuple[int, str], ...]
    left: int = 0


async def decide_differences(market: Market, file_id: str, numbers: Sequence[int], word: Word) -> Outcome:
    """One after another: what cannot be decided keeps none of the others. Raises `CannotReconcile` for no such file, no
    such word or no reason."""
    file, word = await _file(market, file_id), _checked(word)
    done, failed = 0, []
    for number in numbers[:AT_ONCE]:
        try:
            done += await _decide(market, file, number, word)
        except CannotReconcile as error:
            failed.append((number, str(error)))
    return Outcome(done, tuple(failed), max(len(numbers) - AT_ONCE, 0))


async def decide_difference(market: Market, file_id: str, number: int, word: Word) -> bool:
    """False when it was decided before. Raises `CannotReconcile`."""
    return await _decide(market, await _file(market, file_id), number, _checked(word))


async def _file(market: Market, file_id: str) -> BookFile:
    file = await market.db.read(book_head, file_id)
    if file is None:
        raise CannotReconcile("There is no such reconciliation.")
    return file


def _checked(word: Word) -> Word:
    if word.decision not in (OURS, THEIRS):
        raise CannotReconcile("Say whose word counts: ours or theirs.")
    if not word.note.strip():
        raise CannotReconcile("Say why: the reason stays with the decision.")
    return word._replace(note=word.note.strip()[:NOTE_MOST])


async def _decide(market: Market, file: BookFile, number: int, word: Word) -> bool:
    row = await market.db.read(read_line, file.id, number)
    if row is None:
        raise CannotReconcile("There is no such difference.")
    if row["decided_at"] is not None:
        return False
    taken = word.decision == THEIRS
    if taken and row["kind"] == UNREADABLE:
        raise CannotReconcile("The row cannot be read: correct the file and bring it again.")
    booking = _booking(market, file, row, word) if taken else None
    line = _line(market, file, row, word)
    decided = Decided(file.id, file.party, file.compared_at, number, word.decision, word.note, booking, line)
    if taken and row["kind"] in _UNCLEAR:
        return await _settle(market, file, row, word, decided)
    try:
        return await market.db.write(decide_line, decided)
    except BookMoved as error:
        raise CannotReconcile(
            f"Nothing is booked for difference {number}: {error}. Look again, or keep ours."
        ) from None


async def _settle(market: Market, file: BookFile, row: Row, word: Word, decided: Decided) -> bool:
    """The other side's book says how an unclear post ended. One that was settled the same way before is only noted."""
    accepted = row["kind"] == DifferenceKind.UNCLEAR.value
    price = None
    if accepted and row["theirs_units"] is not None and file.party.startswith("buyer:"):
        price = Money(row["theirs_units"], file.currency)
    why = f"{file.name}, row {row['row_number']}: {word.note}" if accepted else f"not in {file.name}: {word.note}"
    decision = Decision(accepted, why[:NOTE_MOST], price)
    together = partial(_together, market, decided)
    try:
        await settle(market, row["attempt_id"], decision, word.actor, word.ip, keep=together)
    except DecidedBefore:
        return False
    except BookMoved as error:
        raise CannotReconcile(f"Difference {row['number']} was not decided: {error}. Look again.") from None
    except CannotSettle as error:
        if not await market.db.read(settled_as, row["attempt_id"], accepted, price.units if price else None):
            raise CannotReconcile(str(error)) from error
        return await market.db.write(decide_line, decided)
    return True


async def _together(
    market: Market,
    decided: Decided,
    settlement: Settlement,
    before: Sums,
    closings: tuple[Closing, ...],
    line: AuditLine,
) -> LeadState | None:
    return await market.db.write(settle_line, decided, settlement, before, closings, line)


def _booking(market: Market, file: BookFile, row: Row, word: Word) -> Transaction | None:
    """What their book says more, taken from or given to their account, under one reference for one difference."""
    more = row["more_units"]
    if not more:
        return None
    account = account_of_party(market, file.party)
    if account is None:
        raise CannotReconcile("Whose book it is no longer has an account.")
    gains = (more > 0) is file.party.startswith("seller:")  # a seller is given what it says more, a buyer owes it
    source, destination = (MARGIN, account) if gains else (account, MARGIN)
    now, money = market.clock.now(), Money(abs(more), file.currency)
    cause = f"{word.actor.role.value} {word.actor.name}: {file.name}: {word.note}"
    reference = f"adjustment:{account}:{file.id}:{row['number']}"
    postings = (Posting(source, destination, money),)
    return Transaction(reference, TransactionKind.ADJUSTMENT, postings, now, month_of(now), cause)


def _line(market: Market, file: BookFile, row: Row, word: Word) -> AuditLine:
    after = {
        "file": file.id,
        "difference": str(row["number"]),
        "kind": row["kind"],
        "word": word.decision,
        "why": word.note,
    }
    now, actor = market.clock.now(), word.actor
    return audit_line(market.ids, now, actor, "reconciliation.decided", file.party, after=after, ip=word.ip)
