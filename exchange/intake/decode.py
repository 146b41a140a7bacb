"""The front door: the bytes of a request become one flat record, or a refusal that says what to mend. Pure."""

from __future__ import annotations

import re
from typing import Literal

from exchange import limits
from exchange.intake.flat import (
    EDGES,
    Flat,
    Leaf,
    Refused,
    Repeats,
    Unreadable,
    leaves_of,
    settle,
    unreadable,
)
from exchange.intake.form_in import read_form, read_multipart
from exchange.intake.json_in import read_json
from exchange.intake.xml_in import read_xml
from exchange.stages.formats import Format

__all__ = ["Flat", "Refused", "decode"]

_Kind = Literal["json", "xml", "form", "multipart"]
_KINDS: dict[str, _Kind] = {
    "application/json": "json",
    "text/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
    "application/x-www-form-urlencoded": "form",
    "multipart/form-data": "multipart",
}
_FORMATS: dict[_Kind, Format] = {"json": "json", "xml": "xml", "form": "nvp", "multipart": "nvp"}
_TITLES = {"json": "JSON", "xml": "XML", "form": "a form", "multipart": "multipart"}
_SEND: dict[_Kind, str] = {
    "json": "application/json",
    "xml": "application/xml",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data with its boundary",
}
_CONTENT_TYPE_CHARACTERS = 300
_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^;"\s]*))')
_FORM_START = re.compile(rb"[\w.%+\[\]-]{1,200}=[^\x00-\x20]*")
_NOT_A_FORM = ("{", "[", "<", "--")
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")


def decode(
    body: bytes,
    content_type: str | None,
    query: str = "",
    *,
    content_encoding: str | None = None,
    repeats: Repeats = "refuse",
) -> Flat | Refused:
    """Read `body` (and the raw `query` string, whose fields count the same) into one flat record.

    `content_encoding` is the request's header of that name. `repeats` is the seller's profile for names sent twice:
    refused, or the first or the last one taken with a warning. Never raises; see docs/api.md for every rule.
    """
    try:
        kind = _checked_kind(body, content_type, content_encoding)
        leaves, twice = _read(kind, body, content_type or "", repeats)
        if query:
            leaves = _query_leaves(query) + leaves
        elif not leaves and not body.removeprefix(_BOM).strip():
            unreadable("The body is empty.")
        return settle(leaves, twice, _FORMATS[kind], repeats)
    except Unreadable as error:
        return error.refused


def _checked_kind(body: bytes, content_type: str | None, content_encoding: str | None) -> _Kind:
    if content_encoding and content_encoding.strip().lower() != "identity":
        unreadable("Compressed bodies are not taken; send the body without Content-Encoding.", 415)
    if len(body) > limits.BODY_BYTES:
        unreadable(f"The body is larger than {limits.BODY_BYTES // 1024} KB.", 413)
    if content_type is None or not content_type.strip():
        return _sniffed(body)
    if len(content_type) > _CONTENT_TYPE_CHARACTERS:
        unreadable("The content type is too long to be one.", 415)
    media = content_type.partition(";")[0].strip().lower()
    kind = _KINDS.get(media) or _suffix_kind(media)
    if kind is None:
        unreadable(_not_taken(body), 415)
    if ";" in content_type:
        charset = _parameter(content_type, "charset").lower()
        if charset not in ("", "utf-8", "utf8", "us-ascii", "ascii"):
            unreadable("Only UTF-8 is read; the content type names another charset.", 415)
    return kind


def _suffix_kind(media: str) -> _Kind | None:
    if media.startswith("application/"):
        return "json" if media.endswith("+json") else "xml" if media.endswith("+xml") else None
    return None


def _parameter(content_type: str, wanted: str) -> str:
    for name, quoted, plain in _PARAMETER.findall(content_type):
        if name.lower() == wanted:
            return str(quoted or plain)
    return ""


def _sniffed(body: bytes) -> _Kind:
    if not body.removeprefix(_BOM).strip():
        return "form"
    kind = _looks_like(body)
    if kind is None or kind == "multipart":
        unreadable(_not_taken(body), 415)
    return kind


def _not_taken(body: bytes) -> str:
    kind = _looks_like(body)
    hint = f" The body looks like {_TITLES[kind]}: send Content-Type: {_SEND[kind]}." if kind else ""
    return "The content type must be JSON, XML, a form or multipart/form-data." + hint


def _looks_like(body: bytes) -> _Kind | None:
    """What the first characters say, or None when they could be several things."""
    start = body[:1024].removeprefix(_BOM).lstrip()
    if start.startswith((b"{", b"[")):
        return "json"
    if start.startswith(b"<"):
        return "xml"
    if start.startswith(b"--") and b"form-data" in body[:1024]:
        return "multipart"
    return "form" if _FORM_START.match(start) else None


def _read(kind: _Kind, body: bytes, content_type: str, repeats: Repeats) -> tuple[list[Leaf], list[str]]:
    """The leaves of the body, and the names repeated in it. An empty body has none: its fields may be in the query."""
    if body.startswith(_WIDE_BOMS):
        unreadable("The body looks like UTF-16; send UTF-8.")
    if kind == "multipart":
        _check_not_lying(kind, body)
        return read_multipart(body, _parameter(content_type, "boundary")), []
    text = _utf8(body).removeprefix("\ufeff")
    if not text or text.isspace():
        return [], []
    if kind == "form":
        if text.lstrip(EDGES).startswith(_NOT_A_FORM):
            _check_not_lying(kind, body)
        return read_form(text.strip(EDGES)), []
    try:
        return leaves_of(read_json(text) if kind == "json" else read_xml(text.lstrip(EDGES)), repeats)
    except Unreadable as error:
        if error.refused.status == 400:
            _check_not_lying(kind, body)
        raise


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        hint = "; it looks like UTF-16" if b"\x00" in body[:64] else ""
        unreadable(f"The body is not UTF-8: byte 0x{body[error.start]:02X} at position {error.start + 1}{hint}.")


def _check_not_lying(kind: _Kind, body: bytes) -> None:
    seen = _looks_like(body)
    if seen is not None and seen != kind:
        told = f"The content type says {_TITLES[kind]}, but the body looks like {_TITLES[seen]}"
        unreadable(f"{told}: send Content-Type: {_SEND[seen]}.")


def _query_leaves(query: str) -> list[Leaf]:
    if len(query) > limits.BODY_BYTES:
        unreadable("The query is too long.", 413)
    return read_form(query)
