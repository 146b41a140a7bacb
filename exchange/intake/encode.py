"""Answers out: one mapping as JSON, XML or name-value pairs, in the order its keys came. Pure.

Whatever text an answer carries, control characters, lone surrogates and the two characters XML forbids leave as
U+FFFD, so JSON and XML are always well-formed. A line feed stays one: an address has several lines. A key whose value
is None is left out in every format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import orjson

from exchange.intake import soap
from exchange.intake.xml_in import singular
from exchange.stages.formats import Format, format_named

Plain: TypeAlias = "str | int | bool | list[Plain] | dict[str, Plain] | None"

CONTENT_TYPES: Mapping[str, str] = {
    "json": "application/json; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
    "nvp": "application/x-www-form-urlencoded; charset=utf-8",
}
_ANY = frozenset({"*/*", "application/*", "text/*"})
_ACCEPT_CHARACTERS = 1_000
_NOT_SENT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ELEMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NOT_IN_ELEMENT = re.compile(r"[^A-Za-z0-9_.-]")
_LEAST_INT, _MOST_INT = -(2**63), 2**64 - 1  # what orjson writes


def encode(answer: Mapping[str, Any], format: str, root: str = "response") -> tuple[bytes, str]:
    """The body and its content type. `format` is `json`, `xml`, `nvp`, or `soap11` or `soap12` for XML in an envelope;
    anything else is sent as JSON.

    `root` names the element around an answer in XML.

    Values are text, whole numbers, booleans, None, and lists and mappings of these; any other value (`Money`, an
    amount) goes out as its `str`.
    """
    plain = _record(answer)
    if format == "xml":
        return _xml(plain, _element_name(root)), CONTENT_TYPES["xml"]
    if format in soap.NAMESPACES:
        status, reason, message = (str(plain.get(name, "")) for name in ("status", "reason", "message"))
        return soap.enveloped("".join(_elements(plain)), status, reason, message, format), soap.CONTENT_TYPES[format]
    if format == "nvp":
        return urlencode(list(_pairs(plain, ""))).encode(), CONTENT_TYPES["nvp"]
    return orjson.dumps(plain), CONTENT_TYPES["json"]


def answer_format(asked: str | None, accept: str | None, request_format: str) -> str:
    """`json`, `xml` or `nvp`: what the field `format` asks for, else what `Accept` likes best, else the request's own.

    A word that names none of the three is as good as none here; `normalize` warns of it.
    """
    own = format_named(request_format) or "json"
    chosen = format_named(asked) if asked else None
    if chosen is None and accept and len(accept) <= _ACCEPT_CHARACTERS:
        chosen = _preferred(accept, own)
    return chosen or own


def _preferred(accept: str, request_format: Format) -> Format | None:
    best: Format | None = None
    best_quality = 0.0
    for choice in accept.lower().split(","):
        media, *parameters = (part.strip() for part in choice.split(";"))
        format = request_format if media in _ANY else format_named(media)
        quality = _quality(parameters)
        if format is not None and quality > best_quality:
            best, best_quality = format, quality
    return best


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if found := re.fullmatch(r"q\s*=\s*([01](?:\.[0-9]{0,3})?)", parameter):
            return float(found[1])
    return 1.0


def _clean(text: str) -> str:
    return text if text.isprintable() else _NOT_SENT.sub("\ufffd", text)


def _record(mapping: Mapping[Any, Any]) -> dict[str, Plain]:
    return {_clean(str(name)): _plain(value) for name, value in mapping.items() if value is not None}


def _plain(value: Any) -> Plain:
    if isinstance(value, str):
        return _clean(str(value))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if _LEAST_INT <= value <= _MOST_INT else str(value)
    if isinstance(value, Mapping):
        return _record(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value if item is not None]
    return _clean(str(value))


def _word(value: str | int | bool | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _xml(plain: dict[str, Plain], root: str) -> bytes:
    written = ['<?xml version="1.0" encoding="UTF-8"?>\n', f"<{root}>", *_elements(plain), f"</{root}>"]
    return "".join(written).encode()


def _elements(plain: dict[str, Plain]) -> Iterator[str]:
    for name, value in plain.items():
        yield from _element(_element_name(name), value)


def _element(name: str, value: Plain) -> Iterator[str]:
    if isinstance(value, dict):
        yield f"<{name}>"
        yield from _elements(value)
        yield f"</{name}>"
    elif isinstance(value, list):
        item_name = singular(name)
        yield f"<{name}>"
        for item in value:
            yield from _element(item_name, item)
        yield f"</{name}>"
    else:
        yield f"<{name}>{escape(_word(value))}</{name}>"


def _element_name(name: str) -> str:
    """`name` if XML takes it as an element's name, else the nearest one: `first name` → `_first_name`."""
    return name if _ELEMENT.fullmatch(name) else "_" + _NOT_IN_ELEMENT.sub("_", name)


def _pairs(value: Plain, name: str) -> Iterator[tuple[str, str]]:
    """`errors[0][field]=zip`: the names PHP and the front door itself read back as nested."""
    if isinstance(value, dict):
        for inner, item in value.items():
            yield from _pairs(item, f"{name}[{inner}]" if name else inner)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _pairs(item, f"{name}[{index}]")
    else:
        yield name, _word(value)
