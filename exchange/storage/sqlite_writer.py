"""The writer process: the one owner of a SQLite file. `python -m exchange.storage.sqlite_writer FD OPTIONS`.

It takes whatever waits, runs it as one group, commits once and answers. When the exchange is gone (the socket ends)
it commits what it has already received and leaves.
"""

from __future__ import annotations

import gc
import json
import signal
import socket
import sqlite3
import sys
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

from exchange.limits import GROUP_UNITS
from exchange.storage import parcel
from exchange.storage.database import StorageError
from exchange.storage.file_lock import hold_file
from exchange.storage.sqlite_group import NotStored, Stored, Units, open_writing, run_group

CHUNK_BYTES = 256 * 1024


def serve(wire: socket.socket, connection: sqlite3.Connection) -> None:
    """Answer units until the exchange closes its end."""
    units, inbox = Units(), parcel.Inbox()
    open_end = True
    while True:
        waiting = inbox.take(GROUP_UNITS)
        if not waiting:
            if not open_end:
                return
            open_end = _receive(wire, inbox)
            continue
        answers = run_group(connection, [partial(units.run, blob) for _, _, blob in waiting])
        told = [_tell(number, answer) for (number, _, _), answer in zip(waiting, answers, strict=True)]
        try:
            wire.sendall(b"".join(told))
        except ConnectionError:  # the exchange is gone: what it sent before is stored all the same
            open_end = _receive(wire, inbox)


def _receive(wire: socket.socket, inbox: parcel.Inbox) -> bool:
    """Wait for bytes and take all that are there. False when no more will come."""
    try:
        data = wire.recv(CHUNK_BYTES)
    except ConnectionError:
        return False
    inbox.add(data)
    return bool(data)


def _tell(number: int, answer: Stored | NotStored) -> bytes:
    if isinstance(answer, Stored):
        return parcel.frame(number, True, answer.result)
    return parcel.frame(number, False, parcel.pack_error(answer.error))


def main(descriptor: int, options: dict[str, Any]) -> None:
    # A terminal's Ctrl-C and a service stop reach every process: the exchange ends first, its writer after it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    path = Path(options["path"])
    with ExitStack() as opened, socket.socket(fileno=descriptor) as wire:
        try:
            if options["exclusive"]:
                opened.enter_context(hold_file(path, wait_ms=options["lock_ms"]))
            connection = opened.enter_context(
                closing(open_writing(path, busy_ms=options["busy_ms"], durable=options["durable"]))
            )
        except StorageError as error:
            wire.sendall(parcel.frame(parcel.READY, False, parcel.pack_error(error)))
            return
        wire.sendall(parcel.frame(parcel.READY, True, parcel.pack(None)))
        gc.freeze()
        serve(wire, connection)


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
