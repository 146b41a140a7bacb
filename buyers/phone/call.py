"""A call that tells of a lead. A key says yes or no; whoever says yes hears all of it, or is connected at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from buyers.phone.answers import PROFILE, account_of, answer_of, explained, token_of
from buyers.phone.document import CallDocument, e164
from buyers.phone.heard import text_in
from buyers.phone.proof import check
from buyers.phone.twiml import ACCEPT, AGAIN, CONNECT, GOODBYE, REFUSE, SILENCE, Script, keys, keys_after
from buyers.phone.twiml import opening as opening_of
from buyers.phone.twiml import reading as reading_of
from exchange.connector import Callback, Conversation, Forged, Match, Preview, Profile, Receipt, Scene, Terms
from exchange.model.auction import Answered, Award, Bid, NoBid
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import PhoneMessage, Reply, TextIn

PLAIN: Final = "text/plain"
_NOT_REACHED: Final = {
    "busy": "the line was busy",
    "no-answer": "nobody answered",
    "canceled": "the call was cancelled",
}
_NO_LONGER: Final = "This lead is no longer available. Goodbye."


@dataclass(frozen=True, slots=True)
class CallConnector:
    """Never rung twice on a guess: whether a call was made is not harmless to whoever is rung."""

    document: CallDocument
    later: bool = True
    seconds: float = 30.0
    channel: str = "phone"
    profile: Profile = PROFILE

    @property
    def tries_most(self) -> int:
        return self.document.tries

    @property
    def again_ms(self) -> int:
        return self.document.again_minutes * 60_000

    @property
    def consumer_hours(self) -> bool:
        return self.document.wait_for_consumer

    def destination(self, contract: Contract) -> str:
        return self.document.to

    def elsewhere(self, to: str) -> CallConnector:
        """The same to another number. Raises `ValueError`."""
        return replace(self, document=self.document.model_copy(update={"to": e164(to)}))

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]:
        yield from ()
        return NoBid(contract.id, Reason.PING_FAILED, "nobody bids by telephone")

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        """Without `links` it is a test: the call says what anybody may hear, and no key does anything."""
        document, base = self.document, terms.links.get("call")
        account = account_of(document, terms.secrets)
        reply = yield PhoneMessage(
            "call",
            account,
            document.to,
            document.sender,
            f"{opening_of(document, lead, None)} {keys(document, may_connect=True)}",
            {"answered": f"{base}/start", "status": f"{base}/ended"} if base is not None else {},
            document.detect_machine,
            document.ring_seconds,
        )
        return answer_of(reply)

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        return explained(reply)

    def preview(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> tuple[Preview, ...]:
        document = self.document
        told, asked = opening_of(document, lead, None), keys(document, may_connect=True)
        after = f"{reading_of(document, lead)} {keys_after(document, may_connect=True)}"
        found = [
            Preview(f"Said when {document.to} answers", PLAIN, f"{told} {asked}"),
            Preview(f"Key {ACCEPT}: the lead is bought, and read", PLAIN, after),
            Preview(f"Key {REFUSE}: the lead is refused", PLAIN, GOODBYE),
        ]
        if document.bridge:
            consumer = lead.text("phone") or "the consumer"
            rings = f"You are being connected. (Rings {consumer}, if they may be called at that hour.)"
            found.append(Preview(f"Key {CONNECT}: bought, and connected", PLAIN, rings))
        return (*found, Preview("No key", PLAIN, SILENCE))

    # The call itself

    def texted(self, call: Callback, terms: Terms) -> TextIn:
        """A text that came to the account's number."""
        return text_in(self.document, call, terms)

    def prove(self, call: Callback, terms: Terms) -> str:
        check(call, token_of(self.document, terms.secrets))
        sid = call.fields.get("CallSid", "")
        if not sid:
            raise Forged
        return sid

    def heard(self, call: Callback, step: str, scene: Scene, terms: Terms) -> tuple[Receipt, ...]:
        """A call ends once: what says that nobody was reached has one event's id, whoever says it first."""
        step_taken = _Step(call, scene, call.fields["CallSid"])
        return _HEARD[step](self, step_taken) if step in _HEARD else ()

    def say(self, call: Callback, step: str, scene: Scene, terms: Terms) -> str:
        script = Script(self.document, terms.links["call"])
        if step == "start" and _by_machine(call) is not None:
            return script.end()
        if scene.stage == "coming":
            return script.wait()
        if step == "bridge":
            return self._after_bridge(script, call, scene)
        key = call.fields.get("Digits", "") if step == "key" else ""
        if scene.stage == "theirs":
            return self._theirs(script, key, scene)
        if scene.stage == "open":
            first = scene.why_not if key == CONNECT and self.document.bridge else ""
            return script.offer(scene, first)
        return script.end(GOODBYE if key == REFUSE else _NO_LONGER)

    def _theirs(self, script: Script, key: str, scene: Scene) -> str:
        if key == CONNECT and self.document.bridge:
            return script.connect(scene.consumer) if scene.consumer is not None else script.read(scene, scene.why_not)
        return script.read(scene, "" if key == AGAIN else "It is yours.")

    def _after_bridge(self, script: Script, call: Callback, scene: Scene) -> str:
        if scene.stage != "theirs" or call.fields.get("DialCallStatus") == "completed":
            return script.end(GOODBYE)
        return script.read(scene, "They did not answer.")

    def may_connect(self, scene: Scene) -> bool:
        return self.document.bridge and scene.consumer is not None


