"""Makes `area_codes.csv`: the kind of each area code from phonenumbers, its state from where its ZIP codes lie.

`python -m exchange.data.build_area_codes 2026-11-06`: run it with the day of the release of phonenumbers, and
commit the result.
"""

from __future__ import annotations

import sys
from collections import Counter
from importlib.metadata import version
from typing import Any

import phonenumbers
import zipcodes

from exchange.data.build import save

_STATES = frozenset({"US", "PR", "GU", "VI", "AS", "MP"})
_TYPES = phonenumbers.PhoneNumberType
_KINDS = {_TYPES.TOLL_FREE: "toll_free", _TYPES.PREMIUM_RATE: "premium"}
_GEOGRAPHIC = (_TYPES.FIXED_LINE, _TYPES.MOBILE, _TYPES.FIXED_LINE_OR_MOBILE)


def kind_of(area: str) -> str | None:
    """None for a code that nobody was given. Small countries use few exchanges, so all are tried, and have some for
    other ends: what subscribers have counts first.
    """
    found: dict[int, str] = {}
    for exchange in range(200, 1000):
        number = phonenumbers.PhoneNumber(1, int(f"{area}{exchange}5678"))
        kind = phonenumbers.number_type(number)
        if kind in _GEOGRAPHIC:
            return "geographic" if phonenumbers.region_code_for_number(number) in _STATES else "abroad"
        found.setdefault(kind, _KINDS.get(kind, "personal"))
    found.pop(_TYPES.UNKNOWN, None)
    return next(iter(found.values()), None)


def states() -> dict[str, str]:
    """By area code, the state in which most ZIP codes with it lie."""
    found: dict[str, Counter[str]] = {}
    source: Any = zipcodes  # it ships no types
    for row in source.list_all():
        for code in row["area_codes"]:
            found.setdefault(code, Counter())[row["state"]] += 1
    return {code: min(each, key=lambda state: (-each[state], state)) for code, each in found.items()}


def main() -> None:
    of_state, rows = states(), []
    for area in map(str, range(200, 1000)):
        kind = kind_of(area)
        if kind is not None:
            rows.append(f"{area},{of_state.get(area, '')}" if kind == "geographic" else f"{area},,{kind}")
    source = f"PyPI phonenumbers {version('phonenumbers')}, states from zipcodes"
    save("area_codes.csv", "area_codes", sys.argv[1], source, "Apache-2.0", rows)


if __name__ == "__main__":
    main()
