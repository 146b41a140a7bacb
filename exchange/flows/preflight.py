"""A lead looked at before it is posted: what is wrong with it, and how many contracts would be asked.

Nothing is asked of anybody and nothing is kept but that the request was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exchange.flows.ask import eligible
from exchange.flows.case import Case, begin
from exchange.flows.checks import looked_at
from exchange.flows.doors import Write
from exchange.flows.entry import in_words, refused_at_once
from exchange.flows.market import Market
from exchange.flows.quote import least_price
from exchange.flows.specs import docs_of
from exchange.flows.submit import Written
from exchange.model.answer import Answer
from exchange.model.lead import Submission
from exchange.model.party import Disclosure
from exchange.model.reason import Reason
from exchange.model.work import AnswerRow, RequestRow
from exchange.stages.respond import respond
from exchange.storage.arrivals import save_arrivals
from exchange.storage.requests import bought_before

ENDPOINT = "validate"
# What would tell how a buyer stands is one word for sellers.
_BUSY = frozenset({"cap", "budget", "pacing", "balance", "health", "rate", "deadline"})
_CLOSED = frozenset({"contract_active", "buyer_active"})


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many contracts would be asked, and for the others how many each check kept out."""

    asked: int
    kept_out: Mapping[str, int]


async def preflight(submission: Submission, market: Market, write: Write) -> Written:
    """Answer what a post of this lead would meet. Only the request's own row is stored, without what was sent."""
    case = begin(submission, market)
    refusal = refused_at_once(case, market) or looked_at(case)
    outlook = None
    if refusal is None:
        bought = await market.db.read(bought_before, case.phone_index, case.email_index)
        outlook = look(case._replace(bought=bought), market)
    answer = refusal or Answer("valid", submission.id)
    answer = answer._replace(
        warnings=case.normalized.warnings,
        seller_lead_id=case.lead.seller_lead_id,
        test=not case.live,
    )
    took_ms = round(case.trail.elapsed_ms())
    fields = respond(answer, took_ms, docs_of(market, case.campaign), case.campaign.disclosure)
    if outlook is not None:
        fields = _with_outlook(fields, outlook, case.campaign.disclosure)
    body, content_type = write(fields, submission.answer_format)
    status_code = 200 if case.campaign.always_200 else answer.http_status
    reason = answer.reason.slug if answer.reason is not None else None
    wrong = in_words(answer.errors)
    row = AnswerRow(submission.id, status_code, answer.status, reason, b"", content_type, took_ms, wrong)
    await market.db.write(save_arrivals, ((_request_row(submission), row),))
    headers = (("Retry-After", str(answer.retry_after)),) if answer.retry_after is not None else ()
    return Written(status_code, body, content_type, headers)


def look(case: Case, market: Market) -> Outlook:
    """Judge every contract of the vertical in its tier, as a post would. Contracts of the other mode do not count."""
    least = least_price(case)
    if least is None:
        return Outlook(0, {Reason.BELOW_FLOOR.slug: 1})
    asked = {contract.id for tier in case.campaign.tiers for contract in eligible(case, market, least, tier)}
    kept_out: Counter[str] = Counter()
    for contract_id, verdict in case.trail.verdicts().items():
        if contract_id not in asked and case.deals.contracts[contract_id].mode is case.mode:
            kept_out[_cause([name for name, _, _ in verdict["failed"]])] += 1
    return Outlook(len(asked), dict(sorted(kept_out.items())))


def _cause(failed: list[str]) -> str:
    """The first check that failed, in a seller's words. The tier counts last: judging goes through all of them."""
    checks = [name.partition(":")[0] for name in failed]
    for check, name in zip(checks, failed, strict=True):
        if check in _CLOSED:
            return "closed"
        if check in _BUSY:
            return "no_room"
        if check != "tier":
            return name
    return "tier" if checks else "sale_mode"


def _with_outlook(fields: dict[str, Any], outlook: Outlook, disclosure: Disclosure) -> dict[str, Any]:
    """What the campaign discloses: everything, the number asked, or whether anybody is."""
    told: dict[str, Any] = {"status": fields["status"], "would_be_asked": outlook.asked > 0}
    if disclosure is not Disclosure.CODE:
        told["contracts_asked"] = outlook.asked
    if disclosure is Disclosure.FULL:
        told["not_asked"] = [{"check": check, "contracts": count} for check, count in outlook.kept_out.items()]
    return {**told, **fields}


def _request_row(submission: Submission) -> RequestRow:
    return RequestRow(
        submission.id,
        submission.month,
        submission.received_at,
        ENDPOINT,
        submission.channel,
        submission.remote_ip,
        submission.seller_id,
        submission.campaign_id,
        submission.key_id,
        submission.mode.value,
        None,
        None,
        submission.content_type,
        submission.answer_format,
        None,
        "ping",
    )
