"""A date of birth. `least` and `most` are ages in years; `age` is the age on the day the lead came."""

from __future__ import annotations

from datetime import date

from exchange.fields.characters import problem, read_text
from exchange.fields.date import RULE, date_operators, json_schema, read_date, today
from exchange.fields.field_type import FieldType, Test
from exchange.fields.operators import clean_by, membership, ordering
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

OLDEST = 120


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, 40)
    if isinstance(text, Problem):
        return text
    born = read_date(text)
    if born is None:
        return problem(spec, "type", RULE, raw)
    # Operators read their values with no moment in hand: then the date alone is meant.
    age = years_between(born, today(now)) if now else 0
    if age < 0:
        return problem(spec, "in_future", "must not be in the future", raw)
    if age > OLDEST:
        return problem(spec, "too_old", f"must not be more than {OLDEST} years ago", raw)
    if (spec.least is not None and age < spec.least) or (spec.most is not None and age > spec.most):
        return problem(spec, "range", f"must give an age {_ages(spec)}", raw)
    return FieldValue(raw, born.isoformat(), mask(born.isoformat()), {"age": age, "year": born.year})


def years_between(born: date, day: date) -> int:
    """Full years. Who was born on 29 February has the birthday on 1 March in other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _ages(spec: FieldSpec) -> str:
    if spec.least is not None and spec.most is not None:
        return f"from {spec.least} to {spec.most}"
    return f"of at least {spec.least}" if spec.least is not None else f"of at most {spec.most}"


def mask(clean: str) -> str:
    return f"{clean[:4]}-••-••"


def _age(value: FieldValue) -> int:
    return int(value.parts["age"])


def _years(text: str, spec: FieldSpec) -> int:
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) <= 3):
        raise ValueError(f"{spec.name} is compared by age in whole years, not {text[:20]!r}.")
    return int(text)


def _older_than(values: tuple[str, ...], spec: FieldSpec) -> Test:
    if len(values) != 1:
        raise ValueError(f"{spec.name} older_than needs 1 value, it has {len(values)}.")
    years = _years(values[0], spec)
    return lambda value: value is not None and _age(value) > years


def _younger_than(values: tuple[str, ...], spec: FieldSpec) -> Test:
    if len(values) != 1:
        raise ValueError(f"{spec.name} younger_than needs 1 value, it has {len(values)}.")
    years = _years(values[0], spec)
    return lambda value: value is not None and _age(value) < years


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "1984-02-29", "02/29/1984")


TYPE = FieldType(
    name="dob",
    meaning="A date of birth; `least` and `most` are ages in years.",
    parse=parse,
    operators={
        **membership(clean_by(parse)),
        **date_operators(),
        **ordering(_years, _age, _age, ("age_at_least", "age_at_most", "age_between")),
        "older_than": _older_than,
        "younger_than": _younger_than,
    },
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("age", "year"),
)
