"""What a reply is: JSON, XML, HTML, pairs, delimited rows or plain text, found by looking at it.

Buyers mislabel their replies, so content comes first, the declared type second, and a connection may overrule both.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_plus

from buyers.reading.markup import parse_html, parse_xml, unwrap
from buyers.reading.unreadable import Unreadable
from exchange import limits
from exchange.model.wire import Reply

JSON: Final = "json"
XML: Final = "xml"
HTML: Final = "html"
FORM: Final = "form"
CSV: Final = "csv"
TEXT: Final = "text"
EMPTY: Final = "empty"
BROKEN: Final = "broken"

REPLY_DEPTH = 40
ROWS_MOST = 500
UNWRAPS_MOST = 2  # a document in a string in a document; nobody wraps deeper
_BOM = b"\xef\xbb\xbf"
_CHARSETS = frozenset({"utf-8", "us-ascii", "iso-8859-1", "windows-1252", "utf-16"})
_SCALAR = re.compile(r'(?:true|false|null|-?[0-9]{1,40}(?:\.[0-9]{1,40})?|"(?:[^"\\]|\\.)*")', re.IGNORECASE)
_NAME = r"[A-Za-z_][\w.\-\[\]]{0,63}"
_PAIRS = re.compile(rf"{_NAME}=[^&\r\n]*(?:&{_NAME}=[^&\r\n]*)*")
_PAIR_LINES = re.compile(rf"{_NAME}=[^\r\n]*(?:[\r\n]+{_NAME}=[^\r\n]*)+")
_HTML_START = re.compile(r"<(?:!doctype\s+html|html|head|body|title|meta|br|center|script)\b", re.IGNORECASE)
_ENCODING = re.compile(rb'<\?xml[^>]{0,200}encoding=["\']([A-Za-z0-9_-]{1,20})["\']')
_CHARSET = re.compile(r'charset="?([A-Za-z0-9_-]{1,20})', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a stage's replies are to be taken. `columns` cuts a row into so many at most; the rest stays in the last."""

    kind: str = "auto"
    delimiter: str = ","
    header: bool = False
    columns: int | None = None
    pair_separator: str | None = None
    pair_sign: str = "="


@dataclass(slots=True)
class Document:
    """One reply while it is being read. `inside` is a part of another document (a leg). `memo` keeps what was found."""

    kind: str
    reply: Reply
    text: str = ""
    value: Any = None
    root: Any = None
    pairs: Mapping[str, str] | None = None
    rows: Sequence[list[str]] = ()
    names: Sequence[str] = ()
    problem: str = ""
    inside: bool = False
    memo: dict[Any, Any] = field(default_factory=dict)

    def within(self, hit: Any) -> Document:
        """The part that a list expression found, as a document of its own."""
        if self.kind == JSON:
            return Document(JSON, self.reply, value=hit, inside=True)
        if self.kind == CSV:
            return Document(CSV, self.reply, rows=[hit], names=self.names, inside=True)
        if isinstance(hit, str):
            return Document(TEXT, self.reply, text=hit, inside=True)
        return Document(self.kind, self.reply, root=hit, inside=True)


def read_document(reply: Reply, shape: Shape) -> Document:
    """Never raises: a reply that cannot be taken is a document of kind `broken` with its `problem`."""
    try:
        return _taken(reply, _decoded(reply), shape, 0)
    except Unreadable as problem:
        return Document(BROKEN, reply, problem=str(problem))


def _decoded(reply: Reply) -> str:
    body = reply.body
    if len(body) > limits.RULE_INPUT_CHARACTERS:
        raise Unreadable(f"the reply is longer than {limits.RULE_INPUT_CHARACTERS} bytes")
    try:
        text = body.removeprefix(_BOM).decode()
    except UnicodeDecodeError:
        text = _decoded_otherwise(reply)
    if "\x00" in text:
        raise Unreadable("the reply holds a NUL character")
    return text.strip()


def _decoded_otherwise(reply: Reply) -> str:
    if reply.body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decode(reply.body, "utf-16")
    declared = _CHARSET.search(reply.headers.get("content-type", ""))
    inline = _ENCODING.search(reply.body[:300])
    charset = declared[1] if declared else inline[1].decode() if inline else ""
    if charset.lower() not in _CHARSETS or charset.lower() == "utf-8":
        raise Unreadable("the reply is not UTF-8 and declares no other known encoding")
    return _decode(reply.body, charset)


def _decode(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset)
    except UnicodeDecodeError:
        raise Unreadable(f"the reply is not {charset}") from None


