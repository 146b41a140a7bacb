"""Buyers: how the exchange speaks to them. `connectors` is the table; a connection names one of its rows."""

from __future__ import annotations

from collections.abc import Mapping

from buyers.conversation import http
from buyers.email.connector import email
from buyers.family import Family
from buyers.fax.by_email import gateway
from buyers.fax.sinch import sinch
from buyers.fax.telnyx import telnyx
from buyers.phone.family import phone
from buyers.store.connector import store


def connectors() -> Mapping[str, Family]:
    """Which family reads a document, by its `connector`. Called once, by `exchange.bootstrap`."""
    return {
        "email": email,
        "email_fax": gateway,
        "form_http": http,
        "json_http": http,
        "sinch_fax": sinch,
        "phone": phone,
        "sms": phone,
        "soap_http": http,
        "store": store,
        "telnyx_fax": telnyx,
        "xml_http": http,
    }
