"""Whether Twilio really called: its signature over the address as we gave it, and every field that it sent."""

from __future__ import annotations

import base64
import hmac
from hashlib import sha1
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from exchange.connector import Callback, Forged

HEADER: Final = "x-twilio-signature"
_PORTS: Final = {"https": 443, "http": 80}


def check(call: Callback, token: str) -> None:
    """Raises `Forged` unless the account's token signed this very call."""
    given = call.headers.get(HEADER, "")
    good = [hmac.compare_digest(signature(url, call.body, token), given.encode()) for url in _spellings(call.url)]
    if not token or not any(good):
        raise Forged


def signature(url: str, body: bytes, token: str) -> bytes:
    """Base64 of HMAC-SHA1 over the address and the form's fields, each name once with each of its values, sorted."""
    fields = sorted(set(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))
    signed = url + "".join(name + value for name, value in fields)
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), sha1))


def _spellings(url: str) -> tuple[str, ...]:
    """With its port and without it: which of them is signed is not the same everywhere."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return tuple(
        urlunsplit(parts._replace(netloc=netloc))
        for netloc in (host, f"{host}:{parts.port or _PORTS.get(parts.scheme, 443)}")
    )
