"""A buyer says what became of a lead it bought. The sale itself never changes."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.clock import month_of
from exchange.flows.market import Market
from exchange.flows.tell import News, tell
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Disposition
from exchange.model.lead import Problem
from exchange.model.money import BadMoney, Money
from exchange.model.work import JobRow
from exchange.storage.database import Row
from exchange.storage.feedback import find_sale, save_disposition

_EARLIEST_MS = 5 * 60_000  # clocks differ: a report may be this far ahead of ours


@dataclass(frozen=True, slots=True)
class Report:
    """What was told: `reference` names the lead, `at` is epoch ms or None for now, `value` decimal text."""

    reference: str
    kind: str
    note: str
    value: str | None
    at: int | None


@dataclass(frozen=True, slots=True)
class Recorded:
    disposition_id: str | None  # None: the same was told before
    lead_id: str


async def record_disposition(report: Report, market: Market, actor: Actor) -> Recorded | Problem | None:
    """Store one disposition. None when the buyer bought no such lead, a problem when the report is wrong."""
    now = market.clock.now()
    sale = await market.db.write(find_sale, actor, report.reference)
    if sale is None:
        return None
    allowed = market.verticals[sale["vertical"]].dispositions
    if allowed and report.kind not in allowed:
        message = f"disposition must be one of {len(allowed)} words"
        return Problem("disposition", "not_allowed", message, report.kind, allowed)
    if report.at is not None and report.at > now + _EARLIEST_MS:
        return Problem("at", "in_future", "at lies in the future", str(report.at))
    try:
        value = Money.parse(report.value, sale["currency"]) if report.value is not None else None
    except BadMoney:
        return Problem("value", "type", "value must be a decimal amount such as 1250.00", report.value or "")
    told = f"{actor.role.value} {actor.name}"
    disposition = Disposition(
        market.ids.new("dsp", now), sale["id"], report.kind, report.note, value, report.at or now, told
    )
    jobs = _news(market, sale, disposition)
    new = await market.db.write(save_disposition, disposition, sale, month_of(now), now, jobs)
    return Recorded(disposition.id if new else None, sale["lead_id"])


def _news(market: Market, sale: Row, disposition: Disposition) -> tuple[JobRow, ...]:
    """Its seller hears the word, never the note or the value: those are between the buyer and the exchange."""
    facts: dict[str, object] = {
        "lead_id": sale["lead_id"],
        "seller_lead_id": sale["seller_lead_id"],
        "disposition": disposition.kind,
        "test": sale["mode"] == "test",
    }
    seller_id, about = sale["seller_id"], sale["lead_id"]
    return tell(
        market, News("lead.disposition", Role.SELLER, seller_id, about, disposition.at, facts, sale["campaign_id"])
    )
