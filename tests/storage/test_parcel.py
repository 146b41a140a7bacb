"""What travels to the writer arrives as it was."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import pytest

from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.model.vertical import Vertical
from exchange.storage.parcel import HEAD_BYTES, Inbox, frame, pack, pack_error, unpack
from tests.storage.books import sale, usd
from tests.storage.units import Refused, Stubborn, Thing


@dataclasses.dataclass(frozen=True)
class Empty:
    """A value without fields."""


@dataclasses.dataclass(frozen=True)
class One:
    only: str


@dataclasses.dataclass
class Open:
    """Not frozen, and it may carry more than its fields."""

    size: int


class Pair(NamedTuple):
    """A named tuple, which may hold others."""

    first: object
    second: tuple[Money, ...] = ()


class Heir(One):
    """Not a dataclass of its own: it may carry anything."""


@pytest.mark.parametrize(
    "value",
    [
        sale("s1", usd("3"), usd("2")),
        Reason.CAP_FULL,
        [Reason.NO_BID, {"a": Money(1, "USD")}, ("x", b"\0", None, 1 << 70)],
        Vertical("solar", "Solar", "1", ()),
        Empty(),
        One("x"),
        Thing("a", 1),
        Pair(One("x"), (Money(1, "USD"),)),
        Pair(Pair(None), ()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_arrives_as_it_was(value: object) -> None:
    arrived = unpack(pack(value))

    assert value == arrived
    assert type(value) is type(arrived)


def test_what_a_value_carries_beside_its_fields_arrives_too() -> None:
    value, heir = Open(1), Heir("x")
    vars(value)["more"] = 2
    vars(heir)["more"] = 3

    assert {"size": 1, "more": 2} == vars(unpack(pack(value)))
    assert {"only": "x", "more": 3} == vars(unpack(pack(heir)))


def test_an_exception_arrives_or_is_told_by_name() -> None:
    arrived = unpack(pack_error(Refused("no", 42)))

    assert isinstance(arrived, Refused) and 42 == arrived.code
    assert "Stubborn" in str(unpack(pack_error(Stubborn("a", "b"))))


@pytest.mark.parametrize("step", [1, 3, HEAD_BYTES, 1_000])
def test_frames_are_found_however_the_bytes_are_cut(step: int) -> None:
    frames = [(1, True, b"one"), (2, False, b""), (3, True, b"x" * 500)]
    stream = b"".join(frame(*each) for each in frames)
    inbox = Inbox()
    found = []

    for start in range(0, len(stream), step):
        inbox.add(stream[start : start + step])
        found += inbox.take(2)
    found += inbox.take()

    assert frames == found
