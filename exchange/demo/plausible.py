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
    "credit_rating": {"excellent": 32, "good": 38, "fair": 18, "poor": 7, "unsure": 5},
    "property_type": {"single_family": 80, "townhouse": 9, "condo": 4, "multi_family": 3, "mobile_home": 4},
    "project_type": {"new_system": 84, "add_panels": 8, "repair": 3, "battery_only": 4, "water_heating": 1},
    "language": {"english": 86, "spanish": 12, "other": 2},
    "existing_solar": {"yes": 5, "no": 95},
    "battery": {"yes": 28, "no": 72},
    "electric_vehicle": {"yes": 14, "no": 86},
    "currently_insured": {"yes": 81, "no": 19},
    "license_status": {"active": 94, "permit": 2, "suspended": 3, "foreign": 1},
    "ownership": {"owned": 44, "financed": 47, "leased": 9},
    "gender": {"female": 49, "male": 49, "undisclosed": 2},
    "marital_status": {"married": 52, "single": 33, "divorced": 11, "widowed": 4},
    "marital": {"married": 58, "single": 30, "divorced": 12},
    "sr22": {"yes": 4, "no": 96},
    "dui": {"yes": 3, "no": 97},
    "authorized": {"yes": 96, "no": 4},
    "insurance_claim": {"yes": 12, "no": 88},
    "financing": {"yes": 38, "no": 62},
    "credit_default": {"yes": 2, "no": 98},
    "mortgage": {"yes": 56, "no": 44},
    "personal_loan": {"yes": 16, "no": 84},
    "has_company": {"yes": 74, "no": 26},
    "tcpa_consent": {"yes": 100},
}

# Least, most and most frequent, in that order.
RANGES: Mapping[str, tuple[int, int, int]] = {
    "home_value": (140_000, 1_200_000, 360_000),
    "roof_age_years": (0, 35, 9),
    "stories": (1, 3, 1),
    "annual_miles": (2_000, 30_000, 12_000),
    "vehicles": (1, 4, 1),
    "drivers": (1, 4, 1),
    "accidents": (0, 2, 0),
    "tickets": (0, 3, 0),
    "units": (1, 24, 6),
    "year_built": (1_920, 2_022, 1_985),
    "balance_eur": (-600, 9_000, 400),
    "prior_contacts": (0, 5, 0),
    "contacts_this_campaign": (1, 7, 1),
    "catalog_size": (5, 2_000, 60),
    "form_ms": (9_000, 280_000, 42_000),
}

TEXTS: Mapping[str, tuple[str, ...]] = {
    "current_carrier": ("Prairie Mutual", "Harborline", "Northfield Insurance", "Keystone Drivers"),
    "utility_provider": ("Desert Power", "Valley Electric", "Sunrise Utility", "Coastline Energy"),
    "occupation": ("Teacher", "Nurse", "Driver", "Electrician", "Accountant", "Cook", "Retired"),
    "material": ("asphalt shingle", "tile", "vinyl", "aluminum", "cedar"),
    "segment": ("home_decor", "pet", "toys", "audio_video", "garden", "stationery"),
    "source": ("organic_search", "paid_search", "social", "email", "referral"),
    "company": ("Lakeside Decor", "Bright Paws", "Mill Street Audio", "Paper and Pine"),
    "comments": FREE_TEXT,
    "description": FREE_TEXT,
}

TRAPS = frozenset({"hp"})  # fields people do not see: whoever fills them is a program


def weighted(rng: random.Random, weights: Mapping[str, int]) -> str:
    """One key, each as likely as its weight; the weights must not all be zero."""
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def plausible(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    """A value `spec` accepts, agreeing with the `known` values of the same lead where the field depends on them."""
    if named := NAMED.get(spec.name):
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
    """Within the field's bounds. Most values of an unknown field lie low between them, as bills and counts do."""
    least = spec.least if spec.least is not None else 0
    most = spec.most if spec.most is not None else least + 1_000
    if usual := RANGES.get(spec.name):
        return str(max(least, min(most, int(rng.triangular(*usual)))))
    return str(least + min(int((most - least + 1) * rng.betavariate(1.4, 4.0)), most - least))


def _date(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return (today - timedelta(days=rng.randint(1, 300))).isoformat()


def _instant(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return f"{today.isoformat()}T{rng.randrange(24):02d}:{rng.randrange(60):02d}:00Z"


def _birth(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return (today - timedelta(days=int(365.25 * rng.triangular(19, 84, 42)))).isoformat()


def _phone(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    """Another line where the first is, of an exchange that has no subscribers."""
    first = known["phone"]
    return f"{first[:6]}{(int(first[6:]) + 5_000) % 10_000:04d}"


def _text(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    """A field nobody knows keeps its example, which is known to fit."""
    return rng.choice(TEXTS.get(spec.name, (spec.example,)))


def _make(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return rng.choice(MODELS_BY_MAKE)[0]


def _model(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return rng.choice(dict(MODELS_BY_MAKE).get(known.get("vehicle_make", ""), MODELS_BY_MAKE[0][1]))


def _year(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    age = min(int(rng.expovariate(1 / 6)), 24)
    year = today.year - age
    return str(max(spec.least or year, min(year, spec.most or year)))


def _carrier(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return "" if known.get("currently_insured") == "no" else _text(spec, rng, known, today)


def _coverage_length(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    if known.get("currently_insured") == "no" and "none" in spec.allowed:
        return "none"
    return rng.choice([option for option in spec.allowed if option != "none"])


def _prior_days(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    return "-1" if known.get("prior_contacts", "0") == "0" else str(rng.randint(20, 380))


def _prior_outcome(spec: FieldSpec, rng: random.Random, known: Known, today: date) -> str:
    never = known.get("prior_contacts", "0") == "0"
    return "unknown" if never else weighted(rng, {"failure": 70, "other": 22, "success": 8})


Chooser = Callable[[FieldSpec, random.Random, Known, date], str]
NAMED: Mapping[str, Chooser] = {
    "vehicle_make": _make,
    "vehicle_model": _model,
    "vehicle_year": _year,
    "current_carrier": _carrier,
    "continuous_coverage": _coverage_length,
    "days_since_prior": _prior_days,
    "prior_outcome": _prior_outcome,
}
TYPED: Mapping[str, Chooser] = {
    "boolean": _boolean,
    "number": _number,
    "integer": _number,
    "amount": _number,
    "consent": _boolean,
    "instant": _instant,
    "date": _date,
    "dob": _birth,
    "phone": _phone,
    "text": _text,
}
