"""What travels between the exchange and its writer process: units, answers, and the frames around them.

Named tuples, frozen dataclasses and enum members, of which every unit is full, travel as plain tuples in Python's own
`marshal`: a third of what pickle costs. Anything else makes the whole parcel a pickle. What every lead needs is marked
`typed` and travels by its annotation, at a third of that. All are safe here: the two ends are one program, over a pair
of sockets nobody else can open.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import marshal
import pickle
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, ForwardRef, NamedTuple, TypeVar, get_type_hints

from msgspec.msgpack import Decoder, Encoder

from exchange.storage.database import StorageError

READY = 0  # the number of the frame that says how opening the file went
_HEAD = struct.Struct("<QBI")  # number of the unit, 1 for durable or stored, length of what follows
HEAD_BYTES = _HEAD.size
_Unit = TypeVar("_Unit", bound=Callable[..., Any])


def typed(unit: _Unit) -> _Unit:
    """Mark a unit whose only argument may travel as its annotation says it: every field of a plain type, of an enum, a
    named tuple or a tuple of such, or None."""
    vars(unit)["typed"] = True
    return unit


def typed_argument(unit: Callable[..., Any]) -> Any:
    """The type of a marked unit's argument; None of a unit that is not marked."""
    if "typed" not in vars(unit):
        return None
    _, argument = inspect.signature(unit).parameters
    return get_type_hints(unit)[argument]


def unit_name(unit: Callable[..., Any]) -> str:
    """`exchange.storage.leads:save_lead`. A unit another process cannot find is a `TypeError`."""
    module, name = unit.__module__, unit.__qualname__
    if "." in name or module == "__main__" or not inspect.iscoroutinefunction(unit):
        raise TypeError(f"{module}:{name} cannot be a unit of work: it must be an async function at module level")
    return f"{module}:{name}"


