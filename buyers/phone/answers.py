"""What calls and texts have in common: the account they go through, and what Twilio's answer means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from buyers.phone.document import TelephoneDocument
from exchange.connector import BadReply, Match, Profile
from exchange.model.auction import Answered, Later, Pending, Rejected
from exchange.model.reason import Reason
from exchange.model.wire import PhoneAccount, Reply

PROFILE: Final = Profile(not_taken=frozenset(), busy=frozenset({429, 503}))
"""What Twilio's statuses mean where its answer cannot be read: nothing is a refusal of the lead."""
_NO_SUCH_NUMBER: Final = frozenset(
    {13223, 13224, 21211, 21214, 21217, 21265, 21604, 21610, 21612, 21614, 21635}
)  # of the number called: it is none, takes no texts, or wants none of ours
_DETAIL_CHARACTERS: Final = 160


def account_of(document: TelephoneDocument, secrets: Mapping[str, str]) -> PhoneAccount:
    """Raises `BadReply` when the token is not set."""
    return PhoneAccount(document.account.base, document.account.sid, token_of(document, secrets))


def token_of(document: TelephoneDocument, secrets: Mapping[str, str]) -> str:
    name = document.account.token.secret
    token = secrets.get(name, "")
    if not token:
        raise BadReply(f"the secret {name} is not set")
    return token


def answer_of(reply: Reply) -> Answered:
    """Raises `BadReply` for an answer that says neither that it was taken nor that it was not."""
    told = _json(reply)
    sid = told.get("sid")
    if reply.status == 201 and isinstance(sid, str) and sid:
        return Pending(Reason.AWAITING_RECEIPT, sid)
    detail = f"{told.get('message') or f'HTTP {reply.status}'}"[:_DETAIL_CHARACTERS]
    code = told.get("code")
    if reply.status == 400 and code in _NO_SUCH_NUMBER:
        return Rejected(Reason.BUYER_REJECTED, f"{detail} ({code})")
    if 400 <= reply.status < 500 or reply.status == 503:
        return Later(Reason.POST_FAILED, f"Twilio: {detail}{f' ({code})' if code is not None else ''}")
    raise BadReply(f"Twilio answered HTTP {reply.status}", unmapped=True)


def explained(reply: Reply) -> list[Match]:
    told = _json(reply)
    try:
        meaning = type(answer_of(reply)).__name__.lower()
    except BadReply:
        return []
    where, rule = ("code", f"is {told['code']}") if "code" in told else ("HTTP status", f"is {reply.status}")
    return [Match(where, rule, f"Outcome: {meaning}")]


def _json(reply: Reply) -> Mapping[str, Any]:
    try:
        told = json.loads(reply.body)
    except (ValueError, RecursionError):  # no JSON, or nested beyond all sense
        return {}
    return told if isinstance(told, dict) else {}
