"""What a buyer's words, amounts and times are read as."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.model.feedback import Report
from exchange.model.lead import Problem
from exchange.model.money import Money
from exchange.model.vertical import ScoreRule, Vertical
from exchange.stages.dispositions import Meant, closest, fold_word, is_final, meaning, read_report, read_value

SOLAR = Vertical(
    "solar",
    "Solar",
    "1",
    (),
    dispositions=("contacted", "wrong_number", "appointment_set", "sold"),
    score=ScoreRule(converted=("sold",), lost=("wrong_number",)),
)
DAY_MS = 86_400_000
SALE = 1_795_271_648_000


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Wrong number", "wrong_number"),
        ("  WRONG-NUMBER! ", "wrong_number"),
        ("wrong__number.", "wrong_number"),
        ("Vendido", "vendido"),
        ("STRASSE", "strasse"),
        ("A+", "a+"),
        ("...", ""),
    ],
)
def test_case_blanks_and_signs_around_a_word_do_not_count(text: str, word: str) -> None:
    assert word == fold_word(text)


def test_an_own_word_goes_before_the_list_and_one_that_means_nothing_says_nothing() -> None:
    own = {"won": "sold", "sold": "appointment_set", "open": "", "old": "eaten"}

    assert ["sold", "appointment_set", "", "contacted", None, None] == [
        meaning(word, own, SOLAR) for word in ("Won", "Sold", "open", "Contacted", "old", "unheard of")
    ]
    assert "unheard_of" == meaning("Unheard of", {}, replace(SOLAR, dispositions=()))


def test_only_what_settles_a_lead_is_final() -> None:
    assert [False, True, False, True] == [is_final(kind, SOLAR) for kind in SOLAR.dispositions]


def test_the_word_that_was_meant_is_guessed() -> None:
    assert ["sold", "appointment_set", None] == [closest(word, SOLAR) for word in ("solld", "appointment", "xyzzy")]


@pytest.mark.parametrize("text", ["1250", "1,250.00", "$1,250", "1250 USD", "usd 1250.00", "$ 1250"])
def test_an_amount_is_read_as_people_write_it(text: str) -> None:
    assert Money(12_500_000, "USD") == read_value(text, "USD")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a lot", "type"),
        ("12,50", "type"),
        ("1.234.567", "type"),
        ("1e5", "type"),
        ("NaN", "type"),
        ("1250 EUR", "not_allowed"),
        ("€1250", "not_allowed"),
        ("-5", "range"),
        ("", "type"),
    ],
)
def test_an_amount_that_is_unclear_or_in_another_currency_is_a_problem(text: str, code: str) -> None:
    found = read_value(text, "USD")

    assert isinstance(found, Problem) and ("value", code) == (found.field, found.code)


def read(report: Report) -> Meant | Problem:
    return read_report(report, {}, SOLAR, "USD", SALE, SALE + 5 * DAY_MS, SALE + 4 * DAY_MS)


def test_the_moment_is_what_was_said_and_never_before_the_sale() -> None:
    moments = [read(Report("ld_1", "sold", at=at)) for at in (None, SALE + DAY_MS, SALE - DAY_MS)]

    assert [(SALE + 4 * DAY_MS, False), (SALE + DAY_MS, True), (SALE, True)] == [
        (each.at, each.said_at) for each in moments if isinstance(each, Meant)
    ]


@pytest.mark.parametrize(
    ("report", "field", "code"),
    [
        (Report("ld_1", " . "), "disposition", "missing"),
        (Report("ld_1", "x" * 61), "disposition", "pattern"),
        (Report("ld_1", "ask maria@consumer.example"), "disposition", "pattern"),
        (Report("ld_1", "call (602) 958-0142"), "disposition", "pattern"),
        (Report("ld_1", "sold", "n" * 501), "note", "length"),
        (Report("ld_1", "sold", at=SALE + 6 * DAY_MS), "at", "in_future"),
        (Report("ld_1", "sold", at=0), "at", "too_old"),
        (Report("ld_1", "sold", value="x"), "value", "type"),
    ],
)
def test_what_is_wrong_names_its_field(report: Report, field: str, code: str) -> None:
    found = read(report)

    assert isinstance(found, Problem) and (field, code) == (found.field, found.code)
