"""What travels to the writer arrives as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
import pytest

from exchange.model.auction import AttemptState
from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.model.vertical import Vertical
from exchange.storage.parcel import (
    HEAD_BYTES,
    Inbox,
    frame,
    pack,
    pack_error,
    pack_unit,
    typed,
    typed_argument,
    unpack,
    unpack_unit,
)
from exchange.storage.requests import open_request
from exchange.storage.selling import advance
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


class Paid(NamedTuple):
    """As the arguments of marked units are."""

    money: Money
    state: AttemptState | None
    parts: tuple[One, ...] = ()
    size: int = 0


@typed
async def pay(tx: object, paid: Paid) -> None:
    """A marked unit."""


@pytest.mark.parametrize(
    "paid",
    [Paid(usd("3"), AttemptState.SENDING, (One("x"),)), Paid(usd("3"), None, size=1 << 70)],
    ids=["typed", "too large"],
)
def test_the_argument_of_a_marked_unit_arrives_as_it_was(paid: Paid) -> None:
    unit, args, more = unpack_unit(pack_unit(pay, (paid,), {}))
    assert unit is pay
    assert args == (paid,)
    assert [type(each) for each in args[0]] == [type(each) for each in paid]
    assert not more


@pytest.mark.parametrize("unit", [advance, open_request], ids=["advance", "open_request"])
def test_marked_units_say_exactly_what_they_are_given(unit: Callable[..., Any]) -> None:
    loose = [each for each in _types(msgspec.inspect.type_info(typed_argument(unit))) if not isinstance(each, _EXACT)]
    assert not loose


_EXACT = (
    msgspec.inspect.StrType,
    msgspec.inspect.IntType,
    msgspec.inspect.BoolType,
    msgspec.inspect.BytesType,
    msgspec.inspect.FloatType,
    msgspec.inspect.NoneType,
    msgspec.inspect.EnumType,
    msgspec.inspect.TupleType,
    msgspec.inspect.VarTupleType,
    msgspec.inspect.NamedTupleType,
    msgspec.inspect.DataclassType,
    msgspec.inspect.UnionType,
)


def _types(of: msgspec.inspect.Type) -> Iterator[msgspec.inspect.Type]:
    """A type and those of its fields and members; a named tuple that came before is not gone through again."""
    seen: set[type] = set()

    def walk(one: msgspec.inspect.Type) -> Iterator[msgspec.inspect.Type]:
        yield one
        if isinstance(one, msgspec.inspect.NamedTupleType | msgspec.inspect.DataclassType):
            if one.cls not in seen:
                seen.add(one.cls)
                for field in one.fields:
                    yield from walk(field.type)
        elif isinstance(one, msgspec.inspect.UnionType):
            for each in one.types:
                yield from walk(each)
        elif isinstance(one, msgspec.inspect.VarTupleType):
            yield from walk(one.item_type)
        elif isinstance(one, msgspec.inspect.TupleType):
            for each in one.item_types:
                yield from walk(each)

    return walk(of)
