"""After a crash: finish what a stopped process left between intent and outcome, and answer for it.

An attempt that had sent nothing is released; one that may have sent is unclear, never repeated and never resold. A
lead whose request died is closed by what its attempts became, so that a seller who asks again with the same key hears
the truth.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from exchange.clock import month_of
from exchange.flows.answers import write_answer
from exchange.flows.doors import Write
from exchange.flows.jobs import RESALE
from exchange.flows.market import Market
from exchange.flows.settle import campaign_of, claim_until, terms_of
from exchange.flows.specs import docs_of
from exchange.flows.tell import tell_seller
from exchange.model.answer import Answer
from exchange.model.auction import AttemptState
from exchange.model.ledger import Transaction
from exchange.model.money import Money
from exchange.model.party import Campaign, Disclosure, OnUnclear
from exchange.model.reason import Reason
from exchange.model.work import AnswerRow, Closing, JobRow, LeadState, Move, Settlement, state_after
from exchange.stages.respond import respond
from exchange.stages.settle import promise_rest, promise_transaction
from exchange.storage.database import Row
from exchange.storage.recovery import abandoned_requests, end_abandoned
from exchange.storage.selling import advance, interrupted_attempts, lead_attempts, read_lead

_LOG = logging.getLogger("exchange.flows.recover")
_BEGUN = (AttemptState.RESERVED.value, AttemptState.SENDING.value)
_NOT_TAKEN = (AttemptState.REJECTED.value, AttemptState.FAILED.value)


async def recover(market: Market, before: int, write: Write) -> int:
    """Take up everything begun before an instant and not ended. Returns how many requests were closed.

    What cannot be taken up is logged and left, so that it keeps nothing else waiting.
    """
    while attempts := await market.db.write(interrupted_attempts, before):
        if not [attempt for attempt in attempts if await _done(_release(market, attempt), "delivery", attempt["id"])]:
            break
    closed = 0
    while requests := await market.db.write(abandoned_requests, before):
        ended = [
            request for request in requests if await _done(_close(market, request, write), "request", request["id"])
        ]
        closed += len(ended)
        if not ended:
            break
    return closed


async def _done(work: Awaitable[None], what: str, row_id: str) -> bool:
    try:
        await work
    except Exception as error:
        _LOG.error("%s %s was not taken up: %s", what, row_id, type(error).__name__)
        return False
    return True


async def _release(market: Market, attempt: Row) -> None:
    await market.db.write(advance, Move((await _interrupted(market, attempt),)))


async def recover_request(market: Market, request: Row, write: Write) -> None:
    """Take up one request whose process is known to be gone, whenever it began."""
    for attempt in await market.db.write(lead_attempts, request["lead_id"]) if request["lead_id"] else []:
        if attempt["request_id"] == request["id"] and attempt["state"] in _BEGUN:
            await _release(market, attempt)
    await _close(market, request, write)


async def _interrupted(market: Market, attempt: Row) -> Settlement:
    now = market.clock.now()
    sent = attempt["state"] == AttemptState.SENDING.value
    settle_after = None
    contract = await terms_of(market, attempt) if sent else None
    if contract is not None and contract.on_unclear is not OnUnclear.ASK:
        settle_after = now + contract.unclear_after_ms
    return Settlement(
        attempt["id"],
        attempt["lead_id"],
        attempt["month"],
        AttemptState.UNCLEAR if sent else AttemptState.FAILED,
        Reason.INTERRUPTED.slug,
        Reason.INTERRUPTED.sentence,
        Money(attempt["price_units"], attempt["currency"]),
        attempt["buyer_reference"],
        now,
        settle_after,
        expected=(attempt["state"],),
    )


async def _close(market: Market, request: Row, write: Write) -> None:
    lead = await market.db.write(read_lead, request["lead_id"]) if request["lead_id"] else None
    now = market.clock.now()
    resale = request["endpoint"] == RESALE
    if lead is None or (lead["subject"] != request["id"] and not resale):
        answer = Answer("error", request["id"], 503, reason=Reason.INTERNAL, retry_after=1)
        await market.db.write(end_abandoned, _answer_row(market, request, answer, now, write), None)
        return
    attempts = await market.db.write(lead_attempts, lead["id"])
    state = state_after([row["state"] for row in attempts])
    campaign = await campaign_of(market, lead)
    extra = _promised(lead, attempts, campaign, now) if state is LeadState.SOLD and not resale else None
    answer = _answer(request, lead, attempts, state, campaign, extra)
    row = _answer_row(market, request, answer, now, write)
    closing = Closing(
        lead["id"],
        month_of(now),
        now,
        state,
        answer.reason.slug if answer.reason is not None else None,
        row,
        claim_until(market, lead, state, now),
        extra=extra,
        jobs=_told(market, request, lead, attempts, answer, now),
        event="The exchange stopped while it worked on this lead, and took it up again.",
    )
    left_to_its_job = resale and (state is LeadState.UNSOLD or _still_offered(request, lead, attempts))
    await market.db.write(end_abandoned, row, None if left_to_its_job else closing)


def _still_offered(request: Row, lead: Row, attempts: list[Row]) -> bool:
    """Whether a lead that came back, and is sold to whoever gave it back only, was taken by nobody yet."""
    own = (row["state"] for row in attempts if row["request_id"] == request["id"])
    return bool(lead["state"] == LeadState.SELLING.value) and all(state in _NOT_TAKEN for state in own)


def _told(market: Market, request: Row, lead: Row, attempts: list[Row], answer: Answer, now: int) -> tuple[JobRow, ...]:
    """Nobody heard the answer, so a sale is told by postback. One that waits is told once it is settled; and who
    gets nothing sold by this request hears nothing new."""
    campaign = market.deals.campaigns.get(lead["campaign_id"])
    sold = any(row["state"] == "accepted" and row["request_id"] == request["id"] for row in attempts)
    if campaign is None or not sold or answer.price is None:
        return ()
    return tell_seller(market, campaign, lead, LeadState.SOLD, answer.price, now)


def _promised(lead: Row, attempts: list[Row], campaign: Campaign, now: int) -> Transaction | None:
    """What is left of a shared lead's promise, which the request would have made up at its end."""
    promises = [row["promised_units"] for row in attempts if row["promised_units"] is not None]
    shared = all(not row["exclusive"] for row in attempts if row["state"] == "accepted")
    if not promises or not shared or lead["mode"] != "live":
        return None
    promised, revenue, paid = (
        Money(units, lead["currency"]) for units in (promises[0], lead["revenue_units"], lead["payout_units"])
    )
    rest = promise_rest(promised, revenue, paid, campaign)
    return promise_transaction(lead["id"], lead["seller_id"], rest, now, month_of(now)) if rest.units else None