@dataclass(frozen=True, slots=True)
class _Step:
    call: Callback
    scene: Scene
    sid: str

    def receipt(self, kind: str, event: str, detail: str = "") -> Receipt:
        return Receipt(f"{self.sid}:{event}", kind, self.sid, self.scene.delivery, detail=detail)


def _by_machine(call: Callback) -> str | None:
    """What answered instead of a person; None for one, or when nobody can tell."""
    by = call.fields.get("AnsweredBy", "")
    return by.replace("_", " ") if by.startswith("machine") or by == "fax" else None


def _started(connector: CallConnector, step: _Step) -> tuple[Receipt, ...]:
    machine = _by_machine(step.call)
    if machine is not None:
        return (step.receipt("machine", "ended", f"answered by {machine}"),)
    return (step.receipt("answered", "answered"),)


def _keyed(connector: CallConnector, step: _Step) -> tuple[Receipt, ...]:
    key = step.call.fields.get("Digits", "")
    if step.scene.stage != "open":
        return ()
    if key == ACCEPT or (key == CONNECT and connector.may_connect(step.scene)):
        return (step.receipt("accepted", "accepted", f"pressed {key}"),)
    return (step.receipt("refused", "refused", f"pressed {key}"),) if key == REFUSE else ()


def _bridged(connector: CallConnector, step: _Step) -> tuple[Receipt, ...]:
    fields = step.call.fields
    if fields.get("DialCallStatus") != "completed":
        return ()
    told = f"they talked for {_seconds(fields.get('DialCallDuration', ''))}"
    return (step.receipt("bridged", f"bridged:{fields.get('DialCallSid', '')[:60]}", told),)


def _ended(connector: CallConnector, step: _Step) -> tuple[Receipt, ...]:
    fields = step.call.fields
    status = fields.get("CallStatus", "")
    if status == "completed":
        took = _seconds(fields.get("CallDuration", ""))
        if step.scene.stage == "open":
            return (step.receipt("silent", "ended", f"they hung up after {took} without a key"),)
        return (step.receipt("answered", "ended", f"the call took {took}"),)
    if status == "failed":
        return (step.receipt("failed", "ended", "the number cannot be called"),)
    return (step.receipt("silent", "ended", _NOT_REACHED[status]),) if status in _NOT_REACHED else ()


def _seconds(text: str) -> str:
    return f"{int(text[:6])} s" if text[:6].isdecimal() else "a while"


_HEARD: Final[dict[str, Callable[[CallConnector, _Step], tuple[Receipt, ...]]]] = {
    "start": _started,
    "key": _keyed,
    "bridge": _bridged,
    "ended": _ended,
}
