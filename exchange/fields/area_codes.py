"""Where a telephone number is from. People keep theirs when they move, so it is a hint and no proof."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import phonenumbers


def zones_of_number(number: str) -> frozenset[str]:
    """IANA zones of a number in E.164: one for most area codes, dozens for a toll-free one, none for no number."""
    from phonenumbers import timezone  # a large table, for those who call

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return frozenset()
    return frozenset(timezone.time_zones_for_number(parsed)) - {timezone.UNKNOWN_TIMEZONE}


def state_of_number(number: str) -> str | None:
    """The state of a North American number's area code, or most of it; None for any other."""
    return _states().get(number[2:5]) if number.startswith("+1") else None


@lru_cache(maxsize=1)
def _states() -> dict[str, str]:
    text = (files("exchange.data") / "area_codes.csv").read_text("utf-8")
    return dict(line.split(",", 1) for line in text.splitlines() if not line.startswith("#"))
