"""The demo's peers listen where its documents say, or all elsewhere; its acts play at their times, whatever fails."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import cast

from aiohttp import ClientSession

from exchange.clock import SimulatedClock, SystemClock
from exchange.demo.acts import Act, Scene, play_all
from exchange.demo.folder import write_shapes
from exchange.demo.peers import HOST, Peer, Site, free_ports, neighbours
from exchange.demo.run import Running


@asynccontextmanager
async def greeting(site: Site) -> AsyncIterator[Mapping[str, str]]:
    """A server that says its name and hangs up."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(site.folder.name.encode())
        writer.close()

    async with await asyncio.start_server(greet, HOST, *site.ports.values()):
        yield {f"{site.folder.name}_key": "open sesame"}


async def said_at(port: int) -> str:
    reader, writer = await asyncio.open_connection(HOST, port)
    with closing(writer):
        return (await reader.read()).decode()


def taken_port() -> tuple[socket.socket, int]:
    listener = socket.create_server((HOST, 0))
    return listener, listener.getsockname()[1]


async def test_peers_listen_at_free_ports_when_one_of_theirs_is_taken(tmp_path: Path) -> None:
    listener, taken = taken_port()
    with closing(listener):
        named = {"inn": taken, "mill": next(iter(free_ports([0]).values()))}
        found = [Peer(name, (port,), greeting) for name, port in named.items()]
        async with neighbours(found, tmp_path, SystemClock()) as there:
            heard = {name: await said_at(there.ports[port]) for name, port in named.items()}

    assert heard == {"inn": "inn", "mill": "mill"}
    assert taken not in there.ports.values()
    assert there.secrets == {"inn_key": "open sesame", "mill_key": "open sesame"}


def test_peers_keep_their_ports_when_all_are_free() -> None:
    listener, port = taken_port()
    listener.close()

    assert free_ports([port]) == {port: port}


def test_the_files_of_the_demo_name_the_ports_that_are_real(tmp_path: Path) -> None:
    write_shapes(tmp_path, {8111: 4321})
    texts = [each.read_text("utf-8") for each in (tmp_path / "config" / "connections").glob("*/connection.yaml")]

    assert any("127.0.0.1:4321" in text for text in texts)
    assert not any("127.0.0.1:8111" in text for text in texts)


class Stage:
    """All that acts need of a running demo: its clock."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(0)


async def test_an_act_that_fails_plays_again_at_its_next_time() -> None:
    stage, played, enough = Stage(), list[int](), asyncio.Event()

    async def play(scene: Scene) -> None:
        played.append(scene.running.clock.now())
        if len(played) == 3:
            enough.set()
        raise OSError("nobody listens")

    async with ClientSession() as session:
        scene = Scene(cast(Running, stage), "http://127.0.0.1:1", session)
        playing = asyncio.ensure_future(play_all(scene, [Act("knock", 10.0, 30.0, play)]))
        await enough.wait()
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)

    assert played[:3] == [10_000, 40_000, 70_000]


async def test_an_act_without_an_interval_plays_once() -> None:
    stage, played = Stage(), list[str]()

    async def play(scene: Scene) -> None:
        played.append(scene.url)

    async with ClientSession() as session:
        await play_all(Scene(cast(Running, stage), "http://127.0.0.1:1", session), [Act("knock", 1.0, 0.0, play)])

    assert played == ["http://127.0.0.1:1"]
