"""The document of a form: what an operator writes, checked, becomes a `Form`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exchange import limits
from exchange.model.form import ConsentWords, Evidence, Form, FormField, FormStep
from exchange.model.lead import Mode

Accent = Literal["blue", "teal", "green", "violet", "orange", "red", "slate"]
"""Colours of buttons and marks; each can be read on both themes."""
Theme = Literal["auto", "light", "dark"]
RESERVED = frozenset({"new", "preview"})
STEPS_MOST = 12
STEP_FIELDS_MOST = 40
HOSTS_MOST = 20
DEFAULT_CONSENT = (
    "By ticking this box I agree that {buyers} may call and text me at the number I gave, also with automated "
    "technology, and email me about my request. Agreeing is no condition of buying anything."
)

_SPACES = re.compile(r"\s+")
_HOST = re.compile(r"[a-z0-9.-]{1,253}(?::[0-9]{1,5})?")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
Short = Annotated[str, Field(max_length=120)]
Line = Annotated[str, Field(max_length=500)]


class BadForm(Exception):
    """The document cannot be used. `problems` are sentences that begin with their place in it."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldDocument(_Document):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    label: Short = ""
    help: Line = ""
    required: bool = False


class StepDocument(_Document):
    title: Annotated[str, Field(min_length=1, max_length=120)]
    fields: Annotated[tuple[FieldDocument | str, ...], Field(min_length=1, max_length=STEP_FIELDS_MOST)]


class ConsentDocument(_Document):
    text: Annotated[str, Field(min_length=20, max_length=limits.FIELD_CHARACTERS - 500)] = DEFAULT_CONSENT
    label: Annotated[str, Field(min_length=1, max_length=120)] = "I agree"
    partners: Short = "up to four companies that serve my area"
    named: bool = False


class FormDocument(_Document):
    """A form as it is stored. `steps` name fields of the campaign's vertical."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    intro: Line = ""
    campaign: Annotated[str, Field(min_length=1, max_length=80)]
    mode: Literal["live", "test"] = "live"
    steps: Annotated[tuple[StepDocument, ...], Field(min_length=1, max_length=STEPS_MOST)]
    consent: ConsentDocument | None = None
    button: Annotated[str, Field(min_length=1, max_length=60)] = "Send my request"
    thanks: Line = "Thank you. Your request was sent; you will hear soon."
    redirect: Annotated[str, Field(max_length=2_000)] = ""
    accent: Accent = "blue"
    theme: Theme = "auto"
    hosts: Annotated[tuple[str, ...], Field(max_length=HOSTS_MOST)] = ()
    least_seconds: Annotated[int, Field(ge=0, le=60)] = 3
    trustedform: bool = False
    jornaya: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{0,60}$")] = ""


def read_form(name: str, document: Mapping[str, Any]) -> Form:
    """The form of a document. Raises `BadForm` with everything that is wrong with it."""
    try:
        read = FormDocument.model_validate(document)
    except ValidationError as error:
        raise BadForm([_sentence(item) for item in error.errors(include_url=False, include_context=False)]) from None
    if problems := list(_problems(name, read)):
        raise BadForm(problems)
    version = sha256(orjson.dumps(read.model_dump(), option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
    return Form(
        name,
        version,
        read.title.strip(),
        read.intro.strip(),
        read.campaign,
        Mode(read.mode),
        tuple(FormStep(step.title.strip(), tuple(_field(each) for each in step.fields)) for step in read.steps),
        _consent(read.consent),
        read.button.strip(),
        read.thanks.strip(),
        read.redirect.strip(),
        read.accent,
        read.theme,
        tuple(_origin(host) for host in read.hosts),
        read.least_seconds,
        Evidence(read.trustedform, read.jornaya),
    )


def _field(given: FieldDocument | str) -> FormField:
    if isinstance(given, str):
        return FormField(given)
    return FormField(given.name, given.label.strip(), given.help.strip(), given.required)


def _consent(given: ConsentDocument | None) -> ConsentWords | None:
    """The text as one line: what is kept is then, character for character, what a browser shows."""
    if given is None:
        return None
    text = _SPACES.sub(" ", given.text).strip()
    return ConsentWords(text, given.label.strip(), _SPACES.sub(" ", given.partners).strip(), given.named)


def _problems(name: str, read: FormDocument) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield f"name: {name[:60]!r} must be lower-case letters, digits, - and _, because it stands in the address"
    if name in RESERVED:
        yield f"name: {name} is a word of the console's own addresses; choose another"
    seen: set[str] = set()
    for number, step in enumerate(read.steps, start=1):
        for each in step.fields:
            field = _field(each).name
            if field in seen:
                yield f"steps[{number}].fields: {field} is asked twice"
            seen.add(field)
    for host in read.hosts:
        if _origin(host) == "":
            yield f"hosts: {host[:80]!r} is not an origin such as https://www.acme.example"
    if read.redirect and not _is_web(read.redirect):
        yield "redirect: must be an address that begins with https://"
    if read.consent is not None and read.consent.named and "{buyers}" not in read.consent.text:
        yield "consent.text: names no companies; write {buyers} where they are to stand"


def _origin(host: str) -> str:
    """`https://www.acme.example` of such an origin, with or without a slash at its end; empty for anything else."""
    try:
        parts = urlsplit(host.strip().lower())
    except ValueError:
        return ""
    plain = not parts.path.strip("/") and not parts.query and not parts.fragment
    if parts.scheme not in ("https", "http") or not plain or not _HOST.fullmatch(parts.netloc):
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and address.strip().isprintable() and " " not in address


def _sentence(item: Mapping[str, Any]) -> str:
    path = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in item["loc"])
    message = "is not a known key" if item["type"] == "extra_forbidden" else item["msg"]
    return f"{path.removeprefix('.') or 'document'}: {message}"
