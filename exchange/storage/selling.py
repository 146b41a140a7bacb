"""The durable steps of selling a lead: intents with their holds, what came back, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from exchange.model.auction import AttemptState
from exchange.model.audit import AuditLine
from exchange.model.hold import BalanceShort, CapFull, Held
from exchange.model.work import Closing, Intent, LeadState, Move, SaleRow, Settlement, Sums, state_after
from exchange.storage.audit import record
from exchange.storage.closing import LeadLost, add_sales, close_lead
from exchange.storage.database import Row, StorageError, Tx
from exchange.storage.deliveries import add_delivery, end_delivery
from exchange.storage.holds import lock_in_order, post_holds, reserve, void_holds
from exchange.storage.jobs import add_job
from exchange.storage.ledger import book
from exchange.storage.parcel import typed

OPEN = "a.state <> 'accepted' AND a.state <> 'rejected' AND a.state <> 'failed'"
"""Of attempts `a`. Said as the index of the few open ones says it: SQLite uses that index for no other words."""

TAKEN = ("reserved", "sending", "accepted", "pending", "unclear")
"""States of an attempt that is a sale, or may be."""

FOR_PEOPLE = """(a.state = 'unclear' OR NOT EXISTS
    (SELECT 1 FROM deliveries WHERE deliveries.attempt_id = a.id))"""
"""Of the open attempts `a`, those that nothing brings to an end by itself: no delivery of theirs is on its way."""


class LeadMoved(StorageError):
    """The lead was sold, or sold again, since somebody worked out what comes next: work it out once more."""


Reserved = Held | CapFull | BalanceShort | None


@typed
async def advance(tx: Tx, move: Move) -> tuple[tuple[Reserved, ...], tuple[bool, ...]]:
    """Make one move. Returns what each intent got (None: nothing to hold) and whether each settlement was the first.

    A settlement that comes second (recovery or a person was faster) changes nothing.
    """
    await _lock(tx, move)
    settled = [await _settle(tx, settlement) for settlement in move.settled]
    reserved = [await _intend(tx, intent) for intent in move.intents]
    sold = [each for each, first in zip(move.settled, settled, strict=True) if first and each.sale is not None]
    if move.closing is not None:
        await close_lead(tx, move.closing, sold)
    elif sold:
        await add_sales(tx, sold)
    return tuple(reserved), tuple(settled)


async def _lock(tx: Tx, move: Move) -> None:
    """A move about one attempt touches its rows in their order by itself; of several, all are locked before."""
    if len(move.settled) + len(move.intents) < 2:
        return
    booked = [settlement.transaction for settlement in move.settled if settlement.transaction is not None]
    extra = move.closing.extra if move.closing is not None else None
    accounts = {
        account
        for transaction in (*booked, *([extra] if extra is not None else []))
        for posting in transaction.postings
        for account in (posting.source, posting.destination)
    }
    requests = [intent.hold for intent in move.intents if intent.hold is not None]
    await lock_in_order(tx, [settlement.attempt_id for settlement in move.settled], requests, accounts)


async def settle_once(
    tx: Tx, settlement: Settlement, before: Sums, closings: tuple[Closing, ...], line: AuditLine
) -> LeadState | None:
    """Settle an attempt that waited and close its lead. None when somebody was faster: then nothing changes.

    `closings` hold one end for every state the lead may now be in. Its deliveries decide here, with the lead's row
    locked, so that two people who settle two of them at once agree. Raises `LeadMoved`.
    """
    await lock_lead(tx, settlement.lead_id, before, settlement.at)
    if not await _settle(tx, settlement):
        return None
    state = state_after([row["state"] for row in await lead_attempts(tx, settlement.lead_id)])
    closing = next(each for each in closings if each.ends is state)
    await close_lead(tx, closing, [settlement] if settlement.sale is not None else [])
    await record(tx, line)
    return closing.state


async def lock_lead(tx: Tx, lead_id: str, before: Sums, at: int) -> None:
    """Take a lead that nobody sells now, as it was when its next step was worked out. Raises `LeadMoved`."""
    taken = await tx.execute(
        """UPDATE leads SET changed_at = :at WHERE id = :id AND state NOT IN ('open', 'selling')
               AND revenue_units = :revenue AND payout_units = :payout AND times_sold = :times""",
        id=lead_id,
        at=at,
        revenue=before.revenue_units,
        payout=before.payout_units,
        times=before.times_sold,
    )
    if not taken:
        raise LeadMoved(f"{lead_id} is not as it was")


async def newest_post(tx: Tx, buyer_id: str, first_id: str) -> str | None:
    """The state of the newest live delivery to a buyer with an id from `first_id` on."""
    rows = await tx.fetch(
        """SELECT state FROM attempts WHERE id >= :first AND buyer_id = :buyer AND mode = 'live'
           ORDER BY id DESC LIMIT 1""",
        first=first_id,
        buyer=buyer_id,
    )
    return rows[0]["state"] if rows else None


async def mark_sending(tx: Tx, attempt_id: str) -> bool:
    """The next byte may deliver the lead. False when somebody settled the attempt meanwhile: then nothing is sent."""
    changed = await tx.execute(
        "UPDATE attempts SET state = 'sending' WHERE id = :id AND state = 'reserved'", id=attempt_id
    )
    return changed == 1


async def _intend(tx: Tx, intent: Intent) -> Reserved:
    """Write the intent with its hold. A refused hold leaves a failed attempt, so that the record is whole."""
    got: Reserved = None
    if intent.hold is not None:
        got = await reserve(tx, intent.hold, intent.made_at)
    refused = isinstance(got, CapFull | BalanceShort)
    made = await tx.execute(
        """INSERT INTO attempts (id, month, lead_id, request_id, buyer_id, contract_id, contract_version, leg, slot,
               reference, state, reason, detail, exclusive, price_units, promised_units, currency, tries, made_at,
               ended_at, mode, bid_reference, leg_reference)
           SELECT :id, :month, :lead, :request, :buyer, :contract, :version, :leg, :slot, :reference, :state,
               :reason, '', :exclusive, :price, :promised, :currency, 1, :made, :ended, :mode, :bid, :leg_bid
           FROM leads WHERE leads.id = :lead""",
        id=intent.attempt_id,
        month=intent.month,
        lead=intent.lead_id,
        request=intent.request_id,
        buyer=intent.buyer_id,
        contract=intent.contract_id,
        version=intent.contract_version,
        leg=intent.leg,
        slot=intent.slot,
        reference=intent.reference,
        state="failed" if refused else intent.state.value,
        reason=_reason(intent, got),
        exclusive=int(intent.exclusive),
        price=intent.price.units,
        promised=intent.promised_units,
        currency=intent.price.currency,
        made=intent.made_at,
        ended=intent.made_at if refused else None,
        mode=intent.mode,
        bid=intent.bid_reference,
        leg_bid=intent.leg_reference,
    )
    if not made:
        raise LeadLost(f"{intent.lead_id} is not stored: nothing of it may be sent")
    if intent.delivery is not None and not refused:
        await add_delivery(tx, intent.delivery)
        for job in intent.jobs:
            await add_job(tx, job)
    return got


def _reason(intent: Intent, got: Reserved) -> str | None:
    if isinstance(got, CapFull):
        return "cap_full"
    if isinstance(got, BalanceShort):
        return "balance_short"
    return "awaiting_receipt" if intent.state is AttemptState.PENDING else None


@lru_cache(maxsize=64)
def _settling(expected: tuple[str, ...]) -> str:
    states = ", ".join(f"'{state}'" for state in expected)
    return f"""UPDATE attempts SET state = :state, reason = :reason, detail = :detail, price_units = :price,
                   buyer_reference = :reference, ended_at = :at, settle_after = :after
               WHERE id = :id AND state IN ({states})"""


async def _settle(tx: Tx, settlement: Settlement) -> bool:
    first = await tx.execute(
        _settling(settlement.expected),
        id=settlement.attempt_id,
        state=settlement.state.value,
        reason=settlement.reason,
        detail=settlement.detail,
        price=settlement.price.units,
        reference=settlement.buyer_reference,
        at=settlement.at,
        after=settlement.settle_after,
    )
    if not first:
        return False
    if settlement.delivery is not None:
        await end_delivery(tx, settlement.attempt_id, settlement.delivery, settlement.at)
    if settlement.sale is not None:
        await _sell(tx, settlement, settlement.sale)
    elif settlement.state.value in ("rejected", "failed"):
        await void_holds(tx, settlement.attempt_id, settlement.at)
    return True


async def _sell(tx: Tx, settlement: Settlement, sale: SaleRow) -> None:
    bought = sale.bought
    if settlement.transaction is not None:
        freed = await post_holds(tx, settlement.attempt_id, settlement.price, settlement.at)
        await book(tx, settlement.transaction, freed)
    await tx.execute_all(
        (
            _SALE,
            {
                "id": sale.id,
                "month": settlement.month,
                "lead": settlement.lead_id,
                "attempt": settlement.attempt_id,
                "campaign": sale.campaign_id,
                "seller": sale.seller_id,
                "buyer": bought.buyer_id,
                "contract": bought.contract_id,
                "version": bought.contract_version,
                "leg": bought.leg,
                "currency": settlement.price.currency,
                "price": settlement.price.units,
                "payout": sale.payout_units,
                "reference": settlement.buyer_reference,
                "redirect": sale.redirect,
                "phone": sale.phone_index,
                "email": sale.email_index,
                "mode": bought.mode,
                "at": settlement.at,
            },
        ),
        (_TURN, {"contract": bought.contract_id, "at": settlement.at}),
    )


_SALE = """INSERT INTO sales (id, month, lead_id, attempt_id, campaign_id, seller_id, buyer_id, contract_id,
               contract_version, leg, currency, price_units, payout_units, buyer_reference, redirect, phone_index,
               email_index, mode, accepted_at)
           VALUES (:id, :month, :lead, :attempt, :campaign, :seller, :buyer, :contract, :version, :leg, :currency,
               :price, :payout, :reference, :redirect, :phone, :email, :mode, :at)"""
_TURN = """INSERT INTO tier_turns (contract_id, served_at) VALUES (:contract, :at)
           ON CONFLICT (contract_id) DO UPDATE SET served_at = :at WHERE tier_turns.served_at < :at"""


async def interrupted_attempts(tx: Tx, before: int) -> list[Row]:
    """Attempts a stopped process left between intent and outcome."""
    return await tx.fetch(
        f"""SELECT * FROM attempts a WHERE {OPEN} AND state IN ('reserved', 'sending') AND made_at < :before
            ORDER BY made_at, id LIMIT 500""",
        before=before,
    )


async def unsettled_attempts(tx: Tx, now: int) -> list[Row]:
    """Attempts that waited in vain and whose time to settle by rule has come."""
    return await tx.fetch(
        f"""SELECT * FROM attempts a WHERE {OPEN} AND state IN ('unclear', 'pending') AND settle_after IS NOT NULL
                AND settle_after <= :now ORDER BY settle_after, id LIMIT 500""",
        now=now,
    )


def free_slot(taken: Sequence[Row], leg: str, *, exclusive: bool, slots: int) -> int | None:
    """The lowest slot for one more sale beside the attempts in `taken`; None when the lead cannot be sold once more."""
    alone = exclusive or any(row["exclusive"] for row in taken)
    if taken and (alone or len(taken) >= slots or leg in {row["leg"] for row in taken}):
        return None
    used = {row["slot"] for row in taken}
    return next(slot for slot in range(1, slots + 1) if slot not in used)


async def read_attempt(tx: Tx, attempt_id: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM attempts WHERE id = :id", id=attempt_id)
    return rows[0] if rows else None


async def lead_attempts(tx: Tx, lead_id: str) -> list[Row]:
    """All attempts of a lead, oldest first."""
    return await tx.fetch("SELECT * FROM attempts WHERE lead_id = :lead ORDER BY made_at, slot, id", lead=lead_id)


async def read_lead(tx: Tx, lead_id: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM leads WHERE id = :id", id=lead_id)
    return rows[0] if rows else None
