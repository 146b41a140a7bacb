"""Sums for the analytics explorer, stretch by stretch of time: counted from the leads, or from hours that are counted.

Every dimension is one expression. It groups, it filters, and lists that a figure opens filter by the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from exchange.model.actor import Actor, Role
from exchange.model.analysis import FIELD, PLACES, SUMS, Cell, Grain
from exchange.storage.database import Row, Tx
from exchange.storage.hours import HOUR_MS
from exchange.storage.spans import Span, stretch_of
from exchange.storage.ways import COUNTED

_REFUSED = "('rejected', 'duplicate', 'invalid')"
_STATUS = f"""CASE WHEN {{of}}state IN {_REFUSED} THEN 'rejected'
    WHEN {{of}}state IN ('unclear', 'pending') THEN 'unclear'
    WHEN {{of}}state = 'quoted' THEN 'priced' WHEN {{of}}state IN ('open', 'selling') THEN 'in_progress'
    ELSE {{of}}state END"""
_OF_HOURS: Mapping[str, str] = MappingProxyType(
    {"vertical": "vertical", "seller": "seller_id", "status": _STATUS.format(of=""), "reason": "reason"}
)
"""Dimensions that the hours are counted by."""
_OF_LEADS: Mapping[str, str] = MappingProxyType(
    {
        "vertical": "leads.vertical",
        "seller": "leads.seller_id",
        "campaign": "leads.campaign_id",
        "currency": "leads.currency",
        "channel": "leads.channel",
        "state": "COALESCE(leads.us_state, '')",
        "zip3": "COALESCE(SUBSTR(leads.zip, 1, 3), '')",
        "grade": "COALESCE(leads.grade, '')",
        "sub_id1": "COALESCE(leads.sub_id1, '')",
        "status": _STATUS.format(of="leads."),
        "reason": f"CASE WHEN leads.state IN {_REFUSED} THEN COALESCE(leads.reason, '') ELSE '' END",
    }
)
_ALIAS: Mapping[Grain, str] = MappingProxyType(
    {Grain.SALE: "s", Grain.ASK: "k", Grain.POST: "a", Grain.WIN: "k", Grain.FLOOR: "k"}
)
_ASKED = "leads JOIN asks k ON k.at = leads.received_at AND k.lead_id = leads.id"
_SECOND = """(SELECT MAX(r.price_units) FROM asks r WHERE r.at = leads.received_at AND r.lead_id = leads.id
    AND r.contract_id <> k.contract_id AND r.won = 0 AND r.price_units <= k.price_units)"""
_FROM: Mapping[Grain, str] = MappingProxyType(
    {
        Grain.LEAD: "leads",
        Grain.SALE: "leads JOIN sales s ON s.lead_id = leads.id LEFT JOIN sale_outcomes o ON o.sale_id = s.id",
        Grain.ASK: _ASKED,
        Grain.WIN: _ASKED,
        Grain.FLOOR: _ASKED,
        Grain.POST: "leads JOIN attempts a ON a.lead_id = leads.id",
    }
)
_ONLY: Mapping[Grain, str] = MappingProxyType(
    {
        Grain.SALE: COUNTED,
        Grain.POST: "a.state IN ('accepted', 'rejected')",
        Grain.WIN: f"k.won = 1 AND {_SECOND} > 0",
        Grain.FLOOR: "k.said = 'bid' AND k.price_units < k.floor_units",
    }
)
_SUMS: Mapping[Grain, tuple[str, ...]] = MappingProxyType(
    {
        Grain.LEAD: ("COUNT(*)", "SUM(CASE WHEN leads.state = 'sold' THEN 1 ELSE 0 END)", "SUM(leads.revenue_units)",
                     "SUM(leads.payout_units)"),
        Grain.SALE: ("COUNT(*)", "COUNT(DISTINCT leads.id)", "SUM(s.price_units - s.returned_units)",
                     "SUM(s.payout_units - s.returned_payout_units)", "COUNT(s.returned_at)", "COUNT(o.contacted_at)",
                     "COUNT(o.converted_at)"),
        Grain.ASK: ("COUNT(*)", "SUM(CASE WHEN k.said = 'bid' THEN 1 ELSE 0 END)",
                    "SUM(CASE WHEN k.said = 'timeout' THEN 1 ELSE 0 END)", "SUM(k.took_ms)", "SUM(k.won)",
                    "COUNT(DISTINCT leads.id)", "COUNT(DISTINCT CASE WHEN k.said = 'bid' THEN leads.id END)"),
        Grain.POST: ("COUNT(*)", "SUM(CASE WHEN a.state = 'accepted' THEN 1 ELSE 0 END)"),
        Grain.WIN: ("COUNT(*)", f"SUM(k.price_units - {_SECOND})"),
        Grain.FLOOR: ("COUNT(*)",),
    }
)  # fmt: skip
_ENTRY: Mapping[str, str] = MappingProxyType(
    {
        "bids": "k.said = 'bid'",
        "won": "k.won = 1",
        "timeouts": "k.said = 'timeout'",
        "accepted": "a.state = 'accepted'",
        "returned": "s.returned_at IS NOT NULL",
        "contacted": "o.contacted_at IS NOT NULL",
        "converted": "o.converted_at IS NOT NULL",
    }
)
_TOLD_ASK = (
    "k.lead_id || '.' || k.contract_id || '.' || CAST(k.asked_at AS TEXT)", "k.asked_at",
    "CASE WHEN k.won = 1 THEN 'won' ELSE k.said END", "k.took_ms", "k.price_units",
)  # fmt: skip
_TOLD: Mapping[Grain, tuple[str, str, str, str, str]] = MappingProxyType(
    {  # id of the row, when, what it says, how long it took, money
        Grain.ASK: _TOLD_ASK,
        Grain.WIN: (*_TOLD_ASK[:4], f"k.price_units - {_SECOND}"),
        Grain.FLOOR: _TOLD_ASK,
        Grain.POST: ("a.id", "a.made_at", "a.state", "COALESCE(a.ended_at - a.made_at, 0)", "a.price_units"),
        Grain.SALE: ("s.id", "s.accepted_at", "CASE WHEN s.returned_at IS NOT NULL THEN 'returned' "
                     "WHEN o.converted_at IS NOT NULL THEN 'converted' WHEN o.contacted_at IS NOT NULL "
                     "THEN 'contacted' ELSE 'sold' END", "0", "s.price_units - s.returned_units"),
    }
)  # fmt: skip


class Stretch(NamedTuple):
    """Leads that came in [begin, end), of one currency; an empty one is any."""

    begin: int
    end: int
    mode: str
    currency: str


class Hour(NamedTuple):
    """How an hour (UTC) stands: changes of its leads, those it was counted with, and what was told of it besides."""

    changes: int
    counted: int
    more: int


def expression(dimension: str, grain: Grain) -> str:
    """A dimension's value of a row, as SQL; an empty text where there is none. `hour` counts from `:begin`.

    Of what lies within a text it is the whole text: see `_within`.
    """
    if dimension == "hour":
        return f"CAST((leads.received_at - :begin) / {HOUR_MS} AS TEXT)"
    if dimension in _OF_LEADS:
        return _OF_LEADS[dimension]
    if dimension not in PLACES:
        return "leads.facts" if dimension.startswith(FIELD) else "leads.tracking"
    alias = _ALIAS[grain]
    if dimension == "tier":
        return f"""COALESCE((SELECT CAST(c.tier AS TEXT) FROM contracts c
            WHERE c.id = {alias}.contract_id AND c.current = 1), '')"""
    return f"{alias}.{dimension}_id"


def cells_where(cells: Iterable[Cell], grain: Grain, prefix: str = "cell") -> tuple[list[str], dict[str, object]]:
    """Conditions for rows of a grain that lie in all of the cells. Of leads: sold there, by one and the same sale."""
    where: list[str] = []
    sold: list[str] = []
    params: dict[str, object] = {}
    for number, cell in enumerate(cells):
        name = f"{prefix}_{number}"
        if cell.dimension == "hour":
            where.append(f"leads.received_at >= :{name} AND leads.received_at < :{name}_end")
            params |= {name: int(cell.value), f"{name}_end": int(cell.value) + HOUR_MS}
            continue
        if _is_within(cell.dimension):
            told, more = _holds(cell, expression(cell.dimension, grain), name)
            where.append(told)
            params |= more
            continue
        of_sale = grain is Grain.LEAD and cell.dimension in PLACES
        told = f"{expression(cell.dimension, Grain.SALE if of_sale else grain)} = :{name}"
        (sold if of_sale else where).append(told)
        params[name] = cell.value
    if sold:
        where.append(
            f"EXISTS (SELECT 1 FROM sales s WHERE s.lead_id = leads.id AND {COUNTED} AND {' AND '.join(sold)})"
        )
    return where, params


async def count_stretch(
    tx: Tx, actor: Actor, grain: Grain, groups: Sequence[str], cells: Sequence[Cell], stretch: Stretch
) -> list[list[Any]]:
    """One list for each combination that occurs: its values of the groups, then the grain's `SUMS`."""
    if not _insider(actor):
        return []
    where, params = _where(grain, cells, stretch)
    shown = [f"{expression(name, grain)} AS g{number}" for number, name in enumerate(groups)]
    sums = [f"CAST({text} AS BIGINT) AS {name}" for text, name in zip(_SUMS[grain], SUMS[grain], strict=True)]
    grouped = f"GROUP BY {', '.join(str(number + 1) for number in range(len(groups)))}" if groups else ""
    rows = await tx.fetch(
        f"SELECT {', '.join((*shown, *sums))} FROM {_FROM[grain]} WHERE {' AND '.join(where)} {grouped}",
        begin=stretch.begin,
        **params,
    )
    names = (*(f"g{number}" for number in range(len(groups))), *SUMS[grain])
    found = [[row[name] or 0 if name in SUMS[grain] else row[name] for name in names] for row in rows]
    return _within(found, groups) if any(_is_within(name) for name in groups) else found


