"""A made-up lead goes through the units of a ping, a post and a sale, and nothing of it is stored.

A connection that has prepared its statements runs them in half the time, and a writer that has run a unit has loaded
it. So every connection rehearses before the first lead comes, and a burst right after the start is like any other.
"""

from __future__ import annotations

import asyncio
import logging
from typing import NoReturn

from exchange.clock import month_of
from exchange.model.auction import AttemptState, Bought
from exchange.model.hold import CapHold, HoldRequest
from exchange.model.ledger import MARGIN, Billing, Posting, Transaction, TransactionKind, buyer_account, seller_account
from exchange.model.money import Money
from exchange.model.screen import ScreenedRow
from exchange.model.work import (
    AnswerRow,
    Checked,
    Claim,
    Closing,
    Idempotency,
    Intent,
    Keep,
    LeadRow,
    LeadState,
    Move,
    Opening,
    QuoteRow,
    RequestRow,
    SaleRow,
    Settlement,
    Sighting,
)
from exchange.storage.database import Db, Tx
from exchange.storage.ledger import set_account
from exchange.storage.requests import open_request
from exchange.storage.selling import advance

_LOG = logging.getLogger("exchange.storage.rehearsal")
_HASH = bytes(16)
_SEALED = bytes(64)
_PRICE = Money(250_000, "USD")


class Rehearsed(Exception):
    """Ends a rehearsal: its unit is undone."""


async def rehearse(db: Db, connections: int, now: int) -> None:
    """Rehearse on so many connections at once. One that cannot is told in the log; leads find out what is wrong."""
    units = (db.write(sell_nothing, number, now) for number in range(connections))
    for ended in await asyncio.gather(*units, return_exceptions=True):
        if not isinstance(ended, Rehearsed):
            _LOG.warning("a rehearsal failed: %s", type(ended).__name__)


async def sell_nothing(tx: Tx, number: int, now: int) -> NoReturn:
    """A ping with a quote; the post on it, for two slots: one buyer refuses, the next takes it; and its possible ends.

    Every value that may be missing is there: the statement is the same one when it is not.
    """
    me = f"rehearsal-{now}-{number}"  # two processes that start together do not wait for each other
    key = Idempotency(me, "post", me, _HASH, now, Keep.ALWAYS)
    quote = QuoteRow(me, me, me, "{}", _PRICE, now, now + 1)
    for buyer in (me, f"{me}-next"):
        await set_account(tx, buyer_account(buyer, Billing.CREDIT), "USD", 2 * _PRICE.units)
    await open_request(tx, Opening(_request(me, "ping", now), _lead(me, "ping", now)))
    await advance(tx, Move(closing=_closing(me, "ping", LeadState.QUOTED, now)._replace(quote=quote)))
    claims = tuple(Claim(f"{me}-{contact}", _HASH, now) for contact in ("phone", "email"))
    lead = _lead(me, "post", now)._replace(consent=_SEALED, consent_hash=me)
    sighting = Sighting(me, now, now, 0, 0, 0, 0, 0)
    await open_request(tx, Opening(_request(me, "post", now), lead, key, claims, me, sighting=sighting))
    capped = CapHold(me, "cap:day", now, 1, 1)
    await advance(tx, Move(intents=(_intent(me, 1, (), now), _intent(me, 2, (capped,), now))))
    follows = _intent(me, 3, (capped,), now, f"{me}-next")
    await advance(tx, Move((_settlement(me, 2, AttemptState.REJECTED, now),), (follows,)))
    refused = _settlement(me, 3, AttemptState.REJECTED, now)
    sold = _closing(me, "post", LeadState.SOLD, now)._replace(claims_until=now, idempotency=key)
    await advance(tx, Move((_sale(me, now), refused), closing=sold))
    for keep in (Keep.ALWAYS, Keep.NEVER):
        ended = key._replace(keep=keep)
        unsold = _closing(me, "post", LeadState.UNSOLD, now)._replace(idempotency=ended)
        await advance(tx, Move(closing=sold._replace(idempotency=ended)))
        await advance(tx, Move(closing=unsold))
    raise Rehearsed


def _request(me: str, kind: str, now: int) -> RequestRow:
    return RequestRow(
        id=f"{me}-{kind}",
        month=month_of(now),
        received_at=now,
        endpoint=kind,
        channel="rehearsal",
        remote_ip="",
        seller_id=me,
        campaign_id=me,
        key_id=me,
        mode="live",
        wrapped=_SEALED,
        lead_id=me,
        content_type="application/json",
        answer_format="json",
        raw=_SEALED,
        retention="lead",
    )


def _lead(me: str, kind: str, now: int) -> LeadRow:
    return LeadRow(
        id=me,
        month=month_of(now),
        received_at=now,
        seller_id=me,
        campaign_id=me,
        campaign_version=1,
        vertical=me,
        mode="live",
        kind=kind,
        state="open",
        reason="",
        seller_lead_id=me,
        sub_id1="",
        zip="",
        us_state="",
        city="",
        initials="",
        phone_index=_HASH,
        email_index=_HASH,
        facts="{}",
        subject=f"{me}-{kind}",
        sealed=_SEALED,
        grade="",
        currency="USD",
    )


def _intent(me: str, slot: int, caps: tuple[CapHold, ...], now: int, buyer: str = "") -> Intent:
    attempt_id = f"{me}-{slot}"
    return Intent(
        attempt_id=attempt_id,
        month=month_of(now),
        lead_id=me,
        request_id=f"{me}-post",
        buyer_id=me,
        contract_id=me,
        contract_version=1,
        leg=attempt_id,
        slot=slot,
        reference=attempt_id,
        state=AttemptState.SENDING,
        exclusive=False,
        price=_PRICE,
        made_at=now,
        mode="live",
        hold=HoldRequest(attempt_id, caps, buyer_account(buyer or me, Billing.CREDIT), _PRICE),
        promised_units=0,
        bid_reference="",
        leg_reference="",
    )


def _settlement(me: str, slot: int, state: AttemptState, now: int) -> Settlement:
    return Settlement(f"{me}-{slot}", me, month_of(now), state, "", "", _PRICE, "", now, settle_after=now)


def _sale(me: str, now: int) -> Settlement:
    postings = (
        Posting(buyer_account(me, Billing.CREDIT), MARGIN, _PRICE),
        Posting(MARGIN, seller_account(me), _PRICE),
    )
    return _settlement(me, 1, AttemptState.ACCEPTED, now)._replace(
        sale=SaleRow(me, me, me, _PRICE.units, "", _HASH, _HASH, Bought(me, me, 1, me, "live")),
        transaction=Transaction(f"sale:{me}-1", TransactionKind.SALE, postings, now, month_of(now), me),
    )


def _closing(me: str, kind: str, state: LeadState, now: int) -> Closing:
    return Closing(
        lead_id=me,
        month=month_of(now),
        at=now,
        state=state,
        reason="",
        answer=AnswerRow(f"{me}-{kind}", 200, "accepted", "", _SEALED, "application/json", 1),
        claims_until=None,
        trail=_SEALED,
        wires=_SEALED,
        wires_id=f"{me}-{kind}",
        subject=f"{me}-{kind}",
        duplicate_of="",
        checked=Checked("", 0, 0, "", 0),
        screened=_screened(me, now) if kind == "post" else None,
        promised_units=0,
    )


def _screened(me: str, now: int) -> ScreenedRow:
    return ScreenedRow(me, month_of(now), now, now, me, me, "", _HASH, _HASH, _HASH, _HASH, 0, 0, "", "", "")
