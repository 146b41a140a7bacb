"""How processes reach one writer: a door through which each hands it one end of a pair of sockets.

The door is a pair of sockets itself, so nobody can knock that did not inherit it. What was handed in lies there until
a writer takes it: one that is started in the place of a dead one, on the same door, finds all who knocked meanwhile.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from exchange.handing import hand

BUFFER_BYTES = 1 << 20
LEAVING_SECONDS = 10.0  # how long a writer may take to commit its last group


def make_door() -> tuple[socket.socket, socket.socket]:
    """The side to knock at, and the writer's side."""
    outside, inside = socket.socketpair()
    outside.setblocking(False)
    return outside, inside


def knock(outside: socket.socket) -> socket.socket:
    """Our end of a new pair of sockets; a writer has the other, or gets it as soon as one runs. May raise `OSError`."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
                end.setblocking(False)
            hand(outside, theirs)
        except BaseException:
            ours.close()
            raise
    return ours


def spawn_writer(inside: socket.socket, options: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    """A fresh interpreter, so that a running loop is never forked. It finds the units where we do."""
    return subprocess.Popen(
        [sys.executable, "-m", "exchange.storage.sqlite_writer", str(inside.fileno()), json.dumps(dict(options))],
        pass_fds=(inside.fileno(),),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path)},
        stdin=subprocess.DEVNULL,
    )


def let_go(process: subprocess.Popen[bytes]) -> None:
    """Wait for a writer to leave; one that does not is ended."""
    try:
        process.wait(LEAVING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
