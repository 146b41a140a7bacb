"""Buyers: how the exchange speaks to them. `connectors` is the table; a connection names one of its rows."""

from __future__ import annotations

from collections.abc import Mapping

from buyers.conversation import http
from buyers.email.connector import email
from buyers.family import Family
from buyers.fax.by_email import gateway
from buyers.fax.sinch import sinch
from buyers.fax.telnyx import telnyx
from buyers.fetched.connector import csv_url, pull
from buyers.files.connector import files
from buyers.phone.family import phone
from buyers.store.connector import store


def connectors() -> Mapping[str, Family]:
    """Which family reads a document, by its `connector`. Called once, by `exchange.bootstrap`."""
    return {
        "csv_url": csv_url,
        "email": email,
        "email_fax": gateway,
        "files": files,
        "form_http": http,
        "json_http": http,
        "phone": phone,
        "pull": pull,
        "sinch_fax": sinch,
        "sms": phone,
        "soap_http": http,
        "store": store,
        "telnyx_fax": telnyx,
        "xml_http": http,
    }
