"""A web address: http or https, with a host, without a user name or password."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from exchange import limits
from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType, Test
from exchange.fields.operators import clean_by, membership
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

_RULE = "must be a web address that starts with https:// or http://"
# Most addresses: small letters, a name for a host, no port. They need no parser.
_PLAIN = re.compile(
    r"https?://((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24})(?:[/?#][!#-&(-;=?-\[\]_a-z~]*)?"
)
_NEVER_IN_A_URL = frozenset(" <>\"'`\\{}|^")


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, spec.most or limits.FIELD_CHARACTERS)
    if isinstance(text, Problem):
        return text
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        return FieldValue(raw, text, text, {"host": plain.group(1)})
    if text[:8].lower().startswith(("http://", "https://")) and _NEVER_IN_A_URL.isdisjoint(text):
        found = _host(text)
        if found is not None:
            scheme, sep, rest = text.partition("://")
            at = len(rest) - len(rest.lstrip("/"))
            if at == 0:
                authority_end = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
                clean = scheme.lower() + sep + rest[:authority_end].lower() + rest[authority_end:]
                return FieldValue(raw, clean, clean, {"host": found})
    return problem(spec, "pattern", _RULE, raw)


def _host(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        host, has_user = parts.hostname, "@" in parts.netloc
        _ = parts.port  # raises when it is not a number below 65,536
    except ValueError:
        return None
    return host if host and not has_user else None


def mask(clean: str) -> str:
    return clean


def _host_in(values: tuple[str, ...], spec: FieldSpec) -> Test:
    hosts = tuple(value.strip().lower() for value in values)
    if not hosts or not all(hosts):
        raise ValueError(f"{spec.name} host_in needs host names such as go.example.")
    ends = tuple("." + host for host in hosts)
    return lambda value: value is not None and (value.parts["host"] in hosts or value.parts["host"].endswith(ends))


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "format": "uri", "maxLength": spec.most or limits.FIELD_CHARACTERS}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "https://sunsaver.example/az",)


TYPE = FieldType(
    name="url",
    meaning="A web address, http or https.",
    parse=parse,
    operators={**membership(clean_by(parse)), "host_in": _host_in},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("host",),
)
