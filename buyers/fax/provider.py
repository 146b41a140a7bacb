"""What providers of faxes over HTTP have in common: what their statuses mean, and reading their JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from buyers.fax.sheet import told
from exchange.connector import BadReply, Match
from exchange.model.auction import Accepted, Later, Pending, Rejected
from exchange.model.reason import Reason
from exchange.model.wire import Reply

Taken = Accepted | Later | Pending | Rejected
JSON: Final = "application/json"
_BUSY: Final = frozenset({429, 503})
_MOST_MS: Final = 86_400_000
_ID_CHARACTERS: Final = 100


def read_json(content: bytes, what: str) -> Any:
    """Raises `BadReply` for what is none."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        raise BadReply(f"{what} is not JSON") from None


def inner(value: Any, *names: str) -> Mapping[str, Any]:
    """The object behind these names; empty where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text_of(value: Any) -> str:
    """Texts and numbers as text, anything else as nothing."""
    known = isinstance(value, (str, int)) and not isinstance(value, bool)
    return told(value) if known else ""


def id_of(found: Mapping[str, Any], name: str = "id") -> str:
    """How the provider knows a fax, which goes into an address later. Raises `BadReply` when it does not say."""
    text = found.get(name)
    plain = isinstance(text, str) and 0 < len(text) <= _ID_CHARACTERS and text.replace("-", "").replace("_", "")
    if not isinstance(text, str) or not plain or not (plain.isascii() and plain.isalnum()):
        raise BadReply("the provider does not say how it knows the fax", unmapped=True)
    return text


def not_taken(reply: Reply, detail: str, *, of_the_number: bool) -> Later | Rejected:
    """A status that says that nothing was taken. Raises `BadReply` where that is not known.

    `of_the_number`: what is wrong is the number faxed to, and will be tomorrow. What else a provider refuses is for
    whoever keeps the account: the delivery waits for it.
    """
    said = f"HTTP {reply.status}: {detail}" if detail else f"HTTP {reply.status}"
    if reply.status in _BUSY:
        return Later(Reason.POST_FAILED, said, _after_ms(reply))
    if 400 <= reply.status < 500:
        return Rejected(Reason.BUYER_REJECTED, said) if of_the_number else Later(Reason.POST_FAILED, said)
    raise BadReply(detail or "the provider does not say whether it took the fax")


def _after_ms(reply: Reply) -> int | None:
    wait_ms = reply.wait_ms
    return min(wait_ms, _MOST_MS) if wait_ms is not None else None


def matches(reply: Reply, meant: Taken | BadReply) -> list[Match]:
    meaning = type(meant).__name__.lower() if not isinstance(meant, BadReply) else meant.why
    return [Match("HTTP status", f"is {reply.status}", f"Outcome: {meaning}")]
