"""Proofs kept in time: when a lead is sold, the vendor of its certificate is told to keep it, until it answers.

A post leaves a row for each proof it brought; a duty looks which of their leads were sold, by whatever way, and queues
a durable job for each. The vendor's answer is the receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import orjson

from exchange.clock import month_of
from exchange.connector import Terms
from exchange.courier.call import Call, Result
from exchange.flows.case import Case
from exchange.flows.job_ends import DestinationDown, Ended
from exchange.flows.jobs import RETAIN, job
from exchange.flows.market import Market
from exchange.flows.stored_lead import stored_lead
from exchange.flows.trail import wire_lines
from exchange.flows.verifier import ReadyVerifier
from exchange.model.lead import Kind, Lead
from exchange.model.verification import DAY_MS, Kept, ProofEnd, ProofRow, VerifierRule
from exchange.model.work import JobRow, LeadState, WiresRow
from exchange.stages.verification import cost
from exchange.storage.closing import add_wires
from exchange.storage.database import Row
from exchange.storage.leads import key_of
from exchange.storage.proofs import end_proof, make_due, read_proof, sold_proofs
from exchange.storage.selling import read_lead

STAGE = "retain"
KEEPABLE_DAYS = 90  # longer no vendor keeps a proof that nobody asked it to keep
LATE_MS = 48 * 3_600_000  # a certificate nobody retained is gone after 72 hours: there is a day to find out why
_AT_ONCE = 100
_NEVER_SOLD = (LeadState.INVALID, LeadState.REJECTED, LeadState.DUPLICATE)
_SECONDS = 20.0


class NotKept(Exception):
    """The vendor gave no answer that counts; the job comes again. Its text holds nothing personal."""


def proofs_of(case: Case, state: LeadState) -> tuple[ProofRow, ...]:
    """The proofs that came with a live post and that their vendors keep when they are told to, if it may be sold."""
    if not case.live or case.submission.kind is Kind.PING or state in _NEVER_SOLD:
        return ()
    rules = case.campaign.verifiers if case.campaign.verifiers is not None else case.vertical.verifiers
    return tuple(
        ProofRow(case.lead.id, rule.verifier, case.submission.month, case.submission.id, case.submission.received_at)
        for rule in rules
        if (ready := case.deals.shapes.verifiers.get(rule.verifier)) is not None
        and ready.keeps is not None
        and _has_proof(ready, case.lead)
    )


def _has_proof(ready: ReadyVerifier, lead: Lead) -> bool:
    asking = ready.verifier.asking(lead)
    return not asking.unfit and not asking.missing


async def plan_proofs(market: Market) -> None:
    """Queue the keeping of proofs whose leads were sold."""
    now = market.clock.now()
    rows = await market.db.read(sold_proofs, now - KEEPABLE_DAYS * DAY_MS, _AT_ONCE)
    if rows:
        await market.db.write(make_due, [(row["lead_id"], row["verifier"], _job(market, row, now)) for row in rows])


def _job(market: Market, row: Row, now: int) -> JobRow:
    lead_id, verifier = row["lead_id"], row["verifier"]
    payload: dict[str, object] = {"lead_id": lead_id, "verifier": verifier}
    return job(market, f"{RETAIN}:{verifier}", RETAIN, payload, now, now, f"{RETAIN}:{lead_id}:{verifier}")


async def retain(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """Have one proof kept. Raises `DestinationDown` while the vendor is away, `NotKept` when it makes no sense."""
    lead_id, name = str(payload["lead_id"]), str(payload["verifier"])
    proof, row = await market.db.read(read_proof, lead_id, name), await market.db.write(read_lead, lead_id)
    if proof is None or row is None or proof["state"] != "due":
        return Ended.UNASKED
    campaign = market.deals.campaigns.get(row["campaign_id"])
    lead = await stored_lead(market, row, campaign) if campaign is not None else None
    wrapped = await market.db.write(key_of, proof["subject"])
    if lead is None or wrapped is None:
        await _end(market, proof, Kept(False, "the lead's values were erased"), None, None)
        return Ended.UNASKED
    ready = market.deals.shapes.verifiers.get(name)
    if ready is None or ready.keeps is None:
        raise NotKept(f"no verifier {name} keeps proofs")
    result = await _asked(market, ready, lead, _settings(market, row, name))
    await _record(market, proof, wrapped, name, result)
    if result.lost is not None:
        raise DestinationDown(result.lost.detail or result.lost.why.slug)
    if not isinstance(result.answer, Kept):
        raise NotKept(result.error.why if result.error is not None else "no answer came")
    await _end(market, proof, result.answer, ready, wrapped)
    return None


def _settings(market: Market, row: Row, name: str) -> Mapping[str, str]:
    campaign, vertical = market.deals.campaigns[row["campaign_id"]], market.verticals.get(row["vertical"])
    rules: tuple[VerifierRule, ...] = vertical.verifiers if vertical is not None else ()
    rules = campaign.verifiers if campaign.verifiers is not None else rules
    return next((dict(rule.settings) for rule in rules if rule.verifier == name), {})


async def _asked(market: Market, ready: ReadyVerifier, lead: Lead, settings: Mapping[str, str]) -> Result:
    assert ready.keeps is not None
    terms = Terms(market.clock.now(), lead.id, ready.secrets)
    call = Call(f"verifier:{ready.card.name}", ready.keeps.retain(lead, terms, settings), delivers=False)
    return await market.courier.converse(call, market.clock.monotonic() + _SECONDS)


async def _record(market: Market, proof: Row, wrapped: bytes, name: str, result: Result) -> None:
    """The request and the reply, kept as those of the verification are."""
    if not result.records:
        return
    now = market.clock.now()
    wires_id = market.ids.new("wir", now)
    lines = orjson.dumps(wire_lines(f"verifier:{name}", STAGE, None, result.records))
    sealed = market.vault.seal(market.vault.data_key(wrapped), f"wires:{wires_id}", lines)
    await market.db.write(
        add_wires, WiresRow(wires_id, proof["lead_id"], month_of(now), now, proof["subject"], sealed, "lead")
    )


async def _end(market: Market, proof: Row, answer: Kept, ready: ReadyVerifier | None, wrapped: bytes | None) -> None:
    now = market.clock.now()
    lead_id, name = proof["lead_id"], proof["verifier"]
    title = ready.card.title if ready is not None else name
    receipt = None
    if answer.reference is not None and wrapped is not None:
        key = market.vault.data_key(wrapped)
        receipt = market.vault.seal(key, f"receipt:{lead_id}:{name}", answer.reference.encode())
    why = f": {answer.detail}" if answer.detail else ""
    until = f" until {datetime.fromtimestamp(answer.until / 1000, UTC):%Y-%m-%d}" if answer.until is not None else ""
    sentence = f"{title} is kept by its vendor{until}" if answer.kept else f"{title} could not be kept{why}"
    end = ProofEnd(
        lead_id,
        name,
        month_of(now),
        "kept" if answer.kept else "refused",
        now,
        answer.until,
        answer.detail,
        sentence,
        receipt,
    )
    booked = None
    if answer.kept and ready is not None and ready.card.retain_cost is not None:
        card = ready.card
        booked = cost(card.vendor, ready.card.retain_cost, f"{STAGE}:{lead_id}:{name}", now, month_of(now), lead_id)
    await market.db.write(end_proof, end, booked)
