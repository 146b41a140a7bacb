"""Texts in YAML: parsed once in a process, and given to each who asks as their own."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from exchange.bootstrap import load_catalog
from exchange.config_files import Catalog
from exchange.stages.scrub.lead import tools_of
from exchange.stages.tables import packaged_tables
from exchange.yaml_files import kept, load, read_yaml


def test_who_changes_a_document_changes_nobody_elses() -> None:
    problems: list[str] = []
    first = read_yaml(b"fields: [{name: zip}]", "a.yaml", problems)
    first["fields"][0]["name"] = "spoiled"

    assert {"fields": [{"name": "zip"}]} == read_yaml(b"fields: [{name: zip}]", "b.yaml", problems)
    assert [] == problems


def test_what_is_wrong_is_told_of_each_file_that_says_it() -> None:
    problems: list[str] = []
    assert [None, None] == [read_yaml(b"a: [", place, problems) for place in ("a.yaml", "b.yaml")]

    told = [problem.partition(":") for problem in problems]
    assert ["a.yaml", "b.yaml"] == [place for place, _, _ in told]
    assert told[0][2] == told[1][2] and "line 1" in told[0][2]


def test_what_the_fast_parser_does_not_know_is_read_all_the_same() -> None:
    problems: list[str] = []
    told = read_yaml(b"a: yes\nb: {c:d, e: f:g}\nn: 0o14", "a.yaml", problems)

    assert ({"a": "yes", "b": {"c:d": None, "e": "f:g"}, "n": 12}, []) == (told, problems)


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("%YAML 1.1\n---\na: yes\nb: 014\n", {"a": True, "b": 12}),
        ("# c\r\n%YAML 1.1\r\n---\r\na: yes\r\n", {"a": True}),
        ("a: x\u2028b\n", {"a": "x\u2028b"}),
        ("- a\u2028\ufeff", ["a\u2028\ufeff"]),
        ("\x85--- a", "--- a"),
    ],
)
def test_what_the_two_parsers_read_otherwise_the_slow_one_reads(text: str, document: object) -> None:
    assert document == load(text) == YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("text", [b"[" * 3_000, b"- " * 2_000, b"{a: " * 2_000])
def test_a_text_that_is_nested_too_deeply_is_told(text: bytes) -> None:
    problems: list[str] = []

    assert (None, 1) == (read_yaml(text, "a.yaml", problems), len(problems))
    assert "too deeply" in problems[0]


def test_what_was_loaded_before_workers_part_is_not_parsed_nor_made_again() -> None:
    catalog: Catalog = load_catalog(None)
    parsed, tools = kept.cache_info().misses, tools_of(packaged_tables())

    assert catalog.verticals == load_catalog(None).verticals
    assert parsed == kept.cache_info().misses
    assert tools is tools_of(packaged_tables())
