"""The demo as it is started: leads come in by every way and go out by every way, and nothing leaves the machine."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from aiohttp import ClientSession

from exchange.bootstrap import besides, listeners
from exchange.demo.acts import Scene, acts
from exchange.demo.acts.consumers import Consumers
from exchange.demo.peers import free_ports
from exchange.demo.posting import send
from exchange.demo.run import Running, Wanted, opened_demo, traffic
from exchange.flows.polls import CannotPoll, poll_now
from exchange.flows.watch import watch
from exchange.model.actor import SYSTEM
from exchange.storage.database import Tx
from exchange.web.app import build_app, serve

IN = {"api", "email", "form", "ftp", "imap", "import", "rss", "sftp", "soap", "url", "webhook"}
OUT = {"csv_url", "email", "fax", "http", "phone", "pull", "sftp", "sms", "store"}
FETCH = {"puller", "shoppers", "spreadsheet"}  # they find nothing before something was sold to them
HOME = "cedar-home"
WINDOWS, KITCHEN = {"service": "windows", "state": "OH"}, {"service": "kitchen"}
"""Leads that go to Swift's telephones, and to Lattice's spreadsheet: few of those that the sellers send do."""
ASKED_FOR = (WINDOWS, KITCHEN) * 3  # one may be refused for some other flaw
SECONDS = 240
PER_MINUTE = 240.0
FETCHED_AFTER = 12  # leads: a table that is asked for too often says so
_SOCKET = re.compile(r"socket:\[(\d+)\]")


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[tuple[Running, str]]:
    """A demo that serves, with a short past."""
    (port,) = free_ports([0]).values()  # known beforehand: the neighbours call back
    wanted = Wanted(folder, "127.0.0.1", port, 7, history_leads=40)
    async with opened_demo(wanted, lambda count: None) as running:
        app = build_app(running.market, running.settings, beside=besides(), listeners=listeners(running.settings))
        stop, up = asyncio.Event(), asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve(app, running.settings, started=up.set_result, stop=stop))
        try:
            yield running, str(await up)
        finally:
            stop.set()
            await serving


async def perform(scene: Scene) -> None:
    """Leads for the buyers who take few: a spreadsheet's table stays as it was for a minute, even when it was empty.
    Then every act once, and what lies at the sources is fetched, as an operator has it fetched."""
    people = Consumers(HOME)
    await asyncio.gather(*(sell(scene, people, each) for each in ASKED_FOR))
    await asyncio.gather(*(act.play(scene) for act in acts()))
    market = scene.running.market
    for source in market.sources.values():
        if source.every_ms is not None:
            with suppress(CannotPoll):
                await poll_now(market, source.name, SYSTEM)


async def sell(scene: Scene, people: Consumers, wanted: Mapping[str, str]) -> None:
    """Post the next of these people who lives where that is wanted, asking for what is wanted."""
    values = people.next(scene).values
    while "state" in wanted and values.get("state") != wanted["state"]:
        values = people.next(scene).values
    told = {**values, **wanted, "campaign_key": scene.running.secrets[f"campaign:{HOME}:live"]}
    await send(scene.session, f"{scene.url}/api/v1/post", told, "json")


async def ways(tx: Tx) -> tuple[set[str], set[str]]:
    """How leads came in, and how deliveries went out that arrived or are known to be on their way."""
    came = await tx.fetch("SELECT DISTINCT channel FROM requests WHERE status IS NOT NULL")
    went = await tx.fetch(
        "SELECT DISTINCT channel FROM deliveries WHERE state IN ('sent', 'delivered', 'accepted', 'refused')"
    )
    bought = await tx.fetch("SELECT id FROM store_claims WHERE state = 'bought' LIMIT 1")
    out = {row["channel"] for row in went} | ({"store"} if bought else set())
    return {row["channel"] for row in came}, out


def strangers() -> Iterator[str]:
    """Addresses beyond this machine that this process is connected to."""
    own = {found[1] for link in _links() if (found := _SOCKET.fullmatch(link))}
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/self/net/{name}").read_text("ascii").splitlines()[1:]:
            words = line.split()
            if words[9] in own and not (address := _address(words[2].partition(":")[0])).is_loopback:
                if not address.is_unspecified:
                    yield str(address)


def _links() -> Iterator[str]:
    for entry in os.scandir("/proc/self/fd"):
        with suppress(OSError):
            yield str(Path(entry.path).readlink())


def _address(text: str) -> IPv4Address | IPv6Address:
    """The kernel writes each four bytes the other way round."""
    raw = bytes.fromhex(text)
    found = ip_address(b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4)))
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


@pytest.mark.timeout(SECONDS + 90)
async def test_the_demo_shows_every_way_in_and_out_and_nothing_leaves_the_machine(tmp_path: Path) -> None:
    seen: tuple[set[str], set[str]] = (set(), set())
    outside: set[str] = set()
    leads = 0
    async with demo(tmp_path / "demo") as (running, url), ClientSession() as session, asyncio.TaskGroup() as group:
        scene = Scene(running, url, session)
        sellers = traffic(running, url, PER_MINUTE, lambda event: None)
        tasks = [group.create_task(perform(scene)), group.create_task(sellers.run())]
        those_who_fetch = [act for act in acts() if act.name in FETCH]
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                async for _ in watch(running.market):
                    outside |= set(strangers())
                    leads += 1
                    for act in those_who_fetch if leads % FETCHED_AFTER == 0 else ():
                        await act.play(scene)
                    seen = await running.market.db.read(ways)
                    if seen[0] >= IN and seen[1] >= OUT:
                        break
        for task in tasks:
            task.cancel()

    assert set() == IN - seen[0]
    assert set() == OUT - seen[1]
    assert set() == outside
