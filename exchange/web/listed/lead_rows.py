"""Leads as lists show them: a page of them, and all of them as JSON or CSV. Nothing personal is in them unmasked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace

from exchange.flows.deals import Deals
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.storage.database import Row, Tx
from exchange.storage.lead_extras import Extras, extras_of
from exchange.storage.lead_filters import LeadFilter
from exchange.storage.leads import list_leads
from exchange.web.words import utc

AT_ONCE = 500

COLUMNS = (
    "lead_id",
    "received_at",
    "status",
    "reason",
    "consumer",
    "city",
    "state",
    "zip",
    "vertical",
    "seller",
    "campaign",
    "sub_id1",
    "seller_lead_id",
    "grade",
    "buyers",
    "revenue",
    "payout",
    "margin",
    "currency",
    "times_sold",
    "answer_ms",
    "mode",
    "standing",
    "channel",
    "fraud_score",
    "disposition",
    "return",
    "consent",
    "asked",
    "tags",
)


@dataclass(frozen=True, slots=True)
class LeadLine:
    """One lead of a list. `consumer` is masked; `answer_ms` None: never answered. `standing` is what it is beside its
    state: returned, partly_returned, in_store, in_nurture, erased or nothing.
    """

    id: str
    received_at: int
    state: str
    reason: str | None
    consumer: str | None
    city: str | None
    us_state: str | None
    zip: str | None
    vertical: str
    seller: str
    campaign_id: str
    sub_id1: str | None
    seller_lead_id: str | None
    grade: str | None
    buyers: tuple[str, ...]
    revenue: Money
    payout: Money
    times_sold: int
    answer_ms: int | None
    mode: str
    campaign: str
    channel: str
    fraud: int | None
    standing: str
    disposition: str
    return_state: str
    consent: str
    asked: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def shown_state(self) -> str:
        """The one word for it: what it is beside its state comes first."""
        return self.standing or self.state

    @property
    def margin(self) -> Money:
        return self.revenue - self.payout

    @property
    def place(self) -> str:
        return ", ".join(part for part in (self.city, self.us_state) if part) or self.zip or ""

    def fields(self) -> dict[str, object]:
        """By the names of `COLUMNS`; money as decimal text, times in UTC."""
        return {
            "lead_id": self.id,
            "received_at": utc(self.received_at),
            "status": self.state,
            "reason": self.reason,
            "consumer": self.consumer,
            "city": self.city,
            "state": self.us_state,
            "zip": self.zip,
            "vertical": self.vertical,
            "seller": self.seller,
            "campaign": self.campaign_id,
            "sub_id1": self.sub_id1,
            "seller_lead_id": self.seller_lead_id,
            "grade": self.grade,
            "buyers": list(self.buyers),
            "revenue": self.revenue.text,
            "payout": self.payout.text,
            "margin": self.margin.text,
            "currency": self.revenue.currency,
            "times_sold": self.times_sold,
            "answer_ms": self.answer_ms,
            "mode": self.mode,
            "standing": self.standing or None,
            "channel": self.channel,
            "fraud_score": self.fraud,
            "disposition": self.disposition or None,
            "return": self.return_state or None,
            "consent": self.consent or None,
            "asked": list(self.asked),
            "tags": list(self.tags),
        }


async def read_lines(market: Market, actor: Actor, wanted: LeadFilter) -> list[LeadLine]:
    """One page of leads with what lists tell beside."""
    rows, extras = await market.db.read(_page, actor, wanted)
    return [_line(row, market.deals, extras) for row in rows]


async def _page(tx: Tx, actor: Actor, wanted: LeadFilter) -> tuple[list[Row], Extras]:
    rows = await list_leads(tx, actor, wanted)
    return rows, await extras_of(tx, [row["id"] for row in rows])


async def every_line(market: Market, actor: Actor, wanted: LeadFilter) -> AsyncIterator[list[LeadLine]]:
    """All leads that match, some hundred at a time."""
    wanted = replace(wanted, span=replace(wanted.span, limit=AT_ONCE))
    while lines := await read_lines(market, actor, wanted):
        yield lines
        if len(lines) < AT_ONCE:
            return
        after = (lines[-1].received_at, lines[-1].id)
        wanted = replace(wanted, span=replace(wanted.span, after=after))


def _line(row: Row, deals: Deals, extras: Extras) -> LeadLine:
    me, currency = row["id"], row["currency"]
    seller, campaign = deals.sellers.get(row["seller_id"]), deals.campaigns.get(row["campaign_id"])
    return LeadLine(
        me,
        row["received_at"],
        row["state"],
        row["reason"],
        row["initials"],
        row["city"],
        row["us_state"],
        row["zip"],
        row["vertical"],
        seller.name if seller is not None else row["seller_id"],
        row["campaign_id"],
        row["sub_id1"],
        row["seller_lead_id"],
        row["grade"],
        _named(deals, extras.buyers.get(me, ())),
        Money(row["revenue_units"], currency),
        Money(row["payout_units"], currency),
        row["times_sold"],
        extras.answer_ms.get(me),
        row["mode"],
        campaign.name if campaign is not None else row["campaign_id"],
        row["channel"],
        row["fraud"],
        standing_of(me, extras, erased=row["erased"]),
        extras.dispositions.get(me, ""),
        extras.returns.get(me, ""),
        extras.consents.get(me, ""),
        _named(deals, [each for each in row["pinged"].split("|") if each]),
        tuple(extras.tags.get(me, ())),
    )


def _named(deals: Deals, buyers: Iterable[str]) -> tuple[str, ...]:
    return tuple(deals.buyers[each].name if each in deals.buyers else each for each in dict.fromkeys(buyers))


def standing_of(lead_id: str, extras: Extras, *, erased: bool) -> str:
    """What a lead is beside its state; what came back goes before where it lies."""
    if erased:
        return "erased"
    beside = ("in_store", extras.in_store), ("in_nurture", extras.in_nurture)
    found = next((name for name, leads in beside if lead_id in leads), "")
    return extras.came_back.get(lead_id, "") or found
