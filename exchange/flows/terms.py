"""New terms of a campaign: stored with the line that says who changed them, and told to its seller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from exchange.flows.market import Market, refresh
from exchange.flows.party_news import campaign_moved
from exchange.flows.tell import CAMPAIGN_CHANGED, News, tell
from exchange.model.actor import Role
from exchange.model.audit import AuditLine
from exchange.model.party import Campaign
from exchange.model.work import JobRow
from exchange.storage.by_hand import change_terms

_THE_HOUSES = frozenset({"min_margin", "min_margin_bp", "allow_loss", "tiers", "screen", "verifiers", "scrub"})
"""Terms that say how the exchange earns and guards itself: its seller does not hear of them."""


async def change_campaign(market: Market, campaign: Campaign, line: AuditLine, beside: tuple[JobRow, ...] = ()) -> int:
    """Store it as the newest version, in force at once, with more jobs `beside`. Returns the number of that."""
    before = market.deals.campaigns.get(campaign.id)
    told = news_jobs(market, before, campaign, line) if before is not None else ()
    jobs = (*beside, *told)
    version = await market.db.write(change_terms, campaign, line, jobs)
    await refresh(market)
    return version


def news_jobs(market: Market, before: Campaign, after: Campaign, line: AuditLine) -> tuple[JobRow, ...]:
    """What tells of a changed campaign whoever is told."""
    moved = campaign_moved(market, before, after, line.id)
    return (*(job for each in _news(before, after, line) for job in tell(market, each)), *moved)


def _news(before: Campaign, after: Campaign, line: AuditLine) -> Iterator[News]:
    """Names of terms alone: what they were and are may be nobody else's business."""
    now, names = line.at, [each.name for each in fields(Campaign) if each.name != "version"]
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    told = [name for name in changed if name not in _THE_HOUSES]
    facts = {"campaign_id": after.id, "state": after.state.value}
    if told:
        yield News(
            CAMPAIGN_CHANGED,
            Role.SELLER,
            after.seller_id,
            after.id,
            now,
            {**facts, "changed": told},
            after.id,
            once=line.id,
        )
    if hidden := [name for name in changed if name in _THE_HOUSES]:
        yield News(CAMPAIGN_CHANGED, Role.OPERATOR, None, after.id, now, {**facts, "changed": hidden}, once=line.id)
