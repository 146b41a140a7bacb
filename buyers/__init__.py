"""Buyers: how the exchange speaks to them. `connectors` is the table; a connection names one of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from buyers.connection import Connection
from buyers.form_http.connector import form_http
from buyers.json_http.connector import json_http
from buyers.soap_http.connector import soap_http
from buyers.xml_http.connector import xml_http
from exchange.connector import Connector


def connectors() -> Mapping[str, Callable[[Connection], Connector]]:
    """Called once, by `exchange.bootstrap`."""
    return {
        "form_http": form_http,
        "json_http": json_http,
        "soap_http": soap_http,
        "xml_http": xml_http,
    }
