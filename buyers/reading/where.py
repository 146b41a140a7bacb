"""Where in a reply a value stands: `json:a.b`, `xpath://status`, `css:h3`, `path:response.status`, `key:status`,
`column:1`, `regex:id=([0-9]+)`, `header:location`, `status`, `body`, `rows`.

A selector yields a list of hits: text, JSON containers, elements. On a kind of document it does not read it yields
None, which is "cannot say", so that the absence of a JSON key in an HTML page proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import jmespath
from cssselect import SelectorError
from jmespath.exceptions import JMESPathError
from lxml import etree
from lxml.cssselect import CSSSelector

from buyers.reading.document import BROKEN, CSV, EMPTY, FORM, HTML, JSON, TEXT, XML, Document, NumberText
from buyers.reading.patterns import compile_pattern
from exchange import limits

Hits = list[Any]
Find = Callable[[Document], Hits]

HITS_MOST = 500
FLATTENS_MOST = 4  # each can multiply what a JMESPath expression holds
_ANY_TEXT = frozenset({JSON, XML, HTML, FORM, CSV, TEXT, EMPTY})
_EVERY = _ANY_TEXT | {BROKEN}
_SIMPLE_JSON = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[[0-9]{1,4}\])*")
_JSON_NAME = re.compile(r"[A-Za-z_]\w*")
_JSON_STEP = re.compile(r"([A-Za-z_]\w*)|\[([0-9]+)\]")
_PATH = re.compile(r"(?:[\w@*\-]+|\[[0-9]{1,4}\])(?:\.[\w@*\-]+|\[[0-9]{1,4}\])*")
_PATH_STEP = re.compile(r"([\w@*\-]+)|\[([0-9]+)\]")
_COSTLY_XPATH = re.compile(r"\[[^\]]*//|\b(?:following|preceding|ancestor)\b|\w:\w")
_NIL = frozenset({"nil", "type"})  # what XML Schema says about an element, not the element itself
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,20})?")
# JMESPath asks a value for the name of its type; this one compares exactly and keeps its digits.
_ExactNumber: Final[type[Decimal]] = type("float", (Decimal,), {})


@dataclass(frozen=True, slots=True)
class Selector:
    """`text` is what was written; `beside` that it reads outside the body.

    `hits` gives what stands there, at most `HITS_MOST` of it; None when this kind of document has no such place.
    """

    text: str
    beside: bool
    hits: Callable[[Document], Hits | None]


def compile_where(text: str) -> Selector:
    """Raises `ValueError` with a sentence for whoever wrote it."""
    kind, _, rest = text.partition(":")
    if not rest and kind in _BARE:
        return _selector(text, *_BARE[kind])
    if kind not in _WITH_TEXT or not rest:
        known = ", ".join([*(f"{name}:…" for name in _WITH_TEXT), *_BARE])
        raise ValueError(f"{text[:60]!r} is not a place in a reply; places are {known}")
    if kind == "json" and _JSON_NAME.fullmatch(rest):
        return _json_name(text, rest)
    kinds, build = _WITH_TEXT[kind]
    return _selector(text, kinds, build(rest))


def _selector(text: str, kinds: frozenset[str], find: Find) -> Selector:
    def hits(document: Document) -> Hits | None:
        if document.kind not in kinds:
            return None
        found = find(document)
        return found if len(found) <= HITS_MOST else found[:HITS_MOST]

    return Selector(text, BROKEN in kinds, hits)


def _json_name(text: str, name: str) -> Selector:
    """The usual place, `json:status`, in one step."""

    def hits(document: Document) -> Hits | None:
        if document.kind != JSON:
            return None
        value = document.value
        hit = value.get(name) if type(value) is dict else None
        if isinstance(hit, list):
            return hit[:HITS_MOST]
        return [] if hit is None else [hit]

    return Selector(text, False, hits)


def _once(text: str, find: Find) -> Find:
    """For a place that is costly to look at: found once in a document, however many rules ask."""

    def found(document: Document) -> Hits:
        memo = document.memo
        if text not in memo:
            memo[text] = find(document)
        hits: Hits = memo[text]
        return hits

    return found


def text_of(hit: Any) -> str | None:
    """The text of a hit, trimmed; None for nothing, for null, and for a container."""
    if isinstance(hit, str):
        return hit.strip()
    if hit is None or isinstance(hit, (dict, list)):
        return None
    if hit is True or hit is False:
        return "true" if hit else "false"
    if isinstance(hit, (int, Decimal)):
        return str(hit)
    if isinstance(hit, float):  # an XPath count
        return str(int(hit)) if hit.is_integer() else None
    return "".join(hit.itertext()).strip() if len(hit) else (hit.text or "").strip()


def is_blank(hit: Any) -> bool:
    """Null, empty text, an empty list or object, an element that says nothing in text or attributes."""
    if isinstance(hit, (dict, list)):
        return not hit
    if text_of(hit):
        return False
    return all(name in _NIL for name in getattr(hit, "attrib", ()))


def _json(expression: str) -> Find:
    if expression == "@":
        return lambda document: [document.value]
    if _SIMPLE_JSON.fullmatch(expression):
        return _json_walk(expression)
    try:
        compiled = jmespath.compile(expression)
    except JMESPathError as problem:
        raise ValueError(f"not JMESPath: {str(problem).splitlines()[0]}") from None
    _check_growth(compiled.parsed)

    def find(document: Document) -> Hits:
        if "typed" not in document.memo:
            document.memo["typed"] = _typed(document.value)
        try:
            found = compiled.search(document.memo["typed"])
        except (JMESPathError, ArithmeticError, ValueError, TypeError, AttributeError):
            return []  # a function met a type it does not take
        return found if isinstance(found, list) else [] if found is None else [found]

    return _once(f"json:{expression}", find)


def _check_growth(parsed: Any) -> None:
    nodes, growing = [parsed], 0
    while nodes:
        node = nodes.pop()
        growing += node["type"] in ("flatten", "multi_select_list", "multi_select_dict")
        nodes.extend(child for child in node.get("children", []) if isinstance(child, dict))
    if growing > FLATTENS_MOST:
        raise ValueError(f"more than {FLATTENS_MOST} flattening or multi-select parts in one JMESPath expression")


def _json_walk(expression: str) -> Find:
    steps: list[str | int] = [name or int(index) for name, index in _JSON_STEP.findall(expression)]

    def find(document: Document) -> Hits:
        value = document.value
        for step in steps:
            if type(value) is dict:
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int):
                value = value[step] if step < len(value) else None
            else:
                return []
            if value is None:
                return []
        return value if isinstance(value, list) else [value]

    return find


def _typed(value: Any) -> Any:
    """The same document with its numbers comparable, for expressions that compare. Depth is bounded by the reader."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if isinstance(value, NumberText):
        return _ExactNumber(value) if _NUMBER.fullmatch(value) else str(value)
    return value


