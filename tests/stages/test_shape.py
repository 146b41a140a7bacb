"""Answers that no rule knows are of one kind when they differ in numbers and ids alone."""

from __future__ import annotations

import pytest

from exchange.model.wire import Reply
from exchange.stages.shape import shape_of

HELD = b'{"status": "held", "id": "b1", "price": "12.50"}'


def shape(body: bytes, status: int = 200) -> str:
    return shape_of(Reply(status, {}, body))


@pytest.mark.parametrize(
    "other",
    [
        b'{"status": "held", "id": "x-77", "price": "9"}',
        b'{"status":  "Held",\n "id": "b1", "price": "1250"}',
    ],
)
def test_numbers_ids_case_and_blanks_make_no_other_kind(other: bytes) -> None:
    assert shape(HELD) == shape(other)


@pytest.mark.parametrize("other", [HELD.replace(b"held", b"parked"), HELD.replace(b"price", b"amount")])
def test_other_words_are_another_kind(other: bytes) -> None:
    assert shape(HELD) != shape(other)


def test_the_same_words_with_another_status_are_another_kind() -> None:
    assert shape(HELD) != shape(HELD, 202)


def test_one_word_as_long_as_an_answer_is_read_like_any_other() -> None:
    assert "200 " + "a" * 4_096 == shape(b"a" * 262_144)
    assert "200 0" == shape(b"a" * 4_000 + b"7" * 262_144)