def _is_within(dimension: str) -> bool:
    """Whether it is told within a text of the lead: its facts, or where it came from."""
    return dimension not in ("hour", *PLACES) and dimension not in _OF_LEADS


def _within(rows: list[list[Any]], groups: Sequence[str]) -> list[list[Any]]:
    """Rows by whole texts, as rows by the value that each text holds. A lead has one text: leads add up."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for row in rows:
        key = tuple(_value(name, text) if _is_within(name) else text for name, text in zip(groups, row, strict=False))
        amounts = sums.setdefault(key, [0] * (len(row) - len(groups)))
        for place, amount in enumerate(row[len(groups) :]):
            amounts[place] += amount
    return [[*key, *amounts] for key, amounts in sums.items()]


def _value(dimension: str, text: str) -> str:
    return str(orjson.loads(text).get(dimension.removeprefix(FIELD), ""))


def _holds(cell: Cell, text: str, name: str) -> tuple[str, dict[str, object]]:
    """A text with this value, letter by letter; LIKE knows no capitals on one of the engines."""
    key = orjson.dumps(cell.dimension.removeprefix(FIELD)).decode()
    if not cell.value:
        missing = f"REPLACE({text}, :{name}, '') = {text}"
        return f"({missing} OR REPLACE({text}, :{name}_no, '') <> {text})", {name: f"{key}:", f"{name}_no": f'{key}:""'}
    return f"REPLACE({text}, :{name}, '') <> {text}", {name: f"{key}:{orjson.dumps(cell.value).decode()}"}


def _where(grain: Grain, cells: Sequence[Cell], stretch: Stretch) -> tuple[list[str], dict[str, object]]:
    where, params = cells_where(cells, grain)
    mode = "test" if stretch.mode == "test" else "live"  # written out: one index is for test leads only
    own = [
        "leads.received_at >= :begin AND leads.received_at < :end",
        f"leads.mode = '{mode}'",
        *(("leads.currency = :currency",) if stretch.currency else ()),
        *((_ONLY[grain],) if grain in _ONLY else ()),
    ]
    return own + where, params | {"end": stretch.end} | ({"currency": stretch.currency} if stretch.currency else {})


def from_hours(grain: Grain, groups: Sequence[str], cells: Sequence[Cell]) -> bool:
    """Whether hours that are counted tell it."""
    return grain is Grain.LEAD and all(
        name == "hour" or name in _OF_HOURS for name in (*groups, *(cell.dimension for cell in cells))
    )


async def sum_hours(
    tx: Tx, actor: Actor, groups: Sequence[str], cells: Sequence[Cell], stretch: Stretch
) -> list[list[Any]]:
    """The same of the hours of a stretch that are counted: `hour` first, then the groups but for `hour`, the sums."""
    if not _insider(actor):
        return []
    named = [_OF_HOURS[name] for name in groups if name != "hour"]
    shown = [f"{text} AS g{number}" for number, text in enumerate(named)]
    where = [f"{_OF_HOURS[cell.dimension]} = :cell_{number}" for number, cell in enumerate(cells)]
    params = {f"cell_{number}": cell.value for number, cell in enumerate(cells)}
    sums = ["leads", "CASE WHEN state = 'sold' THEN leads ELSE 0 END", "revenue_units", "payout_units"]
    rows = await tx.fetch(
        f"""SELECT hour{"".join(f", {each}" for each in shown)},
               {", ".join(f"CAST(SUM({text}) AS BIGINT) AS s{number}" for number, text in enumerate(sums))}
            FROM lead_hours WHERE hour IN (SELECT hour FROM counted_hours WHERE hour >= :begin AND hour <= :last
                AND changes = counted) AND mode = :mode AND currency = :currency
                {"".join(f" AND {each}" for each in where)}
            GROUP BY {", ".join(str(number + 1) for number in range(len(named) + 1))}""",
        begin=stretch.begin,
        last=stretch.end - HOUR_MS,
        mode=stretch.mode,
        currency=stretch.currency,
        **params,
    )
    names = ["hour", *(f"g{number}" for number in range(len(named))), *(f"s{number}" for number in range(len(sums)))]
    return [[row[name] for name in names] for row in rows]


async def hours_of(tx: Tx, begin: int, end: int) -> dict[int, Hour]:
    """How the hours between two instants stand; those that are not over, or hold no lead yet, are not there."""
    rows = await tx.fetch(
        "SELECT hour, changes, counted, more FROM counted_hours WHERE hour >= :begin AND hour < :end",
        begin=begin - begin % HOUR_MS,
        end=end,
    )
    return {row["hour"]: Hour(row["changes"], row["counted"], row["more"]) for row in rows}


async def read_kept(tx: Tx, question: str, begin: int, end: int) -> dict[tuple[int, int], tuple[str, str]]:
    """What was kept of a question, by stretch: how its hours stood then, and the sums."""
    rows = await tx.fetch(
        """SELECT begin_at, end_at, state, document FROM kept_sums
           WHERE question = :question AND begin_at >= :begin AND begin_at < :end""",
        question=question,
        begin=begin,
        end=end,
    )
    return {(row["begin_at"], row["end_at"]): (row["state"], row["document"]) for row in rows}


async def keep(tx: Tx, question: str, rows: Sequence[tuple[int, int, str, str]], now: int) -> None:
    """Keep sums of stretches: begin, end, how their hours stood, the sums."""
    await tx.execute_many(
        """INSERT INTO kept_sums (question, begin_at, end_at, state, document, counted_at)
           VALUES (:question, :begin, :end, :state, :document, :now)
           ON CONFLICT (question, begin_at, end_at) DO UPDATE SET state = :state, document = :document,
               counted_at = :now""",
        [
            {"question": question, "begin": begin, "end": end, "state": state, "document": document, "now": now}
            for begin, end, state, document in rows
        ],
    )


async def forget_kept(tx: Tx, before: int, most: int = 2_000) -> int:
    """Drop a bounded number of sums that were counted before an instant: whoever asks again counts them again."""
    return await tx.execute(
        """DELETE FROM kept_sums WHERE (question, begin_at, end_at) IN
               (SELECT question, begin_at, end_at FROM kept_sums WHERE counted_at < :before LIMIT :most)""",
        before=before,
        most=most,
    )


async def first_lead(tx: Tx) -> int | None:
    """When the first lead came."""
    at: int | None = (await tx.fetch("SELECT MIN(received_at) AS at FROM leads"))[0]["at"]
    return at


class Wanted(NamedTuple):
    """Entries of one kind (`ENTRIES`) in cells, and which page of them."""

    kind: str
    grain: Grain
    cells: tuple[Cell, ...]
    stretch: Stretch
    span: Span


async def list_entries(tx: Tx, actor: Actor, wanted: Wanted) -> list[Row]:
    """A page of entries: `id`, `at`, `lead_id`, `seller_id`, `buyer_id`, `contract_id`, `said`, `took_ms`, `units`."""
    if not _insider(actor):
        return []
    where, params = _where(wanted.grain, wanted.cells, wanted.stretch)
    row_id, at, said, took, units = _TOLD[wanted.grain]
    page = stretch_of(wanted.span, {"came": "leads.received_at"}, f"({row_id})")
    kind = [_ENTRY[wanted.kind]] if wanted.kind in _ENTRY else []
    alias = _ALIAS[wanted.grain]
    return await tx.fetch(
        f"""SELECT {row_id} AS id, {at} AS at, leads.received_at AS came, leads.id AS lead_id,
               leads.seller_id AS seller_id, {alias}.buyer_id AS buyer_id,
               {alias}.contract_id AS contract_id, {said} AS said, {took} AS took_ms,
               {units} AS units, leads.currency AS currency
            FROM {_FROM[wanted.grain]} WHERE {" AND ".join((*where, *kind, *page.where))}
            ORDER BY {page.order} LIMIT :limit""",
        begin=wanted.stretch.begin,
        limit=wanted.span.limit,
        **params,
        **page.params,
    )


async def count_entries(tx: Tx, actor: Actor, wanted: Wanted, most: int) -> int:
    if not _insider(actor):
        return 0
    where, params = _where(wanted.grain, wanted.cells, wanted.stretch)
    kind = [_ENTRY[wanted.kind]] if wanted.kind in _ENTRY else []
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS entries FROM (SELECT 1 FROM {_FROM[wanted.grain]}
            WHERE {" AND ".join((*where, *kind))} LIMIT :most) AS found""",
        begin=wanted.stretch.begin,
        most=most,
        **params,
    )
    return int(rows[0]["entries"])


def _insider(actor: Actor) -> bool:
    return actor.role in (Role.OPERATOR, Role.SYSTEM)
