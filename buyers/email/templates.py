"""Texts with places for values: `{first_name}`, `{term:reference}`, `{link:contacted}`. There is no logic in them.

One pass: what a value says is never read as a template. Any other brace is text, so that style sheets can be written.
In HTML each place is known by where it stands, and its value is written so that it cannot leave it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from html.parser import HTMLParser
from typing import Final, get_args
from urllib.parse import quote

from buyers.mapping.document import ConsentPart, Term, Value
from buyers.mapping.formats import one_line
from buyers.mapping.values import Draw, Facts, compile_value

_PLACE: Final = re.compile(r"\{([a-z][a-z0-9_]*)(?::([A-Za-z0-9_]+))?\}")
_URL_ATTRIBUTES: Final = frozenset({"href", "src"})
_UNSAFE_ATTRIBUTES: Final = re.compile(r"on.*|style|srcdoc|action|formaction|srcset|background|xlink:href|http-equiv")
_UNSAFE_ELEMENTS: Final = frozenset({"script", "style", "iframe", "object", "embed", "base", "meta", "textarea"})
_SCHEMES: Final = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_MARK: Final = "q9place{}z"

Write = Callable[[Facts], str]
Wrap = Callable[[str], str]


def tidy(value: str) -> str:
    """One line, whatever breaks lines: no header, no row of a text and no cell of a file can be begun from within."""
    return " ".join(one_line(value).split())


def compile_line(template: str) -> Write:
    """For a header. Raises `ValueError`."""
    write = compile_text(template)
    return lambda facts: tidy(write(facts))


def compile_text(template: str) -> Write:
    """Raises `ValueError` when a place is of no kind that there is."""
    fixed, draws = _parts(template)
    return _written(fixed, draws, [str] * len(draws))


def compile_html(template: str) -> Write:
    """Raises `ValueError`, also when a place stands where no value can be written safely."""
    fixed, draws = _parts(template)
    return _written(fixed, draws, _wraps(fixed))


def _written(fixed: Sequence[str], draws: Sequence[Draw], wraps: Sequence[Wrap]) -> Write:
    def write(facts: Facts) -> str:
        parts = [fixed[0]]
        for draw, wrap, after in zip(draws, wraps, fixed[1:], strict=True):
            parts += (wrap(tidy(draw(facts))), after)
        return "".join(parts)

    return write


def _parts(template: str) -> tuple[list[str], list[Draw]]:
    """The fixed texts, one more than there are places between them."""
    fixed: list[str] = []
    draws: list[Draw] = []
    end = 0
    for found in _PLACE.finditer(template):
        fixed.append(template[end : found.start()])
        draws.append(_draw(found[1], found[2]))
        end = found.end()
    return [*fixed, template[end:]], draws


def _draw(first: str, second: str | None) -> Draw:
    if second is None:
        return compile_value(Value(field=first))
    if first == "link":
        return lambda facts: facts.terms.links.get(second, "")
    if first == "tracking":
        return compile_value(Value(tracking=second))
    if first == "setting":
        return compile_value(Value(setting=second))
    known = {"term": get_args(Term), "consent": get_args(ConsentPart)}.get(first)
    if known is None:
        raise ValueError(f"{{{first}:{second}}}: {first} is not one of consent, link, setting, term, tracking")
    if second not in known:
        raise ValueError(f"{{{first}:{second}}}: {second} is not one of {', '.join(known)}")
    return compile_value(Value.model_validate({first: second}))


def _wraps(fixed: Sequence[str]) -> list[Wrap]:
    """How the value of each place is written, from where it stands in the HTML around it."""
    marks = [_MARK.format(number) for number in range(len(fixed) - 1)]
    html = "".join(text + mark for text, mark in zip(fixed, [*marks, ""], strict=True))
    reader = _Places(marks)
    reader.feed(html)
    reader.close()
    for number, mark in enumerate(marks):
        if mark not in reader.found:
            raise ValueError(f"place {number + 1} of the HTML stands where no value may: {_near(fixed, number)}")
    return [reader.found[mark] for mark in marks]


def _near(fixed: Sequence[str], number: int) -> str:
    return (fixed[number][-30:] + "{…}" + fixed[number + 1][:10]).strip()


def _in_url(value: str) -> str:
    """After a beginning that the template fixes: nothing in it can end a part of the address."""
    return escape(quote(value, safe="+@.,-_~"))


def _whole_url(value: str) -> str:
    return escape(value) if _SCHEMES.match(value) else "#"


class _Places(HTMLParser):
    """Finds each mark in text or in a quoted attribute; one that is found nowhere stands where it may not."""

    def __init__(self, marks: Sequence[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, Wrap] = {}
        self._marks = marks
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSAFE_ELEMENTS:
            self._within.append(tag)
            return
        text = self.get_starttag_text() or ""
        for name, value in attrs:
            if value is None or _UNSAFE_ATTRIBUTES.fullmatch(name):
                continue
            for mark in self._marks:
                if mark in value and re.search(rf"=\s*(?:\"[^\"]*{mark}[^\"]*\"|'[^']*{mark}[^']*')", text):
                    self.found[mark] = escape if name not in _URL_ATTRIBUTES else _url_wrap(value, mark)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _UNSAFE_ELEMENTS:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if not self._within:
            self.found |= {mark: escape for mark in self._marks if mark in data}


def _url_wrap(value: str, mark: str) -> Wrap:
    return _whole_url if value.startswith(mark) else _in_url
