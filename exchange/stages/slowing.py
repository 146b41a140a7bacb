"""How long somebody waits who was wrong too often: each further try doubles it."""

from __future__ import annotations

from exchange.limits import SIGN_IN_TRIES, SIGN_IN_WAIT_SECONDS, SIGN_IN_WAIT_SECONDS_MOST


def wait_ms(wrong: int) -> int:
    """After so many wrong tries in a row."""
    if wrong < SIGN_IN_TRIES:
        return 0
    doubled = SIGN_IN_WAIT_SECONDS << min(wrong - SIGN_IN_TRIES, 20)
    return min(doubled, SIGN_IN_WAIT_SECONDS_MOST) * 1000