def _xpath(expression: str) -> Find:
    if len(expression) > limits.RULE_PATTERN_CHARACTERS:
        raise ValueError("the XPath is too long")
    if _COSTLY_XPATH.search(expression):
        raise ValueError("the XPath uses a prefix, an axis or an inner `//`; names are matched without namespaces")
    try:
        compiled = etree.XPath(expression, regexp=False)
        compiled(etree.Element("reply"))
    except etree.XPathError as problem:
        raise ValueError(f"not XPath: {problem}") from None
    return _once(f"xpath:{expression}", _over_tree(compiled))


def _css(expression: str) -> Find:
    try:
        compiled = CSSSelector(expression)
    except (SelectorError, etree.XPathError) as problem:
        raise ValueError(f"not a CSS selector: {problem}") from None
    return _once(f"css:{expression}", _over_tree(compiled))


def _over_tree(compiled: Callable[[Any], Any]) -> Find:
    def find(document: Document) -> Hits:
        try:
            found = compiled(document.root)
        except etree.XPathError:
            return []
        hits = found if isinstance(found, list) else [found]
        return [hit for hit in hits if not isinstance(hit, tuple)]  # a namespace is no value

    return find


def _path(expression: str) -> Find:
    if not _PATH.fullmatch(expression):
        raise ValueError("a path is names with dots, `*` for any name, `[0]` for a place in a list, `@name` in XML")
    steps: list[str | int] = [name or int(index) for name, index in _PATH_STEP.findall(expression)]
    in_pairs = _key(expression)

    def find(document: Document) -> Hits:
        if document.kind == FORM:
            return in_pairs(document)
        if document.kind == JSON:
            return _json_steps(document.value, steps)
        return _xml_steps(document, steps)

    return find


