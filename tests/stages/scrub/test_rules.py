"""The rules are those of the document, and every one can come about or is another check's."""

from __future__ import annotations

from pathlib import Path

from exchange.catalog import read_vertical
from exchange.model.scrub import RULES, Action

ROOT = Path(__file__).parents[3]
ZIP = b"  - {name: zip, type: postal_code, label: ZIP, ping: required, post: required}\n"
SHORT = b"title: Short\nscrub: {%s}\nfields:\n" + ZIP


def test_every_rule_stands_in_the_document_as_it_is() -> None:
    lines = (ROOT / "docs" / "scrub.md").read_text("utf-8").splitlines()
    rows = [f"| `{rule.code}` | {rule.usual.value} | `{rule.reason.slug}` | {rule.sentence} |" for rule in RULES]

    assert rows == [line for line in lines if line.startswith("| `") and line.count("|") == 5]


def test_a_vertical_may_change_what_becomes_of_a_rule() -> None:
    problems: list[str] = []
    vertical = read_vertical("short", SHORT % b"email_role: ignore, phone_area: hold", "short.yaml", problems)

    assert vertical is not None and [] == problems
    assert (("email_role", Action.IGNORE), ("phone_area", Action.HOLD)) == vertical.scrub


def test_a_rule_that_is_none_is_named() -> None:
    problems: list[str] = []

    assert None is read_vertical("short", SHORT % b"email_rolle: ignore", "short.yaml", problems)
    assert "'email_rolle' is no rule" in problems[0]


def test_no_sentence_can_hold_a_value() -> None:
    assert not [rule for rule in RULES if "{" in rule.sentence or not rule.sentence.endswith(".")]
