"""The part `dispositions` of a connection as people write it: how its buyer's system is asked, where it calls us."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, Field, field_validator, model_validator

from buyers.mapping.document import Request, Step, seconds_of
from buyers.reading.rules import Rules
from exchange import limits

SINCE, PAGE = "since", "page"
"""What an asking request draws on with `kept`: from when on reports are wanted, and the page that comes next."""


def _compiles(text: str) -> str:
    try:
        jmespath.compile(text)
    except JMESPathError as error:
        raise ValueError(f"is no JMESPath: {str(error).splitlines()[0]}") from None
    return text


Place = Annotated[str, Field(min_length=1, max_length=limits.RULE_PATTERN_CHARACTERS), AfterValidator(_compiles)]
SecretName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Words = Annotated[dict[str, str], Field(max_length=500)]


class AskDocument(Request):
    """A request that is made every so often. Values draw on `{kept: since}` and, where `next` says where the next page
    is named in a reply, on `{kept: page}`; `steps` come before it, for a token."""

    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    every: str = "15m"
    since: Literal["rfc3339", "date", "epoch_s", "epoch_ms"] = "rfc3339"
    first_days: int = Field(default=7, ge=0, le=365)
    steps: list[Step] = Field(default_factory=list, max_length=limits.STEPS_BEFORE)
    next: Place | None = None

    @field_validator("every")
    @classmethod
    def _often_enough(cls, text: str) -> str:
        days = re.fullmatch(r"([0-9]{1,3})d", text)
        seconds = int(days[1]) * 86_400 if days is not None else seconds_of(text)
        if not limits.POLL_MS_LEAST // 1000 <= seconds <= 30 * 86_400:
            raise ValueError(f"a system is asked every {limits.POLL_MS_LEAST // 1000} s at most, and once in 30 days")
        return text

    @property
    def every_ms(self) -> int:
        days = re.fullmatch(r"([0-9]{1,3})d", self.every)
        return (int(days[1]) * 86_400 if days is not None else seconds_of(self.every)) * 1_000


class SignatureDocument(Rules):
    """HMAC-SHA256 of the body under the secret, in this header, after this prefix; or, as `standard`, that of Standard
    Webhooks, whose headers and form are fixed: what other exchanges of this kind send."""

    secret: SecretName
    standard: bool = False
    header: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,60}$")
    prefix: str = Field(default="", max_length=20)
    encoding: Literal["hex", "base64"] = "hex"

    @model_validator(mode="after")
    def _is_one_of_both(self) -> SignatureDocument:
        if self.standard == bool(self.header):
            raise ValueError("say in which header the signature is, or that it is standard")
        return self


class HookDocument(Rules):
    """Where the buyer's system calls: the secret `address` is the last part of the address."""

    address: SecretName
    signature: SignatureDocument | None = None


class ReturnsDocument(Rules):
    """Which items ask a lead back, where `when` finds something true in them, and which take that back (`withdrawn`).

    `reasons` say what theirs mean. Where an `amount` stands, so much of the price is asked back, else all of it.
    """

    when: Place
    withdrawn: Place | None = None
    amount: Place | None = None
    reason: Place
    id: Place | None = None
    note: Place | None = None
    reasons: Words = Field(default_factory=dict)


class ReportsDocument(Rules):
    """Where the parts of a report stand, as JMESPath. JSON is read as it is; in XML an element is an object of its
    children and `@attributes`, in CSV a row one of its columns, and `items` are the elements of that name or all rows.

    Several places of `lead` are tried in their order. `words` say what the buyer's own words mean.
    """

    ask: AskDocument | None = None
    hook: HookDocument | None = None
    format: Literal["json", "xml", "csv", "form"] = "json"
    items: Place | None = None
    lead: Annotated[list[Place], Field(min_length=1, max_length=5)]
    word: Place
    value: Place | None = None
    at: Place | None = None
    note: Place | None = None
    words: Words = Field(default_factory=dict)
    returns: ReturnsDocument | None = None

    @field_validator("lead", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _has_a_way(self) -> ReportsDocument:
        if self.ask is None and self.hook is None:
            raise ValueError("say how the system is asked (ask), or where it calls (hook)")
        if self.format == "xml" and self.items is None:
            raise ValueError("items: say which element is a report")
        return self
