"""What reads and writes bytes for flows that begin beside a request.

Intake knows how, and flows import no intake: whoever builds the market hands it in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from exchange.model.batch import Batch, Columns, Layout, LeadFile, Record


@dataclass(frozen=True, slots=True)
class Doors:
    """`write` makes an answer's bytes; `look_through` and `records` read a file of leads, from a row number on.

    `is_sheet` knows a spreadsheet by how it begins, and `sheet_as_csv` writes its rows as CSV.
    """

    write: Callable[[dict[str, object], str], tuple[bytes, str]]
    look_through: Callable[[LeadFile], Batch]
    records: Callable[[LeadFile, Layout, Columns, int], Iterator[Record]]
    is_sheet: Callable[[bytes], bool]
    sheet_as_csv: Callable[[LeadFile, Callable[[bytes], object]], None]
