"""One believable value for any field of any vertical: known names first, then whatever the field's type allows."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from exchange.demo.names import FREE_TEXT, MODELS_BY_MAKE
from exchange.model.vertical import FieldSpec

Known = Mapping[str, str]  # values of the lead chosen so far, by field name

# Percent by option. Options a vertical does not offer never occur; without a table all are equally likely.
WEIGHTS: Mapping[str, Mapping[str, int]] = {
    "homeowner": {"yes": 86, "no": 14},
    "monthly_bill": {"0-50": 6, "51-100": 18, "101-150": 27, "151-200": 22, "201-300": 17, "301+": 10},
    "roof_shade": {"none": 58, "partial": 30, "full": 5, "unsure": 7},
    "credit_rating": {"excellent": 32, "good": 38, "fair": 20, "poor": 10},
    "property_type": {"single_family": 78, "townhouse": 9, "condo": 5, "multi_family": 4, "mobile_home": 4},
    "currently_insured": {"yes": 81, "no": 19},
    "gender": {"female": 49, "male": 49},
    "marital_status": {"married": 52, "single": 33, "divorced": 11, "widowed": 4},
    "timeframe": {"immediately": 34, "1-3 months": 40, "3-6 months": 16},
    "tcpa_consent": {"yes": 100, "no": 0},
    "military": {"no": 92, "yes": 8},
    "sr22": {"no": 95, "yes": 5},
    "dui": {"no": 96, "yes": 4},
    "accidents": {"0": 78, "1": 17, "2": 4},
    "credit_default": {"no": 97, "yes": 3},
}


def weighted(rng: random.Random, weights: Mapping[str, int]) -> str:
    """One key, each as likely as its weight; the weights must not all be zero."""
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def plausible(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    """A value `spec` accepts, agreeing with the `known` values of the same lead where the field depends on them."""
    if (named := NAMED.get(spec.name)) and not spec.allowed:
        return named(spec, rng, known, today)
    if spec.allowed:
        table = WEIGHTS.get(spec.name, {})
        offered = {option: table[option] for option in spec.allowed if option in table}
        return weighted(rng, offered or dict.fromkeys(spec.allowed, 1))
    typed = TYPED.get(spec.type)
    return typed(spec, rng, known, today) if typed else spec.example


def _boolean(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return weighted(rng, WEIGHTS.get(spec.name, {"yes": 50, "no": 50}))


def _number(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    """Most values lie low between the bounds, as bills, balances and counts do."""
    least = spec.least if spec.least is not None else 0
    most = spec.most if spec.most is not None else least + 1_000
    return str(least + min(int((most - least + 1) * rng.betavariate(1.4, 4.0)), most - least))


def _date(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return (today - timedelta(days=rng.randint(1, 300))).isoformat()


def _instant(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return f"{today.isoformat()}T{rng.randrange(24):02d}:{rng.randrange(60):02d}:00Z"


def _birth(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return (today - timedelta(days=int(365.25 * rng.triangular(19, 84, 42)))).isoformat()


def _text(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    """A field with a pattern or bounds keeps its example, which is known to fit."""
    fits = spec.pattern is None and spec.least is None and spec.most is None
    return rng.choice(FREE_TEXT) if fits else spec.example


def _make(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return rng.choice(MODELS_BY_MAKE)[0]


def _model(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return rng.choice(dict(MODELS_BY_MAKE).get(known.get("vehicle_make", ""), MODELS_BY_MAKE[0][1]))


def _year(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    age = min(int(rng.expovariate(1 / 6)), 24)
    year = today.year - age
    return str(max(spec.least or year, min(year, spec.most or year)))


Chooser = Callable[[FieldSpec, random.Random, Known, date], str]
NAMED: Mapping[str, Chooser] = {"vehicle_make": _make, "vehicle_model": _model, "vehicle_year": _year}
TYPED: Mapping[str, Chooser] = {
    "boolean": _boolean,
    "number": _number,
    "integer": _number,
    "amount": _number,
    "consent": _boolean,
    "instant": _instant,
    "date": _date,
    "dob": _birth,
    "text": _text,
}
