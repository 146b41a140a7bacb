"""Whether a campaign takes a submission at all, before anything is asked of anyone. Checks in a fixed order:
test key, campaign, fields, source, the campaign's gate, forced test outcomes. The vertical's consent is judged with
what else is asked about a lead."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.model.answer import Answer
from exchange.model.lead import Lead, Mode, Problem, Submission
from exchange.model.party import Campaign, State
from exchange.model.reason import Reason
from exchange.stages.gate import Gatekeeper

_UNUSED: Mapping[str, int] = MappingProxyType({})
_NOT_LIVE = "The campaign takes test leads only until it goes live."


def admit(
    submission: Submission,
    campaign: Campaign,
    lead: Lead,
    problems: tuple[Problem, ...],
    gate: Gatekeeper | None = None,
    use: Mapping[str, int] = _UNUSED,
) -> Answer | None:
    """The refusal, or None when the lead may go on. `use` is what the caps of the gate have used."""
    if campaign.state is not State.ACTIVE:
        return _refuse(submission, Reason.CAMPAIGN_PAUSED, 403, campaign.paused_reason)
    if not campaign.live and submission.mode is Mode.LIVE:
        return _refuse(submission, Reason.CAMPAIGN_PAUSED, 403, _NOT_LIVE)
    if problems:
        return Answer("invalid", submission.id, 422, reason=Reason.INVALID, errors=problems)
    if lead.tracking.get("sub_id1") in campaign.blocked_sub_ids:
        return _refuse(submission, Reason.FILTERED, 200, "The operator blocks this sub_id1.")
    refused = gate.refusal(lead, submission.received_at, use) if gate is not None else None
    if refused is not None:
        return Answer("rejected", submission.id, reason=refused[0], details=(refused[1],))
    return _forced(submission, lead.test_outcome) if submission.mode is Mode.TEST else None


def _refuse(submission: Submission, reason: Reason, status: int, message: str) -> Answer:
    return Answer("rejected", submission.id, status, reason=reason, message=message or reason.sentence)


def _forced(submission: Submission, outcome: str | None) -> Answer | None:
    """What a test lead asked for by its magic ZIP, where the line itself cannot bring it about."""
    match outcome:
        case "duplicate":
            return Answer("duplicate", submission.id, reason=Reason.DUPLICATE_EXCHANGE)
        case "fraud":
            return _refuse(submission, Reason.FRAUD_SCORE, 200, "")
        case "server_error":
            return Answer("error", submission.id, 503, reason=Reason.INTERNAL, retry_after=1)
        case _:
            return None
