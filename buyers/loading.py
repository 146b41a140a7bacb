"""A connection's document as a whole: what its family reads of it, and what is the same in all families."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from buyers.family import ConnectionProblems, Family, Loaded, Presets, Problem, laid_over, load, name_of
from buyers.reports.reader import read_reports, secrets_named, urls_named

_PART = "dispositions"
_ENCODINGS: Mapping[str, str] = {"form_http": "form", "json_http": "json", "xml_http": "xml", "soap_http": "soap"}


def load_connection(document: Mapping[str, Any], presets: Presets, families: Mapping[str, Family]) -> Loaded:
    """As `load`, with how its buyer's system tells what became of leads. Raises `ConnectionProblems` with everything
    that is wrong."""
    name = name_of(document)
    laid = laid_over(document, presets)
    section = laid.pop(_PART, None)
    bare = {key: value for key, value in laid.items() if key not in ("preset", "variant")}
    if section is None:
        return load(document, presets, families)
    problems: list[Problem] = []
    reports = loaded = None
    try:
        reports = read_reports(name, section, _ENCODINGS.get(str(laid.get("connector")), "json"))
    except ConnectionProblems as error:
        problems += error.problems
    try:
        loaded = load(bare, {}, families)
    except ConnectionProblems as error:
        problems += error.problems
    if problems or reports is None or loaded is None:
        raise ConnectionProblems(name, problems)
    return replace(
        loaded,
        secrets=loaded.secrets | secrets_named(reports.document),
        urls={**loaded.urls, **urls_named(reports.document)},
        reports=reports,
    )
