"""Texts that come to a number of ours: read once they are proved to be from the company, and told apart."""

from __future__ import annotations

import re
from typing import Final

from buyers.phone.answers import token_of
from buyers.phone.document import CallDocument, TextDocument
from buyers.phone.proof import check
from exchange.connector import BadReply, Callback, Terms
from exchange.model.wire import TextIn

_WORDS: Final = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "remove", "arret", "alto", "parar"}
)
"""What the law, the carriers and Twilio take for a no, whatever else is in the text after it."""
_PHRASES: Final = re.compile(
    r"\bopt[ -]?(?:me )?out\b|\bunsubscribe\b|\btake me off\b|\bremove me\b|\bleave me alone\b|\bwrong number\b"
    r"|\b(?:do not|don'?t|dont|never|stop) (?:ever )?(?:call|text|contact|messag|send|email|bother)"
)
_NOT_LETTERS: Final = re.compile(r"[^a-z' -]+")


def text_in(document: CallDocument | TextDocument, call: Callback, terms: Terms) -> TextIn:
    """Raises `Forged` and `BadReply`."""
    check(call, token_of(document, terms.secrets))
    fields = call.fields
    sid, sender = fields.get("MessageSid", ""), fields.get("From", "")
    if not sid or not sender:
        raise BadReply("it names no message or no sender")
    return TextIn(sid[:64], sender, stops(fields.get("Body", ""), fields.get("OptOutType", "")))


def stops(body: str, opt_out: str = "") -> str:
    """The word that takes a consent back; empty for any other text. `opt_out` is what Twilio made of it."""
    text = " ".join(_NOT_LETTERS.sub(" ", body.lower().replace("\u2019", "'")).split())
    first = text.partition(" ")[0]
    if opt_out.upper() == "STOP":
        return "STOP"
    if first in _WORDS:
        return first.upper()
    found = _PHRASES.search(text)
    return found.group(0) if found is not None else ""
