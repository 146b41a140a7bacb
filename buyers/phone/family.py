"""The family of connections by telephone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import ValidationError

from buyers.family import ConnectionProblems, Loaded
from buyers.phone.call import CallConnector
from buyers.phone.document import CallDocument, TextDocument
from buyers.phone.sms import TextConnector
from exchange.connector import Connector


def phone(name: str, laid: Mapping[str, Any]) -> Loaded:
    """Reads the documents of calls and texts. Raises `ConnectionProblems`."""
    shape = TextDocument if laid.get("connector") == "sms" else CallDocument
    try:
        document: CallDocument | TextDocument = shape.model_validate(laid)
    except ValidationError as error:
        raise ConnectionProblems.of(name, error) from None
    urls = {"account.base": document.account.base}
    return Loaded(name, document.connector, frozenset({document.account.token.secret}), urls, partial(speak, document))


def speak(document: CallDocument | TextDocument) -> Connector:
    return CallConnector(document) if isinstance(document, CallDocument) else TextConnector(document)
