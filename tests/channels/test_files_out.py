"""Leads that are sold as files: put on a real FTP, FTPS or SFTP server, whole, under one name, and read by another
client."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import paramiko
import pytest

from exchange.model.party import Geo
from tests.channels.filed import filing, names, takes_files
from tests.channels.fileserver import PASSWORD, USER, FileServer
from tests.channels.mailed import settle_down, states, work_for
from tests.flows.lab import held, later, lead_of, owed, person, post, spent
from tests.market import Exchange

PROTOCOLS = ("ftp", "ftps", "sftp")
TOGETHER: dict[str, Any] = {"schedule": "every 15m"}


def fetched(server: FileServer, path: str) -> bytes:
    """What another program reads by SFTP."""
    with paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        client.connect("127.0.0.1", server.sftp_port, USER, PASSWORD, look_for_keys=False, allow_agent=False)
        with client.open_sftp() as sftp, sftp.open(path) as file:
            content: bytes = file.read()
            return content


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


async def told(exchange: Exchange) -> list[str]:
    return [row["detail"] for row in await exchange.rows("SELECT detail FROM delivery_tries ORDER BY at, attempt_id")]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_what_waits_is_one_file_when_it_is_time(tmp_path: Path, server: FileServer, protocol: str) -> None:
    home = server.folder(f"together-{protocol}")
    async with filing(tmp_path) as exchange:
        await takes_files(exchange, server, protocol, home.name, **TOGETHER)
        for number in range(3):
            answer = await post(exchange, person(number))
            later(exchange, 1)
        await settle_down(exchange)
        assert (("queued", "awaiting_receipt"), "90.00", []) == (
            answer.told,
            await held(exchange, "marlow"),
            names(home),
        )

        await work_for(exchange, 960, 60)

        assert ["marlow-solar-0001.csv"] == names(home)
        read = rows(fetched(server, f"{home.name}/marlow-solar-0001.csv"))
        assert [f"+1602958{number:04d}" for number in range(3)] == [row["phone"] for row in read]
        references = [row["id"] for row in await exchange.rows("SELECT id FROM attempts ORDER BY made_at, id")]
        assert references == [row["reference"] for row in read]
        assert [("delivered", "accepted")] * 3 == await states(exchange)
        assert ["in file marlow-solar-0001.csv"] * 3 == await told(exchange)
        assert ("90.00", "72.00", "sold") == (
            await spent(exchange, "marlow"),
            await owed(exchange),
            (await lead_of(exchange, answer))["state"],
        )


async def test_without_a_schedule_each_lead_is_a_file(tmp_path: Path, server: FileServer) -> None:
    home = server.folder("out-alone")
    columns = {"who": {"join": ["first_name", "last_name"]}, "call": {"field": "phone", "phone": "dashes"}}
    async with filing(tmp_path) as exchange:
        await takes_files(exchange, server, "sftp", home.name, document={"columns": columns})
        await post(exchange)
        await settle_down(exchange)

        reference = (await exchange.rows("SELECT id FROM attempts"))[0]["id"]
        assert [f"{reference}.csv"] == names(home)
        assert [{"who": "Maria Sandoval", "call": "602-958-0142"}] == rows((home / f"{reference}.csv").read_bytes())
        assert [("delivered", "accepted")] == await states(exchange)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_folder_that_is_missing_holds_its_own_leads_until_it_is_there(
    tmp_path: Path, server: FileServer, protocol: str
) -> None:
    home, there = server.folder(f"gone-{protocol}"), server.folder(f"there-{protocol}")
    shutil.rmtree(home)
    west, east = Geo(states=("AZ",)), Geo(states=("CA",))
    async with filing(tmp_path) as exchange:
        await takes_files(exchange, server, protocol, home.name, geo=west, **TOGETHER)
        await takes_files(exchange, server, protocol, there.name, "estuary", geo=east, **TOGETHER)
        await post(exchange, person(1))
        await post(exchange, person(2, zip="94103", state="CA"))
        await work_for(exchange, 1_020, 60)
        assert [("delivered", "accepted"), ("waiting", "pending")] == sorted(await states(exchange))
        assert ["estuary-solar-0001.csv"] == names(there)

        server.folder(home.name)
        await work_for(exchange, 3_700, 60)

        assert ["marlow-solar-0001.csv"] == names(home)
        assert [("delivered", "accepted")] * 2 == await states(exchange)
        assert ("30.00", 2) == (await spent(exchange, "marlow"), await exchange.count("sales"))


async def test_a_file_that_is_there_already_is_the_same_file_again(tmp_path: Path, server: FileServer) -> None:
    home = server.folder("out-again")
    for name in ("marlow-solar-0001.csv", "marlow-solar-0001.csv.part"):
        server.put(home, name, b"what a try that was cut off had left\n" * 100)
    async with filing(tmp_path) as exchange:
        await takes_files(exchange, server, "sftp", home.name, **TOGETHER)
        await post(exchange)
        await work_for(exchange, 960, 60)

    assert ["marlow-solar-0001.csv"] == names(home)
    assert ["Maria"] == [row["first_name"] for row in rows((home / "marlow-solar-0001.csv").read_bytes())]


async def test_nothing_is_told_to_a_server_whose_key_nobody_pinned(tmp_path: Path, server: FileServer) -> None:
    home = server.folder("out-unpinned")
    for key, said in (("", server.fingerprint), (f"SHA256:{'A' * 43}", "not the one that was pinned")):
        folder = tmp_path / (key[-3:] or "none")
        folder.mkdir()
        async with filing(folder) as exchange:
            await takes_files(exchange, server, "sftp", home.name, document={"host_key": key})
            await post(exchange)
            await settle_down(exchange)

            assert [("waiting", "pending")] == await states(exchange)
            assert said in (await told(exchange))[0]
    assert [] == names(home)