def _taken(reply: Reply, text: str, shape: Shape, unwraps: int) -> Document:
    if not text:
        return Document(EMPTY, reply)
    if text[0] == "&" and text.startswith(("&lt;", "&#60;")) and unwraps < UNWRAPS_MOST:
        return _taken(reply, html.unescape(text).strip(), shape, unwraps + 1)
    kind = shape.kind if shape.kind != "auto" else _sniffed(text, reply)
    if kind == JSON:
        return _json(reply, text, unwraps)
    if kind == XML:
        return _xml(reply, text, unwraps)
    if kind == HTML:
        return Document(HTML, reply, text, root=parse_html(text))
    if kind == FORM:
        return Document(FORM, reply, text, pairs=_pairs(text, shape))
    if kind == CSV:
        return _csv(reply, text, shape)
    return Document(TEXT, reply, text)


def _sniffed(text: str, reply: Reply) -> str:
    first = text[0]
    if first in "{[":
        return JSON
    if first == "<":
        return HTML if _HTML_START.match(text) else XML
    if _SCALAR.fullmatch(text):
        return JSON
    declared = reply.headers.get("content-type", "")
    if _PAIRS.fullmatch(text) or _PAIR_LINES.fullmatch(text) or "x-www-form-urlencoded" in declared:
        return FORM
    return CSV if "csv" in declared else TEXT


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        for key, value in pairs:
            if found[key] != value:
                raise Unreadable("a key comes twice with different values")
    return found


class NumberText(str):
    """A JSON number as it was written: long ids and `12.10` arrive whole, and no float is made of them."""

    __slots__ = ()


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=NumberText, parse_int=NumberText, parse_constant=NumberText
)


def _json(reply: Reply, text: str, unwraps: int) -> Document:
    value = _json_value(text)
    if isinstance(value, str) and unwraps < UNWRAPS_MOST and value.lstrip()[:1] in ("{", "[", "<"):
        return _taken(reply, value.strip(), Shape(), unwraps + 1)
    return Document(JSON, reply, text, value=_opened(value))


def _opened(value: Any) -> Any:
    """An object whose only value is JSON in a text holds what that says: .NET's services answer `{"d": "{…}"}`."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, inner),) = value.items()
        if isinstance(inner, str) and inner.lstrip()[:1] in ("{", "["):
            with suppress(Unreadable):
                return {name: _json_value(inner.strip())}
    return value


def _json_value(text: str) -> Any:
    try:
        value, end = _DECODER.raw_decode(text)
    except Unreadable:
        raise
    except (ValueError, RecursionError):
        if text.lower() in ("true", "false", "null"):  # Python's and .NET's spelling of the JSON words
            return json.loads(text.lower())
        raise Unreadable("the reply is not well-formed JSON") from None
    if end < len(text) and text[end:].lstrip()[:1] in ("{", "["):
        raise Unreadable("the reply holds two JSON documents")
    if len(text) > 2 * REPLY_DEPTH and text.count("{") + text.count("[") > REPLY_DEPTH:
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(REPLY_DEPTH):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if not inner:
            return
        level = inner
    raise Unreadable(f"the reply is nested deeper than {REPLY_DEPTH}")


def _xml(reply: Reply, text: str, unwraps: int) -> Document:
    root = parse_xml(text)
    inner = unwrap(root) if unwraps < UNWRAPS_MOST else None
    if inner is not None:
        try:
            return _taken(reply, inner, Shape(), unwraps + 1)
        except Unreadable:
            if inner[0] == "<":
                raise  # markup that cannot be read is hostile or cut short; `[OK]` is merely a word
    return Document(XML, reply, text, root=root)


def _pairs(text: str, shape: Shape) -> dict[str, str]:
    lines = shape.pair_separator is None and bool(_PAIR_LINES.fullmatch(text))
    separator = "\n" if lines else shape.pair_separator or "&"
    decode = unquote_plus if separator == "&" else str.strip
    found: dict[str, str] = {}
    for part in text.split(separator):
        key, sign, value = part.partition(shape.pair_sign)
        if not sign:
            continue
        name, content = decode(key).strip(), decode(value).strip()
        if found.setdefault(name, content) != content:
            raise Unreadable("a key comes twice with different values")
    return found


def _csv(reply: Reply, text: str, shape: Shape) -> Document:
    rows = _limited(text, shape) if shape.columns else _quoted(text, shape)
    if not rows or len(rows) > ROWS_MOST:
        raise Unreadable(f"the reply has no rows, or more than {ROWS_MOST}")
    names = [name.casefold() for name in rows[0]] if shape.header else []
    return Document(CSV, reply, text, rows=rows[1:] if shape.header else rows, names=names)


def _limited(text: str, shape: Shape) -> list[list[str]]:
    most = (shape.columns or 1) - 1
    return [[part.strip() for part in line.split(shape.delimiter, most)] for line in text.splitlines() if line.strip()]


def _quoted(text: str, shape: Shape) -> list[list[str]]:
    try:
        rows = csv.reader(io.StringIO(text), delimiter=shape.delimiter, skipinitialspace=True, strict=True)
        return [[part.strip() for part in row] for row in rows if row]
    except csv.Error:
        raise Unreadable("the reply is not delimited text") from None
