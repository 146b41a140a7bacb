"""Secrets out of a record, for screens and exports: in whatever spelling they went over the wire."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

from exchange.model.wire import HttpMessage, Lost, Reply, WireRecord

MASK = "••••"
_CREDENTIALS = frozenset(("authorization", "proxy-authorization", "cookie", "set-cookie"))


def mask_record(record: WireRecord) -> WireRecord:
    """The record with every secret of its message shown as ••••, also where the buyer's reply echoes one."""
    message = record.message.shown()
    secrets = _spellings(message.secrets)
    outcome = record.outcome
    if isinstance(outcome, Reply):
        outcome = Reply(outcome.status, _headers(outcome.headers, secrets), _body(outcome.body, secrets))
    else:
        outcome = Lost(outcome.why, _text(outcome.detail, secrets))
    return record._replace(message=_message(message, secrets), outcome=outcome)


def _message(message: HttpMessage, secrets: tuple[str, ...]) -> HttpMessage:
    return HttpMessage(
        message.method,
        _text(message.url, secrets),
        _headers(message.headers, secrets),
        _body(message.body, secrets),
        message.delivers,
    )


def _headers(headers: Mapping[str, str], secrets: tuple[str, ...]) -> dict[str, str]:
    """Credentials are masked whole, keeping the scheme: `Basic ••••`. A connector may have forgotten to name them."""
    masked = {}
    for name, value in headers.items():
        if name.lower() in _CREDENTIALS:
            scheme, blank, _ = value.partition(" ")
            value = f"{scheme} {MASK}" if blank and "=" not in scheme else MASK
        masked[name] = _text(value, secrets)
    return masked


def _body(body: bytes, secrets: tuple[str, ...]) -> bytes:
    for secret in secrets:
        body = body.replace(secret.encode(), MASK.encode())
    return body


def _text(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def _spellings(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Each secret as itself and as URLs, forms, JSON, XML and base64 write it; longest first, none left half."""
    found: set[str] = set()
    for secret in secrets:
        if not secret:
            continue
        percent = (quote(secret), quote(secret, safe=""), quote_plus(secret))
        found.update((secret, *percent, *(one.replace("%2F", "%2f") for one in percent)))
        found.update((json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]))
        found.update((escape(secret), quoteattr(secret)[1:-1], escape(secret, {'"': "&quot;", "'": "&apos;"})))
        found.add(base64.b64encode(secret.encode()).decode())
    return tuple(sorted(found, key=lambda one: (-len(one), one)))
