"""A consumer as two leads are compared by: every value folded to what differs between people and not between typists.

An empty text is a value that the lead does not carry, or that says nothing about anybody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from exchange.model.vertical import Vertical

_WORD = re.compile(r"[a-z]+")
_ALNUM = re.compile(r"[a-z0-9]+")
_NUMBER = re.compile(r"(\d{1,6})[a-z]?(?: \d/\d)? +(.+)")
_BOX = re.compile(r"p\.? ?o\.? ?box +(\d+)")
_UNIT = re.compile(r"[ ,](?:apt|apartment|unit|suite|ste|lot|#)[ .#]*([a-z0-9-]{1,8})$")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr"})
_GENERATIONS = frozenset({"jr", "sr", "ii", "iii", "iv"})
# fmt: off
_KINDS_OF_STREET = frozenset({
    "st", "street", "ave", "avenue", "av", "rd", "road", "dr", "drive", "ln", "lane", "ct", "court", "pl",
    "place", "blvd", "boulevard", "way", "ter", "terrace", "cir", "circle", "pkwy", "parkway", "hwy", "highway",
    "trl", "trail", "sq", "square", "loop"
})
# fmt: on
_DIRECTIONS = frozenset({"n", "s", "e", "w", "ne", "nw", "se", "sw", "north", "south", "east", "west"})
# fmt: off
_NOBODYS = frozenset({
    "none", "no", "noemail", "nomail", "noreply", "donotreply", "na", "unknown", "email", "test", "declined",
    "refused", "nobody", "asdf"
})
# fmt: on
"""Local parts that a form or an agent fills in when somebody gives no address: many people share them."""
_ALIASES = {"googlemail.com": "gmail.com", "me.com": "icloud.com", "mac.com": "icloud.com"}
_BORN = ("dob", "date_of_birth", "birth_date", "birthdate")
PERSONAL = ("first_name", "last_name", "full_name", "name", "phone", "email", "address", "address2", *_BORN)


_SHOWN = ("first_name", "last_name", "address")


class Person(NamedTuple):
    """`first` and `last` are words of small letters; `number`, `street` and `unit` an address without its kind of
    street; `email` the mailbox, without what a plus adds and, where they mean nothing, without dots."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    generation: str
    phone: str
    email: str
    number: str
    street: str
    unit: str
    zip: str
    born: str


class Keys(NamedTuple):
    """Texts by which earlier leads are found: two leads of one person share at least one. Found is not judged."""

    phone: str = ""
    email: str = ""
    place: str = ""
    name: str = ""
    born: str = ""


def person_of(values: Mapping[str, str]) -> Person:
    """A person by the clean values of a lead, canonical field name to text."""
    first = _names(values.get("first_name", ""))
    last = _names(values.get("last_name", ""))
    if not first and not last:
        first = _names(values.get("full_name") or values.get("name") or "")
    generation = next((word for word in (*last, *first) if word in _GENERATIONS), "")
    first, last = (tuple(word for word in each if word not in _GENERATIONS) for each in (first, last))
    if not last and len(first) > 1:
        first, last = first[:-1], first[-1:]
    number, street, unit = _address(values.get("address", ""))
    return Person(
        first,
        last,
        generation,
        _phone(values.get("phone", "")),
        _mailbox(values.get("email", "")),
        number,
        street,
        unit or "".join(_ALNUM.findall(folded(values.get("address2", "")))).removeprefix("apt").removeprefix("unit"),
        values.get("zip", "")[:5],
        next((values[name][:10] for name in _BORN if values.get(name)), ""),
    )


def without_examples(values: Mapping[str, str], vertical: Vertical | None) -> Mapping[str, str]:
    """The values but for a name or an address that the vertical's own posting page shows as its example.

    Sellers send it to try their connection, each time with another telephone: it says nothing about anybody.
    """
    if vertical is None:
        return values
    shown = {name: spec.example.casefold() for name in _SHOWN if (spec := vertical.by_name.get(name)) is not None}
    said = {name for name, example in shown.items() if example and values.get(name, "").casefold() == example}
    if not {"first_name", "last_name"} <= said:
        said -= {"first_name", "last_name"}  # a name that people have
    return {name: value for name, value in values.items() if name not in said} if said else values


def keys_of(person: Person) -> Keys:
    """What is looked up. A phone with a wrong digit or a name with a wrong letter is found by another of them."""
    letters = "".join(sorted({letter for word in person.last for letter in word}))  # alike for swapped, doubled letters
    local, _, domain = person.email.partition("@")
    return Keys(
        person.phone,
        f"{''.join(_ALNUM.findall(local))}@{domain}" if local else "",
        f"{person.zip}|{person.number}|{person.street[:2]}" if person.zip and person.number else "",
        f"{person.zip}|{letters}" if person.zip and letters else "",
        f"{person.born}|{letters}" if person.born and letters else "",
    )


@lru_cache(maxsize=4_096)
def folded(text: str) -> str:
    """Small letters without accents: `José` and `jose` are one."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _names(text: str) -> tuple[str, ...]:
    words = _WORD.findall(folded(text.replace("'", "").replace("’", "")))
    return tuple(word for word in words if word not in _TITLES)


def _phone(text: str) -> str:
    digits = "".join(filter(str.isdecimal, text))
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits


def _mailbox(text: str) -> str:
    local, _, domain = text.lower().rpartition("@")
    local, domain = local.partition("+")[0], _ALIASES.get(domain, domain)
    if domain == "gmail.com":
        local = local.replace(".", "")
    return "" if not local or local in _NOBODYS else f"{local}@{domain}"


def _address(text: str) -> tuple[str, str, str]:
    """Number, street and unit: `('3196', 'lake', '4')` for `3196 N. Lake Ct Apt 4`."""
    plain = folded(text)
    if box := _BOX.match(plain):
        return box[1], "pobox", ""
    unit = _UNIT.search(plain)
    found = _NUMBER.match(plain[: unit.start()] if unit else plain)
    if found is None:
        return "", "", ""
    words = ["st" if word == "saint" else word for word in _ALNUM.findall(found[2])]
    for unsaid in (_DIRECTIONS, _KINDS_OF_STREET, _DIRECTIONS):
        if len(words) > 1 and words[-1] in unsaid:
            words.pop()
    if len(words) > 1 and words[0] in _DIRECTIONS:
        words.pop(0)
    return found[1], "".join(words), unit[1] if unit else ""
