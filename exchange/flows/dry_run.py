"""A file of leads looked at before it is imported: what is wrong with its rows. Nothing is stored, nobody asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from exchange.flows.check_suppression import ask_lists
from exchange.flows.checks import deciding
from exchange.flows.estimate import Estimate, Estimator
from exchange.flows.imports import row_submission
from exchange.flows.market import Market
from exchange.model.batch import Record
from exchange.model.lead import Lead, Mode
from exchange.model.party import Campaign
from exchange.model.vertical import Vertical
from exchange.stages.admit import admit
from exchange.stages.consent_policy import judge_consent
from exchange.stages.duplicates.windows import scope_key, windows_of
from exchange.stages.normalize import normalize
from exchange.stages.scrub.lead import scrub
from exchange.storage.imports import taken_consumers

ASKED_AT_ONCE = 400  # consumers looked up in one read
_AT_A_STRETCH = 20  # rows, then others may work
_KNOWN_BYTES = 8  # of a consumer's hash: two of half a million share them once in 150 million files


@dataclass(slots=True)
class DryRun:
    """Counts of rows. `invalid_by` field, `rejected_by` reason; a row with two wrong fields counts in both.

    `no_consent` are rows that lack the consent their vertical asks for; they count as invalid or rejected too.
    """

    rows: int = 0
    valid: int = 0
    invalid: int = 0
    rejected: int = 0
    twice_in_file: int = 0
    in_exchange: int = 0
    no_consent: int = 0
    invalid_by: Counter[str] = field(default_factory=Counter)
    rejected_by: Counter[str] = field(default_factory=Counter)
    estimate: Estimate | None = None

    def as_report(self) -> dict[str, Any]:
        """What is told of it: by the API, on the command line and on the page."""
        return {
            "rows": self.rows,
            "valid": self.valid,
            "duplicate_in_file": self.twice_in_file,
            "in_exchange": self.in_exchange,
            "invalid": self.invalid,
            "invalid_by": dict(self.invalid_by.most_common()),
            "rejected": self.rejected,
            "rejected_by": dict(self.rejected_by.most_common()),
            "no_consent": self.no_consent,
            "would_earn": self.estimate.as_fields() if self.estimate is not None else None,
        }


async def dry_run(
    market: Market,
    campaign: Campaign,
    mode: Mode,
    records: Iterator[Record],
    on_row: Callable[[int], Awaitable[bool]],
    estimator: Estimator | None = None,
) -> DryRun:
    """Read every row as an import would, until there are no more or `on_row` says no.

    A consumer's second row counts as twice in the file, not as valid. What is valid goes to the estimator.
    """
    found = DryRun()
    seen: set[int] = set()
    waiting: list[tuple[tuple[bytes, ...], Lead]] = []
    scope = scope_key(campaign.duplicate_scope, mode.value, campaign.vertical, campaign.seller_id, campaign.id)
    for record in records:
        found.rows += 1
        lead = _judge(market, campaign, mode, record, found)
        if lead is not None:
            consumer = _consumer(market, campaign, lead)
            short = {int.from_bytes(each[:_KNOWN_BYTES]) for each in consumer}
            if short & seen:
                found.twice_in_file += 1
            else:
                waiting.append((consumer, lead))
            seen |= short
        if len(waiting) >= ASKED_AT_ONCE:
            await _look_up(market, scope, waiting, found, estimator)
        if not found.rows % _AT_A_STRETCH:
            await asyncio.sleep(0)
            if not await on_row(found.rows):
                return found
    await _look_up(market, scope, waiting, found, estimator)
    await on_row(found.rows)
    found.estimate = estimator.estimate() if estimator is not None else None
    return found


def _judge(market: Market, campaign: Campaign, mode: Mode, record: Record, found: DryRun) -> Lead | None:
    """The row as a lead that would be admitted, or None when it is counted already."""
    if record.fields is None:
        found.invalid += 1
        found.invalid_by["unreadable"] += 1
        return None
    vertical = market.verticals[campaign.vertical]
    submission = row_submission(market, campaign, mode, record, None)
    names = market.deals.intakes[campaign.id].names
    read = normalize(submission, campaign, vertical, names, "ld_dry", submission.received_at)
    refusal = admit(submission, campaign, read.lead, read.problems, market.deals.intakes[campaign.id].gate)
    scrubbed = scrub(read.lead, read.mended, (), market.deals.intakes[campaign.id].scrub_terms, market.scrub_tools)
    found.no_consent += not _consented(read.lead, vertical)
    if refusal is None:
        listed = ask_lists(scrubbed.lead, vertical, market).findings
        decided = deciding((*scrubbed.findings, *listed, judge_consent(scrubbed.lead, vertical)))
        if decided is None or decided.reason is None:
            return scrubbed.lead
        found.rejected += 1
        found.rejected_by[decided.reason.slug] += 1
        return None
    if refusal.errors:
        found.invalid += 1
        found.invalid_by.update({problem.field for problem in refusal.errors})
    else:
        found.rejected += 1
        found.rejected_by[refusal.reason.slug if refusal.reason is not None else refusal.status] += 1
    return None


def _consumer(market: Market, campaign: Campaign, lead: Lead) -> tuple[bytes, ...]:
    if not windows_of(campaign, market.verticals[campaign.vertical]).longest:
        return ()
    texts = (("phone", lead.text("phone")), ("email", lead.text("email")))
    return tuple(market.vault.index(kind, text.lower()) for kind, text in texts if text is not None)


def _consented(lead: Lead, vertical: Vertical) -> bool:
    """Whether the consent that the vertical asks for is there."""
    consent = lead.consent
    given = {
        "tcpa_consent": consent.given,
        "trustedform_cert_url": consent.trustedform_url is not None,
        "jornaya_leadid": consent.jornaya_leadid is not None,
        "tcpa_consent_text": consent.text is not None,
        "tcpa_consent_at": consent.agreed_at is not None,
    }
    return all(given.get(name, True) for name in vertical.consent.required)


async def _look_up(
    market: Market,
    scope: str,
    waiting: list[tuple[tuple[bytes, ...], Lead]],
    found: DryRun,
    estimator: Estimator | None,
) -> None:
    hashes = [each for consumer, _ in waiting for each in consumer]
    taken = await market.db.read(taken_consumers, scope, hashes, market.clock.now())
    for consumer, lead in waiting:
        if any(each in taken for each in consumer):
            found.in_exchange += 1
            continue
        found.valid += 1
        if estimator is not None:
            estimator.add(lead)
    waiting.clear()
