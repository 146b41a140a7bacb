"""After a crash: finish what a stopped process left between intent and outcome, and answer for it.

An attempt that had sent nothing is released; one that may have sent is unclear, never repeated and never resold. A
lead whose request died is closed by what its attempts became, so that a seller who asks again with the same key hears
the truth.
"""

from __future__ import annotations

from collections.abc import Callable

from exchange.clock import month_of
from exchange.flows.market import Market
from exchange.flows.settle import terms_of
from exchange.model.answer import Answer
from exchange.model.auction import AttemptState
from exchange.model.money import Money
from exchange.model.party import OnUnclear
from exchange.model.reason import Reason
from exchange.model.work import AnswerRow, Closing, LeadState, Move, Settlement
from exchange.stages.respond import respond
from exchange.storage.database import Row
from exchange.storage.recovery import abandoned_requests, end_abandoned
from exchange.storage.selling import advance, interrupted_attempts, lead_attempts, read_lead

Write = Callable[[dict[str, object], str], tuple[bytes, str]]
_BEGUN = (AttemptState.RESERVED.value, AttemptState.SENDING.value)


async def recover(market: Market, before: int, write: Write) -> int:
    """Take up everything begun before an instant and not ended. Returns how many requests were closed."""
    while attempts := await market.db.write(interrupted_attempts, before):
        for attempt in attempts:
            await market.db.write(advance, Move((await _interrupted(market, attempt),)))
    closed = 0
    while requests := await market.db.write(abandoned_requests, before):
        for request in requests:
            await _close(market, request, write)
            closed += 1
    return closed


async def recover_request(market: Market, request: Row, write: Write) -> None:
    """Take up one request whose process is known to be gone, whenever it began."""
    for attempt in await market.db.write(lead_attempts, request["lead_id"]) if request["lead_id"] else []:
        if attempt["request_id"] == request["id"] and attempt["state"] in _BEGUN:
            await market.db.write(advance, Move((await _interrupted(market, attempt),)))
    await _close(market, request, write)


async def _interrupted(market: Market, attempt: Row) -> Settlement:
    now = market.clock.now()
    sent = attempt["state"] == AttemptState.SENDING.value
    settle_after = None
    if sent:
        contract = await terms_of(market, attempt)
        if contract.on_unclear is not OnUnclear.ASK:
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
    attempts = await market.db.write(lead_attempts, request["lead_id"]) if lead is not None else []
    answer, state = _answer(request, lead, attempts)
    row = _answer_row(market, request, answer, now, write)
    campaign = market.deals.campaigns.get(request["campaign_id"] or "")
    if lead is None or campaign is None:
        await market.db.write(end_abandoned, row, None)
        return
    days = campaign.duplicate_days
    window_ms = (market.verticals[lead["vertical"]].duplicate_days if days is None else days) * 86_400_000
    taken = state in (LeadState.SOLD, LeadState.UNCLEAR, LeadState.PENDING)
    closing = Closing(
        lead["id"],
        month_of(now),
        now,
        state,
        answer.reason.slug if answer.reason is not None else None,
        row,
        now + window_ms if taken else None,
        event="The exchange stopped while it worked on this lead, and took it up again.",
    )
    await market.db.write(end_abandoned, row, closing)


def _answer(request: Row, lead: Row | None, attempts: list[Row]) -> tuple[Answer, LeadState]:
    """What the seller would have heard, had the process lived."""
    test = request["mode"] == "test"
    states = {row["state"] for row in attempts}
    if lead is not None and "accepted" in states:
        price = Money(lead["payout_units"], lead["currency"])
        sold = Answer(
            "accepted", request["id"], lead_id=lead["id"], price=price, times_sold=lead["times_sold"], test=test
        )
        return sold, LeadState.SOLD
    if lead is not None and states & {"unclear", "pending"}:
        reason = Reason.OUTCOME_UNCLEAR if "unclear" in states else Reason.AWAITING_RECEIPT
        state = LeadState.UNCLEAR if "unclear" in states else LeadState.PENDING
        return Answer("queued", request["id"], 202, lead_id=lead["id"], reason=reason, test=test), state
    gone = Answer("error", request["id"], 503, reason=Reason.INTERNAL, test=test, retry_after=1)
    return gone, LeadState.UNSOLD


def _answer_row(market: Market, request: Row, answer: Answer, now: int, write: Write) -> AnswerRow:
    took_ms = now - request["received_at"]
    body, content_type = write(respond(answer, took_ms), request["answer_format"])
    data_key = market.vault.data_key(bytes(request["wrapped"])) if request["wrapped"] is not None else None
    sealed = market.vault.seal(data_key, f"answer:{request['id']}", body) if data_key is not None else b""
    reason = answer.reason.slug if answer.reason is not None else None
    return AnswerRow(request["id"], answer.http_status, answer.status, reason, sealed, content_type, took_ms)
