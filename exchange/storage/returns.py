"""Returns: asked once for a sale, decided once, and a decision by rule taken back at most once."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.ledger import Transaction
from exchange.model.returns import GRANTED, OPEN_RETURNS, ReturnFile, ReturnRequest, Ruling, Suggestion
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.closing import add_event
from exchange.storage.database import Row, StorageError, Tx
from exchange.storage.jobs import add_job
from exchange.storage.ledger import balance_in, book
from exchange.storage.resales import was_sold_again
from exchange.storage.selling import lock_lead

_OPEN = ", ".join(f"'{each.value}'" for each in OPEN_RETURNS)


class SaleGone(StorageError):
    """The sale was undone meanwhile: there is nothing to give back."""


class SoldAgain(StorageError):
    """Another buyer has the lead since: its first one cannot be charged for it any more."""


class CannotPay(StorageError):
    """Its buyer has not the money to pay for the lead again."""


async def save_return(
    tx: Tx, request: ReturnRequest, sentence: str, jobs: tuple[JobRow, ...], file: ReturnFile | None = None
) -> bool:
    """Store it with its line in the lead's timeline, and leave the jobs. False when one was asked for this sale before,
    or by the buyer under the same reference.

    `sentence` holds nothing personal; the buyer's note is kept with the request alone.
    """
    rows = await tx.fetch(
        """INSERT INTO return_requests (id, month, sale_id, lead_id, buyer_id, reason, note, asked_at, told_by, state,
               attempt_id, seller_id, campaign_id, contract_id, mode, currency, price_units, sold_at, due_at,
               their_reference, file_name, sealed_note, asked_units)
           VALUES (:id, :month, :sale, :lead, :buyer, :reason, '', :at, :told_by, 'asked', :attempt, :seller,
               :campaign, :contract, :mode, :currency, :price, :sold, :due, :theirs, :file, :sealed_note, :part)
           ON CONFLICT DO NOTHING RETURNING id""",
        id=request.id,
        month=request.month,
        sale=request.sale_id,
        lead=request.lead_id,
        buyer=request.buyer_id,
        reason=request.reason,
        sealed_note=request.sealed_note,
        at=request.asked_at,
        told_by=request.told_by,
        attempt=request.attempt_id,
        seller=request.seller_id,
        campaign=request.campaign_id,
        contract=request.contract_id,
        mode=request.mode,
        currency=request.price.currency,
        price=request.price.units,
        sold=request.sold_at,
        due=request.due_at,
        theirs=request.their_reference,
        file=file.name if file is not None else None,
        part=request.part.units if request.part is not None else None,
    )
    if not rows:
        return False
    if file is not None:
        await _add_file(tx, file)
    await add_event(tx, request.lead_id, request.month, request.asked_at, "return_asked", sentence, request.told_by)
    for job in jobs:
        await add_job(tx, job)
    return True


async def _add_file(tx: Tx, file: ReturnFile) -> None:
    await tx.execute(
        """INSERT INTO return_files (return_id, lead_id, name, media, size_bytes, sealed)
           VALUES (:return_id, :lead_id, :name, :media, :size_bytes, :sealed)""",
        **file._asdict(),
    )


async def ask_part(tx: Tx, return_id: str, units: int | None) -> bool:
    """What of the price is asked from now on, None for all of it. False when it is decided already."""
    changed = await tx.execute(
        f"UPDATE return_requests SET asked_units = :units WHERE id = :id AND state IN ({_OPEN})",
        id=return_id,
        units=units,
    )
    return changed == 1


async def ask_less(tx: Tx, request: Row, units: int, at: int, month: str, sentence: str, by: str, work: JobRow) -> bool:
    """Its buyer wants no more than that of what it was credited; the job does what follows. False when it wanted so
    little before, or nothing is credited any more."""
    changed = await tx.execute(
        """UPDATE return_requests SET asked_units = :units WHERE id = :id AND state IN ('approved', 'partial')
               AND turned = 0 AND withdrawn_at IS NULL AND credit_units > :units
               AND (asked_units IS NULL OR asked_units > :units)""",
        id=request["id"],
        units=units,
    )
    if not changed:
        return False
    await add_event(tx, request["lead_id"], month, at, "return_lowered", sentence, by)
    await add_job(tx, work)
    return True


async def note_withdrawn(tx: Tx, request: Row, at: int, month: str, sentence: str, by: str, work: JobRow) -> bool:
    """Its buyer takes the request back; the job does what follows of it. False when that was noted before."""
    changed = await tx.execute(
        "UPDATE return_requests SET withdrawn_at = :at WHERE id = :id AND withdrawn_at IS NULL", id=request["id"], at=at
    )
    if not changed:
        return False
    await add_event(tx, request["lead_id"], month, at, "return_withdrawn", sentence, by)
    await add_job(tx, work)
    return True


async def read_return(tx: Tx, sale_id: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM return_requests WHERE sale_id = :sale", sale=sale_id)
    return rows[0] if rows else None


async def return_of(tx: Tx, return_id: str) -> Row | None:
    """A request with what its sale paid: `payout_units`, `accepted_at`, `contract_version`, `exclusive` and so on."""
    rows = await tx.fetch(
        """SELECT r.*, s.payout_units, s.contract_version, s.reversed_at, s.returned_at, s.returned_units
           FROM return_requests r JOIN sales s ON s.id = r.sale_id WHERE r.id = :id""",
        id=return_id,
    )
    return rows[0] if rows else None


async def return_by_reference(tx: Tx, buyer_id: str, reference: str) -> Row | None:
    rows = await tx.fetch(
        "SELECT * FROM return_requests WHERE buyer_id = :buyer AND their_reference = :reference",
        buyer=buyer_id,
        reference=reference,
    )
    return rows[0] if rows else None


async def decide(tx: Tx, ruling: Ruling) -> bool:
    """Store one decision with all that it moves. False when somebody was faster: then nothing changes.

    Raises `LeadMoved`, `SaleGone`, `SoldAgain`, and `CannotPay` when the taking back of a credit would pass the
    buyer's limit.
    """
    known = await return_of(tx, ruling.request_id)
    if known is None or known["state"] not in ruling.of:
        return False
    if ruling.sums is not None:
        await lock_lead(tx, known["lead_id"], ruling.sums, ruling.at)
    if (ruling.undoes or ruling.lowers is not None) and await was_sold_again(tx, known):
        raise SoldAgain(f"the lead of {ruling.request_id} was sold again")
    if not await _change(tx, ruling):
        return False
    if ruling.back is not None:
        await _move(tx, ruling, known)
    await _note(tx, ruling, known)
    kind = f"return_{ruling.state.value}"
    if ruling.back is not None and not ruling.undoes and ruling.lowers is None:
        await add_event(tx, known["lead_id"], ruling.month, ruling.at, "returned", ruling.event, ruling.by)
    else:
        await add_event(tx, known["lead_id"], ruling.month, ruling.at, kind, ruling.event, ruling.by)
    for job in ruling.jobs:
        await add_job(tx, job)
    await record(tx, ruling.line)
    return True


async def _change(tx: Tx, ruling: Ruling) -> bool:
    """Nothing is granted once its buyer took the request back: the job that follows of that has seen all there was."""
    states = ", ".join(f"'{each}'" for each in ruling.of)
    wanted = " AND withdrawn_at IS NULL" if ruling.state in GRANTED else ""
    decided_at = "decided_at" if ruling.lowers is not None else ":at"  # who bears it stays as it was
    before = f" AND credit_units = {ruling.lowers.credit.units}" if ruling.lowers is not None else ""
    changed = await tx.execute(
        f"""UPDATE return_requests SET state = :state, decided_at = {decided_at}, decided_by = :by,
               automatic = :automatic, turned = :turned, rule = CASE WHEN :rule = '' THEN rule ELSE :rule END,
               why = :why, credit_units = :credit, debit_units = :debit
           WHERE id = :id AND state IN ({states}) AND turned = 0{wanted}{before}""",
        id=ruling.request_id,
        state=ruling.state.value,
        by=ruling.by,
        automatic=int(ruling.automatic),
        turned=int(ruling.undoes),
        rule=ruling.rule,
        why=ruling.why,
        credit=0 if ruling.undoes else ruling.effect.credit.units,
        debit=0 if ruling.undoes else ruling.effect.debit.units,
        **({} if ruling.lowers is not None else {"at": ruling.at}),
    )
    return changed == 1


async def _move(tx: Tx, ruling: Ruling, known: Row) -> None:
    """The sale's own row, the books, and every sum that the sale is part of."""
    assert ruling.back is not None and ruling.payout_back is not None
    sign = -1 if ruling.undoes else 1
    again = ruling.undoes or ruling.lowers is not None
    before = "returned_at IS NOT NULL" if again else "reversed_at IS NULL AND returned_at IS NULL"
    loses = ruling.effect.debit - ruling.lowers.debit if ruling.lowers is not None else ruling.effect.debit
    sales = await tx.fetch(
        f"""UPDATE sales SET returned_at = :returned, reversed_at = :reversed, reversed_why = :why,
               returned_units = returned_units + :back, returned_payout_units = returned_payout_units + :payout
           WHERE id = :id AND {before} RETURNING price_units, payout_units, currency, mode, accepted_at, lead_id""",
        id=known["sale_id"],
        returned=None if ruling.undoes else ruling.at,
        reversed=ruling.at if ruling.reverses_sale and not ruling.undoes else None,
        why=None if ruling.undoes else f"returned: {known['reason']}",
        back=sign * ruling.back.units,
        payout=sign * ruling.payout_back.units,
    )
    if not sales:
        raise SaleGone(f"the sale of {ruling.request_id} was undone")
    for transaction in ruling.transactions:
        await book(tx, transaction)
    if again:
        await _require_paid(tx, ruling.transactions)
    await tx.execute(
        """UPDATE leads SET revenue_units = revenue_units - :revenue, payout_units = payout_units - :payout
           WHERE id = :id""",
        id=known["lead_id"],
        revenue=sign * ruling.back.units,
        payout=sign * loses.units,
    )


