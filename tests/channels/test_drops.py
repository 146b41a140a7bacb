"""Drops on a real file server: each file is imported once, and moved with its result."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exchange.flows.documents import save_document, save_secret
from exchange.flows.polls import plan_polls
from exchange.flows.shapes import SOURCE, DocumentProblems
from exchange.model.actor import SYSTEM
from exchange.model.importing import ImportRow
from exchange.storage.imports import imports_of_source
from exchange.storage.sources import move_cursor, source_state
from exchange.worker import run_jobs
from tests.channels.fileserver import PASSWORD, USER, FileServer
from tests.flows.import_bench import bring, csv_of, people, sold
from tests.flows.lab import later
from tests.intake.test_sheets import xlsx
from tests.market import Exchange

DROP = "cedar_drop"


@dataclass
class Dropping:
    """A drop of Cedar's on the server, and the exchange that looks at it."""

    exchange: Exchange
    server: FileServer
    home: Path

    def put(self, name: str, data: bytes) -> Path:
        return self.server.put(self.home, name, data)

    async def polled(self, times: int = 1) -> None:
        """Look so often, and let what was brought be sold in between."""
        for _ in range(times):
            later(self.exchange, 61)
            await plan_polls(self.exchange.market)
            while await run_jobs(self.exchange.market):
                continue

    async def imports(self) -> list[ImportRow]:
        return await self.exchange.market.db.read(imports_of_source, DROP, 20)

    async def problem(self) -> str | None:
        return (await self.exchange.market.db.read(source_state, DROP)).last_error

    def names(self, folder: str = "") -> list[str]:
        place = self.home / folder
        return sorted(path.name for path in place.iterdir() if path.is_file()) if place.is_dir() else []

    def result(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO((self.home / "done" / name).read_text())))


def document(files: FileServer, protocol: str, folder: str, /, **more: Any) -> dict[str, Any]:
    place = files.place(protocol, folder)
    return {
        "source": DROP,
        "title": "Cedar's drop",
        "kind": "drop",
        "campaign": "cedar-solar",
        "every": "1m",
        "protocol": protocol,
        "server": f"{place.host}:{place.port}",
        "folder": folder,
        "user": USER,
        "password": "drop_password",
        "host_key": place.host_key,
        "ca_file": place.ca_file,
        **more,
    }


async def dropping(
    exchange: Exchange, files: FileServer, name: str, protocol: str = "sftp", /, **more: Any
) -> Dropping:
    await save_secret(exchange.market, "drop_password", PASSWORD, SYSTEM)
    home = files.folder(name)
    await save_document(exchange.market, SOURCE, DROP, document(files, protocol, name, **more), SYSTEM)
    return Dropping(exchange, files, home)


@pytest.mark.parametrize("protocol", ["ftp", "ftps", "sftp"])
async def test_a_file_is_imported_once_and_moved_with_its_result(
    exchange: Exchange, server: FileServer, protocol: str
) -> None:
    drop = await dropping(exchange, server, f"once-{protocol}", protocol)
    lead = people(1, 50)[0]
    drop.put("cedar 0412.csv", csv_of([*people(3), {**people(1, 9)[0], "zip": "8501"}]))
    drop.put("november.xlsx", xlsx(list(lead), list(lead.values())))
    await drop.polled()
    assert [] == await drop.imports()  # it might still be growing
    await drop.polled(3)

    assert ["cedar 0412.csv", "cedar 0412.csv.result.csv", "november.xlsx", "november.xlsx.result.csv"] == drop.names(
        "done"
    )
    assert [] == drop.names()
    assert {"accepted": 3, "invalid": 1} == {row.file_name: row.counts for row in await drop.imports()}[
        "cedar 0412.csv"
    ]
    told = [row["exchange_status"] for row in drop.result("cedar 0412.csv.result.csv")]
    assert ["accepted", "accepted", "accepted", "invalid"] == told
    channels = await exchange.rows("SELECT DISTINCT channel FROM requests")
    assert [protocol] == [row["channel"] for row in channels]


async def test_it_is_the_same_on_both_engines(either: Exchange, server: FileServer) -> None:
    home = f"engine-{id(either)}"
    drop = await dropping(either, server, home)
    drop.put("a.csv", csv_of(people(2)))
    await drop.polled(4)

    assert (["a.csv", "a.csv.result.csv"], "done") == (drop.names("done"), (await drop.imports())[0].state)


async def test_a_half_written_file_is_left_alone_until_it_stands_still(exchange: Exchange, server: FileServer) -> None:
    drop = await dropping(exchange, server, "growing")
    data = csv_of(people(4))
    drop.put("later.csv.part", data)
    drop.put("leads.csv", data[:200])
    await drop.polled()
    drop.put("leads.csv", data[:400])
    await drop.polled()
    assert [] == await drop.imports()
    drop.put("leads.csv", data)
    await drop.polled(4)

    assert [{"accepted": 4}] == [row.counts for row in await drop.imports()]
    assert (["later.csv.part"], ["leads.csv", "leads.csv.result.csv"]) == (drop.names(), drop.names("done"))


