"""Several serving processes behind one port: parted from this one, watched, begun again, and stopped together.

This process serves nobody itself. It listens and hands each client to the worker with the fewest, and it keeps the one
writer of a SQLite file running. It has neither loop nor thread, so that it may part at any time: workers begin with
everything loaded, and share that memory.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

from exchange.commands.listening import Listening
from exchange.commands.opening import database_file, is_file
from exchange.commands.serve import tell
from exchange.commands.terminal import Exit, Stop, Terminal
from exchange.commands.worker_life import Lives, Part, Worker
from exchange.log import log_at_once, logger
from exchange.rates import SharedRates
from exchange.storage.sqlite import writer_options
from exchange.storage.sqlite_door import let_go, make_door, spawn_writer

if TYPE_CHECKING:
    from exchange.settings import Settings

ACCEPTED_AT_ONCE = 64
AGAIN_SECONDS = 0.02  # until a client is offered to workers again that all did not take it
CROWDED_SECONDS = 1.0  # without file descriptors
_CROWDED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_LOG = logger(__name__)
_SIGNS = (signal.SIGTERM, signal.SIGINT)


def supervise(terminal: Terminal, settings: Settings, count: int) -> Part | None:
    """Run `count` workers until SIGTERM or SIGINT. Returns in each of them, with its part; here None when all ended."""
    from exchange.bootstrap import load_once
    from exchange.clock import SystemClock

    clock = SystemClock()
    began = clock.monotonic()
    log = log_at_once(level=logging.WARNING if sys.stderr.isatty() else logging.INFO)

    def announce(warnings: list[str]) -> None:
        tell(terminal, settings, count, warnings, clock.monotonic() - began)

    listening = Listening(settings.host, settings.port)
    load_once(settings)
    gc.collect()
    gc.freeze()  # so that the collector of a worker leaves the shared memory alone
    part: Part | None = None
    try:
        supervisor = Supervisor(settings, count, listening, announce, clock.monotonic)
        part = supervisor.run()
    finally:
        logging.getLogger().removeHandler(log)
    return part


class Supervisor:
    def __init__(
        self,
        settings: Settings,
        count: int,
        listening: Listening,
        announce: Callable[[list[str]], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._listening, self._announce, self._monotonic = listening, announce, monotonic
        self._workers = [Worker(number) for number in range(count)]
        self._rates = SharedRates(count)
        self._selector = selectors.DefaultSelector()
        self._signs = Signs()
        self._selector.register(self._signs.heard, selectors.EVENT_READ, self._signs.read)
        self._writing = Writing(settings) if is_file(settings) else None
        self._taken_up = self._announced = self._accepting = False
        self._client: socket.socket | None = None  # one that no worker took yet
        self._crowded_until = 0.0
        self._handed = 0
        self._failed: Exit | None = None

    def run(self) -> Part | None:
        """In the supervisor until all have ended, in a worker at once. Raises `Stop` when workers cannot start."""
        part: Part | None = None
        try:
            while not self._signs.stop or any(worker.process_id for worker in self._workers):
                if (part := self._begin_due()) is not None:
                    return part
                self._listen()
                for key, _ in self._selector.select(self._pause()):
                    key.data()
                self._look_after()
        except BaseException:
            self._tell_all(signal.SIGKILL)
            raise
        finally:
            if part is None:
                self._end()
        if self._failed is not None:
            raise Stop(self._failed, "A worker could not start; it said why above.")
        return None

    def _pause(self) -> float | None:
        """Seconds until something is due; None when only others can wake us."""
        now = self._monotonic()
        due = [worker.lives.due for worker in self._workers if self._may_begin(worker)]
        if self._writing is not None and self._writing.process is None:
            due.append(self._writing.lives.due)
        if self._client is not None:
            due.append(now + AGAIN_SECONDS)
        if self._crowded_until > now:
            due.append(self._crowded_until)
        return max(0.0, min(due) - now) if due else None

    # Workers and the writer

    def _may_begin(self, worker: Worker) -> bool:
        """The first takes up what was left; the others come after that."""
        return not (self._signs.stop or worker.process_id) and (self._taken_up or worker is self._workers[0])

    def _begin_due(self) -> Part | None:
        now = self._monotonic()
        if self._writing is not None:
            self._writing.begin_due(now)
        for worker in self._workers:
            if self._may_begin(worker) and worker.lives.due <= now and (part := self._begin(worker)) is not None:
                return part
        return None

    def _begin(self, worker: Worker) -> Part | None:
        """Part a worker from us. In it: its part, with nothing left open that belongs to us or another worker."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        door = self._writing.outside if self._writing is not None else None
        part = Part(worker.number, self._rates, not self._taken_up, theirs, self._listening.address, door)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNS)
        try:
            process_id = os.fork()
            if process_id == 0:
                ours.close()
                self._leave()
        except OSError as error:  # the system has no room for one more: later, perhaps
            _LOG.error("No worker could be begun", exc_info=error)
            ours.close()
            theirs.close()
            worker.lives.end(self._monotonic())
            return None
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNS)
        if process_id == 0:
            return part
        theirs.close()
        worker.begin(process_id, ours, self._monotonic())
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._hear(worker))
        return None

    def _leave(self) -> None:
        """A worker leaves everything to us but the door."""
        for worker in self._workers:
            worker.leave()
        self._selector.close()
        self._signs.close()
        self._listening.close()
        if self._writing is not None:
            self._writing.inside.close()
        if self._client is not None:
            self._client.close()

    def _hear(self, worker: Worker) -> None:
        assert worker.end is not None
        if not worker.hear():
            self._selector.unregister(worker.end)
            worker.close()
        if worker.ready and not self._taken_up:
            self._taken_up = True
        if not self._announced and all(each.ready or each.lives.deaths for each in self._workers) and self._taken_up:
            self._announced = True
            self._listening.listen()
            self._announce(self._workers[0].warnings)

    def _look_after(self) -> None:
        """Note who died."""
        now = self._monotonic()
        for worker in self._workers:
            if worker.process_id and (ended := os.waitpid(worker.process_id, os.WNOHANG))[0]:
                self._ended(worker, os.waitstatus_to_exitcode(ended[1]), now)
        if self._writing is not None:
            self._writing.look(now)
        if self._signs.stop and not self._signs.told:
            self._signs.told = True
            self._tell_all(signal.SIGTERM)

    def _ended(self, worker: Worker, code: int, now: float) -> None:
        was_ready, process_id = worker.ready, worker.process_id
        if worker.end is not None:
            self._selector.unregister(worker.end)
        worker.ended(now)
        if self._signs.stop:
            return
        _LOG.warning("A worker ended; another takes its place", process=process_id, state=str(code))
        if not was_ready and not self._announced and code in (Exit.UNREACHABLE, Exit.REFUSED):
            self._failed = Exit(code)
            self._signs.stop = True

    def _tell_all(self, sign: int) -> None:
        for worker in self._workers:
            worker.tell(sign)

    def _end(self) -> None:
        self._listening.close()
        if self._client is not None:
            self._client.close()
        if self._writing is not None:
            self._writing.end()
        self._rates.close()
        self._selector.close()
        self._signs.close()

    # Clients

    def _listen(self) -> None:
        """Accept clients as long as somebody takes them."""
        if self._client is not None:
            self._offer()
        wanted = (
            self._announced
            and not self._signs.stop
            and self._client is None
            and self._monotonic() >= self._crowded_until
            and any(worker.ready and worker.end is not None for worker in self._workers)
        )
        if wanted == self._accepting:
            return
        self._accepting = wanted
        for each in self._listening.sockets:
            if wanted:
                self._selector.register(each, selectors.EVENT_READ, lambda each=each: self._accept(each))
            else:
                self._selector.unregister(each)
        if self._signs.stop:
            self._listening.close()

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                self._client, _ = listener.accept()
            except OSError as error:
                if error.errno in _CROWDED:
                    self._crowded_until = self._monotonic() + CROWDED_SECONDS
                return  # or nobody waits, or who waited is gone
            if not self._offer():
                return

    def _offer(self) -> bool:
        """Hand the client to the worker with the fewest; of several, to the one that was given one longest ago."""
        assert self._client is not None
        self._handed += 1
        for worker in sorted(self._workers, key=lambda each: (each.connections, each.asked_at)):
            if worker.give(self._client, self._handed):
                self._client.close()
                self._client = None
                return True
        return False


