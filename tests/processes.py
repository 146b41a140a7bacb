"""Processes that the tests start: each ends with its `with`, however that ends, and none lives for ever."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType

LIFE_S = 240.0  # then it is killed, so whoever reads what it prints, or waits for its end, does not wait for ever
ENDING_S = 60.0  # from the end of the `with`, for one that was told to stop


class Child(subprocess.Popen[str]):
    """A process; what it started ends with it."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str]) -> None:
        self._limit = threading.Timer(LIFE_S, self.end)
        self._limit.daemon = True
        super().__init__(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self._limit.start()

    def end(self) -> None:
        if self.poll() is None:
            end_tree(self.pid)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.wait(ENDING_S)
        finally:
            self._limit.cancel()
            self.end()
            super().__exit__(kind, error, trace)


@asynccontextmanager
async def started(
    *words: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The same inside a loop. What it prints can be read; what it says of errors goes where the tests' own goes."""
    made = await asyncio.create_subprocess_exec(*words, env=env, cwd=cwd, stdout=subprocess.PIPE)
    limit = asyncio.get_running_loop().call_later(LIFE_S, end_tree, made.pid)
    try:
        yield made
    finally:
        limit.cancel()
        if made.returncode is None:
            end_tree(made.pid)
        await made.wait()


def stop(server: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """Tell a server of the tests to stop, and see that it does."""
    server.send_signal(how)
    try:
        server.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def end_tree(process_id: int) -> None:
    """Kill a process and what it started. They share the tests' own group, so that who ends the tests ends them too."""
    for listed in Path(f"/proc/{process_id}/task").glob("*/children"):
        with suppress(OSError):
            for child in listed.read_text().split():
                end_tree(int(child))
    with suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGKILL)
