"""Where a figure leads: the leads, or the entries, that it counts. The list filters as the figure was counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from exchange.model.analysis import FIELD, PLACES, TIMES, Cell, Measure, is_dimension
from exchange.web.analytics.asked import HOME, Asked
from exchange.web.analytics.values import OTHERS
from exchange.web.listed.states import PATH

ENTRIES_PATH = f"{HOME}/entries"
_LISTED: Mapping[str, str] = MappingProxyType(
    {
        "seller": "seller",
        "campaign": "campaign",
        "vertical": "vertical",
        "status": "status",
        "buyer": "buyer",
        "contract": "contract",
        "channel": "channel",
        "state": "state",
    }
)
"""Dimensions whose values a filter of the list of leads understands just so."""
_STATE = re.compile(r"[A-Z]{2}")
OF_CHARACTERS = 900


def opened(asked: Asked, measure: Measure, key: tuple[str, ...], *, many_currencies: bool) -> str:
    """The address of what one figure counts; empty where no list holds exactly that."""
    if OTHERS in key:
        return ""
    own = [Cell(*pair) for pair in zip(asked.groups, key, strict=False)]
    times = [cell for cell in own if cell.dimension in ("day", "week")]
    cells = [*asked.cells, *(cell for cell in own if cell.dimension not in ("day", "week"))]
    if _contradict(cells):
        return ""
    days = _days(asked, times)
    mode = {"mode": "test"} if asked.mode == "test" else {}
    if measure.opens not in ("leads", "sold"):
        of = of_text([*cells, Cell("currency", asked.currency)])
        return f"{ENTRIES_PATH}?{urlencode({'kind': measure.opens, 'of': of, **days, **mode})}"
    if asked.question.placed and not any(cell.dimension in PLACES for cell in cells):
        return ""  # leads sold to anybody at all: no filter says so
    if many_currencies:
        cells.append(Cell("currency", asked.currency))
    if measure.opens == "sold" and not asked.question.placed:
        cells = [*(cell for cell in cells if cell.dimension != "status"), Cell("status", "sold")]
    return _leads(cells, {**days, **mode})


def _contradict(cells: Iterable[Cell]) -> bool:
    told: dict[str, str] = {}
    return any(told.setdefault(cell.dimension, cell.value) != cell.value for cell in cells)


def _leads(cells: Iterable[Cell], given: Mapping[str, str]) -> str:
    """Values that its filters know stand there; the others are told as they are."""
    cells = list(dict.fromkeys(cells))
    places = sum(cell.dimension in PLACES for cell in cells)
    plain, rest = dict[str, str](), []
    for cell in cells:
        knows = cell.dimension in _LISTED and bool(cell.value)
        if cell.dimension in PLACES:
            knows = knows and places == 1  # of several one and the same sale is meant
        if cell.dimension == "state":
            knows = knows and _STATE.fullmatch(cell.value) is not None
        if knows:
            plain[_LISTED[cell.dimension]] = cell.value
        else:
            rest.append(cell)
    of = {"of": of_text(rest)} if rest else {}
    return f"{PATH}?{urlencode({**plain, **of, **given})}"


def _days(asked: Asked, times: list[Cell]) -> dict[str, str]:
    if not times:
        return dict(asked.period.given)
    first = date.fromisoformat(times[0].value)
    last = first if times[0].dimension == "day" else first + timedelta(days=6)
    first, last = max(first, asked.period.first), min(last, asked.period.last)
    return {"from": first.isoformat(), "to": last.isoformat()}


def of_text(cells: Iterable[Cell]) -> str:
    """Cells as one value of an address: `zip3=850&sub_id2=north`."""
    return urlencode(sorted(dict.fromkeys(cells)))


def read_of(text: str) -> str:
    """The same, put right: what names nothing that leads can be told apart by is left out."""
    return of_text(cells_of(text))


def cells_of(text: str) -> tuple[Cell, ...]:
    found = []
    for name, value in parse_qsl(text[:OF_CHARACTERS], keep_blank_values=True):
        known = name == "currency" or (is_dimension(name) and (name not in TIMES or name == "hour"))
        if known and (name != "hour" or re.fullmatch(r"\d{1,15}", value)):
            found.append(Cell(name, value))
    return tuple(sorted(dict.fromkeys(found)))[:16]


def told_of(text: str) -> str:
    """`zip3 850, sub ID 2 north`, for a chip."""
    told = [(cell.dimension.removeprefix(FIELD).replace("_", " "), cell.value or "none") for cell in cells_of(text)]
    return ", ".join(f"{name} {value}" for name, value in told)
