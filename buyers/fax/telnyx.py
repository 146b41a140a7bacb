"""Telnyx: it is told where the page is and fetches it, and it signs each callback with its Ed25519 key."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from buyers.family import ConnectionProblems, Loaded
from buyers.fax.document import TelnyxDocument
from buyers.fax.provider import JSON, Taken, id_of, inner, matches, not_taken, read_json, text_of
from buyers.fax.sheet import FaxSheet, secret_of
from exchange.connector import BadReply, Callback, Conversation, Forged, Match, Receipt, Terms
from exchange.model.auction import Accepted, Answered, Award, Pending, Rejected
from exchange.model.lead import Lead
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import HttpMessage, Reply

LATE_MS: Final = 300_000
"""A callback whose signature is older than this is a copy."""
_KINDS: Final = MappingProxyType(
    {
        "fax.queued": "sent",
        "fax.media.processed": "sent",
        "fax.sending.started": "sent",
        "fax.delivered": "delivered",
        "fax.failed": "failed",
    }
)
_NOBODY: Final = frozenset({"user_busy", "receiver_no_answer", "receiver_no_response", "receiver_call_dropped"})
"""Why a fax failed that may go through later: the line was busy, or no machine answered."""
_REFERENCE_CHARACTERS: Final = 100


@dataclass(frozen=True)
class TelnyxFax(FaxSheet[TelnyxDocument]):
    """`client_state` comes back with each callback: it names our delivery, even where Telnyx's answer was lost."""

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        document, to = self.document, self.number(contract)
        page = terms.links.get("page")
        if page is None:
            raise BadReply("the provider fetches the page, and public_url is not set")
        hook = terms.links.get("hook")
        fax = {
            "connection_id": document.application,
            "media_url": page,
            "to": to,
            "from": document.sender,
            "client_state": base64.b64encode(terms.reference.encode()).decode(),
            **({"webhook_url": hook} if hook is not None else {}),
        }
        call = self._call(terms, "POST", "/v2/faxes", orjson.dumps(fax))
        reply = yield self.fax(to, self.pdf(lead, award, contract, terms), call)
        return _taken(reply)

    def pdf(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> bytes:
        """What it fetches."""
        return self.drawn(lead, award, contract, terms)

    def ask(self, reference: str, contract: Contract, terms: Terms) -> Conversation[Accepted | Pending | Rejected]:
        if terms.provider_ref is None:
            raise BadReply("the provider never said how it knows the fax")
        fax_id = id_of({"id": terms.provider_ref})
        reply = yield self._call(terms, "GET", f"/v2/faxes/{fax_id}", delivers=False)
        if reply.status != 200:
            raise BadReply(f"HTTP {reply.status} instead of the fax")
        fax = inner(read_json(reply.body, "the answer"), "data")
        if fax.get("status") == "delivered":
            return Accepted(reference=fax_id)
        if fax.get("status") == "failed":
            return Rejected(Reason.BUYER_REJECTED, text_of(fax.get("failure_reason")) or "the fax failed")
        return Pending(Reason.AWAITING_RECEIPT, fax_id)

    def receipts(self, call: Callback, terms: Terms) -> tuple[Receipt, ...]:
        self._prove(call, terms)
        event = inner(read_json(call.body, "the callback"), "data")
        kind = _KINDS.get(text_of(event.get("event_type")))
        if kind is None:
            return ()
        payload = inner(event, "payload")
        why = text_of(payload.get("failure_reason"))
        if kind == "failed" and why in _NOBODY:
            kind = "silent"
        return (
            Receipt(
                id_of(event),
                kind,
                id_of(payload, "fax_id"),
                _reference(payload.get("client_state")),
                _moment(event.get("occurred_at")),
                why,
            ),
        )

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        try:
            return matches(reply, _taken(reply))
        except BadReply as bad:
            return matches(reply, bad)

    def _prove(self, call: Callback, terms: Terms) -> None:
        """Raises `Forged`."""
        stamp = call.headers.get("telnyx-timestamp", "")
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12):
            raise Forged("it says no time")
        if abs(terms.now - int(stamp) * 1000) > LATE_MS:
            raise Forged("it was signed too long ago")
        try:
            signature = base64.b64decode(call.headers.get("telnyx-signature-ed25519", ""), validate=True)
            self._key(terms).verify(signature, stamp.encode() + b"|" + call.body)
        except (binascii.Error, ValueError, InvalidSignature):
            raise Forged("its signature is not the provider's") from None

    def _key(self, terms: Terms) -> Ed25519PublicKey:
        """Raises `ValueError` when what is set is none."""
        named = self.document.public_key
        text = named if isinstance(named, str) else terms.secrets.get(named.secret, "")
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))

    def _call(self, terms: Terms, method: str, path: str, body: bytes = b"", *, delivers: bool = True) -> HttpMessage:
        key = secret_of(terms, self.document.key.secret)
        headers = {"Authorization": f"Bearer {key}", "Accept": JSON, **({"Content-Type": JSON} if body else {})}
        return HttpMessage(method, self.document.api + path, headers, body, delivers, (key,))


def _taken(reply: Reply) -> Taken:
    if reply.status in (200, 201, 202):
        fax = inner(read_json(reply.body, "the answer"), "data")
        return Pending(Reason.AWAITING_RECEIPT, id_of(fax))
    problem, of_the_number = _problem(reply)
    return not_taken(reply, problem, of_the_number=of_the_number)


def _problem(reply: Reply) -> tuple[str, bool]:
    """What they say is wrong, and whether it is the number that is faxed to."""
    try:
        answer = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return "", False
    errors = answer.get("errors") if isinstance(answer, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    said = text_of(first.get("detail")) or text_of(first.get("title"))
    return said, inner(first, "source").get("pointer") in ("/to", "/data/to")


def _reference(state: Any) -> str | None:
    """Our reference, as it went out. It is signed, so it is theirs or ours."""
    if not isinstance(state, str) or len(state) > 2 * _REFERENCE_CHARACTERS:
        return None
    try:
        text = base64.b64decode(state, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return text if 0 < len(text) <= _REFERENCE_CHARACTERS and text.isprintable() else None


def _moment(text: Any) -> int | None:
    """ISO 8601 as epoch ms; None for what is none."""
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000) if isinstance(text, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def telnyx(name: str, laid: Mapping[str, Any]) -> Loaded:
    """The family of connections to Telnyx. Raises `ConnectionProblems`."""
    try:
        document = TelnyxDocument.model_validate(laid)
    except ValidationError as error:
        raise ConnectionProblems.of(name, error) from None
    public = document.public_key
    secrets = frozenset({document.key.secret} if isinstance(public, str) else {document.key.secret, public.secret})
    return Loaded(name, document.connector, secrets, {"api": document.api}, partial(TelnyxFax, document))
