"""A connection by mail as people write it."""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Annotated, Any, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from buyers.email.templates import compile_html, compile_line, compile_text
from buyers.reading.rules import Rules, Scalar
from exchange import limits

ADDRESSES_MOST = 20
TEMPLATE_CHARACTERS = 20_000
Links = Literal["dispositions", "return", "reply"]
_SERVER = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})")


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _address(text: str) -> str:
    """One plain address. No relay is asked for more than ASCII."""
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as why:
        raise ValueError(f"{text!r} is not an email address: {why}") from None
    return found.ascii_email or found.normalized


def _sender(text: str) -> str:
    """`leads@harbor.example`, or with a name before it in pointed brackets."""
    if not text.isprintable():
        raise ValueError("must be one line")
    name, address = parseaddr(text)
    whole = _address(address or text)
    return f"{name} <{whole}>" if name else whole


def _line(template: str) -> str:
    if not template.isprintable():
        raise ValueError("must be one line")
    compile_line(template)
    return template


def _text(template: str) -> str:
    compile_text(template)
    return template


def _html(template: str) -> str:
    compile_html(template)
    return template


Address = Annotated[str, AfterValidator(_address)]
Sender = Annotated[str, Field(max_length=200), AfterValidator(_sender)]
Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_line)]


class SecretName(Rules):
    secret: str = Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")


class RelayDocument(Rules):
    """The buyer's own mail server, or one kept for it: `server` with its port. Its password is a secret by name."""

    server: str = Field(max_length=260)
    security: Literal["tls", "starttls", "plain"] = "starttls"
    user: str = Field(default="", max_length=200)
    password: SecretName | None = None
    ca_file: str = Field(default="", max_length=500)

    @field_validator("server")
    @classmethod
    def _has_a_port(cls, text: str) -> str:
        found = _SERVER.fullmatch(text)
        if found is None or not 1 <= int(found[2]) <= 65_535:
            raise ValueError("write the server and its port, such as mail.acme.example:587")
        return text

    @model_validator(mode="after")
    def _says_nothing_in_clear(self) -> RelayDocument:
        if (self.password is None) != (not self.user):
            raise ValueError("user and password belong together")
        if self.security == "plain" and self.user:
            raise ValueError("a password is never sent in clear: security must be tls or starttls")
        return self

    @property
    def host(self) -> str:
        return self.server.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.server.rpartition(":")[2])


class EmailDocument(Rules):
    """The whole document. What is left out has a sensible text: every field, with its name before it."""

    connection: str = Field(min_length=1, max_length=80)
    title: str = ""
    about: str = ""
    connector: Literal["email"]
    preset: str | None = None
    variant: str | None = None
    sender: Sender = Field(alias="from")
    to: Annotated[list[Address], BeforeValidator(_listed), Field(min_length=1, max_length=ADDRESSES_MOST)]
    reply_to: Address | None = None
    subject: Line = "New {term:vertical} lead {term:reference}"
    digest_subject: str = Field(default="{count} new leads", min_length=1, max_length=200)
    text: Annotated[str, Field(max_length=TEMPLATE_CHARACTERS), AfterValidator(_text)] | None = None
    html: Annotated[str, Field(max_length=TEMPLATE_CHARACTERS), AfterValidator(_html)] | None = None
    attach: Literal["none", "csv", "xml", "adf"] = "none"
    links: list[Links] = Field(default_factory=list, max_length=3)
    relay: RelayDocument | None = None
    seconds: float = Field(default=30.0, ge=1, le=limits.MAIL_SECONDS_MOST)
    tags: list[Scalar] = Field(default_factory=list)
