"""`exchange serve`: one process or several, and how they stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from exchange.commands.cores import cores
from exchange.commands.serve import count_of
from exchange.settings import load_settings
from exchange.storage.file_lock import hold_file
from tests.cli.home import Home, command, environment, until
from tests.processes import Child


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def health(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as reply:
        return str(json.load(reply)["status"])


def children(process_id: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


def test_it_says_where_it_is_serves_and_stops(home: Home) -> None:
    port = free_port()
    with home.start("serve", "--port", str(port)) as serving:
        assert serving.stdout is not None
        lines = [serving.stdout.readline() for _ in range(5)]
        told = health(port)
        beside = home.run("serve", "--port", str(free_port()))
        invited = home.run("--json", "user", "add", "pat@harbor.example")
        again = home.run("user", "login-link", "pat@harbor.example")
        serving.send_signal(signal.SIGTERM)
        assert 0 == serving.wait(30)
    later = home.run("user", "login-link", "pat@harbor.example")

    reached = f"http://127.0.0.1:{port}/login/"
    assert invited.json["sign_in"].startswith(reached)
    assert reached in again.out and "http://127.0.0.1:8080/login/" in later.out
    assert lines[0].strip().startswith("Lead Exchange, exchange ")
    assert f"http://127.0.0.1:{port}/api/v1" in lines[2]
    assert "no campaign yet" in lines[3]
    assert "Ready in" in lines[4]
    assert "ok" == told
    assert (5, True) == (beside.code, "in use by another exchange" in beside.err)


def test_a_port_that_is_taken_is_told(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = home.run("serve", "--port", str(taken.getsockname()[1]))

    assert (6, True) == (refused.code, "--port" in refused.err)


def test_a_database_that_cannot_be_reached_exits_5(tmp_path: Path) -> None:
    unreachable = {"EXCHANGE_DATABASE_URL": f"postgresql://exchange@127.0.0.1:{free_port()}/exchange"}
    ran = subprocess.run(
        command("--data", tmp_path, "serve"),
        env=environment() | unreachable,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert 5 == ran.returncode, ran.stderr


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """The address of an empty database of each engine, and what it is called."""
    if request.param == "postgres":
        empty: str = request.getfixturevalue("postgres_empty")
        return empty, "PostgreSQL"
    return str(tmp_path / "exchange.db"), "SQLite WAL"


async def test_workers_share_a_port_are_replaced_and_stop_together(place: tuple[str, str], tmp_path: Path) -> None:
    port = free_port()
    settings = {"EXCHANGE_DATABASE_URL": place[0], "EXCHANGE_KEY_FILE": str(tmp_path / "exchange.key")}
    words = command("--data", tmp_path, "serve", "--workers", "2", "--port", str(port))
    with Child(words, environment() | settings) as parent:  # only the database of the fixture needs a loop
        assert parent.stdout is not None and parent.stderr is not None
        first = parent.stdout.readline()
        started = until(lambda line: "Ready in" in line, parent.stdout)
        before = children(parent.pid)
        os.kill(before[-1], signal.SIGKILL)
        until(lambda line: "A worker ended" in line, parent.stderr)
        until(lambda line: '"Listening"' in line, parent.stderr)
        told, after = health(port), children(parent.pid)
        parent.send_signal(signal.SIGINT)
        rest, _ = parent.communicate(timeout=60)

    assert f"{place[1]}, 2 workers" in first
    assert 1 == (started + rest).count("no campaign yet: nobody can post")
    assert ("ok", len(before)) == (told, len(after))
    assert before[-1] not in after
    assert 0 == parent.returncode


@pytest.mark.parametrize("in_the_way", ["port", "file"])
def test_several_tell_once_what_is_in_the_way_and_leave_nothing_running(home: Home, in_the_way: str) -> None:
    with ExitStack() as held:
        taken = held.enter_context(socket.socket())
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
        if in_the_way == "port":
            taken.listen()
        else:
            taken.close()
            held.enter_context(hold_file(home.database))
        ran = subprocess.run(
            command("--data", home.folder, "serve", "--workers", "2", "--port", str(port)),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )

    assert {"port": 6, "file": 5}[in_the_way] == ran.returncode
    assert 1 == ran.stderr.count({"port": "--port", "file": "in use by another exchange"}[in_the_way])


def test_a_file_is_served_by_as_many_as_are_of_use_and_a_server_as_told() -> None:
    file = load_settings(None, workers="auto")
    server = file.model_copy(update={"database_url": "postgresql://exchange@127.0.0.1/exchange"})

    assert min(cores(), 4) == count_of(file)
    assert 1 == count_of(server)
    assert [3, 3] == [count_of(each.model_copy(update={"workers": 3})) for each in (file, server)]


def test_a_container_has_the_processors_of_its_quota(tmp_path: Path) -> None:
    quota, here = tmp_path / "cpu.max", cores(tmp_path / "nowhere")
    found = []
    for text in ("max 100000", "50000 100000", "100000 100000", "6400000 100000"):
        quota.write_text(f"{text}\n", encoding="ascii")
        found.append(cores(quota))

    assert [here, 1, 1, min(here, 64)] == found
