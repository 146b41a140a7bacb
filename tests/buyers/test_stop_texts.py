"""Which texts take a consent back, and which do not."""

from __future__ import annotations

import pytest

from buyers.phone.heard import stops


@pytest.mark.parametrize(
    "text",
    [
        *(
            "STOP",
            "stop",
            " Stop. ",
            "STOP please",
            "stopall",
            "QUIT",
            "End",
            "cancel",
            "Unsubscribe!",
            "REVOKE",
            "Arret",
        ),
        *("opt out", "I want to opt-out", "please remove me from your list", "take me off", "Don't text me again"),
        *(
            "do not call me",
            "Don\u2019t contact me",
            "never call here",
            "wrong number",
            "leave me alone",
            "I said stop calling",
        ),
    ],
)
def test_a_no_is_a_no(text: str) -> None:
    assert stops(text)


@pytest.mark.parametrize(
    "text", ["START", "UNSTOP", "yes", "HELP", "", "call me at five", "the bus stop is here", "ok, ending soon", "Y"]
)
def test_other_texts_take_nothing_back(text: str) -> None:
    assert "" == stops(text)


def test_what_the_provider_calls_a_stop_is_one() -> None:
    assert "STOP" == stops("basta", "STOP")
    assert "" == stops("basta", "START")
