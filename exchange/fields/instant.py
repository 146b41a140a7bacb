"""A moment: RFC 3339, or seconds or milliseconds since 1970. A text without an offset is read as UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.operators import clean_by, membership, ordering
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

_TEXT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)"
    r" ?(Z|z|UTC|[+-][0-9]{2}:?[0-9]{2})?"
)
_EPOCH = re.compile(r"[0-9]{9,10}(?:\.[0-9]{1,6})?|[0-9]{12,13}")
DAY_MS = 86_400_000


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    """`least` and `most`, when given, are milliseconds from `now`: the answer is `too_old` or `in_future` outside."""
    text = read_text(raw, spec, 40)
    if isinstance(text, Problem):
        return text
    at = read_instant(text)
    if at is None:
        return problem(spec, "type", "must be a time such as 2026-11-20T14:14:22Z, or seconds since 1970", raw)
    if spec.least is not None and at < now + spec.least:
        return problem(spec, "too_old", f"must not be more than {_span(-spec.least)} ago", raw)
    if spec.most is not None and at > now + spec.most:
        return problem(spec, "in_future", f"must not be more than {_span(spec.most)} ahead", raw)
    clean = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return FieldValue(raw, clean, clean, {"epoch_ms": at})


def read_instant(text: str) -> int | None:
    """Epoch milliseconds between 1970 and 2200, or None."""
    if _EPOCH.fullmatch(text):
        whole, _, part = text.partition(".")
        return int(whole) if len(whole) > 10 else int(whole) * 1000 + int((part + "000")[:3])
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    day, hour, zone = found.groups()
    head, _, part = hour.partition(".")
    offset = "+00:00" if zone is None or zone.upper() in ("Z", "UTC") else zone
    try:
        at = datetime.fromisoformat(f"{day}T{head}{offset}")
        seconds = (at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    answer = int(seconds) * 1000 + int((part + "000")[:3])
    return answer if 0 <= answer < 7_258_118_400_000 else None


def _span(span_ms: int) -> str:
    if span_ms >= DAY_MS:
        return f"{span_ms // DAY_MS} days"
    return f"{span_ms // 60_000} minutes"


def mask(clean: str) -> str:
    return clean


def _bound(text: str, spec: FieldSpec) -> int:
    at = read_instant(text.strip())
    if at is None:
        raise ValueError(f"{spec.name} is compared with a time such as 2026-11-20T14:14:22Z, not {text[:20]!r}.")
    return at


def _at(value: FieldValue) -> int:
    return int(value.parts["epoch_ms"])


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"oneOf": [{"type": "string", "format": "date-time"}, {"type": "integer", "format": "int64"}]}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "2026-11-20T14:14:22Z",)


TYPE = FieldType(
    name="instant",
    meaning="A moment in RFC 3339, or seconds or milliseconds since 1970; `least` and `most` are ms from now.",
    parse=parse,
    operators={**membership(clean_by(parse)), **ordering(_bound, _at, _at, ("not_before", "not_after", "between"))},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("epoch_ms",),
)
