"""Connections by telephone as people write them: calls that read leads, and texts that point to them."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from buyers.reading.rules import Rules, Scalar

PROVIDER: Final = "https://api.twilio.com"
_E164: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_SID: Final = re.compile(r"AC[A-Za-z0-9]{1,60}")
_PERSONAL: Final = frozenset(
    {
        *("first_name", "last_name", "full_name", "phone", "phone2", "email", "address", "address2"),
        *("dob", "date_of_birth", "ssn", "ip_address"),
    }
)


def e164(text: str) -> str:
    """Raises `ValueError`."""
    if not _E164.fullmatch(text):
        raise ValueError(f"{text!r} is no telephone number with + and its country, such as +16025550100")
    return text


def _public(names: tuple[str, ...]) -> tuple[str, ...]:
    told = sorted(_PERSONAL.intersection(names))
    if told:
        raise ValueError(f"{', '.join(told)} would be told before anybody has bought the lead")
    return names


def _intro(text: str) -> str:
    if not text.isprintable() or "{" in text.replace("{vertical}", ""):
        raise ValueError("must be one line; {vertical} is the only name that may stand in it")
    return text


def _sid(text: str) -> str:
    if not _SID.fullmatch(text):
        raise ValueError("must be the SID of the account, as Twilio shows it: AC, then letters and digits")
    return text


Number = Annotated[str, AfterValidator(e164)]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
Summary = Annotated[tuple[FieldName, ...], Field(max_length=12), AfterValidator(_public)]
Intro = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_intro)]


class SecretName(Rules):
    secret: str = Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")


class Account(Rules):
    """The account with Twilio: its SID, and its auth token by the name of a secret."""

    sid: Annotated[str, AfterValidator(_sid)]
    token: SecretName
    base: str = Field(default=PROVIDER, pattern=r"^https?://[^/?#\s]{1,250}(/[^?#\s]{0,100})?$")


class TelephoneDocument(Rules):
    """What calls and texts have in common. `to` is the number that rings, of the buyer."""

    connection: str = Field(min_length=1, max_length=80)
    title: str = ""
    about: str = ""
    preset: str | None = None
    variant: str | None = None
    account: Account
    sender: Number = Field(alias="from")
    to: Number
    summary: Summary = ()
    wait_for_consumer: bool = False  # nothing goes out while the consumer may not be called
    tags: list[Scalar] = Field(default_factory=list)


class CallDocument(TelephoneDocument):
    """`read` are the fields that are read once it is accepted: whom to call, and the summary, unless told."""

    connector: Literal["phone"]
    intro: Intro = "New {vertical} lead."
    read: tuple[FieldName, ...] = Field(default=(), max_length=40)
    bridge: bool = True
    detect_machine: bool = True
    language: str = Field(default="en-US", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")
    voice: str = Field(default="", pattern=r"^[A-Za-z0-9.-]{0,60}$")
    ring_seconds: int = Field(default=25, ge=5, le=120)
    key_seconds: int = Field(default=8, ge=3, le=60)  # how long a key is waited for
    tries: int = Field(default=3, ge=1, le=10)
    again_minutes: int = Field(default=10, ge=1, le=720)


class TextDocument(TelephoneDocument):
    connector: Literal["sms"]
    text: Intro = "New {vertical} lead. See it, and take it or not:"