def _json_steps(value: Any, steps: list[str | int]) -> Hits:
    for index, step in enumerate(steps):
        if type(value) is not dict or step not in value:
            hits: Hits = [value]
            for rest in steps[index:]:
                hits = _json_step(hits, rest)
            return hits
        value = value[step]
    return [] if value is None else [value]


def _json_step(hits: Hits, step: str | int) -> Hits:
    found: Hits = []
    for hit in hits[:HITS_MOST]:
        if isinstance(step, int):
            found.extend(hit[step : step + 1] if isinstance(hit, list) else [])
        elif isinstance(hit, list):
            found.extend(hit if step == "*" else _json_step([item for item in hit if isinstance(item, dict)], step))
        elif isinstance(hit, dict):
            if step == "*":
                found.extend(hit.values())
            elif step in hit:
                found.append(hit[step])
            else:
                wanted = step.casefold()
                found.extend(value for key, value in hit.items() if key.casefold() == wanted)
    return [hit for hit in found if hit is not None]


def _xml_steps(document: Document, steps: list[str | int]) -> Hits:
    hits: Hits = [document.root]
    rest = steps
    if not document.inside:
        first = steps[0]
        if not isinstance(first, str) or (first != "*" and first.casefold() != document.root.tag.casefold()):
            return []
        rest = steps[1:]
    for step in rest:
        if isinstance(step, int):
            hits = hits[step : step + 1]
        elif step.startswith("@"):
            hits = [value for hit in hits for name, value in hit.attrib.items() if _same(name, step[1:])]
            return hits
        else:
            hits = [child for hit in hits for child in hit if step == "*" or _same(child.tag, step)]
    return hits


def _same(name: str, wanted: str) -> bool:
    return name == wanted or name.casefold() == wanted.casefold()


def _key(name: str) -> Find:
    def find(document: Document) -> Hits:
        value = document.pairs.get(name) if document.pairs else None
        return [] if value is None else [value]

    return find


def _column(name: str) -> Find:
    """`column:1` counts from one; a name is looked up in the header row. The first row is read."""
    wanted = name.strip().casefold()

    def find(document: Document) -> Hits:
        if wanted.isdigit():
            index = int(wanted) - 1
        elif wanted in document.names:
            index = document.names.index(wanted)
        else:
            return []
        row = document.rows[0] if document.rows else []
        return [row[index]] if 0 <= index < len(row) else []

    return find


def _regex(pattern: str) -> Find:
    compiled = compile_pattern(pattern)
    return _once(f"regex:{pattern}", lambda document: compiled.find(document.text))


def _header(name: str) -> Find:
    wanted = name.strip().lower()

    def find(document: Document) -> Hits:
        value = document.reply.headers.get(wanted)
        return [] if value is None else [value]

    return find


_WITH_TEXT: Final[dict[str, tuple[frozenset[str], Callable[[str], Find]]]] = {
    "json": (frozenset({JSON}), _json),
    "xpath": (frozenset({XML, HTML}), _xpath),
    "css": (frozenset({XML, HTML}), _css),
    "path": (frozenset({JSON, XML, FORM}), _path),
    "key": (frozenset({FORM}), _key),
    "column": (frozenset({CSV}), _column),
    "regex": (_ANY_TEXT, _regex),
    "header": (_EVERY, _header),
}
_BARE: Final[dict[str, tuple[frozenset[str], Find]]] = {
    "status": (_EVERY, lambda document: [str(document.reply.status)]),
    "body": (_ANY_TEXT, lambda document: [document.text]),
    "rows": (frozenset({CSV}), lambda document: list(document.rows)),
}
