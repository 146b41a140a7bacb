"""What the first line of an answered mail means, and what of a mail is no answer."""

from __future__ import annotations

import pytest

from exchange.stages.answer_line import SENTENCE, Said, first_line, read_line
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
    assert "" == first_line(f"\n \n{quote}\n")
    assert "no answer" == first_line(f"\n  no\u00a0 answer \n\n{quote}\n")
