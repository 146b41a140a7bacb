"""Spreadsheets in: XLSX, XLS, XLSB and ODS become the CSV that everything else reads. See `sheet_reader.py`."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import exchange
from exchange.intake import sheet_reader
from exchange.intake.batch import CHUNK_BYTES, BadFile
from exchange.model.batch import LeadFile

_STARTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_TOO_MUCH = "It took too much memory or time to read. Save it as CSV, or cut it into several files."


def is_sheet(start: bytes) -> bool:
    """Whether a file that begins so is a spreadsheet, or at least packed like one."""
    return start.startswith(_STARTS)


def sheet_as_csv(file: LeadFile, write: Callable[[bytes], object]) -> None:
    """Write the sheet's rows as CSV in UTF-8. It blocks until that is done; raises `BadFile`."""
    home = str(Path(exchange.__file__).parents[1])
    command = [sys.executable, "-m", sheet_reader.__name__]
    with (
        file.open() as source,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PYTHONPATH": home},  # nothing of ours that is secret
        ) as reader,
    ):
        assert reader.stdin is not None and reader.stdout is not None and reader.stderr is not None
        feeder = threading.Thread(target=_feed, args=(source, reader.stdin), daemon=True)
        feeder.start()
        while chunk := reader.stdout.read(CHUNK_BYTES):
            write(chunk)
        told = reader.stderr.read().decode("utf-8", "replace").strip()
        feeder.join()
    if reader.returncode == sheet_reader.REFUSED:
        raise BadFile(f"{file.name}: {told}")
    if reader.returncode:
        raise BadFile(f"{file.name}: {_TOO_MUCH}")


def _feed(source: BinaryIO, into: BinaryIO) -> None:
    try:
        with into:
            while chunk := source.read(CHUNK_BYTES):
                into.write(chunk)
    except BrokenPipeError:  # it gave up before the end, and its exit code says why
        return
