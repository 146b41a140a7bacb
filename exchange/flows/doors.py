"""What reads and writes bytes for flows that begin beside a request.

Intake knows how, and flows import no intake: whoever builds the market hands it in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from exchange.model.batch import Batch, Columns, Record


class Write(Protocol):
    """Makes an answer's bytes: fields, format, and the root element of XML → body, content type."""

    def __call__(self, answer: Mapping[str, Any], format: str, root: str = ..., /) -> tuple[bytes, str]: ...


@dataclass(frozen=True, slots=True)
class Doors:
    """`write` makes an answer's bytes; `look_through` and `records` read a file of leads, from a row number on."""

    write: Write
    look_through: Callable[[Path], Batch]
    records: Callable[[Batch, Columns, int], Iterator[Record]]
