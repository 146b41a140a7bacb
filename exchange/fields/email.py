"""An e-mail address. The domain is lower-cased; the local part stays as written, `folded` is what to compare by."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType, Test
from exchange.fields.operators import clean_by, membership
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

MOST = 254
LOCAL_MOST = 64
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_PLAIN_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_NOWHERE = ("arpa", "invalid", "local", "localhost", "onion", "test")  # names that never lead to a mailbox
_RULE = "must be an email address such as maria@example.com"


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    if "\n" in raw or "\r" in raw:  # so begins a header that somebody slipped in; no address has two lines
        return problem(spec, "pattern", f"{_RULE}, on one line", raw)
    text = read_text(raw, spec, MOST)
    if isinstance(text, Problem):
        return text
    local, at, domain = text.rpartition("@")
    if not at or not local or "." not in domain:
        return problem(spec, "pattern", _RULE, raw)
    domain = domain.lower()
    if not _is_plain(local, domain):
        try:
            found = validate_email(text, check_deliverability=False, strict=True)
        except EmailNotValidError:
            return problem(spec, "pattern", _RULE, raw)
        local, domain = found.local_part, found.ascii_domain or found.domain
    clean = f"{local}@{domain}"
    parts = {"local": local, "domain": domain, "folded": clean.casefold()}
    return FieldValue(raw, clean, f"{local[:1]}•••••@{domain}", parts)


def _is_plain(local: str, domain: str) -> bool:
    """Addresses of the usual shape need no library: one in a thousand goes the slow way."""
    if len(local) > LOCAL_MOST or not _PLAIN_LOCAL.fullmatch(local) or not _PLAIN_DOMAIN.fullmatch(domain):
        return False
    # a label that starts with xn-- may hold anything; the library decides
    return domain.rpartition(".")[2] not in _NOWHERE and "--" not in domain


def mask(clean: str) -> str:
    local, _, domain = clean.rpartition("@")
    return f"{local[:1]}•••••@{domain}"


def _domain_in(values: tuple[str, ...], spec: FieldSpec) -> Test:
    domains = frozenset(value.strip().lower().removeprefix("@") for value in values)
    if not domains or not all("." in domain for domain in domains):
        raise ValueError(f"{spec.name} domain_in needs domains such as example.com.")
    return lambda value: value is not None and value.parts["domain"] in domains


def _domain_not_in(values: tuple[str, ...], spec: FieldSpec) -> Test:
    inside = _domain_in(values, spec)
    return lambda value: not inside(value)


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "format": "email", "maxLength": MOST}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "maria@consumer.example",)


TYPE = FieldType(
    name="email",
    meaning="An email address; its syntax is checked, not whether it takes mail.",
    parse=parse,
    operators={**membership(clean_by(parse)), "domain_in": _domain_in, "domain_not_in": _domain_not_in},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("local", "domain", "folded"),
)
