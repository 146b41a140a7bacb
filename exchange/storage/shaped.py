"""Values of one kind as the JSON of a column: written as they are, and checked when they are read.

What checks them is imported with the first that is read: the process that writes a SQLite file reads none of them, and
would be half as large again.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec.json import Encoder

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
_WRITER = Encoder()


class Shaped(Generic[T]):
    """Reads and writes values of `kind`, a dataclass or a named tuple of the model."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    @cached_property
    def _checked(self) -> TypeAdapter[T]:
        from pydantic import TypeAdapter

        return TypeAdapter(self._kind)

    def read(self, document: str | bytes) -> T:
        """Raises `ValueError` for what is none."""
        return self._checked.validate_json(document)

    def written(self, value: T) -> str:
        return _WRITER.encode(value).decode()
