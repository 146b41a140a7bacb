"""Where a telephone number is from and of which kind, by its area code: a table that an operator may renew.

People keep their number when they move, so it is a hint and no proof.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import phonenumbers

from exchange.fields.table import BadRow, Kind, Rows

KINDS = ("geographic", "toll_free", "premium", "personal", "abroad")
"""`abroad` are all but the states and territories. A code that the table does not name is `UNKNOWN`."""
UNKNOWN = "unassigned"
_CODE = re.compile(r"[2-9][0-9]{2}")
_STATE = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Areas:
    """By area code, the state that most of it lies in, and what its numbers are for."""

    states: Mapping[str, str]
    kinds: Mapping[str, str]

    def kind_of(self, area: str) -> str:
        return self.kinds.get(area, UNKNOWN)

    def state_of(self, number: str) -> str | None:
        """The state of a North American number in E.164; None for any other."""
        return self.states.get(number[2:5]) if number.startswith("+1") else None


def read_areas(rows: Rows) -> Areas:
    """`area,state,kind` a row; the kind is geographic unless said, and only such a code has a state."""
    states: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for number, row in enumerate(rows):
        area, _, rest = row.partition(",")
        state, _, kind = rest.partition(",")
        kind = kind or KINDS[0]
        if not _CODE.fullmatch(area):
            raise BadRow(number, "must begin with an area code of three digits, such as 602,AZ")
        if kind not in KINDS:
            raise BadRow(number, f"must end with one of {', '.join(KINDS)}")
        if state and not _STATE.fullmatch(state):
            raise BadRow(number, "must name the state by two capital letters, or none")
        if area in kinds:
            raise BadRow(number, f"names {area} for the second time")
        kinds[area] = kind
        if state:
            states[area] = state
    return Areas(MappingProxyType(states), MappingProxyType(kinds))


def zones_of_number(number: str) -> frozenset[str]:
    """IANA zones of a number in E.164: one for most area codes, dozens for a toll-free one, none for no number."""
    from phonenumbers import timezone  # a large table, for those who call

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return frozenset()
    return frozenset(timezone.time_zones_for_number(parsed)) - {timezone.UNKNOWN_TIMEZONE}


AREAS = Kind("area_codes", "Area codes: the state and the kind of number", "area_codes.csv", read_areas, 365)
