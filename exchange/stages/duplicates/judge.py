"""Whether two leads are about one person, by points: what agrees speaks for it, what contradicts speaks against.

| Agrees | Points | | Contradicts | Points |
|---|---|---|---|---|
| phone, all digits | 12 | | first names are others | −12 |
| mailbox | 12 | | last names are others | −4 |
| both of them | 4 more | | ZIP codes are others | −2 |
| phone but for one digit, or two swapped | 5 | | dates of birth are others | −20 |
| mailbox but for one letter | 5 | | one is Jr., one is Sr. | −12 |
| street address | 6 | | | |
| ZIP code, where the address is another or unknown | 2 | | | |
| first name, or its short form, or a slip in it | 3 | | | |
| first name by its initial | 2 | | | |
| last name | 3 | | | |
| last name but for a slip, or a part of it | 2 | | | |
| date of birth | 6 | | | |
| date of birth but for one digit, or day and month swapped | 3 | | | |

Ten points are one person. So a namesake in the same ZIP code is another person (8), and one more thing that agrees
makes it the same; a couple that shares address and telephone are two people (9), unless they share the mailbox too.
What is only nearly alike says nothing where the names do not agree: families have numbers in a row.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from rapidfuzz.distance import OSA

from exchange.stages.duplicates.names import Names, first_names, last_names
from exchange.stages.duplicates.person import Person

SAME_PERSON = 10
_LEAST_LOCAL = 5  # characters of a mailbox's local part: of shorter ones one letter makes another mailbox
_FIRST = {Names.SAME: 3, Names.SHORT: 3, Names.SLIP: 3, Names.INITIAL: 2, Names.OTHER: -12}
_LAST = {Names.SAME: 3, Names.SLIP: 2, Names.PART: 2, Names.INITIAL: 2, Names.OTHER: -4}
_ALIKE = (Names.SAME, Names.SHORT, Names.SLIP, Names.INITIAL)
_FIRST_WORDS = {
    Names.SAME: "first name",
    Names.SHORT: "short form of the first name",
    Names.SLIP: "first name but for a slip",
    Names.INITIAL: "initial of the first name",
    Names.OTHER: "another first name",
}
_LAST_WORDS = {
    Names.SAME: "last name",
    Names.SLIP: "last name but for a slip",
    Names.PART: "part of the last name",
    Names.INITIAL: "initial of the last name",
    Names.OTHER: "another last name",
}


class Kind(Enum):
    """What two leads have to do with each other. `SHARED`: others, who gave the same phone or mailbox."""

    SAME = "same person"
    HOUSEHOLD = "same household"
    SHARED = "same number or mailbox"
    OTHER = "other people"


class Evidence(NamedTuple):
    """One thing that agrees or contradicts, in words without any value."""

    words: str
    points: int


class Match(NamedTuple):
    kind: Kind
    evidence: tuple[Evidence, ...]
    contact: bool  # the same telephone or mailbox

    @property
    def points(self) -> int:
        return sum(each.points for each in self.evidence)

    @property
    def agreeing(self) -> tuple[str, ...]:
        return tuple(each.words for each in self.evidence if each.points > 0)


def judge(mine: Person, theirs: Person) -> Match:
    """The same either way round."""
    first, last = _names(mine, theirs)
    known = first in _ALIKE and last is not Names.OTHER
    phone = _near(mine.phone, theirs.phone)
    mailbox = _mailboxes(mine.email, theirs.email)
    house = _address(mine, theirs)
    found = [
        Evidence("phone", 12 * (phone == 0)),
        Evidence("mailbox", 12 * (mailbox == 0)),
        Evidence("both phone and mailbox", 4 * (phone == 0 and mailbox == 0)),
        Evidence("phone but for one digit", 5 * (phone == 1 and known)),
        Evidence("mailbox but for one letter", 5 * (mailbox == 1 and known)),
        Evidence("street address", 6 * house),
        *_zips(mine.zip, theirs.zip, house),
        Evidence(_FIRST_WORDS.get(first, ""), _FIRST.get(first, 0)),
        Evidence(_LAST_WORDS.get(last, ""), _LAST.get(last, 0)),
        *_births(mine.born, theirs.born),
        Evidence("one is Jr., one is Sr.", -12 * _generations(mine, theirs)),
    ]
    evidence = tuple(each for each in found if each.points)
    shares = phone == 0 or mailbox == 0
    family = last in (Names.SAME, Names.SLIP, Names.PART)
    if sum(each.points for each in evidence) >= SAME_PERSON:
        kind = Kind.SAME
    elif house or (family and shares):
        kind = Kind.HOUSEHOLD
    else:
        kind = Kind.SHARED if shares else Kind.OTHER
    return Match(kind, evidence, shares)


def _names(mine: Person, theirs: Person) -> tuple[Names, Names]:
    """First and last name; where they only agree crosswise, they were swapped."""
    first, last = first_names(mine.first, theirs.first), last_names(mine.last, theirs.last)
    if first is Names.OTHER and mine.first == theirs.last and mine.last == theirs.first:
        return Names.SAME, Names.SAME
    return first, last


def _near(mine: str, theirs: str) -> int | None:
    """0: the same number; 1: but for one digit, or two neighbours swapped; None: others, or not known."""
    if not mine or not theirs:
        return None
    if mine == theirs:
        return 0
    return 1 if len(mine) == len(theirs) and OSA.distance(mine, theirs, score_cutoff=1) == 1 else None


def _mailboxes(mine: str, theirs: str) -> int | None:
    if not mine or not theirs:
        return None
    if mine == theirs:
        return 0
    long = min(mine.find("@"), theirs.find("@")) >= _LEAST_LOCAL
    alike = mine.replace(".", "") == theirs.replace(".", "") or OSA.distance(mine, theirs, score_cutoff=1) == 1
    return 1 if long and alike else None


def _address(mine: Person, theirs: Person) -> bool:
    """One house, and one flat in it as far as both say which."""
    if not mine.number or not mine.zip or (mine.zip, mine.number) != (theirs.zip, theirs.number):
        return False
    if mine.unit and theirs.unit and mine.unit != theirs.unit:
        return False
    return mine.street == theirs.street or (
        min(len(mine.street), len(theirs.street)) >= _LEAST_LOCAL
        and OSA.distance(mine.street, theirs.street, score_cutoff=1) == 1
    )


def _zips(mine: str, theirs: str, house: bool) -> tuple[Evidence, ...]:
    if house or not mine or not theirs:
        return ()
    return (Evidence("ZIP code", 2) if mine == theirs else Evidence("another ZIP code", -2),)


def _births(mine: str, theirs: str) -> tuple[Evidence, ...]:
    if not mine or not theirs:
        return ()
    if mine == theirs:
        return (Evidence("date of birth", 6),)
    swapped = mine[:4] == theirs[:4] and mine[5:7] == theirs[8:] and mine[8:] == theirs[5:7]
    if swapped or (len(mine) == len(theirs) and OSA.distance(mine, theirs, score_cutoff=1) == 1):
        return (Evidence("date of birth but for a slip", 3),)
    return (Evidence("another date of birth", -20),)


def _generations(mine: Person, theirs: Person) -> bool:
    return bool(mine.generation and theirs.generation) and mine.generation != theirs.generation
