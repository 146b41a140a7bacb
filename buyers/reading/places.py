"""Every value of a reply with the place that a rule finds it by, so that a click on a value names it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from buyers.reading.document import CSV, FORM, HTML, JSON, TEXT, XML, Document, Shape, read_document
from buyers.reading.where import compile_where, text_of
from exchange.model.teaching import Seen
from exchange.model.wire import Reply

VALUES_MOST = 300
TEXT_CHARACTERS = 300  # a value that a rule compares whole is a word, not a page
_SIMPLE: Final = re.compile(r"[A-Za-z_]\w*")
_PATH_NAME: Final = re.compile(r"[\w\-]+")
_WORD: Final = re.compile(r"\$?[\w.-]*\w", re.ASCII)
_WORDS_MOST = 60
_WORDS_WITHIN = 1_000  # characters: what is longer is a page
_TELLING_HEADER: Final = re.compile(r"location|x-.+")


def values_of(reply: Reply, shape: Shape | None = None) -> tuple[Seen, ...]:
    """The values of a reply in its order, at most `VALUES_MOST`; the HTTP status and telling headers come last.

    Each place was tried: a rule with it finds exactly this text first.
    """
    document = read_document(reply, shape or Shape())
    seen: list[Seen] = []
    for place, text in (*_inside(document), *_beside(reply)):
        if len(seen) == VALUES_MOST:
            break
        if text and len(text) <= TEXT_CHARACTERS and _finds(document, place, text):
            seen.append(Seen(place, text))
    return tuple(seen)


def _inside(document: Document) -> Iterator[tuple[str, str]]:
    if document.kind == JSON:
        yield from _json(document.value)
    elif document.kind in (XML, HTML):
        yield from _tree(document.root, leaves_only=document.kind == XML)
    elif document.kind == FORM:
        yield from ((f"key:{name}", value) for name, value in (document.pairs or {}).items())
    elif document.kind == CSV:
        yield from _row(document)
    elif document.kind == TEXT:
        yield from _words(document.text)
        yield "body", document.text


def _beside(reply: Reply) -> Iterator[tuple[str, str]]:
    yield "status", str(reply.status)
    yield from ((f"header:{name}", text) for name, text in reply.headers.items() if _TELLING_HEADER.fullmatch(name))


def _words(text: str) -> Iterator[tuple[str, str]]:
    """The words of a plain text, each by the word before it: `regex:id=(…)`; the first by where it stands."""
    found = list(itertools.islice(_WORD.finditer(text[:_WORDS_WITHIN]), _WORDS_MOST))
    for before, word in zip([None, *found], found, strict=False):
        if len(found) == 1:
            return  # it is the whole text
        lead = "^\\W*" if before is None else _spelled(text[before.start() : word.start()])
        yield f"regex:{lead}({_WORD.pattern})", word[0]


def _spelled(text: str) -> str:
    """A pattern for what stands before a value: numbers in it, and how many blanks, may be others next time."""
    parts = re.split(r"(\s+|[0-9]+)", text)
    return "".join(
        r"\s+" if part.isspace() else "[0-9]+" if part.isdecimal() and part.isascii() else re.escape(part)
        for part in parts
        if part
    )


def _finds(document: Document, place: str, text: str) -> bool:
    try:
        hits = compile_where(place).hits(document)
    except ValueError:
        return False
    return bool(hits) and text_of(hits[0] if hits else None) == text


def _json(root: Any) -> Iterator[tuple[str, str]]:
    """Depth is bounded by the reader. A stack, because a reply is not ours."""
    waiting: list[tuple[str, Any]] = [("", root)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += reversed([(_joined(path, name), inner) for name, inner in value.items()])
        elif isinstance(value, list):
            waiting += reversed([(f"{path}[{number}]", inner) for number, inner in enumerate(value)])
        elif (text := text_of(value)) is not None:
            yield f"json:{path or '@'}", text


def _joined(path: str, name: str) -> str:
    step = name if _SIMPLE.fullmatch(name) else json.dumps(name)
    return f"{path}.{step}" if path else step


def _tree(root: Any, *, leaves_only: bool) -> Iterator[tuple[str, str]]:
    """Elements that say something themselves, and attributes. A page's texts stand between tags, so all count there."""
    for element in root.iter():
        path = _element_path(element)
        if path is None:
            continue
        yield from ((_attribute(path, name), value.strip()) for name, value in element.attrib.items())
        says = len(element) == 0 or (not leaves_only and (element.text or "").strip())
        if says and (text := text_of(element)):
            yield _place(path), text


def _element_path(element: Any) -> list[tuple[str, int]] | None:
    """Names from the root down, each with its place among its equals from 1; 0 where it has none. None: no element."""
    steps: list[tuple[str, int]] = []
    while element is not None:
        if not isinstance(element.tag, str) or not _PATH_NAME.fullmatch(element.tag):
            return None
        above = element.getparent()
        same = [child for child in above if child.tag == element.tag] if above is not None else []
        steps.append((element.tag, same.index(element) + 1 if len(same) > 1 else 0))
        element = above
    return steps[::-1]


def _place(path: list[tuple[str, int]]) -> str:
    if any(number for _, number in path) or path[0][0] == "html":
        return "xpath:/" + "/".join(f"{name}[{number}]" if number else name for name, number in path)
    return "path:" + ".".join(name for name, _ in path)


def _attribute(path: list[tuple[str, int]], name: str) -> str:
    place = _place(path)
    return f"{place}/@{name}" if place.startswith("xpath:") else f"{place}.@{name}"


def _row(document: Document) -> Iterator[tuple[str, str]]:
    for number, value in enumerate(document.rows[0] if document.rows else [], start=1):
        named = document.names[number - 1] if number <= len(document.names) else ""
        yield f"column:{named or number}", value
