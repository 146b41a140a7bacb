"""XML in, by expat: no DOCTYPE, no entities but the five of XML, nothing fetched.

Prefixes are dropped, the root's name too. The tree it makes has the shape the JSON reader makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.parsers import expat

from exchange import limits
from exchange.intake.flat import EDGES, Pairs, Tree, too_deep, too_many_fields, unreadable

_PLAIN_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_NOT_FIELDS = frozenset({"xmlns", "xml", "xsi", "soap", "soapenv", "soap-env", "env"})
_ITEMS = frozenset({"item", "value"})


def singular(name: str) -> str:
    """What one entry of a list is called in XML: `errors` → `error`, `entries` → `entry`, `allowed` → `item`."""
    lower = name.lower()
    if lower.endswith("ies") and len(name) > 4:
        return name[:-3] + "y"
    if lower.endswith("s") and not lower.endswith("ss") and len(name) > 2:
        return name[:-1]
    return "item"


def read_xml(text: str) -> Pairs:
    """The pairs under the root element. Raises `Unreadable` with line and column."""
    reader = _Reader(expat.ParserCreate())
    try:
        reader.parser.Parse(text, True)
    except expat.ExpatError as error:
        told = expat.ErrorString(error.code) or "it cannot be read"
        unreadable(f"XML: {told} at line {error.lineno}, column {error.offset + 1}.")
    return reader.root


class _Element:
    __slots__ = ("attributes", "children", "name", "prefix", "text")

    def __init__(self, prefix: str, name: str, attributes: Sequence[tuple[str, Tree]]) -> None:
        self.prefix = prefix
        self.name = name
        self.attributes = attributes
        self.children: list[tuple[str, Tree]] = []
        self.text = ""


class _Reader:
    """Builds the tree while expat reads, and stops it at the first thing that is over a limit."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.parser = parser
        self.root: Pairs = ()
        self._open: list[_Element] = []
        self._seen = 0
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _PLAIN_CHARSETS:
            unreadable("XML: the declaration names an encoding other than UTF-8.", 415)

    def _doctype(self, name: str, system_id: str | None, public_id: str | None, internal: bool) -> None:
        unreadable(f"XML: a DOCTYPE is not taken{self._at()}.")

    def _start(self, tag: str, attributes: list[str]) -> None:
        prefix, _, name = tag.rpartition(":")
        self._seen += 1 + len(attributes) // 2
        if self._seen > 4 * limits.FIELDS:
            too_many_fields()
        if len(self._open) == limits.DEPTH:
            too_deep(f"XML{self._at()}")
        self._open.append(_Element(prefix, name, _attributes(attributes) if attributes else ()))

    def _text(self, text: str) -> None:
        self._open[-1].text += text

    def _end(self, tag: str) -> None:
        done = self._open.pop()
        text = done.text.strip(EDGES)
        if text and done.children:
            unreadable(f"XML: text and elements are mixed inside one element{self._at()}.")
        if not self._open:
            self._close_root(done, text)
            return
        above = self._open[-1].children
        if done.attributes and not done.children and not text:
            above.append((done.name, tuple(done.attributes)))
        elif text or done.children or done.prefix.lower() not in _NOT_FIELDS:  # an empty soap:Header is no field
            above.append((done.name, _value(done) if done.children else text))
            if done.attributes:
                above += [(f"{done.name}.{name}", value) for name, value in done.attributes]

    def _close_root(self, root: _Element, text: str) -> None:
        if text:
            unreadable("XML: expected elements inside the root element, and got text alone.")
        if root.children and isinstance(_value(root), list):
            unreadable("XML: expected one record, and got a list.")
        enveloped = root.name == "Envelope" and any(name == "Body" for name, _ in root.children)
        self.root = _unwrapped(root.children) if enveloped else (*root.attributes, *root.children)

    def _at(self) -> str:
        return f" at line {self.parser.CurrentLineNumber}, column {self.parser.CurrentColumnNumber + 1}"


def _unwrapped(children: Sequence[tuple[str, Tree]]) -> Pairs:
    """What a SOAP envelope holds: the parts of the one element of its body, and what its header says."""
    parts = {name: value for name, value in children if isinstance(value, tuple)}
    body, header = parts.get("Body", ()), parts.get("Header", ())
    if body and isinstance(body[0][1], tuple) and all(name.startswith(f"{body[0][0]}.") for name, _ in body[1:]):
        attributes = tuple((name.partition(".")[2], value) for name, value in body[1:])
        body = (*attributes, *body[0][1])
    return (*((("Header", header),) if header else ()), *body)


def _attributes(sent: list[str]) -> list[tuple[str, Tree]]:
    fields: list[tuple[str, Tree]] = []
    for name, value in zip(sent[::2], sent[1::2], strict=True):
        prefix, _, short = name.rpartition(":")
        if name != "xmlns" and prefix.lower() not in _NOT_FIELDS:
            fields.append((short, value))
    return fields


def _value(done: _Element) -> Tree:
    """A record, or a list: `<partners><partner>A</partner><partner>B</partner></partners>`."""
    names = {name.lower() for name, _ in done.children}
    if len(names) == 1 and names <= {singular(done.name).lower(), *_ITEMS}:
        values = [value for _, value in done.children]
        if len(values) > 1 or isinstance(values[0], str):
            return values
    return tuple(done.children)
