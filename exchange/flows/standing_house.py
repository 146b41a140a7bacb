"""What holds of the settings with a page: what the file says, else what was chosen, else as it comes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from exchange.log import logger
from exchange.model.colour import read_colour
from exchange.model.house import FiledHouse, House
from exchange.model.money import SCALE, BadMoney, read_units
from exchange.storage.house import Chosen

LONGEST = 1_000
_DAYS_MOST = 3_650
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
_LOG = logger(__name__)


def house_of(filed: FiledHouse, chosen: Mapping[str, Chosen]) -> House:
    """A stored value that cannot be read any more is told and left out."""
    found: dict[str, object] = {}
    for name, each in chosen.items():
        if name in filed.fixed or name not in House._fields:
            continue
        try:
            found[name] = read_value(name, each.value)
        except ValueError as error:
            _LOG.error("A stored setting cannot be used", where=name, error=str(error))
    return House(**{**filed.house._asdict(), **found})


def read_value(name: str, text: str) -> str | int:
    """A field of `House` from its text. Raises `ValueError` with the fix."""
    if name.endswith("_days"):
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= _DAYS_MOST):
            raise ValueError(f"a whole number of days from 1 to {_DAYS_MOST:,}.")
        return int(text)
    if name.endswith("_units"):
        if not _AMOUNT.fullmatch(text):
            raise ValueError("an amount such as 5000.00.")
        try:
            return read_units(text)
        except BadMoney:
            raise ValueError("an amount such as 5000.00.") from None
    if name == "colour" and text:
        return read_colour(text).text
    return text


def as_text(name: str, value: str | int) -> str:
    """The same the other way round."""
    if name.endswith("_units"):
        return f"{int(value) // SCALE}.{int(value) % SCALE * 100 // SCALE:02d}"
    return str(value)
