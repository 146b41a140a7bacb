"""Buyers that take SOAP: the same elements inside an envelope, 1.1 or 1.2, with its action header."""

from __future__ import annotations

from buyers.connection import Connection
from buyers.conversation import HttpConnector, speak


def soap_http(connection: Connection) -> HttpConnector:
    """The conversations of a connection whose messages are SOAP."""
    return speak(connection, "soap")
