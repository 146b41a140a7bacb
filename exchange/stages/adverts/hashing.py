"""Hashes of a consumer as platforms ask for them: trimmed, in small letters, SHA-256 in hex."""

from __future__ import annotations

import re
from hashlib import sha256

from exchange.model.advert import Person
from exchange.model.lead import Lead

_OF_GOOGLE = ("gmail.com", "googlemail.com")
_LETTERS = re.compile(r"[^\w]", re.UNICODE)


def person_of(lead: Lead) -> Person:
    """Nothing but hashes leaves by this."""
    phone = "".join(char for char in lead.text("phone") or "" if char.isdigit())
    email = (lead.text("email") or "").strip().lower()
    return Person(
        hashed(email),
        hashed(phone),
        hashed(f"+{phone}" if phone else ""),
        hashed(_mailbox(email)),
        hashed(_plain(lead.text("first_name"))),
        hashed(_plain(lead.text("last_name"))),
        hashed(_plain(lead.text("city"))),
        hashed(_plain(lead.text("state"))),
        hashed((lead.text("zip") or "")[:5]),
    )


def _mailbox(email: str) -> str:
    """Google's own mailboxes have no dots and nothing behind a plus sign."""
    name, at, host = email.partition("@")
    return f"{name.partition('+')[0].replace('.', '')}{at}{host}" if host in _OF_GOOGLE else email


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest() if text else ""


def _plain(text: str | None) -> str:
    """Without spaces and marks, in small letters: the norm for names and places."""
    return _LETTERS.sub("", (text or "").lower())
