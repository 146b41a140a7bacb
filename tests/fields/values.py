"""What the field tests share: specs, corpora when they are there, and texts nobody should be able to break us with."""

from __future__ import annotations

import json
from pathlib import Path

from exchange.fields import FieldType, field_types
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec, Presence

NOW = 1_795_183_462_573  # 20 November 2026, 14:04:22 UTC
CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
BILLS = ("0-50", "51-100", "101-150", "151-200", "201-300", "301+")

HOSTILE = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\u202eadmin",
    "\ud800",
    "a\r\nBcc: x@y.example",
    "{{42*42}}",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "'; DROP TABLE leads; --",
    "٣٤٥",
    "８５０１６",
    "9" * 5_000,
    "a" * 100_000,
    "-" * 3_000,
    "1e309",
    "NaN",
    "Infinity",
    "-0",
    "0x1F",
    "1" * 20 + "." + "1" * 20,
    "99999-99-99",
    "0000-00-00",
    "2026-02-30",
    "http://[::1",
    "http://a:99999999/",
    "http://user:pass@host.example/",
    "javascript:alert(1)",
    "::ffff:1.2.3.4%eth0",
    "@",
    "a@",
    "@b.example",
    "+",
    "tel:",
    "+" * 40,
    "\u200b\u200b",
)


def spec(kind: str, **more: object) -> FieldSpec:
    return FieldSpec(kind, kind, kind, Presence.OPTIONAL, Presence.OPTIONAL, **more)  # type: ignore[arg-type]  # keyword by keyword


def spec_of(kind: FieldType) -> FieldSpec:
    return spec(kind.name, allowed=BILLS if kind.name == "choice" else ())


def read(kind: str, raw: str, **more: object) -> FieldValue | Problem:
    if kind == "choice":
        more.setdefault("allowed", BILLS)
    return field_types()[kind].parse(raw, spec(kind, **more), NOW)


def clean(kind: str, raw: str, **more: object) -> str:
    value = read(kind, raw, **more)
    assert isinstance(value, FieldValue), value
    return value.clean


def code(kind: str, raw: str, **more: object) -> str:
    problem = read(kind, raw, **more)
    assert isinstance(problem, Problem), problem
    return problem.code


def value(kind: str, raw: str, **more: object) -> FieldValue:
    found = read(kind, raw, **more)
    assert isinstance(found, FieldValue), found
    return found


def naughty_texts() -> list[str]:
    """The big list of naughty strings when it is beside the repository, our own few otherwise."""
    path = CORPORA / "naughty" / "blns.json"
    return [*HOSTILE, *(json.loads(path.read_text("utf-8")) if path.exists() else [])]
