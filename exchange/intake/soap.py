"""SOAP around a request and its answer: which version an envelope is of, and answers and faults in the same one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from xml.sax.saxutils import escape

NAMESPACES: Mapping[str, str] = MappingProxyType(
    {"soap11": "http://schemas.xmlsoap.org/soap/envelope/", "soap12": "http://www.w3.org/2003/05/soap-envelope"}
)
"""By the word that stands for a version where formats of answers are named."""
CONTENT_TYPES: Mapping[str, str] = MappingProxyType(
    {"soap11": "text/xml; charset=utf-8", "soap12": "application/soap+xml; charset=utf-8"}
)
OURS = "urn:lead-exchange"
_ENVELOPE = re.compile(rb"<(?:[\w.-]{1,60}:)?Envelope\s([^<>]{0,2000})>")
_HEAD_BYTES = 4_000
_FAULTS = frozenset(("error", "invalid"))
_OUR_FAULT = frozenset(("internal", "overloaded", "storage_down", "still_running"))


def soap_version(body: bytes) -> str | None:
    """`soap11` or `soap12` when the body is such an envelope; None for anything else."""
    found = _ENVELOPE.search(body[:_HEAD_BYTES])
    if found is None:
        return None
    return next((version for version, space in NAMESPACES.items() if space.encode() in found[1]), None)


def enveloped(elements: str, status: str, reason: str, message: str, version: str) -> bytes:
    """An answer, whose elements are written already, in an envelope; a fault when the request could not be worked."""
    told = f'<response xmlns="{OURS}">{elements}</response>'
    inside = _fault(told, reason, message, version) if status in _FAULTS else told
    space = NAMESPACES[version]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<soap:Envelope xmlns:soap="{space}"><soap:Body>{inside}</soap:Body></soap:Envelope>'.encode()


def _fault(told: str, reason: str, message: str, version: str) -> str:
    ours, sentence = reason in _OUR_FAULT, escape(message or reason)
    if version == "soap11":
        code = "soap:Server" if ours else "soap:Client"
        return (
            f"<soap:Fault><faultcode>{code}</faultcode><faultstring>{sentence}</faultstring>"
            f"<detail>{told}</detail></soap:Fault>"
        )
    code = "soap:Receiver" if ours else "soap:Sender"
    return (
        f"<soap:Fault><soap:Code><soap:Value>{code}</soap:Value></soap:Code><soap:Reason>"
        f'<soap:Text xml:lang="en">{sentence}</soap:Text></soap:Reason><soap:Detail>{told}</soap:Detail></soap:Fault>'
    )
