"""The steps of a call as TwiML, which is what Twilio is told to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from buyers.phone.document import CallDocument
from buyers.phone.spoken import CONTACT, intro, summary, whole
from exchange.connector import Scene
from exchange.model.lead import Lead

if TYPE_CHECKING:
    from twilio.twiml.voice_response import VoiceResponse

ACCEPT, REFUSE, CONNECT, AGAIN = "1", "2", "9", "*"
TALK_SECONDS: Final = 3_600
GOODBYE: Final = "Goodbye."
SILENCE: Final = "No key was pressed. Goodbye."


def opening(document: CallDocument, lead: Lead, public: frozenset[str] | None) -> str:
    """What anybody who answers may hear."""
    return f"{intro(document.intro, lead)} {summary(lead, document.summary, public)}".strip()


def keys(document: CallDocument, may_connect: bool) -> str:
    """Which keys there are, while nobody has taken the lead."""
    told = f"To accept this lead, press {ACCEPT}. To refuse it, press {REFUSE}."
    return f"{told} To accept it and be connected now, press {CONNECT}." if document.bridge and may_connect else told


def reading(document: CallDocument, lead: Lead) -> str:
    """The lead as it is read to whoever took it."""
    names = document.read or (*CONTACT, *(name for name in document.summary if name not in CONTACT))
    return whole(lead, names)


def keys_after(document: CallDocument, may_connect: bool) -> str:
    told = "To hear it again, press star."
    return f"{told} To be connected now, press {CONNECT}." if document.bridge and may_connect else told


class Script:
    """Writes the TwiML of one call; `base` is the address its steps are asked for at."""

    def __init__(self, document: CallDocument, base: str) -> None:
        self._document = document
        self._base = base
        voice = {"voice": document.voice} if document.voice else {}
        self._spoken = {"language": document.language, **voice}

    def offer(self, scene: Scene, first: str = "") -> str:
        """What may be heard, and the keys that decide."""
        text = opening(self._document, scene.lead, scene.public)
        keys_now = keys(self._document, scene.consumer is not None)
        return self._asking(f"{first} {text} {keys_now}".strip())

    def read(self, scene: Scene, first: str = "") -> str:
        text = reading(self._document, scene.lead)
        keys_now = keys_after(self._document, scene.consumer is not None)
        return self._asking(f"{first} {text} {keys_now}".strip())

    def connect(self, number: str) -> str:
        said = self._said("You are being connected.")
        dial = said.dial(
            action=f"{self._base}/bridge",
            method="POST",
            caller_id=self._document.sender,
            timeout=self._document.ring_seconds,
            time_limit=TALK_SECONDS,
            answer_on_bridge=True,
        )
        dial.number(number)
        return str(said)

    def wait(self) -> str:
        said = self._said("One moment.")
        said.pause(length=1)
        said.redirect(f"{self._base}/wait", method="POST")
        return str(said)

    def end(self, text: str = "") -> str:
        """Say this, if anything, and hang up."""
        said = self._said(text)
        said.hangup()
        return str(said)

    def _asking(self, text: str) -> str:
        said = _response()
        asked = said.gather(num_digits=1, action=f"{self._base}/key", method="POST", timeout=self._document.key_seconds)
        asked.say(text, **self._spoken)
        said.say(SILENCE, **self._spoken)
        said.hangup()
        return str(said)

    def _said(self, text: str) -> Any:
        said = _response()
        if text:
            said.say(text, **self._spoken)
        return said


def _response() -> VoiceResponse:
    from twilio.twiml.voice_response import VoiceResponse  # for those who call, and no others

    return VoiceResponse()
