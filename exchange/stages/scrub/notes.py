"""What the scrub of one field says: something against the value, or a better one."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.lead import FieldValue


class Note(NamedTuple):
    """Rule `code` found something in `field`. `closest` is what was probably meant, for the seller alone."""

    field: str
    code: str
    closest: str | None = None
    fact: str = ""  # more of it, without a value


class Fix(NamedTuple):
    """`field` has a better value. `told` says what kind of change, never the value; a plain one is no news."""

    field: str
    told: str
    value: FieldValue
    plain: bool = False


Found = Note | Fix
