"""Hashes of a consumer as platforms ask for them: trimmed, in small letters, SHA-256 in hex."""

from __future__ import annotations

import re
from hashlib import sha256

from exchange.model.advert import Person
from exchange.model.lead import Lead

_LETTERS = re.compile(r"[^\w]", re.UNICODE)


def person_of(lead: Lead) -> Person:
    """Nothing but hashes leaves by this."""
    phone = "".join(char for char in lead.text("phone") or "" if char.isdigit())
    return Person(
        hashed((lead.text("email") or "").strip().lower()),
        hashed(phone),
        hashed(f"+{phone}" if phone else ""),
        hashed(_plain(lead.text("first_name"))),
        hashed(_plain(lead.text("last_name"))),
        hashed(_plain(lead.text("city"))),
        hashed(_plain(lead.text("state"))),
        hashed((lead.text("zip") or "")[:5]),
    )


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest() if text else ""


def _plain(text: str | None) -> str:
    """Without spaces and marks, in small letters: the norm for names and places."""
    return _LETTERS.sub("", (text or "").lower())
