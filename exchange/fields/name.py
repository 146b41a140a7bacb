"""A person's name. Spaces are cleaned, wrong encoding mended, and all-capital or all-small names get usual case."""

from __future__ import annotations

import re
import unicodedata
from string import ascii_letters
from types import MappingProxyType

from exchange.fields.characters import mend_mojibake, one_line, problem, read_text
from exchange.fields.field_type import FieldType
from exchange.fields.operators import clean_by, membership, words
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

MOST = 80
_WORD = re.compile(r"[^\W\d_]+")
# Letters as Asian keyboards write them; signs written so stay what they are.
_FULL_WIDTH = MappingProxyType({0xFEE0 + ord(letter): ord(letter) for letter in ascii_letters})
_MC = re.compile(r"\bMc([a-z])(?=[a-z]{2})")
_NOT_IN_NAMES = re.compile(r"[<>{}\[\]|\\^~=@#$%*]|://")


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    return _read(raw, spec, masked=True)


def parse_first(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    return _read(raw, spec, masked=False)


def _read(raw: str, spec: FieldSpec, masked: bool) -> FieldValue | Problem:
    text = read_text(mend_mojibake(raw), spec, spec.most or MOST)
    if isinstance(text, Problem):
        return text
    if spec.least is not None and len(text) < spec.least:
        return problem(spec, "length", f"must have at least {spec.least} characters, it has {len(text)}", raw)
    if _NOT_IN_NAMES.search(text):
        return problem(spec, "pattern", "must be a name, without signs such as @ # < or =", raw)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_FULL_WIDTH))
    clean = usual_case(one_line(text), initials=not masked)
    return FieldValue(raw, clean, mask(clean) if masked else clean)


def usual_case(text: str, *, initials: bool) -> str:
    """`CAROL`, `van-der-berg` and `MCDONALD` get capitals as they should have them; mixed case stays as written, and so
    does `AJ` where initials may be."""
    if not (text.islower() or (text.isupper() and len(text) > (2 if initials else 1))):
        return text
    clean = _WORD.sub(lambda word: word.group()[0].upper() + word.group()[1:].lower(), text)
    return _MC.sub(lambda found: f"Mc{found[1].upper()}", clean) if "Mc" in clean else clean


def mask(clean: str) -> str:
    return clean[:1] + "•••••"


def unmasked(clean: str) -> str:
    """First names stay readable on screens: `Maria S•••••`."""
    return clean


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "minLength": spec.least or 1, "maxLength": spec.most or MOST}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "Fisher",)


def first_examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "Maria",)


TYPE = FieldType(
    name="name",
    meaning="A person's last or full name; cleaned of stray spaces, shown by its first letter.",
    parse=parse,
    operators={**membership(clean_by(parse)), **words()},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
)

FIRST = FieldType(
    name="first_name",
    meaning="A person's first name; read like `name`, shown in full.",
    parse=parse_first,
    operators={**membership(clean_by(parse_first)), **words()},
    mask=unmasked,
    json_schema=json_schema,
    examples=first_examples,
)
