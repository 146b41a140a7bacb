"""What buyers say after the sale."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from exchange.model.money import Money


class Channel(Enum):
    """How a report came."""

    API = "api"
    PORTAL = "portal"
    CONSOLE = "console"
    LINK = "link"
    FILE = "file"
    MAIL = "mail"
    POLL = "poll"
    HOOK = "hook"


_NOT_KEPT = re.compile(r"[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """What somebody else's file or system wrote, without what no database holds: U+0000 and half a pair of surrogates
    become the sign for what cannot be read."""
    return _NOT_KEPT.sub("\ufffd", text)


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody told of one lead: `reference` names it, `word` is their own for what became of it.

    `value` is decimal text, `at` epoch ms or None when they did not say.
    """

    reference: str
    word: str
    note: str = ""
    value: str | None = None
    at: int | None = None


class RawReport(NamedTuple):
    """What a buyer's system says of one lead, as it wrote it: `names` are what may name the lead, surest first."""

    names: tuple[str, ...]
    word: str
    value: str = ""
    at: str = ""
    note: str = ""


class RawReturn(NamedTuple):
    """What a buyer's system asks back, as it wrote it: `names` are what may name the lead, `id` is its own name for the
    request, `amount` what of the price it wants (empty: all). `withdrawn`: it wants nothing of it any more."""

    names: tuple[str, ...]
    reason: str
    id: str = ""
    note: str = ""
    amount: str = ""
    withdrawn: bool = False


class HeardReports(NamedTuple):
    """`wrong` counts what named no lead or said no word; `next` names the page that follows, empty for none."""

    reports: tuple[RawReport, ...]
    wrong: int
    next: str
    returns: tuple[RawReturn, ...] = ()


@dataclass(frozen=True, slots=True)
class Disposition:
    """What became of a sold lead, in the vertical's words, ready to be kept.

    `told_by` names the account, `word` what it said where that is another word, `said_at` whether it said when. A
    `snapshot` is how things stand in somebody's books: told again it is no news, whatever was heard elsewhere since.
    `final` marks a word after which nothing more is expected; `sealed_note` opens with the key of the lead.
    """

    id: str
    month: str
    sale_id: str
    lead_id: str
    buyer_id: str
    kind: str
    word: str | None
    sealed_note: bytes | None
    value: Money | None
    at: int
    told_at: int
    told_by: str
    channel: Channel
    said_at: bool = True
    snapshot: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """A report whose word nobody knows yet. `word` is folded, `said` as it was written."""

    report: Disposition  # its kind is empty
    contract_id: str
    vertical: str
    word: str
    said: str


def note_place(sale_id: str) -> str:
    """What the note of a report is sealed for."""
    return f"note:{sale_id}"


class Standing(NamedTuple):
    """What is known of a sale: a word, its value in money units, and the moment it is of."""

    kind: str
    value_units: int | None
    at: int


def is_repeat(told: Disposition, before: Standing | None, same: Sequence[Standing]) -> bool:
    """Whether a report says nothing new.

    `before` is what stands for the sale, for a snapshot what the same teller told last; `same` is what is kept of this
    word at this very moment. Who did not say when speaks of now: that a later report is known already makes it old.
    """
    value = told.value.units if told.value is not None else None
    if any(value is None or value == each.value_units for each in same):
        return True
    if told.said_at or before is None:
        return False
    if before.at > told.at:
        return True
    return before.kind == told.kind and value in (None, before.value_units) and told.sealed_note is None
