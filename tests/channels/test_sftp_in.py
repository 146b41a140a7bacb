"""Our own SFTP drop, pushed to by paramiko: each whole file is imported once, its result lies there."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import paramiko
import pytest
from paramiko.sftp import CMD_CLOSE, CMD_EXTENDED, CMD_WRITE, int64

from exchange.flows.documents import save_document, save_secret
from exchange.flows.polls import pause
from exchange.flows.shapes import SOURCE, DocumentProblems
from exchange.intake.sftp_in import Listening, listening
from exchange.limits import IMPORT_BYTES, SFTP_CONNECTIONS, SFTP_STRANGERS, SFTP_UPLOADS
from exchange.model.actor import SYSTEM
from exchange.model.importing import ImportRow
from exchange.storage.imports import imports_of_source
from exchange.worker import run_jobs
from tests.flows.import_bench import csv_of, people
from tests.market import Exchange

DROP = "cedar_inbox"
PASSWORD = "correct horse battery"
Done = TypeVar("Done")


@dataclass
class Inbox:
    """The drop of Cedar's. `do` is what a sender does, in a thread as its program would be in a process."""

    exchange: Exchange
    port: int
    key_file: Path
    client_key: paramiko.PKey

    async def do(self, work: Callable[[paramiko.SFTPClient], Done], **how: Any) -> Done:
        return await asyncio.to_thread(self._do, work, how)

    def _do(self, work: Callable[[paramiko.SFTPClient], Done], how: dict[str, Any]) -> Done:
        with self.connected(**how) as transport:
            client = paramiko.SFTPClient.from_transport(transport)
            assert client is not None
            with client:
                return work(client)

    @contextmanager
    def connected(
        self, user: str = "cedar", password: str | None = PASSWORD, pkey: paramiko.PKey | None = None
    ) -> Iterator[paramiko.Transport]:
        transport = paramiko.Transport(("127.0.0.1", self.port))
        try:
            transport.connect(username=user, password=password, pkey=pkey)
            yield transport
        finally:
            transport.close()

    async def worked(self) -> None:
        while await run_jobs(self.exchange.market):
            continue

    async def imports(self) -> list[ImportRow]:
        return await self.exchange.market.db.read(imports_of_source, DROP, 20)


def document(**more: Any) -> dict[str, Any]:
    return {
        "source": DROP,
        "title": "Cedar's drop",
        "kind": "inbox",
        "campaign": "cedar-solar",
        "user": "cedar",
        "password": "inbox_password",
        **more,
    }


@pytest.fixture(scope="module")
def client_key() -> paramiko.PKey:
    return paramiko.RSAKey.generate(2048)


@asynccontextmanager
async def open_inbox(exchange: Exchange, folder: Path, key: paramiko.PKey) -> AsyncIterator[Inbox]:
    await save_secret(exchange.market, "inbox_password", PASSWORD, SYSTEM)
    line = f"{key.get_name()} {key.get_base64()} cedar"
    await save_document(exchange.market, SOURCE, DROP, document(keys=[line]), SYSTEM)
    place = Listening("127.0.0.1", 0, folder / "sftp.key")
    async with listening(exchange.market, place) as (_, port):
        yield Inbox(exchange, port, place.key_file, key)


@pytest.fixture
async def inbox(exchange: Exchange, tmp_path: Path, client_key: paramiko.PKey) -> AsyncIterator[Inbox]:
    async with open_inbox(exchange, tmp_path, client_key) as opened:
        yield opened


def put(name: str, data: bytes) -> Callable[[paramiko.SFTPClient], Any]:
    return lambda client: client.putfo(io.BytesIO(data), name)  # it compares the size it is told afterwards


def read(name: str) -> Callable[[paramiko.SFTPClient], bytes]:
    def work(client: paramiko.SFTPClient) -> bytes:
        into = io.BytesIO()
        client.getfo(name, into)
        return into.getvalue()

    return work


async def test_a_pushed_file_is_imported_and_its_result_fetched(
    either: Exchange, tmp_path: Path, client_key: paramiko.PKey
) -> None:
    async with open_inbox(either, tmp_path, client_key) as inbox:
        await push_and_fetch(inbox)


async def push_and_fetch(inbox: Inbox) -> None:
    rows = [*people(60), {**people(1, 900)[0], "zip": "8501"}]
    await inbox.do(put("cedar-0412.csv", csv_of(rows)))
    before = await inbox.do(lambda client: (sorted(client.listdir(".")), client.listdir("done")))
    await inbox.worked()
    after = await inbox.do(lambda client: (sorted(client.listdir("/")), client.listdir("/done")))
    result = list(csv.DictReader(io.StringIO((await inbox.do(read("done/cedar-0412.csv.result.csv"))).decode())))

    assert (["cedar-0412.csv", "done", "failed"], []) == before
    assert (["done", "failed"], ["cedar-0412.csv.result.csv"]) == after
    assert 61 == len(result) and "invalid" == result[-1]["exchange_status"]
    assert {"sftp"} == {row["channel"] for row in await inbox.exchange.rows("SELECT channel FROM requests")}
    assert not any(b"Sandoval" in path.read_bytes() for path in inbox.exchange.market.files_dir.iterdir())


