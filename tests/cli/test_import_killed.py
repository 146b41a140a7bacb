"""`kill -9` in the middle of an import that the server works: it goes on by itself, and no row is sold twice."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cli.home import Home, LeadBuyer, until
from tests.cli.test_import import sales
from tests.cli.test_serve import free_port
from tests.flows.import_bench import csv_of, people
from tests.market import live_key
from tests.processes import Child

ROWS = 400
KILLED_AFTER = 60
PATIENCE = 600  # looks, a tenth of a second apart


def ask(port: int, path: str, body: bytes | None = None) -> bytes:
    headers = {"X-Api-Key": live_key("cedar"), "Content-Type": "text/csv"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/{path}", body, headers)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return bytes(reply.read())


@contextmanager
def serving(home: Home, port: int) -> Iterator[Child]:
    with home.start("serve", "--port", str(port)) as server:
        until(lambda line: "Ready in" in line, server.stdout)
        yield server


def wait_until_done(server: Child, port: int, import_id: str) -> dict[str, Any]:
    """The import once it is over. The server's life is what there is to wait on meanwhile."""
    for _ in range(PATIENCE):
        row: dict[str, Any] = json.loads(ask(port, f"imports/{import_id}"))
        if row["state"] == "done":
            return row
        try:
            server.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(server.stderr.read() if server.stderr else "it ended")
    raise AssertionError("it did not end in time")


def test_a_killed_server_goes_on_at_the_same_row(market_home: Home, lead_buyer: LeadBuyer) -> None:
    port = free_port()
    with serving(market_home, port) as server:
        import_id = json.loads(ask(port, "imports?name=november.csv", csv_of(people(ROWS))))["import_id"]
        lead_buyer.wait_for(KILLED_AFTER)
        lead_buyer.gate.clear()  # from here on leads arrive and their answers wait: the kill finds posts under way
        lead_buyer.wait_for(len(lead_buyer.posts) + 1)
        server.kill()
    lead_buyer.gate.set()
    with serving(market_home, port) as server:
        done = wait_until_done(server, port, import_id)
        result = list(csv.DictReader(io.StringIO(ask(port, f"imports/{import_id}/result").decode())))
        server.terminate()

    assert [] == [phone for phone, count in Counter(lead_buyer.phones()).items() if count > 1]
    assert (ROWS, ROWS, ROWS) == (done["done"], len(result), len({row["Phone Number"] for row in result}))
    assert {"accepted", "queued"} == set(done["counts"])  # what was under way is unclear: held, and never sent again
    sold = {row["exchange_lead_id"] for row in result if row["exchange_status"] == "accepted"}
    assert len(sold) == sales(market_home) == done["counts"]["accepted"]
    assert len(lead_buyer.posts) >= ROWS - done["counts"]["queued"]
    assert 0 == market_home.run("ledger", "verify").code