def _answer(
    request: Row, lead: Row, attempts: list[Row], state: LeadState, campaign: Campaign, extra: Transaction | None
) -> Answer:
    """What the seller would have heard, had the process lived."""
    told = Answer(
        "error",
        request["id"],
        lead_id=lead["id"],
        seller_lead_id=lead["seller_lead_id"],
        test=request["mode"] == "test",
    )
    if state is LeadState.SOLD:
        price = Money(lead["payout_units"], lead["currency"])
        for posting in extra.postings if extra is not None else ():
            price = price + posting.money
        exclusive = any(row["exclusive"] for row in attempts if row["state"] == "accepted") or campaign.slots == 1
        return told._replace(status="accepted", price=price, times_sold=lead["times_sold"], exclusive=exclusive)
    if state is LeadState.UNCLEAR and campaign.unclear_answer == "unsold":
        return told._replace(status="unsold", reason=Reason.OUTCOME_UNCLEAR)
    if state in (LeadState.UNCLEAR, LeadState.PENDING):
        reason = Reason.OUTCOME_UNCLEAR if state is LeadState.UNCLEAR else Reason.AWAITING_RECEIPT
        return told._replace(status="queued", http_status=202, reason=reason)
    return told._replace(http_status=503, lead_id=None, reason=Reason.INTERNAL, retry_after=1)


def _answer_row(market: Market, request: Row, answer: Answer, now: int, write: Write) -> AnswerRow:
    took_ms = now - request["received_at"]
    campaign = market.deals.campaigns.get(request["campaign_id"] or "")
    disclosure = campaign.disclosure if campaign is not None else Disclosure.FULL
    fields = respond(answer, took_ms, docs_of(market, campaign), disclosure)
    body, content_type = write_answer(write, fields, request["answer_format"], campaign)
    data_key = market.vault.data_key(bytes(request["wrapped"])) if request["wrapped"] is not None else None
    sealed = market.vault.seal(data_key, f"answer:{request['id']}", body) if data_key is not None else b""
    reason = answer.reason.slug if answer.reason is not None else None
    status_code = 200 if campaign is not None and campaign.always_200 else answer.http_status
    return AnswerRow(request["id"], status_code, answer.status, reason, sealed, content_type, took_ms)
