"""Sinch: it is given the page itself. Nobody signs its callbacks, so each is only a reason to ask for the fax."""

from __future__ import annotations

import base64
import email.policy
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage as Parts
from email.parser import BytesParser
from functools import partial
from typing import Any, Final

import orjson
from pydantic import ValidationError

from buyers.family import ConnectionProblems, Loaded
from buyers.fax.document import SinchDocument
from buyers.fax.provider import JSON, Taken, id_of, inner, matches, not_taken, read_json, text_of
from buyers.fax.sheet import FaxSheet, secret_of
from exchange.connector import BadReply, Callback, Conversation, Forged, Match, Receipt, Terms
from exchange.model.auction import Accepted, Answered, Award, Pending, Rejected
from exchange.model.lead import Lead
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import HttpMessage, Reply

_MARK_CHARACTERS: Final = 32
_COMPLETED: Final = "COMPLETED"
_FAILED: Final = "FAILURE"
_MULTIPART: Final = "multipart/form-data"
_NO_NUMBER: Final = frozenset({"to", "/to", "body.to"})


@dataclass(frozen=True)
class SinchFax(FaxSheet[SinchDocument]):
    """Each fax has an address of its own to be called back at, which nobody but Sinch is told."""

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        to = self.number(contract)
        pdf = self.drawn(lead, award, contract, terms)
        fields = {"to": to, **({"from": self.document.sender} if self.document.sender is not None else {})}
        hook = terms.links.get("hook")
        if hook is not None:
            mark = self._mark(terms, terms.reference)
            fields |= {"callbackUrl": f"{hook}/{terms.reference}/{mark}", "callbackUrlContentType": JSON}
        body, content_type = multipart(fields, f"lead-{terms.reference}.pdf", pdf)
        reply = yield self.fax(to, pdf, self._call(terms, "POST", "", body, content_type))
        return _taken(reply)

    def ask(self, reference: str, contract: Contract, terms: Terms) -> Conversation[Accepted | Pending | Rejected]:
        if terms.provider_ref is None:
            raise BadReply("the provider never said how it knows the fax")
        fax = yield from self._fax(id_of({"id": terms.provider_ref}), terms)
        if fax.get("status") == _COMPLETED:
            return Accepted(reference=terms.provider_ref)
        if fax.get("status") == _FAILED:
            return Rejected(Reason.BUYER_REJECTED, _why(fax))
        return Pending(Reason.AWAITING_RECEIPT, terms.provider_ref)

    def confirm(self, call: Callback, terms: Terms) -> Conversation[tuple[Receipt, ...]]:
        return self._confirmed(self._prove(call, terms), id_of(_called_about(call)), terms)

    def _confirmed(self, reference: str, fax_id: str, terms: Terms) -> Conversation[tuple[Receipt, ...]]:
        fax = yield from self._fax(fax_id, terms)
        status = fax.get("status")
        if status not in (_COMPLETED, _FAILED):
            return ()
        kind, detail = ("delivered", "") if status == _COMPLETED else ("failed", _why(fax))
        return (Receipt(f"{fax_id}:{status}", kind, fax_id, reference, None, detail),)

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        try:
            return matches(reply, _taken(reply))
        except BadReply as bad:
            return matches(reply, bad)

    def _fax(self, fax_id: str, terms: Terms) -> Conversation[Mapping[str, Any]]:
        """The fax as Sinch has it, and no other. Raises `BadReply`."""
        reply = yield self._call(terms, "GET", f"/{fax_id}", delivers=False)
        if reply.status != 200:
            raise BadReply(f"HTTP {reply.status} instead of the fax")
        fax = inner(read_json(reply.body, "the answer"))
        if fax.get("id") != fax_id:
            raise BadReply("the provider answered with another fax")
        return fax

    def _prove(self, call: Callback, terms: Terms) -> str:
        """The reference in the address. Raises `Forged` unless we made that address."""
        *_, reference, mark = ("", "", *call.path.split("/"))
        if not hmac.compare_digest(mark.encode(), self._mark(terms, reference).encode()):
            raise Forged("its address is none of ours")
        return reference

    def _mark(self, terms: Terms, reference: str) -> str:
        key = secret_of(terms, self.document.password.secret).encode()
        return hmac.digest(key, f"fax callback {reference}".encode(), hashlib.sha256).hex()[:_MARK_CHARACTERS]

    def _call(
        self,
        terms: Terms,
        method: str,
        behind: str,
        body: bytes = b"",
        content_type: str = "",
        *,
        delivers: bool = True,
    ) -> HttpMessage:
        document = self.document
        password = secret_of(terms, document.password.secret)
        login = base64.b64encode(f"{document.user}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Accept": JSON}
        if content_type:
            headers["Content-Type"] = content_type
        url = f"{document.api}/v3/projects/{document.project}/faxes{behind}"
        return HttpMessage(method, url, headers, body, delivers, (password, login))


def multipart(fields: Mapping[str, str], name: str, pdf: bytes) -> tuple[bytes, str]:
    """A form with a file: its body and its content type. The same form is the same bytes."""
    line = f"lead-{hashlib.sha256(pdf).hexdigest()[:32]}"
    parts = [
        f'--{line}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    head = f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    parts += [f"{head}Content-Type: application/pdf\r\n\r\n".encode(), pdf, f"\r\n--{line}--\r\n".encode()]
    return b"".join(parts), f"{_MULTIPART}; boundary={line}"


def _called_about(call: Callback) -> Mapping[str, Any]:
    """The fax that a callback speaks of: a form with a file as it is documented, or JSON. Nothing of it is believed."""
    content_type = call.headers.get("content-type", "")
    if not content_type.startswith(_MULTIPART):
        return inner(read_json(call.body, "the callback"), "fax")
    parts = BytesParser(Parts, policy=email.policy.HTTP).parsebytes(
        b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n" + call.body
    )
    for part in parts.iter_parts():
        if part.get_param("name", header="content-disposition") == "fax":
            content = part.get_payload(decode=True)
            return inner(read_json(content if isinstance(content, bytes) else b"", "the callback's fax"))
    raise BadReply("the callback speaks of no fax")


def _taken(reply: Reply) -> Taken:
    if reply.status in (200, 201, 202):
        fax = read_json(reply.body, "the answer")
        return Pending(Reason.AWAITING_RECEIPT, id_of(inner(fax[0] if isinstance(fax, list) and fax else fax)))
    problem, of_the_number = _problem(reply)
    return not_taken(reply, problem, of_the_number=of_the_number)


def _problem(reply: Reply) -> tuple[str, bool]:
    """What they say is wrong, and whether it is the number that is faxed to."""
    try:
        answer = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return "", False
    error = inner(answer, "error") or inner(answer)
    fields = [violation for each in _listed(error.get("details")) for violation in _listed(each.get("fieldViolations"))]
    said = text_of(error.get("message")) or text_of(error.get("detail"))
    return said, any(violation.get("field") in _NO_NUMBER for violation in fields)


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _why(fax: Mapping[str, Any]) -> str:
    said = text_of(fax.get("errorMessage"))
    code = text_of(fax.get("errorCode"))
    return " ".join(part for part in (said or "the fax failed", f"({code})" if code else "") if part)


def sinch(name: str, laid: Mapping[str, Any]) -> Loaded:
    """The family of connections to Sinch. Raises `ConnectionProblems`."""
    try:
        document = SinchDocument.model_validate(laid)
    except ValidationError as error:
        raise ConnectionProblems.of(name, error) from None
    secrets = frozenset({document.password.secret})
    return Loaded(name, document.connector, secrets, {"api": document.api}, partial(SinchFax, document))
