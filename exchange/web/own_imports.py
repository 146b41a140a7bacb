"""A seller's own files of leads as its list shows them: how far each has come, and what its leads became and earned."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.storage.import_views import ImportFilter, count_imports, list_imports
from exchange.web.import_list import STATES
from exchange.web.import_rows import Shown, import_fields, shown
from exchange.web.lead_query import PERIODS, period_of
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape

PATH = "/seller/imports"
NAMES = (
    "import_id", "made_at", "state", "file", "campaign_id", "rows", "done", "sold", "pending", "unsold", "refused",
    "errors", "payout", "currency", "problem",
)  # fmt: skip


def _filter(asked: Asked) -> ImportFilter:
    given, state = asked.given, asked.given.get("state")
    since, until = period_of(given.get("period"), asked.times)
    return ImportFilter(asked.mode, (state,) if state else (), None, "", since, until, asked.span)


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Shown]:
    return [shown(market, row) for row in await market.db.read(list_imports, actor, _filter(asked))]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_imports, actor, _filter(asked), most)


def own_fields(each: Shown) -> Mapping[str, object]:
    """An import as its seller's programs read it: nothing of who at the exchange brought it."""
    counts = {"sold": each.sold, "pending": each.pending, "unsold": each.unsold, "refused": each.refused}
    found = {**import_fields(each), **counts, "errors": each.errors}
    return {name: found[name] for name in NAMES}


def _states(_: Market) -> Choices:
    return [(each, each) for each in STATES]


OWN_IMPORTS: Shape[Shown] = Shape(
    "own_imports",
    PATH,
    "import",
    "imports",
    (
        Column("made", "Brought", "when tab", sorts=lambda line: line.row.made_at),
        Column("file", "File", "who wrap", fixed=True),
        Column("state", "State", "is"),
        Column("rows", "Rows", num=True),
        Column("done", "Done", num=True),
        Column("sold", "Sold", num=True),
        Column("pending", "Pending", num=True),
        Column("unsold", "Unsold", num=True),
        Column("refused", "Refused", num=True),
        Column("errors", "Errors", num=True),
        Column("payout", "You earned", "paid", num=True),
    ),
    (
        Filter("state", "State", _states, lambda text: text if text in STATES else ""),
        Filter("period", "Brought", lambda _: list(PERIODS.items()), lambda text: text if text in PERIODS else ""),
    ),
    _read,
    _count,
    lambda line: line.row.id,
    own_fields,
    NAMES,
    Nothing("No {mode} files yet. One you send by the API or a drop stands here with how far it has come.",
            "How to send leads", "/seller/campaigns"),
)  # fmt: skip