async def test_a_file_counts_when_it_gets_its_real_name(inbox: Inbox) -> None:
    def work(client: paramiko.SFTPClient) -> tuple[list[str], int | None]:
        client.putfo(io.BytesIO(csv_of(people(2))), "a.csv.part")
        between = client.listdir(".")
        client.posix_rename("a.csv.part", "a.csv")
        client.putfo(io.BytesIO(b"forgotten"), "b.csv.tmp")
        client.putfo(io.BytesIO(csv_of(people(2, 50))), "c.csv.tmp")
        client.rename("c.csv.tmp", "c.csv")
        return between, client.stat("c.csv").st_size

    between, size = await inbox.do(work)
    await inbox.worked()

    assert (["done", "failed"], len(csv_of(people(2, 50)))) == (sorted(between), size)
    assert {"a.csv": "done", "c.csv": "done"} == {row.file_name: row.state for row in await inbox.imports()}
    assert 2 * 2 == len(list(inbox.exchange.market.files_dir.iterdir()))


async def test_what_breaks_off_is_no_file(inbox: Inbox) -> None:
    def work() -> None:
        with inbox.connected() as transport:
            client = paramiko.SFTPClient.from_transport(transport)
            assert client is not None
            file = client.open("half.csv", "w")
            file.write(csv_of(people(2))[:200])
            file.flush()

    await asyncio.to_thread(work)
    await inbox.do(lambda client: client.listdir("."))  # a session later the broken one is over

    assert ([], 0) == (await inbox.imports(), await inbox.exchange.count("leads"))


async def test_the_same_file_again_is_the_same_import(inbox: Inbox) -> None:
    data = csv_of(people(2))
    await inbox.do(put("a.csv", data))
    await inbox.worked()
    await inbox.do(put("a.csv", data))
    await inbox.worked()

    assert [("done", {"accepted": 2})] == [(row.state, row.counts) for row in await inbox.imports()]


@pytest.mark.parametrize(("data", "word"), [(b"zip,zip\n1,2\n", "more than once"), (b"PK\x03\x04", "archive")])
async def test_who_sends_what_cannot_be_read_is_told_and_finds_the_reason(inbox: Inbox, data: bytes, word: str) -> None:
    with pytest.raises(OSError, match=word):
        await inbox.do(put("bad.csv", data))
    told = await inbox.do(read("failed/bad.csv.error.txt"))

    assert word in told.decode()
    assert [("refused", "bad.csv")] == [(row.state, row.file_name) for row in await inbox.imports()]


async def test_a_file_beyond_the_limit_is_stopped(inbox: Inbox) -> None:
    def work(client: paramiko.SFTPClient) -> None:
        with client.open("large.csv", "w") as file:
            file.set_pipelined(True)
            for _ in range(IMPORT_BYTES // 1_000_000 + 2):
                file.write(b"x" * 1_000_000)

    with pytest.raises(OSError):
        await inbox.do(work)
    assert 0 == await inbox.exchange.count("leads")


@pytest.mark.parametrize("how", [{"password": "wrong"}, {"user": "nobody"}, {"password": ""}])
async def test_nobody_else_gets_in(inbox: Inbox, how: dict[str, Any]) -> None:
    with pytest.raises(paramiko.AuthenticationException):
        await inbox.do(lambda client: client.listdir("."), **how)
    with pytest.raises(paramiko.AuthenticationException):
        await inbox.do(lambda client: client.listdir("."), password=None, pkey=paramiko.RSAKey.generate(2048))


async def test_a_key_is_as_good_as_a_password_and_the_host_key_stays(inbox: Inbox) -> None:
    def key_of() -> bytes:
        with inbox.connected() as transport:
            return bytes(transport.get_remote_server_key().asbytes())

    listed = await inbox.do(lambda client: sorted(client.listdir(".")), password=None, pkey=inbox.client_key)
    first = await asyncio.to_thread(key_of)
    async with listening(inbox.exchange.market, Listening("127.0.0.1", 0, inbox.key_file)) as (_, port):
        inbox.port = port
        assert first == await asyncio.to_thread(key_of)
    assert (["done", "failed"], 0o600) == (listed, inbox.key_file.stat().st_mode & 0o777)


async def test_there_is_no_shell_no_command_no_tunnel_and_no_way_out(inbox: Inbox) -> None:
    def work() -> list[str]:
        with inbox.connected() as transport:
            refused = []
            for ask, more in (("invoke_shell", ()), ("exec_command", ("id",)), ("invoke_subsystem", ("netconf",))):
                channel = transport.open_session(timeout=20)
                try:
                    getattr(channel, ask)(*more)
                except paramiko.SSHException:
                    refused.append(ask)
            try:
                transport.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1), timeout=20)
            except paramiko.ChannelException:
                refused.append("tunnel")
            return refused

    def outward(client: paramiko.SFTPClient) -> list[str]:
        refused = []
        for path in ("/etc/passwd", "../../etc/passwd", "done/../../etc/passwd"):
            try:
                client.open(path, "r")
            except OSError:
                refused.append(path)
        acts: tuple[Callable[[], object], ...] = (
            lambda: client.mkdir("new"),
            lambda: client.symlink("/etc", "etc"),
            lambda: client.rmdir("done"),
            lambda: client.putfo(io.BytesIO(b"x"), "done/x.csv"),
            lambda: client.remove("nothing"),
            lambda: client.rename("nothing", "else"),
            lambda: client.listdir("nowhere"),
        )
        for act in acts:
            with pytest.raises(OSError):
                act()
        return refused

    assert ["invoke_shell", "exec_command", "invoke_subsystem", "tunnel"] == await asyncio.to_thread(work)
    assert 3 == len(await inbox.do(outward))


