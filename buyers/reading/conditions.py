"""Conditions compiled to closures with three answers: yes, no, and None for "this reply cannot say"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from buyers.reading.amounts import BadAmount, read_amount
from buyers.reading.document import Document
from buyers.reading.patterns import compile_pattern
from buyers.reading.rules import TESTS, Condition
from buyers.reading.where import Hits, Selector, compile_where, is_blank, text_of

Test = Callable[[Document], bool | None]


def compile_condition(condition: Condition) -> Test:
    """Raises `ValueError` when a `contains` matches what its `unlike` lists."""
    if condition.all_of is not None:
        return _all([compile_condition(inner) for inner in condition.all_of])
    if condition.any_of is not None:
        return _any([compile_condition(inner) for inner in condition.any_of])
    if condition.none_of is not None:
        return _not(compile_condition(condition.none_of))
    return _test(condition)


def describe(condition: Condition) -> tuple[str, str]:
    """Where and what, for a person: (`json:status`, `equals rejected`)."""
    for word, group in (("all", condition.all_of), ("any", condition.any_of)):
        if group is not None:
            parts = [describe(inner) for inner in group]
            joint = " and " if word == "all" else " or "
            return ", ".join(dict.fromkeys(where for where, _ in parts)), joint.join(rule for _, rule in parts)
    if condition.none_of is not None:
        where, rule = describe(condition.none_of)
        return where, f"not {rule}"
    name = next(name for name in TESTS if getattr(condition, name) is not None)
    value = getattr(condition, name)
    words = name.replace("_", " ")
    told = "" if value is True else f" {value}" if isinstance(value, str) else f" {', '.join(value)}"
    return ", ".join(condition.where or []), f"{words}{told}"


def only_beside(condition: Condition) -> bool:
    """Whether it looks at nothing but the HTTP status and headers, so that it holds for a body nobody can read."""
    inner = [*(condition.all_of or []), *(condition.any_of or [])]
    if condition.none_of is not None:
        inner.append(condition.none_of)
    if inner:
        return all(only_beside(part) for part in inner)
    return all(compile_where(place).beside for place in condition.where or [])


def _all(tests: list[Test]) -> Test:
    def test(document: Document) -> bool | None:
        answer: bool | None = True
        for inner in tests:
            said = inner(document)
            if said is False:
                return False
            if said is None:
                answer = None
        return answer

    return test


def _any(tests: list[Test]) -> Test:
    def test(document: Document) -> bool | None:
        answer: bool | None = False
        for inner in tests:
            said = inner(document)
            if said:
                return True
            if said is None:
                answer = None
        return answer

    return test


def _not(inner: Test) -> Test:
    def test(document: Document) -> bool | None:
        said = inner(document)
        return None if said is None else not said

    return test


def _test(condition: Condition) -> Test:
    selectors = [compile_where(place) for place in condition.where or []]
    if condition.absent:
        return _judged(selectors, lambda hits: all(is_blank(hit) for hit in hits))
    if condition.present:
        return _judged(selectors, lambda hits: any(not is_blank(hit) for hit in hits))
    if condition.empty:
        return _judged(selectors, lambda hits: bool(hits) and all(is_blank(hit) for hit in hits))
    return _judged(selectors, _chosen(_text_test(condition), condition.of))


def _judged(selectors: list[Selector], holds: Callable[[Hits], bool]) -> Test:
    """The first place with a value is judged; None when no place exists in this kind of document."""
    if len(selectors) == 1:
        only = selectors[0].hits

        def single(document: Document) -> bool | None:
            hits = only(document)
            return None if hits is None else holds(hits)

        return single

    def test(document: Document) -> bool | None:
        known: Hits | None = None
        for selector in selectors:
            hits = selector.hits(document)
            if hits is None:
                continue
            known = known or hits
            if any(not is_blank(hit) for hit in hits):
                return holds(hits)
        return None if known is None else holds(known)

    return test


def _chosen(matches: Callable[[str], bool], of: str) -> Callable[[Hits], bool]:
    def one(hit: Any) -> bool:
        text = text_of(hit)
        return text is not None and matches(text)

    if of == "any":
        return lambda hits: any(one(hit) for hit in hits)
    if of == "all":
        return lambda hits: bool(hits) and all(one(hit) for hit in hits)

    def first(hits: Hits) -> bool:
        text = text_of(hits[0]) if hits else None
        return text is not None and matches(text)

    return first


def _text_test(condition: Condition) -> Callable[[str], bool]:
    if condition.equals is not None:
        wanted = condition.equals.strip().casefold()
        return lambda text: text.casefold() == wanted
    if condition.one_of is not None:
        choices = frozenset(choice.strip().casefold() for choice in condition.one_of)
        return lambda text: text.casefold() in choices
    if condition.matches is not None:
        return compile_pattern(condition.matches).whole
    if condition.contains is not None:
        return _contains(condition.contains, condition.unlike)
    return _comparison(condition)


def _contains(words: str, unlike: list[str]) -> Callable[[str], bool]:
    """Whole words only: `matched` is not found in `Unmatched`."""
    start = r"(?<!\w)" if words[0].isalnum() else ""
    end = r"(?!\w)" if words[-1].isalnum() else ""
    compiled = re.compile(start + re.escape(words) + end, re.IGNORECASE)  # fixed text: linear
    for text in unlike:
        if compiled.search(text):
            raise ValueError(f"`contains: {words}` also matches {text[:60]!r}, which it must not")
    return lambda text: compiled.search(text) is not None


def _comparison(condition: Condition) -> Callable[[str], bool]:
    bounds: list[tuple[str | None, Callable[[int, int], bool]]] = [
        (condition.above, lambda got, bound: got > bound),
        (condition.at_least, lambda got, bound: got >= bound),
        (condition.below, lambda got, bound: got < bound),
        (condition.at_most, lambda got, bound: got <= bound),
    ]
    bound_text, holds = next((text, holds) for text, holds in bounds if text is not None)
    bound = read_amount(bound_text or "").units

    def compare(text: str) -> bool:
        try:
            return holds(read_amount(text).units, bound)
        except BadAmount:
            return False

    return compare
