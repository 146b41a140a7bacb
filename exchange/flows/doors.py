"""What reads and writes bytes for flows that begin beside a request.

Intake knows how, and flows import no intake: whoever builds the market hands it in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from exchange.model.batch import Batch, Columns, Record


@dataclass(frozen=True, slots=True)
class Doors:
    """`write` makes an answer's bytes; `look_through` and `records` read a file of leads, from a row number on."""

    write: Callable[[dict[str, object], str], tuple[bytes, str]]
    look_through: Callable[[Path], Batch]
    records: Callable[[Batch, Columns, int], Iterator[Record]]
