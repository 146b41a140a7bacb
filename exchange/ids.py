"""Ids and secrets. This file alone asks for randomness."""

from __future__ import annotations

import os
import random
import secrets
from functools import lru_cache
from typing import Protocol

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)


def _encode(number: int, length: int) -> str:
    """`length` digits, an even number of them."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * length - 10, -1, -10)])


@lru_cache(maxsize=8)
def _moment(now: int) -> str:
    """One lead makes several ids within a millisecond."""
    return _encode(now, 10)


def first_id(prefix: str, now: int) -> str:
    """Below every id made from this moment (epoch ms) on, and above all made before: for ranges of ids."""
    return f"{prefix}_{_encode(now, 10)}"


class Ids(Protocol):
    def new(self, prefix: str, now: int) -> str:
        """`ld_01KAG2V7RN6M4T…`: sortable by time, with 80 random bits."""
        ...

    def token(self, size: int = 16) -> str:
        """A URL-safe secret of `size` random bytes."""
        ...

    def bytes(self, size: int) -> bytes: ...

    def draw(self) -> float:
        """Uniform in [0, 1)."""
        ...


class SystemIds:
    def new(self, prefix: str, now: int) -> str:
        return f"{prefix}_{_moment(now)}{_encode(int.from_bytes(os.urandom(10)), 16)}"

    def token(self, size: int = 16) -> str:
        return secrets.token_urlsafe(size)

    def bytes(self, size: int) -> bytes:
        return os.urandom(size)

    def draw(self) -> float:
        return random.random()


class SeededIds:
    """The same ids for the same seed: for the frozen demo and for simulations. Never for real secrets."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def new(self, prefix: str, now: int) -> str:
        return f"{prefix}_{_moment(now)}{_encode(self._random.getrandbits(80), 16)}"

    def token(self, size: int = 16) -> str:
        return self._random.randbytes(size).hex()

    def bytes(self, size: int) -> bytes:
        return self._random.randbytes(size)

    def draw(self) -> float:
        return self._random.random()
