"""Connections by fax as people write them."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal
from urllib.parse import urlsplit

import phonenumbers
from pydantic import AfterValidator, Field

from buyers.reading.rules import Rules, Scalar

_KEY_BYTES = 32


def e164(text: str) -> str:
    """A telephone number as it is dialled from anywhere. Raises `ValueError` with the way to write it."""
    problem = ValueError(f"{text!r} is no telephone number that can be dialled: write it like +16025550142")
    if not text.startswith("+"):
        raise problem
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise problem from None
    if not phonenumbers.is_valid_number(parsed):
        raise problem
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write the address of the provider's API, such as https://api.telnyx.com")
    return text.rstrip("/")


def _public_key(text: str) -> str:
    try:
        whole = len(base64.b64decode(text, validate=True)) == _KEY_BYTES
    except binascii.Error:
        whole = False
    if not whole:
        raise ValueError("must be the public key of the provider as it shows it: 32 bytes in Base64")
    return text


FaxNumber = Annotated[str, AfterValidator(e164)]
Url = Annotated[str, Field(max_length=500), AfterValidator(_url)]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class SettingName(Rules):
    """The contract says it, under this name."""

    setting: str = Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")


class SecretName(Rules):
    secret: str = Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")


class FaxDocument(Rules):
    """What faxes have in common, whoever brings them. `fields` are those of the table; left out, all are there."""

    connection: str = Field(min_length=1, max_length=80)
    title: str = ""
    about: str = ""
    preset: str | None = None
    variant: str | None = None
    to: FaxNumber | SettingName
    heading: str = Field(default="", max_length=60)
    fields: list[FieldName] = Field(default_factory=list, max_length=60)
    seconds: float = Field(default=30.0, ge=1, le=120)
    tags: list[Scalar] = Field(default_factory=list)


class TelnyxDocument(FaxDocument):
    """`application` is the id of the Fax Application; `public_key` is what its portal shows for webhooks."""

    connector: Literal["telnyx_fax"]
    sender: FaxNumber = Field(alias="from")
    application: Scalar = Field(min_length=1, max_length=80)
    key: SecretName
    public_key: SecretName | Annotated[str, AfterValidator(_public_key)]
    api: Url = "https://api.telnyx.com"


class SinchDocument(FaxDocument):
    """An access key of the project: its id is `user`, its secret `password`."""

    connector: Literal["sinch_fax"]
    project: str = Field(pattern=r"^[A-Za-z0-9-]{1,80}$")
    user: str = Field(min_length=1, max_length=200)
    password: SecretName
    sender: FaxNumber | None = Field(default=None, alias="from")
    api: Url = "https://fax.api.sinch.com"
