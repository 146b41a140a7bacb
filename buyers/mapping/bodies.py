"""Bodies from compiled mappings: pairs, JSON, XML and SOAP. Trees are built by libraries, never pasted from strings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus

import orjson
from lxml import etree

from buyers.mapping.document import Request, Value, check_tree, steps_of
from buyers.mapping.formats import clean, number_format
from buyers.mapping.values import Draw, Facts, bare_field, compile_value

Body = Callable[[Facts], bytes]
SOAP_NAMESPACES: Final[Mapping[str, str]] = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
_ATTRIBUTE: Final = "@"
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9_.~-]*")  # what a form writes as it is
_EXACT = number_format(None, "", "", False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One target and how its values are drawn. `many` marks a list, which repeats the target.

    `field` is the field whose text it is, where it is nothing else.
    """

    target: str
    draws: tuple[Draw, ...]
    many: bool
    omit: bool
    type: str
    cdata: bool
    field: str | None = None

    def texts(self, facts: Facts) -> list[str]:
        """The values to write; empty ones are gone where they are to be left out."""
        if self.omit:
            return [text for draw in self.draws if (text := draw(facts))]
        return [draw(facts) for draw in self.draws]


def compile_entries(fields: Mapping[str, Value], omit_empty: bool) -> tuple[Entry, ...]:
    return tuple(_entry(target, value, omit_empty) for target, value in fields.items())


def _entry(target: str, value: Value, omit_empty: bool) -> Entry:
    parts = value.items if value.items is not None else [value]
    omit = omit_empty if value.omit_if_empty is None else value.omit_if_empty
    draws = tuple(_draw(part, omit_empty) for part in parts)
    return Entry(target, draws, value.items is not None, omit, value.type, value.cdata, bare_field(value))


def _draw(value: Value, omit_empty: bool) -> Draw:
    inner = value.document
    if inner is None:
        return compile_value(value)
    body = compile_body(inner.kind, inner.fields, omit_empty, inner.namespaces)
    return lambda facts: body(facts).decode()


def compile_body(
    kind: str, fields: Mapping[str, Value], omit_empty: bool, namespaces: Mapping[str, str] | None = None
) -> Body:
    """`kind` is form, json or xml. Raises `ValueError` when the targets do not fit it."""
    entries = compile_entries(fields, omit_empty)
    if kind == "form":
        return form_body(entries)
    if kind == "json":
        return json_body(entries)
    return xml_body(entries, namespaces or {})


def form_body(entries: Iterable[Entry]) -> Body:
    plan = [(quote_plus(entry.target) + "=", entry) for entry in entries]

    def encode(facts: Facts) -> bytes:
        return "&".join([key + _quoted(text) for key, entry in plan for text in entry.texts(facts)]).encode("ascii")

    return encode


def _quoted(text: str) -> str:
    return text if _UNRESERVED.fullmatch(text) else quote_plus(text)


def json_body(entries: Iterable[Entry]) -> Body:
    plan = [(_json_steps(entry.target), entry) for entry in entries]
    if all(len(steps) == 1 and not entry.many and entry.type == "text" for steps, entry in plan):
        return _flat_json([(str(steps[0]), entry.field, entry.draws[0], entry.omit) for steps, entry in plan])

    def encode(facts: Facts) -> bytes:
        root: dict[str, Any] = {}
        for steps, entry in plan:
            texts = entry.texts(facts)
            if entry.omit and not texts:
                continue
            content = [_typed(text, entry.type) for text in texts] if entry.many else _typed(texts[0], entry.type)
            _put(root, steps, content)
        return orjson.dumps(root)

    return encode


def _flat_json(plan: Sequence[tuple[str, str | None, Draw, bool]]) -> Body:
    """The usual body: one object of texts, each drawn once. `plan` is (name, field, value, leave out when empty)."""

    def encode(facts: Facts) -> bytes:
        root: dict[str, str] = {}
        value_of = facts.values.get
        for name, field, draw, omit in plan:
            if field is None:
                text = draw(facts)
            else:  # nearly all of them: one look instead of a call
                value = value_of(field)
                text = "" if value is None else value.clean
                if not text.isprintable():
                    text = clean(text)
            if text or not omit:
                root[name] = text
        return orjson.dumps(root)

    return encode


def _json_steps(target: str) -> list[str | int]:
    steps: list[str | int] = []
    for step in steps_of(target):
        name, *indexes = step.split("[")
        steps.append(name)
        steps.extend(int(index.removesuffix("]")) for index in indexes)
    return steps


def _put(root: Any, steps: list[str | int], content: object) -> None:
    place = root
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        inner: Any = content if following is None else [] if isinstance(following, int) else {}
        if isinstance(step, int):
            while len(place) <= step:
                place.append(None)
            if following is None or place[step] is None:
                place[step] = inner
        elif following is None or step not in place:
            place[step] = inner
        place = place[step]


