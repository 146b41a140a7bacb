"""The samples of the posting page run unchanged, by the programs they are written for, and are answered 200."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from exchange.catalog import default_config, load_verticals
from exchange.flows.specs import page_of
from exchange.intake.connection import GuardedRunner
from exchange.web.app import build_app
from tests.market import Exchange, open_exchange, selling
from tests.processes import started
from tests.web.served import Served
from tests.web.visitor import stranger

NODE = Path(str(__import__("playwright").__file__)).parent / "driver" / "node"
VERTICALS = tuple(load_verticals(default_config()))


@asynccontextmanager
async def served_at_its_address(folder: Path, **opened: Any) -> AsyncIterator[tuple[Exchange, Served]]:
    """An exchange that knows the address it is reached at, as a real one does. `opened` as in `open_exchange`."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        address = f"http://127.0.0.1:{door.getsockname()[1]}"
        async with open_exchange(folder, public_url=address, **opened) as exchange:
            app = build_app(exchange.market, exchange.settings)
            runner = GuardedRunner(app, access_log=None, shutdown_timeout=5.0)
            await runner.setup()
            try:
                await web.SockSite(runner, door).start()
                async with ClientSession() as session:
                    yield exchange, Served(exchange, app, address, session)
            finally:
                await runner.cleanup()


async def sample(served: Served, call: str, language: str, campaign: str) -> str:
    """What somebody copies from the page."""
    async with stranger(served) as visitor:
        shown = await visitor.open(f"/p/{page_of(served.exchange.market, campaign)}")
    found = re.search(rf'<pre id="{call}-{language}"[^>]*>(.*?)</pre>', shown.source, re.DOTALL)
    assert found is not None
    return unescape(re.sub(r"</?span[^>]*>", "", found[1]))


async def run(language: str, code: str, folder: Path) -> str:
    """Put it in a file and run it. Returns what it printed."""
    name, program = {
        "curl": ("sample.sh", "bash"),
        "xml": ("sample.sh", "bash"),
        "php": ("sample.php", "php"),
        "python": ("sample.py", "python3"),
        "node": ("sample.js", str(NODE)),
    }[language]
    path = folder / name
    path.write_text(code, "utf-8")
    found = shutil.which(program)
    assert found is not None, f"{program} is needed: make programs installs it"
    async with started(found, path) as sample_run:
        out, _ = await sample_run.communicate()
    assert 0 == sample_run.returncode, out.decode()
    return out.decode()


@pytest.mark.parametrize("language", ["curl", "php", "python", "node", "xml"])
async def test_each_sample_runs_as_it_is_and_is_answered_200(tmp_path: Path, language: str) -> None:
    async with served_at_its_address(tmp_path) as (exchange, served):
        await exchange.add(*selling("cedar"))
        for call in ("ping", "post", "post"):
            printed = await run(language, await sample(served, call, language, "cedar-solar"), tmp_path)
            assert "accepted" in printed, printed

        rows = await exchange.rows("SELECT endpoint, mode, status_code, status FROM requests ORDER BY received_at, id")
        assert {("test", 200, "accepted")} == {(row["mode"], row["status_code"], row["status"]) for row in rows}
        assert ["ping", "post", "post"] == sorted(row["endpoint"] for row in rows)


async def test_the_samples_of_every_vertical_are_taken(tmp_path: Path) -> None:
    async with served_at_its_address(tmp_path) as (exchange, served):
        for number, vertical in enumerate(VERTICALS):
            name = f"s{number}"
            await exchange.add(*selling(name, vertical=vertical))
            for call in ("ping", "post"):
                printed = await run("curl", await sample(served, call, "curl", f"{name}-solar"), tmp_path)
                assert "status=accepted" in printed, (vertical, printed)
                assert "warnings" not in printed


async def test_the_postman_collection_holds_requests_that_are_taken(tmp_path: Path) -> None:
    async with served_at_its_address(tmp_path) as (exchange, served):
        await exchange.add(*selling("cedar"))
        async with stranger(served) as visitor:
            page = f"/p/{page_of(exchange.market, 'cedar-solar')}"
            collection = (await visitor.open(page + "/postman.json")).fields
        key = collection["variable"][0]["value"]

        assert "v2.1.0" in collection["info"]["schema"]
        for item in collection["item"]:
            request = item["request"]
            async with served.session.request(
                request["method"],
                request["url"],
                data=request["body"]["raw"],
                headers={header["key"]: header["value"] for header in request["header"]}
                | {"Authorization": f"Bearer {key}"},
            ) as answer:
                assert (200, True) == (answer.status, (await answer.json())["status"] in ("accepted", "valid"))
