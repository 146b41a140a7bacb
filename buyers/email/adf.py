"""ADF 1.0, the auto-lead data format: a prospect, the car it wants, how to reach it. What has no place is a comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import xmltodict

from buyers.email.page import label_of
from buyers.email.templates import tidy
from buyers.mapping.values import Facts
from exchange.model.lead import Lead

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<?adf version="1.0"?>\n'
_CAR: Final[Mapping[str, str]] = {
    "vehicle_year": "year",
    "vehicle_make": "make",
    "vehicle_model": "model",
    "vin": "vin",
    "vehicle_trim": "trim",
}
_PLACED: Final = frozenset(
    {"first_name", "last_name", "full_name", "name", "email", "phone", "phone2"}
    | {"address", "address2", "city", "state", "zip", "country", "comments"}
    | set(_CAR)
)


def adf_of(leads: Sequence[Facts]) -> bytes:
    tree = {"adf": {"prospect": [_prospect(facts) for facts in leads]}}
    return (_HEAD + xmltodict.unparse(tree, full_document=False, pretty=True, indent="  ")).encode()


def _prospect(facts: Facts) -> dict[str, Any]:
    lead = facts.lead
    assert lead is not None
    return {
        "@status": "new",
        "id": {"@sequence": "1", "@source": "exchange", "#text": facts.terms.reference},
        "requestdate": datetime.fromtimestamp(lead.received_at / 1000, UTC).isoformat(timespec="seconds"),
        **({"vehicle": car} if (car := _car(lead)) else {}),
        "customer": {"contact": _contact(lead), **({"comments": told} if (told := _comments(lead)) else {})},
        "vendor": {"contact": {"name": {"@part": "full", "#text": tidy(facts.contract.name)}}},
        "provider": {
            "name": {"@part": "full", "#text": f"Campaign {tidy(lead.campaign_id)}"},
            "service": lead.vertical,
        },
    }


def _car(lead: Lead) -> dict[str, str]:
    found = {theirs: text for ours, theirs in _CAR.items() if (text := _text(lead, ours))}
    return {"@interest": "buy", **found} if found else {}


def _contact(lead: Lead) -> dict[str, Any]:
    parts = (("first", "first_name"), ("last", "last_name"), ("full", "full_name"), ("full", "name"))
    names = [{"@part": part, "#text": text} for part, ours in parts if (text := _text(lead, ours))]
    phones = [{"@type": "voice", "#text": text} for ours in ("phone", "phone2") if (text := _text(lead, ours))]
    email = _text(lead, "email")
    address = _address(lead)
    return {
        "name": names,
        **({"email": email} if email else {}),
        **({"phone": phones} if phones else {}),
        **({"address": address} if address else {}),
    }


def _address(lead: Lead) -> dict[str, Any]:
    lines = [
        {"@line": str(number), "#text": text}
        for number, ours in enumerate(("address", "address2"), 1)
        if (text := _text(lead, ours))
    ]
    places = (("city", "city"), ("regioncode", "state"), ("postalcode", "zip"), ("country", "country"))
    found = {theirs: text for theirs, ours in places if (text := _text(lead, ours))}
    return {**({"street": lines} if lines else {}), **found}


def _comments(lead: Lead) -> str:
    """What a dealer's system has no element for, so that nothing is lost."""
    told = [_text(lead, "comments")]
    told += [f"{label_of(name)}: {tidy(value.clean)}" for name, value in lead.values.items() if name not in _PLACED]
    told += [f"TrustedForm certificate: {tidy(lead.consent.trustedform_url)}" if lead.consent.trustedform_url else ""]
    return "\n".join(line for line in told if line)


def _text(lead: Lead, name: str) -> str:
    return tidy(lead.text(name) or "")
