"""Regular expressions of operators, on a linear-time engine: no pattern can hang the exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import re2

from exchange import limits

MATCHES_MOST = 200


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    return options


@dataclass(frozen=True, slots=True)
class Pattern:
    """`find` gives the first group (or the whole match) of every match; `whole` says whether all of a text matches."""

    find: Callable[[str], list[str]]
    whole: Callable[[str], bool]


def compile_pattern(text: str) -> Pattern:
    """Case-insensitive, without look-around and back-references. Raises `ValueError` with the engine's own words."""
    if len(text) > limits.RULE_PATTERN_CHARACTERS:
        raise ValueError(f"the pattern is longer than {limits.RULE_PATTERN_CHARACTERS} characters")
    try:
        compiled = re2.compile(text, options=_options())
    except re2.error as problem:
        why = problem.args[0] if problem.args else problem
        raise ValueError(f"not a pattern: {why.decode() if isinstance(why, bytes) else why}") from None
    group = 1 if compiled.groups else 0

    def find(subject: str) -> list[str]:
        found: list[str] = []
        for match in compiled.finditer(subject):
            found.append(match.group(group) or "")
            if len(found) >= MATCHES_MOST:
                break
        return found

    def whole(subject: str) -> bool:
        return compiled.fullmatch(subject) is not None

    return Pattern(find, whole)
