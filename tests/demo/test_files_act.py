"""Sellers of the demo whose leads come in files: uploaded, pushed, and left where they are fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from exchange.clock import Clock, SimulatedClock
from exchange.demo.acts import Act, Scene, acts
from exchange.demo.acts.files import INBOX_PORT, left, push, sheet
from exchange.demo.founding import keep_secrets, make_keys
from exchange.demo.peers import HOST, neighbours
from exchange.demo.peers.filehouse import filehouse
from exchange.demo.personalities import Cast
from exchange.demo.run import Running
from exchange.flows.market import Market
from exchange.flows.polls import plan_polls
from exchange.intake.sftp_in import Listening, listening
from exchange.settings import Settings, load_settings
from exchange.storage.import_views import ImportFilter, list_imports
from exchange.web.app import build_app
from exchange.worker import run_jobs
from tests.demo.whole import opened
from tests.flows.lab import OPERATOR

NOON = 1_795_021_200_000


@dataclass(frozen=True)
class Stage:
    """What the acts need of a running demo."""

    wanted: SimpleNamespace
    settings: Settings
    market: Market
    clock: Clock
    cast: Cast
    secrets: Mapping[str, str]
    ports: Mapping[int, int]


async def worked(market: Market) -> None:
    while await run_jobs(market):
        continue


async def test_files_come_by_upload_push_and_from_a_file_server_in_the_demo(tmp_path: Path) -> None:
    played: tuple[Act, ...] = (sheet(), push(), left())
    settings = load_settings(
        None,
        key_file=tmp_path / "demo.key",
        sftp_key_file=tmp_path / "sftp.key",
        allowed_networks=("127.0.0.0/8",),
    )
    clock = SimulatedClock(NOON)
    async with (
        neighbours((filehouse(),), tmp_path, clock) as found,
        opened(tmp_path, "market.yaml", "cast.yaml", clock, found.ports) as whole,
    ):
        market = replace(whole.market, files_dir=tmp_path / "files")
        async with listening(market, Listening(HOST, 0, settings.sftp_key_file)) as (_, inbox):
            await keep_secrets(market, found.secrets)
            keys = await make_keys(market, whole.parties, fixed=True, frozen=False)
            server = TestServer(build_app(market, settings))
            async with server, ClientSession() as session:
                wanted = SimpleNamespace(folder=tmp_path)
                ports = {**found.ports, INBOX_PORT: inbox}
                stage = Stage(wanted, settings, market, whole.clock, whole.cast, keys, ports)
                scene = Scene(cast(Running, stage), str(server.make_url("")).rstrip("/"), session)
                for act in played:
                    await act.play(scene)
                for _ in range(3):
                    whole.clock.advance(21)
                    await plan_polls(market)
                    await worked(market)
        rows = await market.db.read(list_imports, OPERATOR, ImportFilter())

    assert {"sheet", "push", "left files"} == {act.name for act in played} <= {act.name for act in acts()}
    assert {"import": 60, "sftp": 3 + 3, "ftp": 3} == {
        way: sum(row.done_rows for row in rows if row.channel == way) for way in ("import", "sftp", "ftp")
    }
    assert {"done"} == {row.state for row in rows}
    assert all(row.counts.get("accepted", 0) for row in rows)
