"""What a password may be, and how long somebody waits who guesses."""

from __future__ import annotations

import pytest

from exchange.limits import PASSWORD_CHARACTERS, SIGN_IN_WAIT_SECONDS, SIGN_IN_WAIT_SECONDS_MOST
from exchange.stages.passwords import normal, password_problem
from exchange.stages.slowing import wait_ms

EMAIL, NAME = "olive.green@harbor.example", "Harbor Exchange"
GOOD = (
    "kettle lantern pebble",
    "Ünïcode-is-fine-too",
    "x8#Kq!pLm2vZ",
    "olive.green likes long walks",
    "пароль из слов",
)
BAD = (
    ("elevenchars", "at least 12"),
    ("x" * (PASSWORD_CHARACTERS + 1), "at most"),
    ("abababababab", "different"),
    ("olive.green@harbor.example", "not your address"),
    ("OliveGreen123", "not your address"),
    ("HarborExchange1", "not your address"),
    ("password1234", "first that are tried"),
    ("P@sswordpassword!", None),
    ("Password-2026!!", "first that are tried"),
    ("qwertyuiopasd", "first that are tried"),
    ("123456789012", "first that are tried"),
    ("letmein letmein", None),
)


@pytest.mark.parametrize("password", GOOD)
def test_a_long_password_of_ones_own_is_taken(password: str) -> None:
    assert password_problem(password, EMAIL, NAME) is None


@pytest.mark.parametrize(("password", "told"), BAD)
def test_what_is_guessed_first_is_refused_with_the_fix(password: str, told: str | None) -> None:
    problem = password_problem(password, EMAIL, NAME)

    assert (problem is None) == (told is None)
    assert told is None or told in str(problem)


def test_one_spelling_is_kept_of_what_looks_alike() -> None:
    assert normal("caf\u00e9 noir allong\u00e9") == normal("cafe\u0301 noir allonge\u0301")


def test_each_further_wrong_try_doubles_the_wait_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_ms(wrong) // 1000 for wrong in (0, 4, 5, 6, 7, 30)]

    first = SIGN_IN_WAIT_SECONDS
    assert [0, 0, first, 2 * first, 4 * first, SIGN_IN_WAIT_SECONDS_MOST] == waits
