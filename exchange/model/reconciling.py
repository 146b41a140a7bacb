"""Two books of the same sales side by side: ours, and what a buyer or a seller wrote down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Standing(Enum):
    """How a sale stands in our book."""

    SOLD = "sold"
    RETURNED = "returned"  # its whole price went back
    UNCLEAR = "unclear"  # we asked and do not know: nothing is booked


class Ours(NamedTuple):
    """A sale of our book, or a post that may be one. `ids` are all names we gave it, surest first; `their_ids` those
    the other side gave it. `units` is its price in a buyer's book, its payout in a seller's, less what went back;
    `back_units` is that. `at` is epoch ms; `people` are keyed hashes of its consumer's phone and email.
    """

    sale_id: str  # of an unclear post its delivery
    attempt_id: str
    lead_id: str
    ids: tuple[str, ...]
    their_ids: tuple[str, ...]
    people: frozenset[bytes]
    at: int
    units: int
    standing: Standing = Standing.SOLD
    back_units: int = 0


class Theirs(NamedTuple):
    """A row of the other side's book. `id` and `reference` are empty where it gives none; `at` and `units` None.

    `whole_day`: its time is a day without an hour.
    """

    number: int
    id: str
    reference: str
    people: frozenset[bytes]
    at: int | None
    units: int | None
    whole_day: bool = False

    @property
    def name(self) -> str:
        """What it calls its lead; never a phone or an email."""
        return self.id or self.reference


class DifferenceKind(Enum):
    """In what two books differ."""

    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"
    PRICE = "price"
    DAY = "day"
    SWAPPED = "swapped"  # two of their rows carry each other's id
    OTHER_ID = "other_id"  # the row's id is another lead's, or nobody's
    TWICE = "twice"  # another of their rows is the same sale
    RETURNED = "returned"  # they count what was returned
    CREDIT = "credit"  # they took a credit that we do not know, or another one than we gave
    UNCLEAR = "unclear"  # they have what we do not know to be sold
    UNCLEAR_ABSENT = "unclear_absent"  # and here they have it not


class Difference(NamedTuple):
    """`ours` or `theirs` is None where one book has no such line. `other` is the row it was swapped with; `known_units`
    is what our book has of a credit."""

    kind: DifferenceKind
    ours: Ours | None = None
    theirs: Theirs | None = None
    other: Theirs | None = None
    known_units: int = 0

    @property
    def more_units(self) -> int:
        """By how much their book says more than ours: what is booked when theirs is taken for true."""
        theirs = self.theirs.units if self.theirs is not None and self.theirs.units is not None else 0
        ours = self.ours.units if self.ours is not None else 0
        match self.kind:
            case DifferenceKind.ONLY_OURS:
                return -ours
            case DifferenceKind.ONLY_THEIRS | DifferenceKind.RETURNED:
                return theirs
            case DifferenceKind.CREDIT:
                return theirs - self.known_units
            case DifferenceKind.PRICE:
                return theirs - ours
            case _:
                return 0


@dataclass(frozen=True, slots=True)
class Compared:
    """`agreed` lines stand in both books alike; `ours` and `theirs` are the sums of each, in units."""

    agreed: int
    differences: tuple[Difference, ...]
    ours_units: int
    theirs_units: int
