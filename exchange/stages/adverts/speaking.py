"""One call of an advertising platform, and how its answer is read."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from exchange.connector import BadReply, Conversation
from exchange.model.advert import Heard, Refused
from exchange.model.wire import HttpMessage, Message, Reply

Told = Conversation[Heard | Refused]
_AGAIN = (401, 408, 425, 429)
_WHY_CHARACTERS = 300


def call(
    url: str, headers: Mapping[str, str], body: object, secrets: tuple[str, ...]
) -> Generator[Message, Reply, Any]:
    """Post JSON; the answer's document. Raises `BadReply` for what may go better later; a refusal is `Refused`."""
    message = HttpMessage(
        "POST", url, {"Content-Type": "application/json", **headers}, orjson.dumps(body), True, secrets
    )
    reply = yield message
    if reply.status in _AGAIN or reply.status >= 500:
        raise BadReply(f"It answered {reply.status}.")
    if not 200 <= reply.status < 300:
        return Refused(f"HTTP {reply.status}: {why_in(reply)}")
    told = document(reply)
    if not isinstance(told, dict):
        raise BadReply("The answer is no JSON object.")
    return told


def token(url: str, secrets: Mapping[str, str], scope: str = "") -> Generator[Message, Reply, str]:
    """A fresh access token for a refresh token. Raises `BadReply`."""
    form = {
        "grant_type": "refresh_token",
        "client_id": secrets["client_id"],
        "client_secret": secrets["client_secret"],
        "refresh_token": secrets["refresh_token"],
        **({"scope": scope} if scope else {}),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    hidden = (secrets["client_secret"], secrets["refresh_token"])
    reply = yield HttpMessage("POST", url, headers, urlencode(form).encode(), False, hidden)
    told = document(reply) if reply.status == 200 else {}
    found = told.get("access_token") if isinstance(told, dict) else None
    if not isinstance(found, str) or not found:
        raise BadReply(f"No token came: HTTP {reply.status}.")
    return found


def document(reply: Reply) -> Any:
    try:
        return orjson.loads(reply.body) if reply.body.strip() else {}
    except orjson.JSONDecodeError:
        raise BadReply("The answer is no JSON.") from None


def why_in(reply: Reply) -> str:
    """What an answer says is wrong, cut."""
    try:
        told = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return "no reason"
    error = told.get("error", told) if isinstance(told, dict) else told
    text = error.get("message") if isinstance(error, dict) else None
    return str(text or "no reason")[:_WHY_CHARACTERS]
