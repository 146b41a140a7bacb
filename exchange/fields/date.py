"""A calendar date: 2026-11-20, 20261120, or the American 11/20/2026. Nothing else is guessed.

`least` and `most` are days from today (in UTC): -30 is thirty days ago.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType, Operator, Test
from exchange.fields.operators import clean_by, membership, ordering
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_AMERICAN = re.compile(r"([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})")
RULE = "must be a date such as 2026-11-20 or 11/20/2026"


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, 40)
    if isinstance(text, Problem):
        return text
    day = read_date(text)
    if day is None:
        return problem(spec, "type", RULE, raw)
    away = (day - today(now)).days
    if spec.least is not None and away < spec.least:
        return problem(spec, "too_old", f"must not be before {_bound(now, spec.least)}", raw)
    if spec.most is not None and away > spec.most:
        code = "in_future" if away > 0 else "range"
        return problem(spec, code, f"must not be after {_bound(now, spec.most)}", raw)
    clean = day.isoformat()
    return FieldValue(raw, clean, clean, {"year": day.year, "month": day.month, "day": day.day})


def read_date(text: str) -> date | None:
    """The date the text writes in one of the three forms, from 1800 to 2199; None for anything else."""
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day = found.groups()
    elif found := _AMERICAN.fullmatch(text):
        month, day, year = found.groups()
    else:
        return None
    try:
        answer = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return answer if 1800 <= answer.year < 2200 else None


def today(now: int) -> date:
    return datetime.fromtimestamp(now / 1000, UTC).date()


def _bound(now: int, days: int) -> str:
    return date.fromordinal(max(1, today(now).toordinal() + days)).isoformat()


def _read_bound(text: str, spec: FieldSpec) -> str:
    day = read_date(text.strip())
    if day is None:
        raise ValueError(f"{spec.name} {RULE}, not {text[:20]!r}.")
    return day.isoformat()


def _clean(value: FieldValue) -> str:
    return value.clean


def date_operators() -> dict[str, Operator]:
    """Dates in order; ISO dates compare as text. `before` and `after` leave their own day out."""

    def before(values: tuple[str, ...], spec: FieldSpec) -> Test:
        bound = _read_bound(_only("before", values, spec), spec)
        return lambda value: value is not None and value.clean < bound

    def after(values: tuple[str, ...], spec: FieldSpec) -> Test:
        bound = _read_bound(_only("after", values, spec), spec)
        return lambda value: value is not None and value.clean > bound

    ordered = ordering(_read_bound, _clean, _clean, ("on_or_after", "on_or_before", "between"))
    return {**ordered, "before": before, "after": after}


def _only(name: str, values: tuple[str, ...], spec: FieldSpec) -> str:
    if len(values) != 1:
        raise ValueError(f"{spec.name} {name} needs 1 value, it has {len(values)}.")
    return values[0]


def mask(clean: str) -> str:
    return clean


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "format": "date"}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "2026-11-20", "11/20/2026")


TYPE = FieldType(
    name="date",
    meaning="A date; `least` and `most` are days from today.",
    parse=parse,
    operators={**membership(clean_by(parse)), **date_operators()},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("year", "month", "day"),
)
