"""Every request of a seller, from the front door to its answer: open, decide, close. Nothing is answered unstored."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import NamedTuple

import orjson

from exchange.flows.answers import write_answer
from exchange.flows.by_hand import audit_line
from exchange.flows.case import (
    Case,
    begin,
    checks_duplicates,
    claims,
    claims_until,
    idempotency,
    lead_row,
    own_lead,
    ping_id,
    request_row,
    retention_of,
)
from exchange.flows.check_duplicates import check as look_who
from exchange.flows.check_duplicates import found_taken, taken_by_another
from exchange.flows.check_harvest import note_refusal
from exchange.flows.checks import check, deciding, tell_findings
from exchange.flows.checks import refusal as refusal_of
from exchange.flows.direct import direct
from exchange.flows.doors import Write
from exchange.flows.entry import in_words, refused_at_once, wrong_fields
from exchange.flows.follow_up import jobs_after
from exchange.flows.lead_terms import with_terms
from exchange.flows.market import Market, Running
from exchange.flows.news import news_of
from exchange.flows.proofs import proofs_of
from exchange.flows.quote import QUOTE, quote
from exchange.flows.screen_alerts import alert_jobs
from exchange.flows.sell import Sold, sell
from exchange.flows.sightings import sighting_in
from exchange.flows.specs import docs_of, note_step, step_of
from exchange.model.actor import Actor, Role
from exchange.model.answer import Answer
from exchange.model.auction import Quote
from exchange.model.lead import Kind, Problem, Submission
from exchange.model.party import Disclosure
from exchange.model.reason import Reason
from exchange.model.work import (
    AnswerRow,
    Checked,
    Closing,
    Duplicate,
    Idempotency,
    JobRow,
    KeyConflict,
    LeadState,
    Move,
    Opened,
    Opening,
    QuoteGone,
    QuoteRow,
    Replay,
    Unmapped,
)
from exchange.stages.bind import differing_fields
from exchange.stages.normalize import redact
from exchange.stages.respond import redirect_for, respond
from exchange.storage.arrivals import save_arrivals
from exchange.storage.requests import (
    answer_conflict,
    answer_request,
    open_beside,
    open_request,
    read_replay,
    store_answer,
)
from exchange.storage.selling import advance
from exchange.vault import Vault

_POLL_SECONDS = 0.05


class Written(NamedTuple):
    """An answer as it leaves."""

    status_code: int
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()


async def submit(submission: Submission, market: Market, write: Write) -> Written:
    """Work one request. Two equal requests at once: one runs, the other hears its answer."""
    case = begin(submission, market)
    body_hash = sha256(submission.raw).digest()
    key = idempotency(case, body_hash)
    if key is None:
        return await _work(case, market, write, None)
    running = market.live.running
    scope = (key.seller_id, key.endpoint, key.key)
    while (first := running.get(scope)) is not None:
        await asyncio.wait([first.ended], timeout=max(case.time_left_ms(market), 0) / 1000)
        if not first.ended.done():
            return await _work(case, market, write, key)  # our time is up: the storage says that the first still runs
        if first.body_hash == body_hash and (again := await _repeat(case, market, write, first.request_id)):
            return again
    mine = running[scope] = Running(submission.id, body_hash, asyncio.get_running_loop().create_future())
    try:
        return await _work(case, market, write, key)
    finally:
        del running[scope]
        mine.ended.set_result(None)


async def _repeat(case: Case, market: Market, write: Write, first: str) -> Written | None:
    """The answer of a request that was the same and ran at the same time; None when it has none."""
    replay = await market.db.read(read_replay, first)
    if replay is None or replay.body is None or replay.wrapped is None:
        return None
    written, row = Closer(market, write, None).again(case, replay)
    request = request_row(case, market, _stored_body(case))._replace(lead_id=None)
    await market.db.write(save_arrivals, ((request, row),))
    return written


async def _work(case: Case, market: Market, write: Write, key: Idempotency | None) -> Written:
    refusal = refused_at_once(case, market)
    if refusal is not None:
        case = own_lead(case)
    opening = Opening(
        request_row(case, market, _stored_body(case)),
        lead_row(case, market, LeadState.OPEN, None),
        key,
        claims(case) if refusal is None else (),
        case.lead.ping_id if refusal is None and case.submission.kind is Kind.POST else None,
        case.campaign.expired == "reauction",
        sighting_in(case, market) if checks_duplicates(case) else None,
    )
    opened = await market.db.write_first(open_request, opening)
    closer = Closer(market, write, key)
    if isinstance(opened, Opened | Duplicate):
        case = case._replace(seen=opened.seen)
    if isinstance(opened, Duplicate) and taken_by_another(case, market, opened):
        opened = await market.db.write_first(open_beside, opening, opened)
    if not isinstance(opened, Opened):
        return await _not_opened(case, closer, opened)
    case = case.knowing(opened.bought)
    if refusal is not None:
        case = tell_findings(await look_who(case, market) if checks_duplicates(case) else case)
        state = LeadState.INVALID if refusal.status == "invalid" else LeadState.REJECTED
        return await closer.close(case, _echo(refusal, case), state)
    case = await check(case, market)
    if deciding(case.findings) is not None:
        return await closer.refuse(case)
    case = with_terms(case, market)
    if case.submission.kind is Kind.PING:
        answer, state, row = await quote(case, market)
        return await closer.close(case, _echo(answer, case), state, quote_row=row)
    return await _sell(case, market, closer, opened)


async def _sell(case: Case, market: Market, closer: Closer, opened: Opened) -> Written:
    made: Quote | None = None
    if opened.quote is not None:
        document = orjson.loads(opened.quote["document"])
        made = QUOTE.validate_python(document["quote"])
        if differ := differing_fields(case.lead, case.vertical, document["values"]):
            if case.campaign.mismatch.value == "reject":
                answer = Answer("rejected", case.submission.id, reason=Reason.PING_MISMATCH, details=differ)
                return await closer.close(case, _echo(answer, case), LeadState.REJECTED, free_quote=made.id)
            case.trail.step("bind", "The post differs from its ping: asked again", ", ".join(differ))
            made = None
    elif case.submission.kind is Kind.POST and case.lead.ping_id is not None:
        case.trail.step("bind", "The price of the ping had expired: asked again")
    sold = await sell(case, market, made) if made is not None else await direct(case, market)
    answer = _echo(sold.answer, case)
    if sold.state is LeadState.REJECTED and answer.reason is not None:
        note_refusal(case, market, answer.reason)
    refused = case.lead.ping_id if sold.state is LeadState.REJECTED else None  # the price of its ping is free again
    return await closer.close(case, answer, sold.state, sold=sold, free_quote=refused)


def _stored_body(case: Case) -> bytes:
    """What is kept of the body: a post as it came, a ping without personal values it should not have carried."""
    if case.submission.kind is Kind.PING:
        return orjson.dumps(redact(case.submission, case.normalized))
    return case.submission.raw


def _echo(answer: Answer, case: Case) -> Answer:
    """The answer with what every answer carries: whose lead it is about, and the warnings."""
    is_ping = case.submission.kind is Kind.PING
    return answer._replace(
        lead_id=None if is_ping else case.lead.id,
        ping_id=ping_id(case) if is_ping else None,
        seller_lead_id=case.lead.seller_lead_id,
        redirect_url=None if is_ping else answer.redirect_url or redirect_for(answer, case.campaign),
        warnings=(*case.normalized.warnings, *_of_scrub(case)),
        test=not case.live,
    )


def _of_scrub(case: Case) -> tuple[Problem, ...]:
    """The scrub's warnings, as far as the campaign discloses: what was put right, and what counts against the lead."""
    match case.campaign.disclosure:
        case Disclosure.FULL:
            return (*case.corrected, *case.doubted)
        case Disclosure.CATEGORY:
            return case.corrected
        case Disclosure.CODE:
            return ()


