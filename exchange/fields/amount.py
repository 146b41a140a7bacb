"""An amount of money in the campaign's currency: `1250`, `1,250.00`, `$1,250`. At most four decimals, never a float."""

from __future__ import annotations

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.number import bound, bounds, mask, read_number
from exchange.fields.operators import clean_by, membership, ordering
from exchange.model.lead import FieldValue, Problem
from exchange.model.money import DECIMALS, SCALE, Money
from exchange.model.vertical import FieldSpec

WHOLE_DIGITS = 12


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, 40)
    if isinstance(text, Problem):
        return text
    number = read_number(text.removeprefix("$").removeprefix("USD").lstrip())
    if number is None or not _fits(number):
        return problem(spec, "type", "must be an amount such as 12.50", raw)
    units = Money.parse(number, "USD").units  # the currency is the campaign's; only the scale is used here
    least, most = spec.least, spec.most
    if (least is not None and units < least * SCALE) or (most is not None and units > most * SCALE):
        return problem(spec, "range", f"must be {bounds(spec)}", raw)
    return FieldValue(raw, number, number, {"units": units})


def _fits(number: str) -> bool:
    whole, _, part = number.removeprefix("-").partition(".")
    return len(whole) <= WHOLE_DIGITS and len(part) <= DECIMALS


def _units_bound(text: str, spec: FieldSpec) -> int:
    return int(bound(text, spec) * SCALE)


def _units(value: FieldValue) -> int:
    return int(value.parts["units"])


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "pattern": r"^\$?[0-9,]{1,15}(\.[0-9]{1,4})?$"}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "12.50",)


TYPE = FieldType(
    name="amount",
    meaning="An amount of money in the campaign's currency; `least` and `most` are whole currency units.",
    parse=parse,
    operators={**membership(clean_by(parse)), **ordering(_units_bound, _units, _units)},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("units",),
)
