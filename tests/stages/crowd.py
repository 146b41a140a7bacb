"""A made-up crowd: people, their households, strangers who share a number, and copies of people with what differs.

Names repeat as often as in a town, telephones lie close together, and every tenth person has a household.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

# fmt: off
FIRST = (
    "james", "mary", "robert", "patricia", "john", "jennifer", "michael", "linda", "david", "elizabeth",
    "william", "barbara", "richard", "susan", "joseph", "jessica", "thomas", "sarah", "charles", "karen",
    "christopher", "lisa", "daniel", "nancy", "matthew", "betty", "anthony", "sandra", "mark", "margaret",
    "donald", "ashley", "steven", "kimberly", "andrew", "emily", "paul", "donna", "joshua", "michelle", "kenneth",
    "carol", "kevin", "amanda", "brian", "melissa", "george", "deborah", "timothy", "stephanie", "ronald",
    "rebecca", "jason", "laura", "edward", "helen", "jeffrey", "sharon", "ryan", "cynthia", "jacob", "kathleen",
)
# fmt: on
# fmt: off
LAST = (
    "smith", "johnson", "williams", "brown", "jones", "garcia", "miller", "davis", "rodriguez", "martinez",
    "hernandez", "lopez", "gonzalez", "wilson", "anderson", "thomas", "taylor", "moore", "jackson", "martin",
    "lee", "perez", "thompson", "white", "harris", "sanchez", "clark", "ramirez", "lewis", "robinson", "walker",
    "young", "allen", "king", "wright", "scott", "torres", "nguyen", "hill", "flores", "green", "adams", "nelson",
    "baker", "hall", "rivera", "campbell", "mitchell", "carter", "roberts", "gomez", "phillips", "evans",
    "turner", "diaz", "parker", "cruz", "edwards", "collins", "reyes", "stewart", "morris", "morales", "murphy",
)
# fmt: on
SHORT = {"robert": "bob", "william": "bill", "rebecca": "becky", "elizabeth": "liz", "thomas": "tom", "james": "jim"}
STREETS = ("Oak", "Lake", "Main", "Cedar", "Spring", "Mill", "Park", "Willow", "Church", "Walnut", "Ridge", "Elm")
KINDS = ("St", "Ave", "Dr", "Ln", "Ct", "Blvd")
MAILS = ("gmail.com", "gmail.com", "yahoo.com", "outlook.com", "icloud.com")


class Row(NamedTuple):
    """`copies` is the number of the row that this one repeats; None: somebody new."""

    values: dict[str, str]
    copies: int | None
    how: str


def crowd(count: int, seed: int) -> Iterator[Row]:
    """So many rows: of ten, eight people, one of a household or with a stranger's number, one a copy."""
    chance = random.Random(seed)
    people: list[tuple[int, dict[str, str]]] = []
    for number in range(count):
        kind = chance.random()
        if number < 50 or kind < 0.8:
            row = Row(_person(chance), None, "new")
        elif kind < 0.85:
            row = Row(_relative(chance, chance.choice(people)[1]), None, "household")
        elif kind < 0.87:
            row = Row(_person(chance) | {"phone": chance.choice(people)[1]["phone"]}, None, "recycled")
        else:
            at, person = chance.choice(people)
            values, how = _copy(chance, person)
            row = Row(values, at, how)
        if row.copies is None:
            people.append((number, row.values))
        yield row


def _person(chance: random.Random) -> dict[str, str]:
    first = FIRST[min(int(chance.expovariate(1 / 15)), len(FIRST) - 1)]
    last = LAST[min(int(chance.expovariate(1 / 15)), len(LAST) - 1)]
    area = chance.randrange(200, 320)
    return {
        "first_name": first.capitalize(),
        "last_name": last.capitalize(),
        "email": f"{first}.{last}{chance.randrange(10**5)}@{chance.choice(MAILS)}",
        "phone": f"{area}{chance.choice(('958', '959'))}{chance.randrange(10**4):04d}",
        "address": _address(chance),
        "zip": f"{int(chance.expovariate(1 / 2_000)) % 40_000 + 10_000}",
    }


def _address(chance: random.Random) -> str:
    return f"{chance.randrange(1, 10**4)} {chance.choice(STREETS)} {chance.choice(KINDS)}"


def _relative(chance: random.Random, person: dict[str, str]) -> dict[str, str]:
    """Another first name at the same address; half of them by the same telephone."""
    other = _person(chance)
    first = chance.choice([name for name in FIRST if name[0] != person["first_name"][0].lower()])
    mine = {**person, "first_name": first.capitalize(), "email": other["email"]}
    return mine if chance.random() < 0.5 else mine | {"phone": person["phone"][:6] + other["phone"][6:]}


def _copy(chance: random.Random, person: dict[str, str]) -> tuple[dict[str, str], str]:
    """The same person again: as it was, or with up to two of telephone, mailbox and address anew, and a name written
    another way."""
    if chance.random() < 0.4:
        return dict(person), "exact"
    values = dict(person)
    for what in chance.sample(("phone", "email", "address"), chance.randrange(3)):
        values[what] = _again(chance, what, person)
    how = chance.randrange(4)
    first, last = person["first_name"], person["last_name"]
    if how == 0:
        values["first_name"] = f"{first[0]}."
    elif how == 1:
        values["first_name"] = SHORT.get(first.lower(), first).capitalize()
    elif how == 2 and len(last) > 4:
        at = chance.randrange(1, len(last) - 1)
        values["last_name"] = last[:at] + last[at + 1] + last[at] + last[at + 2 :]
    return values, "near"


def _again(chance: random.Random, what: str, person: dict[str, str]) -> str:
    """One digit another, a plus or a dot more; or all of it another."""
    text = person[what]
    if what == "address":
        return _address(chance)
    if chance.random() < 0.5:
        return _person(chance)[what]
    if what == "phone":
        at = chance.randrange(3, 10)
        return text[:at] + str((int(text[at]) + chance.randrange(1, 10)) % 10) + text[at + 1 :]
    local, _, domain = text.partition("@")
    return f"{local}+web@{domain}"
