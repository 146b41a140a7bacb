"""Field types: one file each, all with the same small interface (`field_type.py`). `places.py` knows the ZIP codes."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.fields import (
    amount,
    boolean,
    choice,
    city,
    consent,
    country,
    date,
    dob,
    email,
    identity,
    instant,
    integer,
    ip,
    name,
    number,
    phone,
    postal_code,
    state,
    street,
    text,
    url,
)
from exchange.fields.field_type import FieldType, Operator, Test

__all__ = ["FieldType", "Operator", "Test", "field_types"]


def field_types() -> Mapping[str, FieldType]:
    """Every field type by the name that a vertical's `type:` uses. A new one is one file and one line here."""
    return {
        "account_number": identity.ACCOUNT,
        "amount": amount.TYPE,
        "boolean": boolean.TYPE,
        "certificate": consent.CERTIFICATE,
        "choice": choice.TYPE,
        "city": city.TYPE,
        "consent": consent.TYPE,
        "country": country.TYPE,
        "date": date.TYPE,
        "dob": dob.TYPE,
        "email": email.TYPE,
        "first_name": name.FIRST,
        "instant": instant.TYPE,
        "integer": integer.TYPE,
        "ip": ip.TYPE,
        "leadid": consent.LEADID,
        "name": name.TYPE,
        "number": number.TYPE,
        "phone": phone.TYPE,
        "postal_code": postal_code.TYPE,
        "routing_number": identity.ROUTING,
        "ssn": identity.SSN,
        "state": state.TYPE,
        "street": street.TYPE,
        "text": text.TYPE,
        "url": url.TYPE,
    }
