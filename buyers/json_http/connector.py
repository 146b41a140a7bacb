"""Buyers that take JSON: objects and lists from dotted targets: `contact.address[0].zip`."""

from __future__ import annotations

from buyers.connection import Connection
from buyers.conversation import HttpConnector, speak


def json_http(connection: Connection) -> HttpConnector:
    """The conversations of a connection whose messages are JSON."""
    return speak(connection, "json")