async def _require_paid(tx: Tx, transactions: tuple[Transaction, ...]) -> None:
    """Nobody is charged beyond what it may spend, for a lead that it has to keep neither."""
    moves = [move for each in transactions for move in each.postings if move.source.startswith("buyer:")]
    for account, currency in sorted({(move.source, move.money.currency) for move in moves}):
        if (await balance_in(tx, account, currency)).available.units < 0:
            raise CannotPay(f"{account} has too little")


async def _note(tx: Tx, ruling: Ruling, known: Row) -> None:
    effect = ruling.effect
    credit, debit = (-effect.credit, -effect.debit) if ruling.undoes else (effect.credit, effect.debit)
    if ruling.lowers is not None:
        credit, debit = credit - ruling.lowers.credit, debit - ruling.lowers.debit
    rows = await tx.fetch(
        "SELECT COUNT(*) AS decisions FROM return_decisions WHERE return_id = :id", id=ruling.request_id
    )
    await tx.execute(
        """INSERT INTO return_decisions (return_id, number, month, lead_id, at, state, by_whom, automatic, rule, why,
               credit_units, debit_units, currency)
           VALUES (:id, :number, :month, :lead, :at, :state, :by, :automatic, :rule, :why, :credit, :debit,
               :currency)""",
        id=ruling.request_id,
        number=rows[0]["decisions"] + 1,
        month=ruling.month,
        lead=known["lead_id"],
        at=ruling.at,
        state=ruling.state.value,
        by=ruling.by,
        automatic=int(ruling.automatic),
        rule=ruling.rule,
        why=ruling.why,
        credit=credit.units,
        debit=debit.units,
        currency=known["currency"],
    )


