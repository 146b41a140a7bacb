"""A request as people write it: address, headers, query and body, each value saying where it comes from."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, field_validator, model_validator

from buyers.reading.rules import Carry, Rules, Scalar
from exchange import limits

Term = Literal[
    "reference",
    "lead_id",
    "ping_reference",
    "leg_reference",
    "leg",
    "brand",
    "bid_price",
    "currency",
    "reserve",
    "slots",
    "vertical",
    "mode",
    "grade",
    "seller_alias",
    "seller_lead_id",
    "contract",
    "now",
    "received_at",
]
ConsentPart = Literal[
    "given",
    "text",
    "text_hash",
    "version",
    "method",
    "agreed_at",
    "trustedform_url",
    "jornaya_leadid",
    "ip_address",
    "user_agent",
    "page_url",
    "received_at",
]
SOURCES = (
    "field",
    "constant",
    "secret",
    "term",
    "tracking",
    "setting",
    "consent",
    "kept",
    "join",
    "basic",
    "items",
    "document",
)
PLACEHOLDER = re.compile(r"\{([a-z_.0-9]+)\}")
URL_TERMS = frozenset({"reference", "ping_reference", "leg_reference", "lead_id"})
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_STEP = re.compile(r"@?[A-Za-z_][\w:.\-]*(?:\[[0-9]{1,3}\])*")
STEP_SPLIT = re.compile(r"(?<!\\)\.")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is not a time zone") from None
    return name


class NumberFormat(Rules):
    """`decimals` cuts or pads the fraction; None keeps it."""

    decimals: int | None = Field(default=None, ge=0, le=10)
    sign: str = Field(default="", max_length=4)
    thousands: str = Field(default="", max_length=1)
    decimal_comma: bool = False


class Value(Rules):
    """One source, then how it is written. A bare word is one of our fields; a number or yes/no is a constant.

    Order of work: source, `part`, `default`, `phone`/`date`/`number`, `lookup`, `case`, `hash`, `most`.
    """

    field: str | list[str] | None = None
    constant: Scalar | None = None
    secret: str | None = None
    term: Term | None = None
    tracking: str | None = None
    setting: str | None = None
    consent: ConsentPart | None = None
    kept: str | None = None
    join: list[Value] | None = Field(default=None, min_length=1)
    basic: list[Value] | None = Field(default=None, min_length=2, max_length=2)
    items: list[Value] | None = Field(default=None, min_length=1)
    document: InnerDocument | None = None

    glue: str = Field(default=" ", alias="with")
    part: str | None = None
    default: Scalar | None = None
    phone: Literal["digits", "digits11", "e164", "dashes", "dots", "parentheses"] | None = None
    date: str | None = Field(default=None, min_length=2, max_length=60)
    zone: Annotated[str, AfterValidator(_zone)] | None = None
    number: NumberFormat | None = None
    lookup: dict[Scalar, Scalar] | None = None
    otherwise: Scalar | None = None
    case: Literal["upper", "lower", "title"] | None = None
    hash: Literal["md5", "sha1", "sha256"] | None = None
    most: int | None = Field(default=None, ge=1)
    omit_if_empty: bool | None = None
    type: Literal["text", "number", "boolean"] = "text"
    cdata: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"field": value}
        if isinstance(value, (bool, int)):
            return {"constant": value}
        if isinstance(value, list):
            return {"items": value}
        return value

    @model_validator(mode="after")
    def _one_source(self) -> Value:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a value has exactly one source ({', '.join(SOURCES)}); this has {len(given)}")
        if self.part is not None and self.field is None:
            raise ValueError("`part` goes with `field`")
        return self


class InnerDocument(Rules):
    """A whole document as the text of one value: XML inside a form field, JSON inside XML."""

    kind: Literal["form", "json", "xml"] = Field(alias="as")
    fields: dict[str, Value] = Field(min_length=1)
    namespaces: dict[str, str] = Field(default_factory=dict)


class Soap(Rules):
    """The envelope around the body; `action` is the operation's SOAPAction."""

    version: Literal["1.1", "1.2"] = "1.1"
    action: str = ""
    header: dict[str, Value] = Field(default_factory=dict)


class Request(Rules):
    """One message. `kind` (`as`) overrules the connector's encoding. The URL may contain `{reference}` and the like.

    Empty values are left out unless `omit_empty` or the value's own `omit_if_empty` says no.
    """

    url: str = Field(max_length=2_000)
    method: Literal["GET", "POST", "PUT", "PATCH"] = "POST"
    kind: Literal["form", "json", "xml", "soap"] | None = Field(default=None, alias="as")
    headers: dict[str, Value] = Field(default_factory=dict)
    query: dict[str, Value] = Field(default_factory=dict)
    body: dict[str, Value] = Field(default_factory=dict, max_length=limits.FIELDS)
    namespaces: dict[str, str] = Field(default_factory=dict)
    soap: Soap = Soap()
    omit_empty: bool = True

    @field_validator("url")
    @classmethod
    def _is_web_address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or "{" in parts.netloc or "@" in parts.netloc or not url.isprintable() or " " in url:
            raise ValueError("the URL is http or https, with a fixed host and without a user name")
        for name in PLACEHOLDER.findall(url):
            if name not in URL_TERMS and not name.startswith("setting."):
                raise ValueError(f"{{{name}}} cannot stand in a URL; {', '.join(sorted(URL_TERMS))} and setting.… can")
        return url

    @field_validator("headers")
    @classmethod
    def _names_headers(cls, headers: dict[str, Value]) -> dict[str, Value]:
        for name in headers:
            if not _HEADER.fullmatch(name):
                raise ValueError(f"{name!r} is not a header name")
            if name.lower() in ("host", "content-length", "transfer-encoding", "connection"):
                raise ValueError(f"{name} belongs to the courier")
        return headers

    @model_validator(mode="after")
    def _body_goes_with_method(self) -> Request:
        if self.method == "GET" and self.body:
            raise ValueError("a GET carries its values in `query`")
        return self


class Step(Request):
    """A message before the one that counts (a token, say). `keep` names what later messages use as `kept`."""

    keep: dict[str, Carry] = Field(default_factory=dict)


def steps_of(target: str) -> list[str]:
    """`Lead.Phone.@type` cut at its dots; a dot of the name itself is written `\\.`."""
    return [step.replace("\\.", ".") for step in STEP_SPLIT.split(target)]


def check_tree(body: dict[str, Value], one_root: bool) -> None:
    """Raises `ValueError` when the targets are no XML tree."""
    roots = set()
    for target in body:
        steps = steps_of(target)
        if not all(_STEP.fullmatch(step) for step in steps) or any(step[0] == "@" for step in steps[:-1]):
            raise ValueError(f"{target!r} is not a path of elements")
        if steps[0][0] == "@":
            raise ValueError(f"{target!r} has no element to stand in")
        roots.add(steps[0])
    if one_root and len(roots) != 1:
        raise ValueError(f"an XML document has one root; this has {', '.join(sorted(roots)) or 'none'}")