async def test_what_cannot_be_read_goes_to_failed_with_the_reason(exchange: Exchange, server: FileServer) -> None:
    drop = await dropping(exchange, server, "failed")
    drop.put("twice.csv", b"zip,zip\n1,2\n")
    drop.put("zipped.xlsx", b"PK\x03\x04")
    await drop.polled(3)

    assert ["twice.csv", "twice.csv.error.txt", "zipped.xlsx", "zipped.xlsx.error.txt"] == drop.names("failed")
    assert "more than once" in (drop.home / "failed" / "twice.csv.error.txt").read_text()
    assert {"refused"} == {row.state for row in await drop.imports()}
    assert 2 == len(await drop.imports())


async def test_a_file_that_was_imported_before_is_recognised(exchange: Exchange, server: FileServer) -> None:
    drop = await dropping(exchange, server, "again")
    drop.put("a.csv", csv_of(people(2)))
    await drop.polled(4)
    drop.put("renamed.csv", csv_of(people(2)))
    uploaded = await sold(exchange, await bring(exchange, csv_of(people(1, 70))))
    drop.put("uploaded before.csv", csv_of(people(1, 70)))
    await drop.polled(4)

    assert 1 == len([row for row in await drop.imports() if row.state == "done"])
    assert ["a.csv", "a.csv.result.csv", "renamed.csv", "renamed.csv.result.csv"] == drop.names("done")
    assert drop.result("a.csv.result.csv") == drop.result("renamed.csv.result.csv")
    assert uploaded.id in (drop.home / "failed" / "uploaded before.csv.error.txt").read_text()
    assert 3 == await exchange.count("sales")


async def test_a_lost_cursor_sells_nothing_twice(exchange: Exchange, server: FileServer) -> None:
    drop = await dropping(exchange, server, "lost", selling={"rate": "1/h", "order": "newest", "hours": "0:00-24:00"})
    drop.put("a.csv", csv_of(people(3)))
    await drop.polled(2)
    await exchange.market.db.write(move_cursor, DROP, "")
    await drop.polled(6)

    assert [("done", {"accepted": 3})] == [(row.state, row.counts) for row in await drop.imports()]
    assert [("newest", "00:00-24:00")] == [(row.sort, row.hours) for row in await drop.imports()]
    assert ["a.csv", "a.csv.result.csv"] == drop.names("done")
    assert 3 == await exchange.count("sales")


async def test_a_server_that_lets_nothing_be_moved_is_told_and_nothing_is_sold_twice(
    exchange: Exchange, server: FileServer
) -> None:
    drop = await dropping(exchange, server, "fixed")
    drop.put("a.csv", csv_of(people(2)))
    (drop.home / "done").write_text("no folder")
    await drop.polled(8)

    assert "a.csv cannot be moved to done" in (await drop.problem() or "")
    assert (["a.csv", "done"], 2) == (drop.names(), await exchange.count("sales"))


async def test_a_server_that_is_down_is_told_without_its_password(exchange: Exchange, server: FileServer) -> None:
    drop = await dropping(exchange, server, "down", server="127.0.0.1:1")
    await drop.polled()

    assert "127.0.0.1 refused the connection." == await drop.problem()


async def test_columns_of_the_source_are_taken_and_other_files_left(exchange: Exchange, server: FileServer) -> None:
    more = {"columns": {"1.3": "phone", "Internal": ""}, "constants": {"sub_id1": "cedar"}, "files": "leads-*.csv"}
    drop = await dropping(exchange, server, "columns", **more)
    lead = people(1)[0]
    row = {**{name: value for name, value in lead.items() if name != "phone"}, "1.3": lead["phone"], "Internal": "x"}
    drop.put("LEADS-1.csv", csv_of([row]))
    drop.put("readme.txt", b"not leads")
    await drop.polled(4)

    assert (["readme.txt"], ["LEADS-1.csv", "LEADS-1.csv.result.csv"]) == (drop.names(), drop.names("done"))
    assert ["cedar"] == [each["sub_id1"] for each in await exchange.rows("SELECT sub_id1 FROM leads")]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"host_key": ""}, "host_key"),
        ({"server": "files.example:99999"}, "port"),
        ({"server": "10.1.2.3"}, "private network"),
        ({"protocol": "scp"}, "protocol"),
        ({"done": "../up"}, "done"),
        ({"done": "x", "failed": "x"}, "two folders"),
        ({"selling": {"rate": "fast"}}, "rows in a time"),
        ({"selling": {"stop_percent": 0}}, "stop_percent"),
        ({"selling": {"order": "oldest"}}, "order"),
        ({"selling": {"hours": "late"}}, "09:00-17:30"),
        ({"host_key": "ssh-ed25519"}, "host_key"),
    ],
)
async def test_a_document_that_cannot_be_used_is_refused(
    exchange: Exchange, server: FileServer, change: dict[str, Any], word: str
) -> None:
    with pytest.raises(DocumentProblems, match=word):
        await save_document(exchange.market, SOURCE, DROP, document(server, "sftp", "", **change), SYSTEM)
