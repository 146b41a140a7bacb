"""What the screen sees of one lead: hashes and small numbers, nothing that names a person."""

from __future__ import annotations

import re
from typing import NamedTuple

from exchange.stages.screen.device import Device
from exchange.stages.screen.lines import Line

_NUMBERED = re.compile(r"([0-9]{2,6})@")
_TAIL = 4


class Steps(NamedTuple):
    """A phone and a mailbox as numbers that may go up step by step. `head` is a hash of the phone's beginning, good in
    this process alone.

    Kept in memory alone and never stored: the last four digits of a phone, and the number a mailbox ends in.
    """

    head: int
    tail: int
    mailbox: int | None

    @property
    def numbered_alike(self) -> bool:
        """The mailbox repeats the last digits of the phone."""
        return self.mailbox is not None and self.mailbox == self.tail and self.mailbox >= 10 ** (_TAIL - 1)


class Seen(NamedTuple):
    """`source` is the seller and its sub id. Keys are keyed hashes; `form_ms` the time from page load to submission."""

    lead_id: str
    at: int
    seller_id: str
    sub_id: str
    address: bytes | None = None
    line: int = Line.UNKNOWN
    country: str | None = None
    state: str | None = None
    agent: bytes | None = None
    program: str | None = None
    form_ms: int | None = None
    trap: bool = False
    device: Device | None = None
    device_key: bytes | None = None
    phone: bytes | None = None
    email: bytes | None = None
    steps: Steps | None = None
    far_zone: bool | None = None  # the clock of the device is not one of the lead's continent
    zone_country: str | None = None  # the country whose clock the device has
    hours_apart: float | None = None  # between that clock and those of the state that the address lies in

    @property
    def source(self) -> tuple[str, str]:
        return self.seller_id, self.sub_id


def tail_of(phone: str) -> int | None:
    """The last four digits of a canonical phone number."""
    digits = phone[-_TAIL:]
    return int(digits) if len(phone) >= 10 and digits.isascii() and digits.isdigit() else None


def mailbox_number(email: str) -> int | None:
    """The number a mailbox ends in, of two to six digits."""
    found = _NUMBERED.search(email)
    return int(found[1]) if found is not None else None
