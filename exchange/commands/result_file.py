"""The result of a command's import lies beside the file, in clear as the file does."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import BinaryIO

from exchange.flows.import_results import result_suffix
from exchange.flows.sealed_file import InUse
from exchange.model.batch import Layout


def result_path(file: Path, import_id: str, layout: Layout) -> Path:
    """`leads.imp_01KAG4….csv` beside `leads.csv`."""
    return file.with_name(f"{file.stem}.{import_id}.{result_suffix(layout)}")


class PlainFile:
    """A file that one process appends to at a time: the file is its lock, and dies with it."""

    def __init__(self, path: Path, keep_bytes: int) -> None:
        """`keep_bytes` belong to rows that are done; what lies after them is of rows that are done again."""
        self._file: BinaryIO = path.open("r+b" if keep_bytes else "a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise InUse(str(path)) from None
        self._file.truncate(keep_bytes)
        self._file.seek(keep_bytes)

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def flush(self) -> int:
        """Everything on disk; the number of bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