async def _not_opened(case: Case, closer: Closer, opened: Replay | KeyConflict | QuoteGone | Duplicate) -> Written:
    request_id = case.submission.id
    match opened:
        case Replay():
            return await closer.replay(case, opened)
        case KeyConflict():
            answer = Answer("error", request_id, 409, reason=Reason.IDEMPOTENCY_CONFLICT, test=not case.live)
            return await closer.conflict(case, answer, opened)
        case QuoteGone(why=None):
            answer = Answer("error", request_id, 404, reason=Reason.NOT_FOUND, message="There is no such ping_id.")
            return await closer.answer_only(case, answer)
        case QuoteGone(why=why):
            reason = Reason.PING_EXPIRED if why == "expired" else Reason.PING_USED
            answer = Answer("rejected", request_id, reason=reason)
            return await closer.answer_only(case, _echo(answer, case))
        case Duplicate():
            case = tell_findings(found_taken(case, closer.market, opened))
            return await closer.refuse(case)


class Closer:
    """Ends a request: writes the answer, seals it, and stores both with everything that is still to be stored."""

    def __init__(self, market: Market, write: Write, key: Idempotency | None) -> None:
        self.market, self.write, self.key = market, write, key

    async def close(
        self,
        case: Case,
        answer: Answer,
        state: LeadState,
        *,
        sold: Sold | None = None,
        quote_row: QuoteRow | None = None,
        free_quote: str | None = None,
        claims_until: int | None = None,
        jobs: tuple[JobRow, ...] = (),
    ) -> Written:
        written, row = self._written(case, answer)
        wires = case.trail.wire_document()
        wires_id = f"wir_{case.submission.id[4:]}"
        market = self.market
        now = market.clock.now()
        closing = Closing(
            case.lead.id,
            case.submission.month,
            now,
            state,
            answer.reason.slug if answer.reason is not None else None,
            row,
            sold.claims_until if sold is not None else claims_until or _keeps(case, state, now),
            case.trail.document(),
            market.vault.seal(case.data_key, f"wires:{wires_id}", wires) if wires is not None else None,
            wires_id,
            case.submission.id,
            retention_of(case),
            quote_row,
            free_quote or (case.lead.ping_id if state is LeadState.UNSOLD and sold and not sold.placed.sales else None),
            case.duplicate_of,
            case.same_as,
            sold.promised.units if sold is not None and sold.promised is not None else None,
            sold.extra if sold is not None else None,
            (
                *jobs,
                *jobs_after(case, market, answer, sold, now),
                *news_of(case, market, answer, sold, now),
                *alert_jobs(case, market, now),
            ),
            _unmapped(case, market.vault) if case.live else (),
            idempotency=self.key,
            checked=_checked(case),
            proofs=proofs_of(case, state),
            screened=case.screened,
            wrong=wrong_fields(case, answer),
            looks=case.trail.looks(market.deals.contracts),
        )
        settled = sold.placed.settled if sold is not None else ()
        await market.db.write(advance, Move(settled=settled, closing=closing))
        if not case.live:
            await note_step(market, case.campaign.id, step_of(case.submission.kind, answer))
        return written

    async def refuse(self, case: Case) -> Written:
        """End a lead that a check keeps from buyers."""
        refused = refusal_of(case)
        assert refused is not None
        answer, state = refused
        held = state is LeadState.HELD
        if not held and answer.reason is not None:
            note_refusal(case, self.market, answer.reason)
        return await self.close(
            case,
            _echo(answer, case),
            state,
            free_quote=None if held else case.lead.ping_id,
            claims_until=claims_until(case, state, self.market.clock.now()) if held else None,
        )

    async def answer_only(self, case: Case, answer: Answer) -> Written:
        """The request leaves no lead of its own: its row gets the answer, and its key its end."""
        written, row = self._written(case, answer)
        await self.market.db.write(answer_request, row, self.key)
        return written

    async def conflict(self, case: Case, answer: Answer, conflict: KeyConflict) -> Written:
        """The key stays the first request's. Both bodies' hashes go into the audit log: somebody mixed them up."""
        written, row = self._written(case, answer)
        submission, now = case.submission, self.market.clock.now()
        line = audit_line(
            self.market.ids,
            now,
            Actor(Role.SELLER, submission.key_id, submission.seller_id),
            "request.key_conflict",
            f"request:{submission.id}",
            before={"request": conflict.request_id, "body_sha256": conflict.body_hash.hex()},
            after={"body_sha256": sha256(submission.raw).hexdigest()},
            ip=submission.remote_ip,
        )
        await self.market.db.write(answer_conflict, row, line)
        return written

    async def replay(self, case: Case, replay: Replay) -> Written:
        """The first answer again, byte for byte. While another process still works on it: wait, then `queued`."""
        market = self.market
        while replay.body is None and case.time_left_ms(market) > 0:
            await market.clock.sleep(_POLL_SECONDS)
            found = await market.db.read(read_replay, replay.request_id)
            replay = found if found is not None else replay
        if replay.body is None or replay.wrapped is None or replay.status_code is None:
            answer = Answer("queued", case.submission.id, 202, reason=Reason.STILL_RUNNING, test=not case.live)
            written, row = self._written(case, answer)
        else:
            written, row = self.again(case, replay)
        await market.db.write(store_answer, row)
        return written

    def again(self, case: Case, replay: Replay) -> tuple[Written, AnswerRow]:
        """An earlier answer as it left, and its row for the request that asked again."""
        assert replay.body is not None and replay.wrapped is not None and replay.status_code is not None
        vault, request_id = self.market.vault, case.submission.id
        body = vault.open(vault.data_key(replay.wrapped), f"answer:{replay.request_id}", replay.body)
        headers = (("Idempotent-Replayed", "true"),)
        written = Written(replay.status_code, body, replay.content_type or "application/json", headers)
        sealed = vault.seal(case.data_key, f"answer:{request_id}", body)
        took_ms = self._took_ms(case)
        row = AnswerRow(request_id, replay.status_code, "replayed", None, sealed, written.content_type, took_ms)
        return written, row

    def _written(self, case: Case, answer: Answer) -> tuple[Written, AnswerRow]:
        took_ms = self._took_ms(case)
        fields = respond(answer, took_ms, docs_of(self.market, case.campaign), case.campaign.disclosure)
        body, content_type = write_answer(self.write, fields, case.submission.answer_format, case.campaign)
        status_code = 200 if case.campaign.always_200 else answer.http_status
        reason = answer.reason.slug if answer.reason is not None else None
        case.trail.step("answer", f"Answered {answer.status}", *([reason] if reason else []))
        sealed = self.market.vault.seal(case.data_key, f"answer:{case.submission.id}", body)
        wrong = in_words(answer.errors)
        row = AnswerRow(case.submission.id, status_code, answer.status, reason, sealed, content_type, took_ms, wrong)
        headers = (("Retry-After", str(answer.retry_after)),) if answer.retry_after is not None else ()
        return Written(status_code, body, content_type, headers), row

    def _took_ms(self, case: Case) -> int:
        return round(case.trail.elapsed_ms())


def _keeps(case: Case, state: LeadState, now: int) -> int | None:
    """Until when a refused lead keeps its consumer. A duplicate holds nothing: the earlier lead does."""
    return claims_until(case, state, now) if state is LeadState.REJECTED else None


def _unmapped(case: Case, vault: Vault) -> tuple[Unmapped, ...]:
    """The answers that no rule knew, each with the keyed hash of what it says."""
    return tuple(
        Unmapped(contract_id, stage, vault.index("shape", shape)) for contract_id, stage, shape in case.trail.unmapped
    )


def _checked(case: Case) -> Checked | None:
    lead = case.lead
    told = Checked(lead.grade, lead.fraud, lead.score, case.features, lead.points)
    return told if any(part is not None for part in told) else None