async def decisions_on(tx: Tx, return_id: str) -> list[Row]:
    """Every decision about a request, the first first."""
    return await tx.fetch("SELECT * FROM return_decisions WHERE return_id = :id ORDER BY number", id=return_id)


async def note_evidence(tx: Tx, return_id: str, evidence: str, suggestion: Suggestion, at: int) -> bool:
    """What was found, and what a rule makes of it. False when it is decided already."""
    changed = await tx.execute(
        f"""UPDATE return_requests SET evidence = :evidence, suggestion = :suggestion, rule = :rule,
               suggested_why = :why, looked_at = :at WHERE id = :id AND state IN ({_OPEN})""",
        id=return_id,
        evidence=evidence,
        suggestion=suggestion.advice.value,
        rule=suggestion.rule,
        why=suggestion.sentence,
        at=at,
    )
    return changed == 1


class Use(NamedTuple):
    """How much of its allowance a contract used in one period: of so many leads, so many were asked back."""

    bought: int
    asked: int


async def return_use(tx: Tx, contract_id: str, mode: str, begin: int, end: int, before: tuple[int, str]) -> Use:
    """Of the leads a contract bought in [begin, end), and the requests for them that came up to `before` (asked at, id)
    and were not declined."""
    bought = await tx.fetch(
        """SELECT COUNT(*) AS leads FROM sales WHERE contract_id = :contract AND mode = :mode
               AND accepted_at >= :begin AND accepted_at < :end AND (reversed_at IS NULL OR returned_at IS NOT NULL)""",
        contract=contract_id,
        mode=mode,
        begin=begin,
        end=end,
    )
    asked = await tx.fetch(
        """SELECT COUNT(*) AS leads FROM return_requests WHERE contract_id = :contract AND mode = :mode
               AND sold_at >= :begin AND sold_at < :end AND state <> 'declined'
               AND (asked_at < :at OR (asked_at = :at AND id <= :id))""",
        contract=contract_id,
        mode=mode,
        begin=begin,
        end=end,
        at=before[0],
        id=before[1],
    )
    return Use(bought[0]["leads"], asked[0]["leads"])