@lru_cache(maxsize=4_096)
def find_unit(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    unit: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return unit


@dataclass(frozen=True, slots=True)
class _Plan:
    """How values of one kind travel: the name of the kind, then its fields. Those at `inner` may not be plain."""

    name: str
    take: Callable[[Any], tuple[Any, ...]]
    inner: tuple[int, ...]


_PLAIN = frozenset({str, int, bytes, bool, float, type(None)})
_PLAIN_FIELDS = frozenset({"str", "int", "bytes", "bool", "float", "None"})
_TUPLE = ""  # what stands where a value has the name of its kind
_EMPTY = (_TUPLE,)
_MARSHALLED, _PICKLED, _TYPED = b"m", b"p", b"t"
_NAME = struct.Struct("<H")  # the length of the name of a unit, before it
_encode = Encoder().encode


class _Strange(Exception):
    """A value that only pickle can take along."""


@lru_cache(maxsize=1_024)
def _name_of(kind: Any) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


@lru_cache(maxsize=1_024)
def _plan_of(kind: Any) -> _Plan | None:
    """For a named tuple or frozen dataclass that its constructor alone can rebuild; None for anything else."""
    if "<locals>" in kind.__qualname__:
        return None
    name = _name_of(kind)
    if issubclass(kind, tuple):
        if kind.__bases__ != (tuple,) or "_fields" not in vars(kind) or not kind._fields:
            return None
        return _Plan(name, tuple, _inner([kind.__annotations__.get(each) for each in kind._fields]))
    params = vars(kind).get("__dataclass_params__")
    if params is None or not params.frozen or hasattr(kind, "__post_init__"):
        return None
    fields = dataclasses.fields(kind)
    if not fields or not all(field.init and not field.kw_only for field in fields):
        return None
    inner = _inner([field.type for field in fields])
    take = attrgetter(*[field.name for field in fields])
    return _Plan(name, take if len(fields) > 1 else lambda value: (take(value),), inner)


def _inner(annotations: Sequence[object]) -> tuple[int, ...]:
    """The places, behind the name, of fields whose values may hold others."""
    return tuple(place for place, annotation in enumerate(annotations, start=1) if not _is_plain(annotation))


def _is_plain(annotation: object) -> bool:
    text = annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else annotation
    words = text.split(" | ") if isinstance(text, str) else [getattr(text, "__name__", "")]
    return _PLAIN_FIELDS.issuperset(words)


def _flat(value: Any) -> Any:
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple:
        if not value:
            return _EMPTY
        return (_TUPLE, *[item if type(item) in _PLAIN else _flat(item) for item in value])
    if kind is list:
        return [item if type(item) in _PLAIN else _flat(item) for item in value]
    if kind is dict:
        return {_key(key): item if type(item) in _PLAIN else _flat(item) for key, item in value.items()}
    plan = _plan_of(kind)
    if plan is None:
        if issubclass(kind, Enum):
            return (_name_of(kind), value._name_)
        raise _Strange
    if not plan.inner:
        return (plan.name, *plan.take(value))
    flat = [plan.name, *plan.take(value)]
    for place in plan.inner:
        if type(flat[place]) not in _PLAIN:
            flat[place] = _flat(flat[place])
    return tuple(flat)


def _key(key: Any) -> Any:
    if type(key) not in _PLAIN:
        raise _Strange
    return key


def _whole(flat: Any) -> Any:
    kind = type(flat)
    if kind is tuple:
        name = flat[0]
        if name == _TUPLE:
            return tuple([item if type(item) in _PLAIN else _whole(item) for item in flat[1:]])
        make, inner = _maker_of(name)
        if not inner:
            return make(flat[1:])
        values = list(flat)
        for place in inner:
            if type(values[place]) not in _PLAIN:
                values[place] = _whole(values[place])
        return make(values[1:])
    if kind is list:
        return [item if type(item) in _PLAIN else _whole(item) for item in flat]
    if kind is dict:
        return {key: item if type(item) in _PLAIN else _whole(item) for key, item in flat.items()}
    return flat


@lru_cache(maxsize=1_024)
def _maker_of(name: str) -> tuple[Callable[[Sequence[Any]], Any], tuple[int, ...]]:
    """What rebuilds a value of a kind from its fields, and which of these are to be rebuilt first."""
    module, _, path = name.partition(":")
    kind: Any = attrgetter(path)(importlib.import_module(module))
    plan = _plan_of(kind)
    if plan is None:
        return lambda values: kind[values[0]], ()
    if issubclass(kind, tuple):  # its own constructor would take the fields apart to put them together again
        return partial(tuple.__new__, kind), plan.inner
    return lambda values: kind(*values), plan.inner


def pack(value: Any) -> bytes:
    try:
        return _MARSHALLED + marshal.dumps(_flat(value))
    except (_Strange, ValueError):  # marshal refuses what is not quite of a plain type
        return _PICKLED + pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def unpack(blob: bytes | memoryview) -> Any:
    data = memoryview(blob)
    return _whole(marshal.loads(data[1:])) if data[:1] == _MARSHALLED else pickle.loads(data[1:])


class _Address(NamedTuple):
    """A unit as a parcel names it; `head` begins the parcels of one that is marked."""

    name: str
    head: bytes | None


@lru_cache(maxsize=4_096)
def _address(unit: Callable[..., Any]) -> _Address:
    name = unit_name(unit)
    if typed_argument(unit) is None:
        return _Address(name, None)
    told = name.encode()
    return _Address(name, _TYPED + _NAME.pack(len(told)) + told)


def pack_unit(unit: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bytes:
    name, head = _address(unit)
    if head is not None and len(args) == 1 and not kwargs:
        try:
            return head + _encode(args[0])
        except (TypeError, ValueError, OverflowError):  # a value that is larger or stranger than this way can take
            pass
    return pack((name, args, kwargs) if kwargs else (name, args))


def unpack_unit(blob: bytes) -> tuple[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]]:
    """The unit, found by its name, and what it is called with."""
    if blob[:1] == _TYPED:
        start = len(_TYPED) + _NAME.size
        end = start + _NAME.unpack_from(blob, len(_TYPED))[0]
        unit, decode = _taker(blob[start:end].decode())
        return unit, (decode(memoryview(blob)[end:]),), {}
    name, args, *rest = unpack(blob)
    return find_unit(name), args, rest[0] if rest else {}


@lru_cache(maxsize=64)
def _taker(name: str) -> tuple[Callable[..., Any], Callable[[memoryview], Any]]:
    unit = find_unit(name)
    return unit, Decoder(typed_argument(unit)).decode


def pack_error(error: Exception) -> bytes:
    """An exception for its caller. One that does not survive the way is told as a `StorageError`."""
    try:
        blob = pack(error)
        unpack(blob)
    except Exception as failure:  # an exception class may break in any way when it is rebuilt
        return pack(StorageError(f"the unit raised {type(error).__qualname__}, which cannot travel: {failure}"))
    return blob


def frame(number: int, flag: bool, blob: bytes) -> bytes:
    """`flag` says of a unit that its answer waits until it is durable, and of an answer that the unit is stored."""
    return _HEAD.pack(number, flag, len(blob)) + blob


class Inbox:
    """Cuts a stream of bytes into the frames it was made of."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, data: bytes) -> None:
        self._bytes += data

    def take(self, most: int = 1 << 62) -> list[tuple[int, bool, bytes]]:
        """Up to `most` whole frames as (number, flag, blob); what is not whole yet stays."""
        frames: list[tuple[int, bool, bytes]] = []
        start, size = 0, len(self._bytes)
        while size - start >= HEAD_BYTES and len(frames) < most:
            number, flag, length = _HEAD.unpack_from(self._bytes, start)
            end = start + HEAD_BYTES + length
            if end > size:
                break
            frames.append((number, bool(flag), bytes(self._bytes[start + HEAD_BYTES : end])))
            start = end
        if start:
            del self._bytes[:start]
        return frames
