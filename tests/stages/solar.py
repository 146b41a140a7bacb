"""A small vertical with one field of every kind that filters and places need, and leads in it."""

from __future__ import annotations

from typing import Any

from exchange.fields import field_types
from exchange.model.lead import FieldValue, Kind, Lead, Mode
from exchange.model.vertical import FieldSpec, Presence, Vertical
from tests.stages.samples import NOW, lead

BILLS = ("0-50", "51-100", "101-150", "151-200", "201-300", "301+")
ROOFS = ("tile", "shingle", "flat")


def _field(name: str, kind: str, ping: Presence = Presence.REQUIRED, **more: Any) -> FieldSpec:
    return FieldSpec(name, kind, name.capitalize(), ping, Presence.OPTIONAL, **more)


SOLAR = Vertical(
    name="solar",
    title="Solar",
    version="1",
    fields=(
        _field("zip", "postal_code"),
        _field("state", "state", Presence.OPTIONAL),
        _field("monthly_bill", "choice", allowed=tuple(f"${bill}" for bill in BILLS)),
        _field("roof", "choice", allowed=ROOFS),
        _field("homeowner", "boolean"),
        _field("panels", "integer"),
        _field("budget", "amount"),
        _field("credit_score", "integer", Presence.ABSENT),
        _field("phone", "phone", Presence.ABSENT, personal=True),
        _field("dob", "dob", Presence.ABSENT, personal=True),
    ),
)


def solar_lead(kind: Kind = Kind.DIRECT, mode: Mode = Mode.LIVE, **sent: str) -> Lead:
    """A lead whose fields are read by their own types."""
    values: dict[str, FieldValue] = {}
    types = field_types()
    for name, raw in sent.items():
        spec = SOLAR.by_name[name]
        value = types[spec.type].parse(raw, spec, NOW)
        assert isinstance(value, FieldValue), value
        values[name] = value
    return lead(kind, mode, **values)
