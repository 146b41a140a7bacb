"""The list of imports and a seller's own part of it: columns, filters, and what of the storage they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.storage.import_views import ImportFilter, count_imports, list_imports
from exchange.web.listed.import_rows import Shown, import_fields, shown
from exchange.web.listed.leads import campaigns, sellers
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape

PATH = "/console/imports"
STATES = ("new", "checking", "checked", "running", "paused", "done", "cancelled", "refused")
CHANNELS = ("import", "api", "email", "imap", "ftp", "sftp", "rss", "url")
NAMES = (
    "import_id", "made_at", "state", "file", "campaign_id", "channel", "source", "rows", "done", "sold", "pending",
    "unsold", "refused", "errors", "payout", "currency", "made_by", "problem",
)  # fmt: skip
_OWN_NAMES = tuple(name for name in NAMES if name not in ("channel", "source", "made_by"))
_OWN_COLUMNS = ("made", "file", "state", "rows", "done", "sold", "pending", "unsold", "refused", "errors")


def _filter(market: Market, asked: Asked) -> ImportFilter:
    given, state = asked.given, asked.given.get("state")
    since, until = period_of(given.get("period"), asked.times)
    return ImportFilter(
        asked.mode,
        (state,) if state else (),
        _campaigns(market, given),
        given.get("channel", ""),
        since,
        until,
        asked.span,
    )


def _campaigns(market: Market, given: Mapping[str, str]) -> tuple[str, ...] | None:
    """Those that are asked for, by their own name or by their seller's."""
    campaign, seller = given.get("campaign"), given.get("seller")
    if not campaign and not seller:
        return None
    known = market.deals.campaigns.values()
    of_seller = [each.id for each in known if each.seller_id == seller] if seller else [campaign or ""]
    return tuple(each for each in of_seller if not campaign or each == campaign)


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Shown]:
    return [shown(market, row) for row in await market.db.read(list_imports, actor, _filter(market, asked))]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_imports, actor, _filter(market, asked), most)


def _fields(each: Shown) -> Mapping[str, object]:
    counts = {"sold": each.sold, "pending": each.pending, "unsold": each.unsold, "refused": each.refused}
    return {**import_fields(each), **counts, "errors": each.errors}


def own_fields(each: Shown) -> Mapping[str, object]:
    """An import as its seller's programs read it: nothing of who at the exchange brought it."""
    found = _fields(each)
    return {name: found[name] for name in _OWN_NAMES}


def _states(_: Market) -> Choices:
    return [(each, each) for each in STATES]


IMPORTS: Shape[Shown] = Shape(
    "imports",
    PATH,
    "import",
    "imports",
    (
        Column("made", "Brought", "when tab", sorts=lambda line: line.row.made_at),
        Column("file", "File", "who wrap", fixed=True),
        Column("state", "State", "is"),
        Column("campaign", "Campaign", "wrap"),
        Column("seller", "Seller", "wrap", hidden=True),
        Column("by", "By", "dim"),
        Column("rows", "Rows", num=True),
        Column("done", "Done", num=True),
        Column("sold", "Sold", num=True),
        Column("pending", "Pending", num=True),
        Column("unsold", "Unsold", num=True),
        Column("refused", "Refused", num=True),
        Column("errors", "Errors", num=True),
        Column("payout", "Payout", "paid", num=True),
    ),
    (
        Filter("state", "State", _states, lambda text: text if text in STATES else ""),
        period_filter("Brought"),
        Filter("seller", "Seller", sellers),
        Filter("campaign", "Campaign", campaigns),
        Filter("channel", "Came by", lambda _: [(each, each) for each in CHANNELS], rare=True),
    ),
    _read,
    _count,
    lambda line: line.row.id,
    _fields,
    NAMES,
    Nothing(
        "No {mode} imports yet. A file you upload, send by the API, or that a drop brings is listed here with how far "
        "it has come.",
        "Choose a file",
        f"{PATH}#new",
    ),
)

OWN_IMPORTS: Shape[Shown] = replace(
    IMPORTS,
    name="own_imports",
    path="/seller/imports",
    columns=(
        *(each for each in IMPORTS.columns if each.name in _OWN_COLUMNS),
        Column("payout", "You earned", "paid", num=True),
    ),
    filters=tuple(each for each in IMPORTS.filters if each.name in ("state", "period")),
    fields=own_fields,
    names=_OWN_NAMES,
    nothing=Nothing(
        "No {mode} files yet. One you upload, send by the API or drop stands here with how far it has come.",
        "Choose a file",
        "/seller/imports#new",
    ),
)
