"""Sockets given from one process to another, each with one byte over a pair of Unix sockets."""

from __future__ import annotations

import errno
import os
import socket


def hand(to: socket.socket, given: socket.socket) -> None:
    """Give a socket to the process at the other end; ours may be closed after it. Raises `OSError`."""
    socket.send_fds(to, [b"."], [given.fileno()])


def take(handed: socket.socket) -> socket.socket | None:
    """The next socket that was handed in; None when no more can come.

    Raises `BlockingIOError` when none waits, and `OSError` when this process has no descriptor left for the next one:
    that one is lost.
    """
    # One byte at a time: then a descriptor belongs to exactly one.
    data, descriptors, _, _ = socket.recv_fds(handed, 1, 1, socket.MSG_CMSG_CLOEXEC)
    if not data:
        return None
    if not descriptors:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    given = socket.socket(fileno=descriptors[0])
    given.setblocking(False)
    return given