async def test_a_paused_drop_takes_nothing(inbox: Inbox) -> None:
    await pause(inbox.exchange.market, DROP, True, SYSTEM)
    with pytest.raises(OSError, match="paused"):
        await inbox.do(put("a.csv", csv_of(people(1))))

    assert [] == await inbox.imports()


async def test_a_drop_needs_a_way_in(exchange: Exchange) -> None:
    for wrong in ({"password": None}, {"password": None, "keys": ["ssh-rsa"]}, {"user": "a b"}):
        with pytest.raises(DocumentProblems):
            await save_document(exchange.market, SOURCE, DROP, document(**wrong), SYSTEM)


async def test_nobody_learns_of_the_machine_behind_a_drop(inbox: Inbox) -> None:
    """What a server may tell of its disk, and what it would do with a real file, is refused in a sentence."""

    def asked(client: paramiko.SFTPClient) -> list[str]:
        told = []
        for name, argument in (
            ("statvfs@openssh.com", b"/etc"),
            ("statvfs@openssh.com", b"/etc/nowhere"),
            ("fstatvfs@openssh.com", None),
            ("fsync@openssh.com", None),
        ):
            with client.open("leads.part", "w") as file:
                wanted = argument if argument is not None else file.handle
                with pytest.raises(OSError) as refused:
                    client._request(CMD_EXTENDED, name, wanted)
            told.append(str(refused.value))
        return told

    told = await inbox.do(asked)

    assert 4 == len(told) and told[0] == told[1]
    assert not any("Errno" in each or "Uncaught" in each or "attribute" in each for each in told)


async def test_what_was_written_with_a_hole_or_beyond_the_limit_is_never_half_a_file(inbox: Inbox) -> None:
    """A sender that goes on after a refused write, and closes as if nothing had been, has sent no file."""
    whole = csv_of(people(4))

    def holed(client: paramiko.SFTPClient) -> None:
        with client.open("leads.csv", "w") as file:
            file.write(whole[:200])
            with pytest.raises(OSError, match="resumed"):
                client._request(CMD_WRITE, file.handle, int64(300), whole[300:])
            with pytest.raises(OSError, match="broke off"):
                client._request(CMD_CLOSE, file.handle)
            file._closed = True

    await inbox.do(holed)
    await inbox.worked()

    assert ([], 0) == (await inbox.imports(), await inbox.exchange.count("leads"))


async def test_a_session_fills_no_disk_with_files_that_it_never_ends(inbox: Inbox) -> None:
    def begin(client: paramiko.SFTPClient) -> list[bool]:
        for number in range(SFTP_UPLOADS):
            client.putfo(io.BytesIO(b"x"), f"{number}.part", confirm=False)
        with pytest.raises(OSError, match="unfinished"):
            client.putfo(io.BytesIO(b"x"), "more.part", confirm=False)
        client.remove("0.part")
        client.putfo(io.BytesIO(b"x"), "1.part", confirm=False)
        client.rename("1.part", "2.part")
        return [client.stat("2.part").st_size == 1]

    assert [True] == await inbox.do(begin)


async def test_strangers_who_hold_connections_keep_no_user_out(inbox: Inbox) -> None:
    held = [await asyncio.open_connection("127.0.0.1", inbox.port) for _ in range(2 * SFTP_CONNECTIONS)]
    await inbox.do(put("november.csv", csv_of(people(1))))
    ended = [reader for reader, _ in held if await ends(reader)]
    for _, writer in held:
        writer.close()

    assert 1 == len(await inbox.imports())
    assert len(held) - SFTP_STRANGERS <= len(ended) < len(held)


async def ends(reader: asyncio.StreamReader) -> bool:
    """Whether the other side has closed, once it had time to say its name."""
    try:
        async with asyncio.timeout(0.2):
            return not await reader.readline() or not await reader.read(1)
    except TimeoutError:
        return False
    except ConnectionError:
        return True
