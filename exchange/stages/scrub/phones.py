"""Telephone numbers: whether a consumer can have one, by the numbering plan alone. Nothing is asked of anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exchange.fields.area_codes import UNKNOWN, Areas
from exchange.fields.places import Places
from exchange.model.lead import FieldValue
from exchange.stages.scrub.notes import Found, Note

_SEQUENCES = ("0123456789012345", "9876543210987654")
_SERVICES = frozenset({"950", "976"})  # access to long-distance carriers; numbers that cost
_TESTS = frozenset({"958", "959"})
_KINDS: Mapping[str, str] = {
    "toll_free": "phone_toll_free",
    "premium": "phone_service",
    "personal": "phone_service",
    UNKNOWN: "phone_unassigned",
    "abroad": "phone_abroad",
}


def judge_phone(
    field: str,
    value: FieldValue,
    state: str | None,
    codes: Areas,
    areas: Mapping[str, frozenset[str]],
    test: bool,
) -> Iterator[Found]:
    """`codes` gives the kind of each area code, `areas` all its states. Test leads are made of stories' numbers."""
    parts = value.parts
    if parts.get("country") != "1":
        yield Note(field, "phone_abroad")
        return
    national: str = parts["national"]
    area, exchange = national[:3], national[3:6]
    if parts["fictional"]:
        if not test:
            yield Note(field, "phone_fictional")
        return
    if _repeats(national):
        yield Note(field, "phone_repeated")
    elif exchange == "555":
        yield Note(field, "phone_service" if national.endswith("1212") else "phone_unassigned")
    elif exchange in _SERVICES:
        yield Note(field, "phone_service")
    elif (code := _KINDS.get(codes.kind_of(area))) is not None:
        yield Note(field, code)
    else:
        if exchange in _TESTS:
            yield Note(field, "phone_test")
        if state is not None and area in areas and state not in areas[area]:
            yield Note(field, "phone_area", fact=f"area code of {' and '.join(sorted(areas[area]))}")


def _repeats(digits: str) -> bool:
    """Seven equal digits at the end, ten that count up or down, or one block of up to four again and again."""
    if digits[3:] == digits[3] * 7 or any(digits in sequence for sequence in _SEQUENCES):
        return True
    return any(digits == (digits[:size] * 10)[:10] for size in (1, 2, 3, 4))


def area_states(places: Places) -> Mapping[str, frozenset[str]]:
    """The states in which a ZIP code has the area code."""
    found: dict[str, set[str]] = {}
    for codes, state in places.area_codes():
        for code in codes:
            found.setdefault(code, set()).add(state)
    return {code: frozenset(states) for code, states in found.items()}