class Signs:
    """Signals as something to select on. `stop` is set by SIGTERM and SIGINT; a child's end only wakes."""

    def __init__(self) -> None:
        self.stop = self.told = False
        self.heard, self._wake = socket.socketpair()
        for end in (self.heard, self._wake):
            end.setblocking(False)
        self._before: dict[int, Any] = {sign: signal.signal(sign, self._noted) for sign in (*_SIGNS, signal.SIGCHLD)}
        self._woken = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)

    def _noted(self, sign: int, _: FrameType | None) -> None:
        if sign in _SIGNS:
            self.stop = True

    def read(self) -> None:
        with suppress(BlockingIOError):
            self.heard.recv(4_096)

    def close(self) -> None:
        signal.set_wakeup_fd(self._woken)
        for sign, handler in self._before.items():
            signal.signal(sign, handler)
        self.heard.close()
        self._wake.close()


class Writing:
    """The writer of a SQLite file, begun again when it dies; the door stays, and whoever knocked waits there."""

    def __init__(self, settings: Settings) -> None:
        self.outside, self.inside = make_door()
        self.process: subprocess.Popen[bytes] | None = None
        self.lives = Lives()
        self._options = writer_options(database_file(settings))

    def begin_due(self, now: float) -> None:
        if self.process is None and self.lives.due <= now:
            self.lives.begin(now)
            try:
                self.process = spawn_writer(self.inside, self._options)
            except OSError as error:  # as above
                _LOG.error("No writer could be begun", exc_info=error)
                self.lives.end(now)

    def look(self, now: float) -> None:
        if self.process is not None and self.process.poll() is not None:
            _LOG.error("The writer ended; another takes its place", process=self.process.pid)
            self.process = None
            self.lives.end(now)

    def end(self) -> None:
        self.outside.close()
        self.inside.close()
        if self.process is not None:
            let_go(self.process)
