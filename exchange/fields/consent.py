"""What proves consent: the yes or no itself, a TrustedForm certificate, a Jornaya LeadiD."""

from __future__ import annotations

import re

from exchange.fields import boolean, url
from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.operators import clean_by, membership, presence
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

_CERTIFICATE_HOSTS = ("cert.trustedform.com", "ping.trustedform.com")
_CERTIFICATE_PATH = re.compile(r"https://[a-z.]+/(?:0\.)?[A-Za-z0-9_./+=-]{16,1000}")
_CERTIFICATE = re.compile(r"https://cert\.trustedform\.com/([0-9a-f]{40})")
_BARE = re.compile(r"[0-9a-fA-F]{40}")
_LEADID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")


def parse_certificate(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    """A certificate's address, or its bare 40-digit id, which is completed."""
    text = read_text(raw, spec, 1_200)
    if isinstance(text, Problem):
        return text
    if _BARE.fullmatch(text):
        clean = f"https://{_CERTIFICATE_HOSTS[0]}/{text.lower()}"
        return FieldValue(raw, clean, mask(clean), {"certificate": text.lower()})
    usual = _CERTIFICATE.fullmatch(text)
    if usual is not None:
        return FieldValue(raw, text, mask(text), {"certificate": usual.group(1)})
    found = url.parse(text, spec, now)
    if isinstance(found, FieldValue) and found.parts["host"] in _CERTIFICATE_HOSTS:
        secure = found.clean.replace("http://", "https://", 1)
        if _CERTIFICATE_PATH.fullmatch(secure):
            return FieldValue(raw, secure, mask(secure), {"certificate": secure.rpartition("/")[2]})
    return problem(spec, "pattern", "must be a certificate address that starts with https://cert.trustedform.com/", raw)


def parse_leadid(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, 60)
    if isinstance(text, Problem):
        return text
    if not is_leadid(text):
        return problem(spec, "pattern", "must be a LeadiD of 36 characters", raw)
    return FieldValue(raw, text.upper(), mask(text.upper()))


def is_leadid(text: str) -> bool:
    return _LEADID.fullmatch(text.strip()) is not None


def mask(clean: str) -> str:
    head, slash, token = clean.rpartition("/")
    return f"{head}{slash}{token[:4]}…{token[-4:]}"


def certificate_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "format": "uri"}


def leadid_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "minLength": 36, "maxLength": 36}


def certificate_examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567",)


def leadid_examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "0A1B2C3D-4E5F-6A7B-8C9D-0E1F2A3B4C5D",)


TYPE = FieldType(
    name="consent",
    meaning="Whether the consumer agreed: yes or no.",
    parse=boolean.parse,
    operators=boolean.TYPE.operators,
    mask=boolean.mask,
    json_schema=boolean.json_schema,
    examples=boolean.examples,
    parts=("true",),
)

CERTIFICATE = FieldType(
    name="certificate",
    meaning="The address of a TrustedForm certificate, or its 40-digit id.",
    parse=parse_certificate,
    operators={**presence()},
    mask=mask,
    json_schema=certificate_schema,
    examples=certificate_examples,
    parts=("certificate",),
)

LEADID = FieldType(
    name="leadid",
    meaning="A Jornaya LeadiD: 36 characters.",
    parse=parse_leadid,
    operators={**membership(clean_by(parse_leadid))},
    mask=mask,
    json_schema=leadid_schema,
    examples=leadid_examples,
)
