"""The result of an import: the file's own columns with what became of each row."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
from pathlib import Path
from typing import BinaryIO

from exchange.model.batch import Batch, Record, RowResult

ADDED = ("exchange_status", "exchange_reason", "exchange_lead_id", "exchange_price", "exchange_errors")
_FORMULA = frozenset("=+-@\t\r＝＋－＠")


class InUse(Exception):
    """Another process works on this import."""


def result_path(file: Path, import_id: str, kind: str) -> Path:
    """`leads.imp_01KAG4….csv` beside `leads.csv`."""
    return file.with_name(f"{file.stem}.{import_id}.{'jsonl' if kind == 'json' else 'csv'}")


def guarded(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula, made text: `'=1+1`."""
    return f"'{cell}" if cell.lstrip("\"' ")[:1] in _FORMULA and cell else cell


class ResultFile:
    """Written in the order of the rows. One process at a time: the file is its lock, and dies with it."""

    def __init__(self, path: Path, batch: Batch, keep_bytes: int) -> None:
        """`keep_bytes` belong to rows that are done; what lies after them is of rows that are done again."""
        self.path = path
        self._batch = batch
        self._file: BinaryIO = path.open("r+b" if keep_bytes else "a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise InUse(str(path)) from None
        self._file.truncate(keep_bytes)
        self._file.seek(keep_bytes)
        if not keep_bytes and batch.kind == "csv":
            self._write_cells([*batch.columns, *ADDED])

    def add(self, record: Record, result: RowResult) -> None:
        added = (result.status, result.reason, result.lead_id, result.price, "; ".join(result.errors))
        if self._batch.kind == "csv":
            width = len(self._batch.columns)
            cells = [*record.cells[:width], *[""] * (width - len(record.cells))]
            self._write_cells([*cells, *added])
            return
        line = _object(record.cells[0]) | dict(zip(ADDED, added, strict=True))
        self._file.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")

    def flush(self) -> int:
        """Everything on disk; the number of bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        self._file.close()

    def _write_cells(self, cells: list[str]) -> None:
        text = io.StringIO()
        csv.writer(text, delimiter=self._batch.delimiter, quoting=csv.QUOTE_ALL).writerow(map(guarded, cells))
        self._file.write(text.getvalue().encode("utf-8", "replace"))


def _object(line: str) -> dict[str, object]:
    """A JSON line as it came; one that was no object is kept whole."""
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"line": line}
