"""A file of leads looked at before it is imported: what is wrong with its rows. Nothing is stored, nobody asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from exchange.flows.imports import row_submission
from exchange.flows.market import Market
from exchange.model.batch import Record
from exchange.model.lead import Lead, Mode
from exchange.model.party import Campaign
from exchange.stages.admit import admit
from exchange.stages.normalize import normalize
from exchange.storage.imports import taken_consumers

ASKED_AT_ONCE = 400  # consumers looked up in one read


@dataclass(slots=True)
class DryRun:
    """Counts of rows. `invalid_by` field, `rejected_by` reason; a row with two wrong fields counts in both."""

    rows: int = 0
    valid: int = 0
    invalid: int = 0
    rejected: int = 0
    twice_in_file: int = 0
    in_exchange: int = 0
    invalid_by: Counter[str] = field(default_factory=Counter)
    rejected_by: Counter[str] = field(default_factory=Counter)


async def dry_run(
    market: Market, campaign: Campaign, mode: Mode, records: Iterator[Record], on_row: Callable[[int], None]
) -> DryRun:
    """Read every row as an import would. A consumer's second row counts as twice in the file, not as valid."""
    found = DryRun()
    seen: set[bytes] = set()
    waiting: list[tuple[bytes, ...]] = []
    scope = f"{mode.value}:{campaign.vertical}"
    scope += f":{campaign.seller_id}" if campaign.duplicate_scope == "seller" else ""
    for record in records:
        found.rows += 1
        lead = _judge(market, campaign, mode, record, found)
        if lead is not None:
            consumer = _consumer(market, campaign, lead)
            if any(each in seen for each in consumer):
                found.twice_in_file += 1
            else:
                waiting.append(consumer)
            seen.update(consumer)
        if len(waiting) >= ASKED_AT_ONCE:
            await _look_up(market, scope, waiting, found)
        on_row(found.rows)
    await _look_up(market, scope, waiting, found)
    return found


def _judge(market: Market, campaign: Campaign, mode: Mode, record: Record, found: DryRun) -> Lead | None:
    """The row as a lead that would be admitted, or None when it is counted already."""
    if record.fields is None:
        found.invalid += 1
        found.invalid_by["unreadable"] += 1
        return None
    vertical = market.verticals[campaign.vertical]
    submission = row_submission(market, campaign, mode, record, None)
    names = market.deals.names[campaign.id]
    read = normalize(submission, campaign, vertical, names, "ld_dry", submission.received_at)
    refusal = admit(submission, campaign, read.lead, vertical, read.problems)
    if refusal is None:
        return read.lead
    if refusal.errors:
        found.invalid += 1
        found.invalid_by.update({problem.field for problem in refusal.errors})
    else:
        found.rejected += 1
        found.rejected_by[refusal.reason.slug if refusal.reason is not None else refusal.status] += 1
    return None


def _consumer(market: Market, campaign: Campaign, lead: Lead) -> tuple[bytes, ...]:
    days = campaign.duplicate_days
    if not (market.verticals[campaign.vertical].duplicate_days if days is None else days):
        return ()
    texts = (("phone", lead.text("phone")), ("email", lead.text("email")))
    return tuple(market.vault.index(kind, text.lower()) for kind, text in texts if text is not None)


async def _look_up(market: Market, scope: str, waiting: list[tuple[bytes, ...]], found: DryRun) -> None:
    hashes = [each for consumer in waiting for each in consumer]
    taken = await market.db.read(taken_consumers, scope, hashes, market.clock.now())
    known = sum(1 for consumer in waiting if any(each in taken for each in consumer))
    found.in_exchange += known
    found.valid += len(waiting) - known
    waiting.clear()
