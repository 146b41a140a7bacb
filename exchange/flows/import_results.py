"""The result of an import: the file's own columns with what became of each row."""

from __future__ import annotations

import csv
import io
import json
from typing import Protocol

from exchange.model.batch import Layout, Record, RowResult

ADDED = ("exchange_status", "exchange_reason", "exchange_lead_id", "exchange_price", "exchange_errors")
_FORMULA = frozenset("=+-@\t\r＝＋－＠")


class Sink(Protocol):
    """Where the result is written. `flush` makes it durable and says how many bytes there are in all."""

    def write(self, data: bytes) -> None: ...

    def flush(self) -> int: ...

    def close(self) -> None: ...


def guarded(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula, made text: `'=1+1`."""
    return f"'{cell}" if cell.lstrip("\"' ")[:1] in _FORMULA and cell else cell


def result_suffix(layout: Layout) -> str:
    return "jsonl" if layout.kind == "json" else "csv"


class ResultFile:
    """Writes results in the order of the rows, in the file's own dress."""

    def __init__(self, sink: Sink, layout: Layout, *, begun: bool) -> None:
        """`begun`: the sink holds rows already."""
        self._sink, self._layout = sink, layout
        if not begun and layout.kind == "csv":
            self._write_cells([*layout.columns, *ADDED])

    def add(self, record: Record, result: RowResult) -> None:
        added = (result.status, result.reason, result.lead_id, result.price, "; ".join(result.errors))
        if self._layout.kind == "csv":
            width = len(self._layout.columns)
            cells = [*record.cells[:width], *[""] * (width - len(record.cells))]
            self._write_cells([*cells, *added])
            return
        line = _object(record.cells[0]) | dict(zip(ADDED, added, strict=True))
        self._sink.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")

    def flush(self) -> int:
        """Everything on disk; the number of bytes."""
        return self._sink.flush()

    def close(self) -> None:
        self._sink.close()

    def _write_cells(self, cells: list[str]) -> None:
        text = io.StringIO()
        csv.writer(text, delimiter=self._layout.delimiter, quoting=csv.QUOTE_ALL).writerow(map(guarded, cells))
        self._sink.write(text.getvalue().encode("utf-8", "replace"))


def _object(line: str) -> dict[str, object]:
    """A JSON line as it came; one that was no object is kept whole."""
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"line": line}
