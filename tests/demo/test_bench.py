"""The benchmark's parts work: buyers answer, the bare program sells, the exchange can be set up beside it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import orjson
from aiohttp import ClientSession

from bench.load import Template, head_of, percentile
from bench.market import KEY, lead_body, write_market
from bench.processes import processor_seconds, running
from bench.run import Round, table
from exchange.bootstrap import open_market
from exchange.clock import month_of
from exchange.flows.submit import submit
from exchange.intake.encode import encode
from exchange.model.lead import Kind, Mode, Submission
from exchange.settings import load_settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def filled(number: int) -> dict[str, str]:
    """The benchmark's lead with its places filled, as the load generator sends it."""
    whole = Template(lead_body(), head_of("http://127.0.0.1:1/lead", {}), number).next()
    found: dict[str, str] = orjson.loads(whole.partition(b"\r\n\r\n")[2])
    return found


async def test_the_bare_program_sells_to_the_best_bidder(tmp_path: Path) -> None:
    bidders, bare, log = free_port(), free_port(), tmp_path / "log"
    ports = ("--port", str(bare), "--buyers-port", str(bidders))
    with (
        running("bench.bidders", "--count", "3", "--port", str(bidders), port=bidders, log=log),
        running("bench.bare", "--pings", "3", *ports, port=bare, log=log) as pid,
    ):
        async with ClientSession() as session:
            reply = await session.post(f"http://127.0.0.1:{bare}/lead", json=filled(1))
            answer = await reply.json()
            counts = await (await session.get(f"http://127.0.0.1:{bidders}/counts")).json()
        used = await asyncio.to_thread(processor_seconds, pid)

    assert answer["status"] == "accepted"
    assert counts == {"pings": 3, "posts": 1}
    assert used >= 0


async def test_the_exchange_sells_the_same_lead_to_the_same_buyers(tmp_path: Path) -> None:
    bidders = free_port()
    settings = load_settings(await write_market(tmp_path, 3, bidders, free_port()))
    with running("bench.bidders", "--count", "3", "--port", str(bidders), port=bidders, log=tmp_path / "log"):
        async with open_market(settings, process=False) as market:
            key = market.live.deals.key(KEY, market.clock.now())
            assert key is not None
            now = market.clock.now()
            fields = filled(2)
            submission = Submission(
                id=market.ids.new("req", now),
                seller_id="bench",
                campaign_id=key.party_id,
                mode=Mode.LIVE,
                kind=Kind.DIRECT,
                channel="api",
                fields={name: text for name, text in fields.items() if name != "campaign_key"},
                raw=orjson.dumps(fields),
                content_type="application/json",
                answer_format="json",
                remote_ip="203.0.113.9",
                key_id=key.id,
                idempotency_key=None,
                received_at=now,
                month=month_of(now),
            )
            answer = orjson.loads((await submit(submission, market, encode)).body)
        async with ClientSession() as session:
            counts = await (await session.get(f"http://127.0.0.1:{bidders}/counts")).json()

    assert answer["status"] == "accepted"
    assert counts == {"pings": 3, "posts": 1}


def test_no_lead_of_a_run_is_a_duplicate_of_another() -> None:
    leads = [filled(number) for number in (0, 1, 19_999, 20_000, 150_000)]

    for name in ("seller_lead_id", "phone", "email"):
        assert len({lead[name] for lead in leads}) == len(leads)


def test_percentiles_are_of_what_was_measured() -> None:
    assert percentile([], 99) == 0.0
    assert percentile([1_000 * n for n in range(1, 101)], 50) == 51.0
    assert percentile([7_000], 99) == 7.0


def test_the_table_tells_the_ratio_of_the_medians_round_by_round() -> None:
    bare = [Round(1_000.0, 1.0, 2.0, 3.0, 1_000.0, 0), Round(500.0, 1.0, 2.0, 3.0, 1_000.0, 0)]
    ours = [Round(600.0, 1.0, 2.0, 3.0, 2_000.0, 0), Round(300.0, 1.0, 2.0, 3.0, 2_000.0, 1)]

    text = table(10, 64, {"bare": bare, "exchange": ours})

    assert text.startswith("10 pings per lead, 64 connections")
    assert "0.60 of its leads a second" in text
    assert "0.50 of its leads per processor second" in text
