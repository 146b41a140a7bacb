"""The list of leads: its columns, its filters, and what of the storage they ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.rights import Right
from exchange.storage.lead_filters import CONSENTS, RETURNS, STANDINGS, LeadFilter
from exchange.storage.lead_search import edge_of
from exchange.storage.leads import Sums, sum_leads
from exchange.storage.ways import WAYS
from exchange.web.analytics.opens import OF_CHARACTERS, cells_of, read_of, told_of
from exchange.web.lead_values import (
    bid_of,
    day,
    days_of,
    dollars,
    field_value,
    grades,
    grades_of,
    missed_of,
    prices_of,
    zips,
    zips_of,
)
from exchange.web.listed.lead_rows import COLUMNS, LeadLine, read_lines
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.listed.states import PATH, STATUSES
from exchange.web.lists.shape import Action, Asked, Choices, Column, Filter, Nothing, Shape

CHANNELS = ("api", "form", "import", "email", "imap", "ftp", "sftp", "rss", "url", "webhook", "soap")
CHECKS = (
    "cap", "balance", "rate", "schedule", "quiet_hours", "filter", "geo", "price", "grade", "fraud", "source",
    "consent", "named_seller", "suppression", "duplicate_buyer", "conflict", "contract_active", "buyer_active",
    "health", "tier",
)  # fmt: skip
"""What most often keeps a buyer from being asked, as the checks of eligibility call it; any other word works too."""


def lead_filter(asked: Asked, ids: tuple[str, ...] = ()) -> LeadFilter:
    """`ids` narrows the list further, to rows that were chosen of it."""
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    if "from" in given or "to" in given:
        since, until = days_of(given.get("from", ""), given.get("to", ""), asked.times)
    status = given.get("status")
    return LeadFilter(
        mode=asked.mode,
        states=STATUSES.get(status, (status,)) if status and status not in STANDINGS else (),
        standing=status if status in STANDINGS else None,
        reason=given.get("reason"),
        way=given.get("way"),
        bid=bid_of(given.get("bid", "")),
        seller_id=given.get("seller"),
        campaign_id=given.get("campaign"),
        sub_id1=given.get("sub_id"),
        buyer_id=given.get("buyer"),
        contract_id=given.get("contract"),
        vertical=given.get("vertical"),
        us_state=given.get("state"),
        zips=zips_of(given.get("zip", "")),
        grades=grades_of(given.get("grade", "")),
        prices=prices_of(given.get("price", "")),
        channel=given.get("channel"),
        returns=given.get("return"),
        disposition=given.get("disposition"),
        consent=given.get("consent"),
        pinged=given.get("pinged"),
        missed=missed_of(given.get("missed", ""), given.get("why", "")),
        field=field_value(given.get("field", "")),
        duplicate_of=given.get("duplicate_of"),
        tag=given.get("tag"),
        cells=cells_of(given.get("of", "")),
        ids=ids,
        since=since,
        until=until,
        edge=asked.edge,
        now=asked.times.now,
        span=asked.span,
    )


async def _read(market: Market, actor: Actor, asked: Asked) -> list[LeadLine]:
    """Looked through part by part where no edge is given: no reading takes long, and none is left out."""
    wanted = lead_filter(asked)
    if wanted.edge is not None:
        return await read_lines(market, actor, wanted)
    found: list[LeadLine] = []
    while True:
        span = replace(wanted.span, limit=asked.span.limit - len(found))
        edge = await market.db.read(edge_of, actor, replace(wanted, span=span))
        found += await read_lines(market, actor, replace(wanted, span=span, edge=edge))
        if edge is None or len(found) == asked.span.limit:
            return found
        wanted = replace(wanted, span=replace(wanted.span, after=edge))


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return (await sums_of(market, actor, asked, most)).leads


async def sums_of(market: Market, actor: Actor, asked: Asked, most: int) -> Sums:
    """Of the leads that one look reaches, counted up to `most`."""
    wanted = lead_filter(asked)
    edge = await market.db.read(edge_of, actor, wanted)
    return await market.db.read(sum_leads, actor, replace(wanted, edge=edge), most)


async def _edge(market: Market, actor: Actor, asked: Asked) -> tuple[int, str] | None:
    return await market.db.read(edge_of, actor, lead_filter(asked))


WAY_WORDS: Mapping[str, str] = MappingProxyType(
    {"exclusive": "to one buyer alone", "shared": "to several buyers", "store": "out of the store"}
)


def sellers(market: Market) -> Choices:
    return sorted(((each.id, each.name) for each in market.deals.sellers.values()), key=lambda pair: pair[1].lower())


def buyers(market: Market) -> Choices:
    return sorted(((each.id, each.name) for each in market.deals.buyers.values()), key=lambda pair: pair[1].lower())


def campaigns(market: Market) -> Choices:
    return sorted(((each.id, each.name) for each in market.deals.campaigns.values()), key=lambda pair: pair[1].lower())


def contracts(market: Market) -> Choices:
    return sorted(((each.id, each.name) for each in market.deals.contracts.values()), key=lambda pair: pair[1].lower())


def verticals(market: Market) -> Choices:
    return [(name, vertical.title) for name, vertical in sorted(market.verticals.items())]


def dispositions(market: Market) -> Choices:
    known = sorted({name for vertical in market.verticals.values() for name in vertical.dispositions})
    return [(name, name.replace("_", " ")) for name in known]


def plain(_: Market, value: str) -> str:
    return value.replace("_", " ")


def _words(*names: str) -> Callable[[Market], Choices]:
    return lambda _: [(name, name.replace("_", " ")) for name in names]


COLUMNS_SHOWN: tuple[Column[LeadLine], ...] = (
    Column("received", "Received", "when tab", sorts=lambda line: line.received_at),
    Column("lead", "Lead", "mono dim", hidden=True),
    Column("consumer", "Consumer", "who", fixed=True),
    Column("status", "Status", "is"),
    Column("vertical", "Vertical", "wrap"),
    Column("seller", "Seller", "wrap"),
    Column("campaign", "Campaign", "wrap", hidden=True),
    Column("sub_id1", "Sub ID", "mono dim sub"),
    Column("grade", "Grade"),
    Column("buyer", "Buyer", "wrap"),
    Column("revenue", "Revenue", "paid", num=True, sorts=lambda line: line.revenue.units),
    Column("payout", "Payout", num=True),
    Column("margin", "Margin", num=True),
    Column("answer", "Answered in", "dim", num=True),
    Column("disposition", "Disposition", "wrap"),
    Column("return", "Return"),
    Column("fraud", "Fraud score", num=True, hidden=True),
    Column("channel", "Channel", hidden=True),
    Column("consent", "Consent", hidden=True),
    Column("pinged", "Asked", "wrap", hidden=True, about="Buyers that were asked for a bid"),
    Column("tags", "Tags", "wrap", hidden=True),
)
FILTERS = (
    Filter("status", "Status", _words(*STATUSES, *STANDINGS), tell=plain),
    period_filter("Received"),
    Filter("seller", "Seller", sellers),
    Filter("buyer", "Buyer", buyers),
    Filter("vertical", "Vertical", verticals),
    Filter("state", "State", read=str.upper, example="AZ"),
    Filter("campaign", "Campaign", campaigns, rare=True),
    Filter("sub_id", "Sub ID", rare=True),
    Filter("contract", "Contract", contracts, rare=True),
    Filter("reason", "Reason", tell=plain, rare=True, example="duplicate_seller"),
    Filter("grade", "Grade, from and to", read=grades, rare=True, example="A-C"),
    Filter("price", "Sold for, from and to", read=dollars, rare=True, example="20-45"),
    Filter("channel", "Channel", _words(*CHANNELS), rare=True),
    Filter("zip", "ZIP codes", read=zips, rare=True, example="85016, 85018", longest=600),
    Filter("return", "Return", _words(*RETURNS), tell=plain, rare=True),
    Filter("disposition", "Disposition", dispositions, rare=True),
    Filter("consent", "Consent", _words(*CONSENTS), tell=plain, rare=True),
    Filter("pinged", "Asked for a bid", buyers, rare=True),
    Filter("missed", "Not asked", buyers, rare=True),
    Filter("why", "Not asked because", _words(*CHECKS), tell=plain, rare=True),
    Filter("field", "Field equals", rare=True, example="homeowner=yes", longest=200),
    Filter("duplicate_of", "Duplicates of", rare=True, example="ld_…"),
    Filter("tag", "Tag", rare=True),
    Filter("way", "Sold", lambda _: list(WAY_WORDS.items()), lambda text: text if text in WAYS else "", rare=True),
    Filter("from", "From", read=day, example="2026-11-20", rare=True),
    Filter("to", "To", read=day, example="2026-11-20", rare=True),
    Filter("of", "Of", read=read_of, tell=lambda _, text: told_of(text), silent=True, longest=OF_CHARACTERS),
    Filter("bid", "Bid", read=lambda text: text if bid_of(text) else "", example="12-14", rare=True),
)
ACTIONS = (
    Action("resell", "Sell again", Right.EDIT),
    Action("store", "Put in store", Right.EDIT),
    Action("release", "Release from hold", Right.EDIT),
    Action("reject", "Reject", Right.EDIT, bad=True),
    Action("tag", "Tag", Right.EDIT),
    Action("export", "Export", Right.SEE),
    Action("erase", "Erase", Right.ERASE, bad=True),
)
LEADS: Shape[LeadLine] = Shape(
    "leads",
    PATH,
    "lead",
    "leads",
    COLUMNS_SHOWN,
    FILTERS,
    _read,
    _count,
    lambda line: line.id,
    LeadLine.fields,
    COLUMNS,
    Nothing(
        "No {mode} leads yet. They appear here as soon as a seller sends a ping or a post.",
        "See what is still to set up",
        "/console",
    ),
    actions=ACTIONS,
    edge=_edge,
)