async def ask_buyer(tx: Tx, return_id: str, question: str, line: AuditLine, jobs: tuple[JobRow, ...]) -> bool:
    """The buyer is asked for more. False when it is decided already."""
    changed = await tx.execute(
        f"""UPDATE return_requests SET state = 'question', question = :question
           WHERE id = :id AND state IN ({_OPEN})""",
        id=return_id,
        question=question,
    )
    if not changed:
        return False
    for job in jobs:
        await add_job(tx, job)
    await record(tx, line)
    return True


async def answer_question(tx: Tx, return_id: str, sealed: bytes | None, at: int, file: ReturnFile | None) -> bool:
    """What the buyer answers, once for each question. False when nobody asks it anything."""
    changed = await tx.execute(
        """UPDATE return_requests SET state = 'asked', sealed_answer = :sealed, answered_at = :at,
               file_name = COALESCE(:file, file_name) WHERE id = :id AND state = 'question'""",
        id=return_id,
        sealed=sealed,
        at=at,
        file=file.name if file is not None else None,
    )
    if not changed:
        return False
    if file is not None:
        await tx.execute("DELETE FROM return_files WHERE return_id = :id", id=return_id)
        await _add_file(tx, file)
    return True


async def reply_to(tx: Tx, return_id: str, sealed: bytes | None, reference: str | None, at: int) -> bool:
    """What the seller says to it, and how it calls it itself; the last word stands. False when it is decided."""
    changed = await tx.execute(
        f"""UPDATE return_requests SET sealed_reply = COALESCE(:sealed, sealed_reply), replied_at = :at,
               seller_reference = COALESCE(:reference, seller_reference) WHERE id = :id AND state IN ({_OPEN})""",
        id=return_id,
        sealed=sealed,
        reference=reference,
        at=at,
    )
    return changed == 1
