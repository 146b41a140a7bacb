"""Folders on a real file server, over each of the protocols it speaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from itertools import count
from pathlib import Path

import asyncssh
import pytest

from exchange.courier.outside import Outside
from exchange.courier.remote import RemoteDown, RemoteFolder, RemoteRefused, open_folder
from exchange.model.wire import Loss, Place
from tests.channels.fileserver import FileServer
from tests.courier.rawbuyer import LOOPBACK

PROTOCOLS = ("ftp", "ftps", "sftp")


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    made = Outside(LOOPBACK)
    yield made
    await made.close()


async def sent(*blocks: bytes) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


def connections() -> int:
    """How many sockets this process has open."""
    links = list(Path("/proc/self/fd").iterdir())
    return sum(link.is_symlink() and str(link.readlink()).startswith("socket:") for link in links)


async def read(folder: RemoteFolder, name: str) -> bytes:
    return b"".join([block async for block in folder.read(name)])


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_files_are_listed_read_written_and_moved(server: FileServer, outside: Outside, protocol: str) -> None:
    home = server.folder(f"whole-{protocol}")
    server.put(home, "a b.csv", b"zip\n" * 100_000)
    server.folder(f"whole-{protocol}/below")
    (home / "link.csv").symlink_to("/etc/passwd")
    async with open_folder(server.place(protocol, home.name), outside.dial) as folder:
        listed = [(file.name, file.size) for file in await folder.files()]
        content = await read(folder, "a b.csv")
        for text in (b"one", b"two"):
            await folder.make("done")
            await folder.write("done/r.csv.part", sent(text, b"\n"))
            await folder.move("done/r.csv.part", "done/r.csv")
        await folder.move("a b.csv", "done/a b.csv")

    assert ("a b.csv", 400_000) in listed and "below" not in [name for name, _ in listed]
    assert b"zip\n" * 100_000 == content
    assert ["a b.csv", "r.csv"] == sorted(path.name for path in (home / "done").iterdir())
    assert b"two\n" == (home / "done" / "r.csv").read_bytes()


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_what_is_not_there_is_refused_and_the_line_stays(
    server: FileServer, outside: Outside, protocol: str
) -> None:
    home = server.folder(f"missing-{protocol}")
    async with open_folder(server.place(protocol, home.name), outside.dial) as folder:
        with pytest.raises(RemoteRefused, match=r"read nothing\.csv"):
            await read(folder, "nothing.csv")
        with pytest.raises(RemoteRefused, match=r"move nothing\.csv"):
            await folder.move("nothing.csv", "done/nothing.csv")
        assert [] == await folder.files()


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_wrong_password_and_a_wrong_folder_are_told(
    server: FileServer, outside: Outside, protocol: str
) -> None:
    before = connections()
    with pytest.raises(RemoteDown):
        async with open_folder(server.place(protocol, password="wrong"), outside.dial):
            pass
    await asyncio.sleep(0)
    assert before == connections()
    with pytest.raises((RemoteDown, RemoteRefused)):
        async with open_folder(server.place(protocol, "no/such/folder"), outside.dial) as folder:
            await folder.files()


async def test_nothing_is_told_to_a_server_whose_key_or_certificate_is_another(
    server: FileServer, outside: Outside
) -> None:
    other = "SHA256:" + "A" * 43
    for place in (
        server.place("sftp", host_key=other),
        server.place("sftp", host_key=""),
        server.place("ftps", ca_file=""),
    ):
        with pytest.raises(RemoteDown) as down:
            async with open_folder(place, outside.dial):
                pass
        assert Loss.TLS is down.value.lost.why


async def test_a_key_or_certificate_that_is_not_there_is_told_and_leaves_no_connection(
    server: FileServer, outside: Outside
) -> None:
    before = connections()
    for place in (
        server.place("sftp", key_file="/nowhere/key"),
        server.place("sftp", host_key="/nowhere/key"),
        server.place("ftps", ca_file="/nowhere/ca.pem"),
    ):
        with pytest.raises(RemoteDown, match=r"/nowhere/.* cannot be read"):
            async with open_folder(place, outside.dial):
                pass
        assert before == connections()


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_who_stops_in_the_middle_of_a_file_leaves_no_connection(
    server: FileServer, outside: Outside, protocol: str
) -> None:
    home, before = server.folder(f"stopped-{protocol}"), connections()
    server.put(home, "large.csv", b"zip\n" * 1_000_000)
    async with (
        open_folder(server.place(protocol, home.name), outside.dial) as folder,
        aclosing(folder.read("large.csv")) as blocks,
    ):
        assert b"zip\n" == (await anext(blocks))[:4]
    await asyncio.sleep(0)
    assert before == connections()


async def test_a_private_address_is_not_spoken_to_unless_it_is_allowed(server: FileServer) -> None:
    strict = Outside()
    for protocol in PROTOCOLS:
        with pytest.raises(RemoteDown, match="this machine"):
            async with open_folder(server.place(protocol), strict.dial):
                pass
    await strict.close()


async def test_a_server_that_is_not_there_is_told(server: FileServer, outside: Outside) -> None:
    for protocol in PROTOCOLS:
        with pytest.raises(RemoteDown, match="refused the connection"):
            async with open_folder(server.place(protocol)._replace(port=1), outside.dial):
                pass


class Endless(asyncssh.SFTPServer):
    """A folder whose list has no end."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        for number in count():
            yield asyncssh.SFTPName(b"%d.csv" % number, attrs=asyncssh.SFTPAttrs(size=1, permissions=0o100644))


class Open(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False


async def test_a_list_without_end_is_cut_off_by_sftp(outside: Outside) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen("127.0.0.1", 0, server_factory=Open, server_host_keys=[key], sftp_factory=Endless)
    place = Place("sftp", "127.0.0.1", server.get_port(), ".", "anybody", host_key=key.get_fingerprint())
    async with server, open_folder(place, outside.dial) as folder:
        with pytest.raises(RemoteRefused, match="more than 20,000 entries"):
            await folder.files()


async def test_a_list_without_end_is_cut_off_by_ftp(outside: Outside) -> None:
    async def data(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            for number in count():
                writer.write(b"type=file;size=1;modify=20261121143408; %d.csv\r\n" % number)
                await writer.drain()
        writer.close()

    listing = await asyncio.start_server(data, "127.0.0.1", 0)
    port = listing.sockets[0].getsockname()[1]
    answers = {b"USER": b"230 in", b"EPSV": b"229 (|||%d|)" % port, b"MLSD": b"150 here it comes"}

    async def commands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            writer.write(answers.get(line[:4].strip().upper(), b"200 ok") + b"\r\n")
        writer.close()

    server = await asyncio.start_server(commands, "127.0.0.1", 0)
    place = Place("ftp", "127.0.0.1", server.sockets[0].getsockname()[1], "", "anybody")
    async with listing, server, open_folder(place, outside.dial) as folder:
        with pytest.raises(RemoteRefused, match="more than 20,000 entries"):
            await folder.files()