def _typed(text: str, kind: str) -> object:
    """JSON's number and boolean keep the digits they were given; what is neither is sent as text."""
    if kind == "number":
        exact = _EXACT(text)
        return orjson.Fragment(exact.encode()) if exact and exact.lstrip("-")[0].isdigit() and _plain(exact) else text
    if kind == "boolean" and text.lower() in ("true", "false", "yes", "no", "1", "0"):
        return text.lower() in ("true", "yes", "1")
    return text


def _plain(number: str) -> bool:
    return number.replace(".", "", 1).removeprefix("-").isdigit() and number.isascii()


def xml_body(entries: Iterable[Entry], namespaces: Mapping[str, str]) -> Body:
    build = _tree(tuple(entries), namespaces)

    def encode(facts: Facts) -> bytes:
        roots = build(facts, None)
        return etree.tostring(roots[0], encoding="UTF-8", xml_declaration=True) if roots else b""

    return encode


def soap_body(request: Request) -> Body:
    """An envelope whose body holds the mapping's elements."""
    space = SOAP_NAMESPACES[request.soap.version]
    build = _tree(compile_entries(request.body, request.omit_empty), request.namespaces)
    head = _tree(compile_entries(request.soap.header, request.omit_empty), request.namespaces)
    has_head = bool(request.soap.header)

    def encode(facts: Facts) -> bytes:
        envelope = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
        if has_head:
            head(facts, etree.SubElement(envelope, f"{{{space}}}Header"))
        build(facts, etree.SubElement(envelope, f"{{{space}}}Body"))
        return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)

    return encode


_Node = tuple[tuple[str, ...], str]  # the path down to an element, and its qualified tag


@dataclass(frozen=True, slots=True)
class _Leaf:
    """Where an entry's text goes: the elements above it, then an element or an attribute."""

    above: tuple[_Node, ...]
    path: tuple[str, ...]
    tag: str
    attribute: bool
    entry: Entry


def _tree(entries: tuple[Entry, ...], namespaces: Mapping[str, str]) -> Callable[[Facts, Any], list[Any]]:
    """Builds the elements in the order of the mapping, below `parent` or as roots, and returns the roots."""
    leaves = [_leaf(entry, namespaces) for entry in entries]
    nsmap: Any = {prefix or None: address for prefix, address in namespaces.items()}

    def build(facts: Facts, parent: Any) -> list[Any]:
        made: dict[tuple[str, ...], Any] = {}
        roots: list[Any] = []

        def make(above: Any, tag: str) -> Any:
            if above is not None:
                return etree.SubElement(above, tag)
            root = etree.Element(tag, nsmap=nsmap) if parent is None else etree.SubElement(parent, tag, nsmap=nsmap)
            roots.append(root)
            return root

        for leaf in leaves:
            texts = leaf.entry.texts(facts)
            if not texts:
                continue
            above: Any = None
            for path, tag in leaf.above:
                element = made.get(path)
                if element is None:
                    element = made[path] = make(above, tag)
                above = element
            if leaf.attribute:
                above.set(leaf.tag, texts[0])  # check_tree: an attribute stands in an element
                continue
            for text in texts:
                element = made.get(leaf.path) if not leaf.entry.many else None
                if element is None:
                    element = made[leaf.path] = make(above, leaf.tag)
                element.text = etree.CDATA(text) if leaf.entry.cdata and "]]>" not in text else text
        return roots

    return build


def _leaf(entry: Entry, namespaces: Mapping[str, str]) -> _Leaf:
    steps = steps_of(entry.target)
    attribute = steps[-1].startswith(_ATTRIBUTE)
    nodes = tuple(
        (tuple(steps[: depth + 1]), _qualified(step.partition("[")[0], namespaces, False))
        for depth, step in enumerate(steps[:-1])
    )
    tag = _qualified(steps[-1].removeprefix(_ATTRIBUTE).partition("[")[0], namespaces, attribute)
    return _Leaf(nodes, tuple(steps), tag, attribute, entry)


def _qualified(name: str, namespaces: Mapping[str, str], attribute: bool) -> str:
    prefix, colon, local = name.partition(":")
    if not colon:
        default = "" if attribute else namespaces.get("", "")
        return f"{{{default}}}{name}" if default else name
    if prefix not in namespaces:
        raise ValueError(f"the prefix of {name!r} is not in `namespaces`")
    return f"{{{namespaces[prefix]}}}{local}"


def check_body(kind: str, request: Request) -> None:
    """Raises `ValueError` when a request cannot be encoded as `kind`."""
    if kind in ("xml", "soap"):
        check_tree(request.body, one_root=kind == "xml" and bool(request.body))
        check_tree(request.soap.header, one_root=False)
    for value in [*request.query.values(), *request.body.values(), *request.soap.header.values()]:
        _check_inner(value)
    if kind == "soap":
        soap_body(request)
    else:
        compile_body(kind, request.body, request.omit_empty, request.namespaces)


def _check_inner(value: Value) -> None:
    inner = value.document
    if inner is not None and inner.kind == "xml":
        check_tree(inner.fields, one_root=True)
