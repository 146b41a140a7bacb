"""The rows of a list in XML, cut out of it as they stand. No document type, no entity, nothing fetched. Pure."""

from __future__ import annotations

import re
from xml.parsers import expat

from exchange.flows.doors import NotPolled

_DECLARATION = re.compile(rb"\s*<\?xml\b([^>]{0,200})\?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def rows_of_xml(body: bytes, name: str) -> list[bytes]:
    """The outermost elements of this name, whatever their namespace, as UTF-8. Raises `NotPolled`."""
    reader = _Rows(_as_utf8(body), name)
    try:
        reader.parser.Parse(reader.body, True)
    except expat.ExpatError as error:
        raise NotPolled(f"The list is no XML: line {error.lineno}.") from None
    return reader.rows


def _as_utf8(body: bytes) -> bytes:
    """Without its declaration, which says how it was written before."""
    declared = _DECLARATION.match(body)
    said = _ENCODING.search(declared[1]) if declared is not None else None
    encoding = "utf-16" if body.startswith(_WIDE) else said[1].decode() if said is not None else "utf-8-sig"
    try:
        text = body[declared.end() if declared is not None else 0 :].decode(encoding).encode()
    except (LookupError, ValueError):
        raise NotPolled(f"The list cannot be read as {encoding}.") from None
    wide = _DECLARATION.match(text)
    return text[wide.end() :] if wide is not None else text


class _Rows:
    """Notes where each row begins and ends while expat reads."""

    def __init__(self, body: bytes, name: str) -> None:
        self.body, self.rows = body, list[bytes]()
        self.parser = expat.ParserCreate()
        self._name, self._depth, self._begins = name, 0, 0
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _doctype(self, name: str, system_id: str | None, public_id: str | None, internal: bool) -> None:
        raise NotPolled("The list has a document type, which is not taken.")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._depth:
            self._depth += 1
        elif tag.rpartition(":")[2] == self._name:
            self._depth, self._begins = 1, self.parser.CurrentByteIndex

    def _end(self, tag: str) -> None:
        if not self._depth:
            return
        self._depth -= 1
        if not self._depth:
            at = self.parser.CurrentByteIndex  # of its end tag; behind a tag that begins and ends at once
            closes = re.compile(rb"</" + re.escape(tag.encode()) + rb"\s*>").match(self.body, at)
            self.rows.append(self.body[self._begins : closes.end() if closes is not None else at])
