"""A request as people write it: address, headers, query and body, each value saying where it comes from."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

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
SignedPart = Literal["method", "path", "body", "body_sha256"]
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
    "hmac",
    "signed",
    "items",
    "document",
)
PLACEHOLDER = re.compile(r"\{([a-z_.0-9]+)\}")
URL_TERMS = frozenset({"reference", "ping_reference", "leg_reference", "lead_id"})
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_STEP = re.compile(r"@?[A-Za-z_][\w:.\-]*(?:\[[0-9]{1,3}\])*")
_DURATION = re.compile(r"([0-9]{1,6})([smh])")
_PROXY = re.compile(r"http://[^/@\s]+/?")
STEP_SPLIT = re.compile(r"(?<!\\)\.")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone") from None
    return name


class NumberFormat(Rules):
    """`decimals` cuts or pads the fraction; None keeps it."""

    decimals: int | None = Field(default=None, ge=0, le=10)
    sign: str = Field(default="", max_length=4)
    thousands: str = Field(default="", max_length=1)
    decimal_comma: bool = False


class Hmac(Rules):
    """A keyed hash over some values, for a header. What of them is the message itself is written `{signed: body}`."""

    secret: str
    over: list[Value] = Field(min_length=1)
    glue: str = Field(default="", alias="with")
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    written: Literal["hex", "base64"] = Field(default="hex", alias="as")
    secret_as: Literal["text", "hex", "base64"] = "text"


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
    hmac: Hmac | None = None
    signed: SignedPart | None = None
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

    Other values stand in its path by names that `path` gives them: `/v2/numbers/{phone}`. There none may be empty.
    Empty values are left out unless `omit_empty` or the value's own `omit_if_empty` says no.
    """

    path: dict[str, Value] = Field(default_factory=dict)  # before the URL, which is checked with it
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
    def _is_web_address(cls, url: str, info: ValidationInfo) -> str:
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or "{" in parts.netloc or "@" in parts.netloc or not url.isprintable() or " " in url:
            raise ValueError("the URL is http or https, with a fixed host and without a user name")
        path = info.data.get("path") or {}
        for name in PLACEHOLDER.findall(url):
            if name not in path and name not in URL_TERMS and not name.startswith("setting."):
                known = ", ".join(sorted(URL_TERMS | path.keys()))
                raise ValueError(f"{{{name}}} cannot stand in a URL; {known} and setting.… can")
        if unused := [name for name in path if f"{{{name}}}" not in url]:
            raise ValueError(f"{', '.join(unused)} of `path` does not stand in the URL")
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
    def _signs_in_headers(self) -> Request:
        """A signature is over the body and the address, so it can stand in neither."""
        values = (*self.path.items(), *self.query.items(), *self.body.items(), *self.soap.header.items())
        for name, value in values:
            if signs(value):
                raise ValueError(f"{name}: a signature of the message stands in a header")
        return self

    @model_validator(mode="after")
    def _body_goes_with_method(self) -> Request:
        if self.method == "GET" and self.body:
            raise ValueError("a GET carries its values in `query`")
        return self


class Step(Request):
    """A message before the one that counts (a token, say). `keep` names what later messages use as `kept`.

    With `cache` (`50m`, `2h`, `90s`) its reply serves that long for every message that would ask the same; when the
    message that counts is answered 401, it is asked once more. Such a step says nothing about a lead.
    """

    keep: dict[str, Carry] = Field(default_factory=dict)
    cache: str | None = None

    @field_validator("cache")
    @classmethod
    def _is_time(cls, text: str | None) -> str | None:
        if text is not None and not 1 <= seconds_of(text) <= limits.TOKEN_SECONDS_MOST:
            raise ValueError("a time such as 50m, 2h or 90s, of a day at most")
        return text

    @model_validator(mode="after")
    def _asks_the_same(self) -> Step:
        values = (*self.headers.values(), *self.query.values(), *self.body.values(), *self.soap.header.values())
        of_leads = PLACEHOLDER.search(self.url.replace("{setting.", "{setting_")) is not None  # `path` makes it one too
        if self.cache is not None and (of_leads or not all(_lasting(value) for value in values)):
            raise ValueError("what is cached may not depend on a lead or the moment: constants, secrets and settings")
        return self

    @property
    def cache_seconds(self) -> int:
        """0 for a step that is asked each time."""
        return seconds_of(self.cache) if self.cache is not None else 0


def seconds_of(text: str) -> int:
    """Raises `ValueError` for what is no time."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("a time such as 50m, 2h or 90s")
    return int(found[1]) * {"s": 1, "m": 60, "h": 3_600}[found[2]]


class Transport(Rules):
    """How all messages of the connection leave. The proxy may differ by contract: `{setting: proxy}`.

    The files are PEM, named by their whole path; `certificate` and its `key_file` are ours, `ca_file` says whom to
    trust. A proxy is written `http://host:port`; where the setting is empty, no proxy is used.
    """

    proxy: Value | None = None
    proxy_user: Value | None = None
    proxy_password: Value | None = None
    certificate: str = ""
    key_file: str = ""
    ca_file: str = ""

    @field_validator("certificate", "key_file", "ca_file")
    @classmethod
    def _is_whole_path(cls, path: str) -> str:
        if path and (not path.startswith("/") or not path.isprintable()):
            raise ValueError("the file is named by its whole path, beginning with /")
        return path

    @model_validator(mode="after")
    def _fits(self) -> Transport:
        if self.key_file and not self.certificate:
            raise ValueError("key_file goes with certificate")
        if self.proxy is None and (self.proxy_user is not None or self.proxy_password is not None):
            raise ValueError("proxy_user and proxy_password go with proxy")
        if not all(_lasting(value) for value in self.values):
            raise ValueError("the way out depends on constants, settings and secrets only")
        proxy = self.proxy.constant if self.proxy is not None else None
        if proxy is not None and not _PROXY.fullmatch(proxy):
            raise ValueError("a proxy is written http://host:port")
        return self

    @property
    def values(self) -> list[Value]:
        return [value for value in (self.proxy, self.proxy_user, self.proxy_password) if value is not None]


def inner_of(value: Value) -> list[Value]:
    """The values inside a value."""
    inner = [*(value.join or []), *(value.basic or []), *(value.items or [])]
    if value.document is not None:
        inner += value.document.fields.values()
    if value.hmac is not None:
        inner += value.hmac.over
    return inner


def signs(value: Value) -> bool:
    """Whether a value is made of the message it stands in."""
    return value.hmac is not None or value.signed is not None or any(signs(part) for part in inner_of(value))


def _lasting(value: Value) -> bool:
    """Whether a value is the same for every lead of a contract."""
    inner = inner_of(value)
    if value.constant is not None or value.secret is not None or value.setting is not None:
        return True
    return bool(inner) and value.hmac is None and all(_lasting(part) for part in inner)


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
