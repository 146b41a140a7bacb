"""Starts and ends the programs of a run, and says how much processor time they used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 60.0  # a busy machine is slow to start anything
STOP_SECONDS = 10.0
ROOT = Path(__file__).parents[1]


class NotStarted(Exception):
    """A program ended, or did not listen in time; the message is what it said."""


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    module: str,
    *arguments: str,
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    seconds: float = START_SECONDS,
) -> Iterator[int]:
    """`python -m module arguments` until it listens on `port`; yields its process id and ends it afterwards.

    `environment` is added to ours. Raises `NotStarted` with the end of what the program said.
    """
    with log.open("ab") as out:
        command = [sys.executable, "-m", module, *arguments]
        ours = os.environ | dict(environment or {})
        program = subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT, env=ours, start_new_session=True)
    try:
        _wait_until_listening(program, port, log, seconds)
        yield program.pid
    finally:
        _end(program)


def _wait_until_listening(program: subprocess.Popen[bytes], port: int, log: Path, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if program.poll() is not None:
            break
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex((HOST, port)) == 0:
                return
        program_ended(program, 0.05)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-12:]
    raise NotStarted("\n".join(said) or f"nothing listens on {HOST}:{port}")


def program_ended(program: subprocess.Popen[bytes], seconds: float) -> bool:
    """Waits at most `seconds` for a program to end."""
    try:
        program.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(program: subprocess.Popen[bytes]) -> None:
    if program.poll() is not None:
        return
    os.killpg(program.pid, signal.SIGTERM)
    if not program_ended(program, STOP_SECONDS):
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def processor_seconds(pid: int) -> float:
    """Processor time of a program and the processes it started, so far; 0 where the system does not tell."""
    return sum(_own_seconds(each) for each in _family(pid))


def ended_seconds(pid: int) -> float:
    """Processor time of the processes that it started and that ended; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text(encoding="ascii").split()
        except OSError:
            continue
        for child in children:
            yield from _family(int(child))


def _own_seconds(pid: int) -> float:
    nanoseconds = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            nanoseconds += int(thread.read_text(encoding="ascii").split()[0])
        except (OSError, ValueError):
            continue
    return nanoseconds / 1e9
