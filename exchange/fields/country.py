"""A country, as the two-letter ISO 3166 code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from phonenumbers import SUPPORTED_REGIONS

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.operators import clean_by, membership
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

_CODES = frozenset(SUPPORTED_REGIONS)
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "USA": "US", "UNITEDSTATES": "US", "UNITEDSTATESOFAMERICA": "US", "AMERICA": "US", "CAN": "CA", "CANADA": "CA",
        "MEX": "MX", "MEXICO": "MX", "UK": "GB", "GBR": "GB", "UNITEDKINGDOM": "GB", "GREATBRITAIN": "GB",
        "PUERTORICO": "PR", "BRA": "BR", "BRAZIL": "BR", "BRASIL": "BR", "DEU": "DE", "GERMANY": "DE",
        "PRT": "PT", "PORTUGAL": "PT", "ESP": "ES", "SPAIN": "ES", "FRA": "FR", "FRANCE": "FR",
        "AUS": "AU", "AUSTRALIA": "AU", "IND": "IN", "INDIA": "IN",
    }
)  # fmt: skip


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, 60)
    if isinstance(text, Problem):
        return text
    letters = "".join(filter(str.isalpha, text.upper()))
    code = _NAMES.get(letters, letters)
    if code not in _CODES:
        return problem(spec, "not_allowed", "must be a 2-letter country code such as US", raw)
    if spec.allowed and code not in spec.allowed:
        rule = f"must be one of {len(spec.allowed)} values"
        return problem(spec, "not_allowed", rule, raw, spec.allowed, quote=False)
    return FieldValue(raw, code, code)


def mask(clean: str) -> str:
    return clean


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "enum": list(spec.allowed)} if spec.allowed else {"type": "string", "minLength": 2}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "US",)


TYPE = FieldType(
    name="country",
    meaning="A country by its 2-letter code; the usual names of common ones are read too.",
    parse=parse,
    operators=membership(clean_by(parse)),
    mask=mask,
    json_schema=json_schema,
    examples=examples,
)
