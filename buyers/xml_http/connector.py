"""Buyers that take XML: elements and attributes from dotted targets: `Request.Lead.Phone.@type`."""

from __future__ import annotations

from buyers.connection import Connection
from buyers.conversation import HttpConnector, speak


def xml_http(connection: Connection) -> HttpConnector:
    """The conversations of a connection whose messages are XML."""
    return speak(connection, "xml")
