"""A US state, district, territory or military region. The clean form is the two-letter code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rapidfuzz import process

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.operators import clean_by, membership
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
        "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia",
        "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas",
        "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan",
        "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
        "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina",
        "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania",
        "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas",
        "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin",
        "WY": "Wyoming", "AS": "American Samoa", "FM": "Micronesia", "GU": "Guam", "MH": "Marshall Islands",
        "MP": "Northern Mariana Islands", "PR": "Puerto Rico", "PW": "Palau", "VI": "Virgin Islands",
        "AA": "Armed Forces Americas", "AE": "Armed Forces Europe", "AP": "Armed Forces Pacific",
    }
)  # fmt: skip
_BY_NAME = MappingProxyType({"".join(filter(str.isalpha, name.upper())): code for code, name in NAMES.items()})
_OTHERS = MappingProxyType({"WASHINGTONDC": "DC", "USVIRGINISLANDS": "VI", "COMMONWEALTHOFVIRGINIA": "VA"})
_ZIP_DIGITS = (0, 5, 9)


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, 60)
    if isinstance(text, Problem):
        return text
    code = state_code(text)
    if code is None:
        near = process.extractOne(text.title(), NAMES, score_cutoff=75)
        closest = str(near[2]) if near else None
        allowed = spec.allowed or tuple(NAMES)
        return problem(spec, "not_allowed", "must be a 2-letter US state", raw, allowed, closest=closest)
    if spec.allowed and code not in spec.allowed:
        rule = f"must be one of {len(spec.allowed)} values"
        return problem(spec, "not_allowed", rule, raw, spec.allowed, quote=False)
    return FieldValue(raw, code, code, {"name": NAMES[code]})


def state_code(text: str) -> str | None:
    """What a state is called in it, a ZIP code beside it or not. Other digits, such as a phone's, are no state."""
    if text in NAMES:
        return text
    if sum(map(str.isdigit, text)) not in _ZIP_DIGITS:
        return None
    letters = "".join(filter(str.isalpha, text.upper()))
    return letters if letters in NAMES else _BY_NAME.get(letters) or _OTHERS.get(letters)


def mask(clean: str) -> str:
    return clean


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "enum": list(spec.allowed or NAMES)}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or (spec.allowed or ("AZ",))[0],)


TYPE = FieldType(
    name="state",
    meaning="A US state, district, territory or military region; 2 letters or the full name.",
    parse=parse,
    operators=membership(clean_by(parse)),
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("name",),
)
