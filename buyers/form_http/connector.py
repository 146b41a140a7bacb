"""Buyers that take key=value pairs: `application/x-www-form-urlencoded` bodies, or a query string with GET."""

from __future__ import annotations

from buyers.connection import Connection
from buyers.conversation import HttpConnector, speak


def form_http(connection: Connection) -> HttpConnector:
    """The conversations of a connection whose messages are key=value pairs."""
    return speak(connection, "form")
