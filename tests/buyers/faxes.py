"""Leads, documents and connectors for tests of faxes."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pypdf import PdfReader

from buyers import connectors
from buyers.family import load
from exchange.cases.document import Case, Then, award_of, contract_of, lead_of, terms_of
from exchange.connector import Terms
from exchange.model.auction import Award
from exchange.model.lead import Lead
from exchange.model.party import Contract

NO_KEY = base64.b64encode(bytes(32)).decode()
REFERENCE = "att_01K9ZW3T7Q"
SECRETS: Mapping[str, str] = {"telnyx_key": "KEY0123", "sinch_password": "S3cret"}


def public_of(key: Ed25519PrivateKey) -> str:
    """As the portal shows it."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def by_telnyx(name: str = "granite", public_key: str = NO_KEY, **over: Any) -> dict[str, Any]:
    return {
        "connection": name,
        "connector": "telnyx_fax",
        "to": "+14809580133",
        "from": "+16029580100",
        "application": "1293384261075731499",
        "key": {"secret": "telnyx_key"},
        "public_key": public_key,
        **over,
    }


def by_sinch(name: str = "granite", **over: Any) -> dict[str, Any]:
    return {
        "connection": name,
        "connector": "sinch_fax",
        "to": "+14809580133",
        "project": "37b62a7b-0177-429a-bb0b-e10f848de0b8",
        "user": "access-1",
        "password": {"secret": "sinch_password"},
        **over,
    }


def by_gateway(name: str = "granite", **over: Any) -> dict[str, Any]:
    return {
        "connection": name,
        "connector": "email_fax",
        "to": "+14809580133",
        "gateway": "{number}@send.gateway.example",
        "from": "Harbor <fax@harbor.example>",
        **over,
    }


def connector_of(document: Mapping[str, Any]) -> Any:
    return load(document, {}, connectors()).build()


def text_of_page(pdf: bytes) -> str:
    """What the page says, read by another library. It must be one page."""
    reader = PdfReader(io.BytesIO(pdf))
    assert 1 == len(reader.pages)
    return reader.pages[0].extract_text()


Posted = tuple[Lead, Award, Contract, Terms]


def posted(values: Mapping[str, str], links: Mapping[str, str] | None = None, **settings: str) -> Posted:
    """What a connector is given for a lead of these values."""
    case = Case(
        name="a fax",
        our_reference=REFERENCE,
        contract={"settings": settings},  # type: ignore[arg-type]  # read as people write it
        secrets=dict(SECRETS),
        links=dict(links or {}),
        lead=dict(values),
        then=Then(),
    )
    return lead_of(case), award_of(case), contract_of(case), terms_of(case)
