"""What the first line of an answered mail means, and what of a mail is no answer."""

from __future__ import annotations

import pytest

from exchange.stages.answer_line import SENTENCE, Numbered, Said, own_lines, read_line, read_numbered
from exchange.stages.dispositions import fold_word

KNOWN = {"sold", "contacted", "wrong_number", "no_answer"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Sold", Said("Sold", None, "")),
        ("SOLD!", Said("SOLD", None, "")),
        ("sold 1250", Said("sold", "1250", "")),
        ("Sold: $1,250.00", Said("Sold", "$1,250.00", "")),
        ("Sold for 1250", Said("Sold for", "1250", "")),
        ("sold, 1250 USD", Said("sold", "1250 USD", "")),
        ("Wrong number - a bakery", Said("Wrong number", None, "a bakery")),
        ("Contacted, calls back on Monday", Said("Contacted", None, "calls back on Monday")),
        ("no answer.", Said("no answer", None, "")),
        ("Closed won", Said("Closed won", None, "")),
        ("Closed won 900", Said("Closed won", "900", "")),
        ("not sold yet", Said("not sold yet", None, "")),
        (
            "I spoke to him and he will think about it",
            Said(SENTENCE, None, "I spoke to him and he will think about it"),
        ),
        ("call me at 602 958 0142", Said(SENTENCE, None, "call me at 602 958 0142")),
    ],
)
def test_the_beginning_of_a_line_counts_only_where_it_is_a_word(line: str, said: Said) -> None:
    assert said == read_line(line, lambda word: fold_word(word) in KNOWN)


QUOTES = (
    "> Phone: 602",
    "On Sat, 21 Nov 2026 at 14:34, Harbor <leads@harbor.example> wrote:\n> sold",
    "On Sat, 21 Nov 2026 at 14:34, Harbor Exchange for Solar\n<leads@harbor.example> wrote:\nsold",
    "-----Original Message-----\nsold",
    "From: Harbor\nsold",
    "-- \nsold",
    "________________________________\nFrom: x",
    "Am 21.11.2026 um 14:34 schrieb Harbor:\nsold",
    "Sent from my phone",
    "",
)


@pytest.mark.parametrize("quote", QUOTES)
def test_what_is_quoted_or_signed_says_nothing(quote: str) -> None:
    assert () == own_lines(f"\n \n{quote}\n")
    assert ("no answer",) == own_lines(f"\n  no\u00a0 answer \n\n{quote}\n")


@pytest.mark.parametrize(
    ("line", "numbered"),
    [
        ("1 sold 1250", Numbered((1,), "sold 1250")),
        ("#4: wrong number - a bakery", Numbered((4,), "wrong number - a bakery")),
        ("Lead 12. no answer", Numbered((12,), "no answer")),
        ("3) Contacted", Numbered((3,), "Contacted")),
        ("3 - Contacted", Numbered((3,), "Contacted")),
        ("5, 6 and 9-11 no answer", Numbered((5, 6, 9, 10, 11), "no answer")),
        ("All: no answer", Numbered((), "no answer")),
        ("all no answer", Numbered((), "no answer")),
        ("Hello Harbor,", None),
        ("Allan sold it", None),
        ("602 958 0142", None),
        ("12345 sold", None),
        ("9-1 sold", None),
        ("sold 1", None),
    ],
)
def test_a_line_about_one_of_several_leads_begins_with_its_number(line: str, numbered: Numbered | None) -> None:
    assert numbered == read_numbered(line)
