"""Connections by fax as people write them."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal
from urllib.parse import urlsplit

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

from buyers.email.document import RelayDocument, SecretName, Sender
from buyers.reading.rules import Rules, Scalar

PLACES = ("{number}", "{national}")
_KEY_BYTES = 32
_US_DIGITS = 11


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


def _gateway(text: str) -> str:
    """An address in which the number stands once."""
    if sum(text.count(place) for place in PLACES) != 1:
        raise ValueError(
            "write {number} where the number goes, such as {number}@send.example, or {national} for a US one"
        )
    try:
        validate_email(gateway_address(text, "+16025550142"), check_deliverability=False)
    except EmailNotValidError as why:
        raise ValueError(f"is no email address with a number in it: {why}") from None
    return text


def gateway_address(gateway: str, number: str) -> str:
    """The address that is faxed to this number. In the country's own form a US number is ten digits."""
    digits = number.lstrip("+")
    national = digits.removeprefix("1") if len(digits) == _US_DIGITS else digits
    return gateway.replace("{number}", digits).replace("{national}", national)


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
    public_key: Annotated[str, AfterValidator(_public_key)] | SecretName
    api: Url = "https://api.telnyx.com"


class SinchDocument(FaxDocument):
    """An access key of the project: its id is `user`, its secret `password`."""

    connector: Literal["sinch_fax"]
    project: str = Field(pattern=r"^[A-Za-z0-9-]{1,80}$")
    user: str = Field(min_length=1, max_length=200)
    password: SecretName
    sender: FaxNumber | None = Field(default=None, alias="from")
    api: Url = "https://fax.api.sinch.com"


class GatewayDocument(FaxDocument):
    """A service that faxes what is mailed to it. `silence` is what it means when no mail comes back in time."""

    connector: Literal["email_fax"]
    gateway: Annotated[str, Field(max_length=200), AfterValidator(_gateway)]
    sender: Sender = Field(alias="from")
    subject: str = Field(default="Fax", min_length=1, max_length=200, pattern=r"^[\x20-\x7e]+$")
    relay: RelayDocument | None = None
    silence: Literal["delivered", "unclear"] = "unclear"
