"""What travels between the exchange and its writer process: units, answers, and the frames around them.

Pickle is safe here: both ends are one program, over a pair of sockets nobody else can open.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import io
import pickle
import struct
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from typing import Any

from exchange.storage.database import StorageError

READY = 0  # the number of the frame that says how opening the file went
_HEAD = struct.Struct("<QBI")  # number of the unit, 1 for stored, length of what follows
HEAD_BYTES = _HEAD.size


def unit_name(unit: Callable[..., Any]) -> str:
    """`exchange.storage.leads:save_lead`. A unit another process cannot find is a `TypeError`."""
    module, name = unit.__module__, unit.__qualname__
    if "." in name or module == "__main__" or not inspect.iscoroutinefunction(unit):
        raise TypeError(f"{module}:{name} cannot be a unit of work: it must be an async function at module level")
    return f"{module}:{name}"


def find_unit(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    unit: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return unit


class _Packer(pickle.Pickler):
    """Pickle with two short cuts: a plain frozen dataclass travels as its values, an enum member as its name.

    Python's own way through `__setstate__` takes five times as long, and every unit is full of both.
    """

    def reducer_override(self, value: Any) -> Any:
        kind: Any = type(value)
        if issubclass(kind, Enum):
            return getattr, (kind, value._name_)
        values = _values_of(kind)
        return NotImplemented if values is None else (kind, values(value))


@lru_cache(maxsize=1_024)
def _values_of(kind: type) -> Callable[[Any], tuple[Any, ...]] | None:
    """What takes the values out of a dataclass that its constructor alone can rebuild; None for anything else."""
    params = vars(kind).get("__dataclass_params__")
    if params is None or not params.frozen or hasattr(kind, "__post_init__"):
        return None
    fields = dataclasses.fields(kind)
    if not fields or not all(field.init and not field.kw_only for field in fields):
        return None
    names = [field.name for field in fields]
    take = attrgetter(*names)
    return take if len(names) > 1 else lambda value: (take(value),)


def pack(value: Any) -> bytes:
    written = io.BytesIO()
    _Packer(written, pickle.HIGHEST_PROTOCOL).dump(value)
    return written.getvalue()


def unpack(blob: bytes | memoryview) -> Any:
    return pickle.loads(blob)


def pack_unit(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bytes:
    return pack((name, args, kwargs) if kwargs else (name, args))


def pack_error(error: Exception) -> bytes:
    """An exception for its caller. One that does not survive the way is told as a `StorageError`."""
    try:
        blob = pack(error)
        unpack(blob)
    except Exception as failure:  # an exception class may break in any way when it is rebuilt
        return pack(StorageError(f"the unit raised {type(error).__qualname__}, which cannot travel: {failure}"))
    return blob


def frame(number: int, stored: bool, blob: bytes) -> bytes:
    return _HEAD.pack(number, stored, len(blob)) + blob


class Inbox:
    """Cuts a stream of bytes into the frames it was made of."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, data: bytes) -> None:
        self._bytes += data

    def take(self, most: int = 1 << 62) -> list[tuple[int, bool, bytes]]:
        """Up to `most` whole frames as (number, stored, blob); what is not whole yet stays."""
        frames: list[tuple[int, bool, bytes]] = []
        start, size = 0, len(self._bytes)
        while size - start >= HEAD_BYTES and len(frames) < most:
            number, stored, length = _HEAD.unpack_from(self._bytes, start)
            end = start + HEAD_BYTES + length
            if end > size:
                break
            frames.append((number, bool(stored), bytes(self._bytes[start + HEAD_BYTES : end])))
            start = end
        if start:
            del self._bytes[:start]
        return frames
