"""The exchange dies at every point of a delivery and starts again: each lead is sold once or unclear, none is lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from exchange.connector import Receipt
from exchange.flows.receipts import expire_deliveries, take_receipt
from exchange.flows.recover import recover
from exchange.flows.undo import reverse_sale
from exchange.intake.encode import encode
from exchange.model.lead import Kind
from exchange.model.wire import Lost, Reply
from exchange.worker import run_jobs
from tests.flows.doom import Crash, doomed, started_again, struck
from tests.flows.lab import OPERATOR, UNREACHABLE, attempts, later, person, post, send, submission
from tests.flows.promises import broken
from tests.flows.test_deliver import opened, run_for, settle_down
from tests.later_buyers import NO_SUCH, TAKEN, FaxBuyer, LaterBuyer, Poisoned, connect
from tests.market import SOLD, Exchange

MOST_POINTS = 150
QUEUED = Reply(250, {}, b"")


@dataclass(frozen=True)
class Scene:
    """Birch is delivered to later and answers so; acme buys on the spot. `ends` are the states birch may end in."""

    connector: LaterBuyer
    answers: tuple[Reply | Lost, ...]
    ends: frozenset[str]
    at_once: bool = False
    most_sent: int = 2


SCENES = {
    "mail": Scene(LaterBuyer("birch"), (TAKEN,), frozenset({"accepted"})),
    "mail after an outage": Scene(LaterBuyer("birch"), (UNREACHABLE, TAKEN), frozenset({"accepted"}), most_sent=3),
    "mail that is refused": Scene(LaterBuyer("birch"), (NO_SUCH,), frozenset({"rejected"})),
    "fax": Scene(FaxBuyer("birch"), (QUEUED,), frozenset({"pending", "unclear"}), most_sent=1),
    "bought unseen": Scene(LaterBuyer("birch"), (TAKEN,), frozenset({"accepted"}), at_once=True),
    "bought unseen, refused": Scene(LaterBuyer("birch"), (NO_SUCH,), frozenset({"failed"}), at_once=True),
}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
async def test_whenever_a_delivery_dies_the_lead_is_sold_once(exchange: Exchange, scene: Scene) -> None:
    await _dies_everywhere(exchange, scene)


@pytest.mark.parametrize("name", ["mail that is refused", "bought unseen, refused"])
async def test_whenever_it_dies_on_postgres(on_postgres: Exchange, name: str) -> None:
    await _dies_everywhere(on_postgres, SCENES[name], step=7)


async def _dies_everywhere(exchange: Exchange, scene: Scene, step: int = 1) -> None:
    await _set(exchange, scene)
    for at in range(1, MOST_POINTS, step):
        before = len(exchange.buyers.mailed)
        exchange.buyers.answers_posts("birch", *scene.answers)
        answer = await post(exchange, person(at))
        died = await _dies(exchange, at)
        exchange = await _again(exchange, scene)
        await run_for(exchange, 600, 60)

        assert [] == await broken(exchange.market), f"after point {at}"
        last = {row["buyer_id"]: row["state"] for row in await attempts(exchange, answer["lead_id"])}
        assert last["birch"] in scene.ends, f"after point {at}"
        if last["birch"] in ("rejected", "failed"):
            assert last["acme"] in ("accepted", "unclear"), f"after point {at}: it was not sold again"
        sent = exchange.buyers.mailed[before:]
        assert len({mail.message_id for mail in sent}) == (1 if sent else 0), f"after point {at}"
        assert len(sent) in range(1 if last["birch"] != "unclear" else 0, scene.most_sent + 1), f"after point {at}"
        if not died:
            break
    assert not died and at > 8


async def _set(exchange: Exchange, scene: Scene) -> None:
    changes: dict[str, Any] = {"sold_when": "at_once"} if scene.at_once else {}
    await opened(exchange, scene.connector, "9000", **changes)
    exchange.buyers.answers_posts("acme", SOLD)


async def _dies(exchange: Exchange, at: int) -> bool:
    doom = doomed(exchange, at)
    with suppress(Crash):
        while await run_jobs(doom.market) and not struck(doom):
            later(doom, 60)
    return struck(doom)


async def _again(exchange: Exchange, scene: Scene) -> Exchange:
    """A new process, after the leases of the old one."""
    exchange = await started_again(exchange)
    connect(exchange.market, birch=scene.connector)
    await recover(exchange.market, exchange.market.clock.now() + 1, encode)
    later(exchange, 200)
    return exchange


@pytest.mark.parametrize("at_once", [False, True])
async def test_whenever_the_request_dies_the_delivery_goes_out_for_a_sale_and_for_nothing_else(
    exchange: Exchange, at_once: bool
) -> None:
    scene = replace(SCENES["bought unseen" if at_once else "mail"])
    await _set(exchange, scene)
    for at in range(1, MOST_POINTS):
        exchange.buyers.answers_posts("birch", TAKEN)
        doom = doomed(exchange, at)
        with suppress(Crash):
            await send(doom, submission(exchange, Kind.POST, person(at), key=f"k{at}"))
        exchange = await _again(exchange, scene)
        await run_for(exchange, 5, 1)
        await recover(exchange.market, exchange.market.clock.now() + 1, encode)
        await run_for(exchange, 60)

        assert [] == await broken(exchange.market), f"after point {at}"
        sold = {row["reference"] for row in await attempts(exchange) if row["state"] == "accepted"}
        assert sold == {mail.message_id.partition("@")[0][1:] for mail in exchange.buyers.mailed}, f"after point {at}"
        if not struck(doom):
            break
    assert not struck(doom) and at > 4


@pytest.mark.parametrize("kind", ["delivered", "failed"])
async def test_whenever_it_dies_over_a_receipt_its_consequence_is_drawn_once(exchange: Exchange, kind: str) -> None:
    scene = SCENES["fax"]
    await _set(exchange, scene)
    for at in range(1, MOST_POINTS):
        exchange.buyers.answers_posts("birch", QUEUED)
        await post(exchange, person(at))
        await run_for(exchange, 2, 1)
        attempt_id = [row["id"] for row in await attempts(exchange) if row["buyer_id"] == "birch"][-1]
        receipt = Receipt(f"e{at}", kind, reference=attempt_id)
        doom = doomed(exchange, at)
        with suppress(Crash):
            await take_receipt(doom.market, "birch", receipt)
        exchange = await _again(exchange, scene)
        await take_receipt(exchange.market, "birch", receipt)
        await run_for(exchange, 60)

        assert [] == await broken(exchange.market), f"after point {at}"
        states = {row["id"]: row["state"] for row in await attempts(exchange)}
        assert ("accepted" if kind == "delivered" else "failed") == states[attempt_id], f"after point {at}"
        if not struck(doom):
            break
    assert not struck(doom) and at > 4


async def test_whenever_an_undoing_dies_the_sale_stands_or_is_undone_whole(exchange: Exchange) -> None:
    scene = SCENES["bought unseen"]
    await _set(exchange, scene)
    for at in range(1, MOST_POINTS):
        exchange.buyers.answers_posts("birch", TAKEN)
        await post(exchange, person(at))
        await run_for(exchange, 2, 1)
        attempt_id = [row["id"] for row in await attempts(exchange) if row["buyer_id"] == "birch"][-1]
        doom = doomed(exchange, at)
        with suppress(Crash):
            await reverse_sale(doom.market, attempt_id, "it came back", OPERATOR)
        exchange = await _again(exchange, scene)
        assert [] == await broken(exchange.market), f"after point {at}"
        await reverse_sale(exchange.market, attempt_id, "it came back", OPERATOR)
        await settle_down(exchange)

        assert [] == await broken(exchange.market), f"after point {at}"
        assert at == await exchange.count("transactions WHERE kind = 'reversal'")
        if not struck(doom):
            break
    assert not struck(doom) and at > 4


async def test_a_lead_that_stops_the_process_each_time_is_put_aside_after_three(exchange: Exchange) -> None:
    scene = Scene(Poisoned("birch"), (TAKEN,), frozenset())
    await _set(exchange, scene)
    await post(exchange, person(1))
    later(exchange, 1)
    await post(exchange, person(2))
    for _ in range(3):
        doom = doomed(exchange, 12)  # while it speaks with the buyer
        with suppress(Crash):
            await run_jobs(doom.market)
        assert struck(doom)
        exchange = await _again(exchange, scene)
    exchange.buyers.answers_posts("birch", TAKEN)
    await run_for(exchange, 60)

    dead = await exchange.rows("SELECT last_error, attempts FROM jobs WHERE state = 'dead'")
    assert [{"last_error": "The exchange stopped each time it ran.", "attempts": 3}] == dead
    assert ["delivered"] == [
        row["state"] for row in await exchange.rows("SELECT state FROM deliveries WHERE ended_at IS NOT NULL")
    ]
    await run_for(exchange, 90_000, 6_000)
    await expire_deliveries(exchange.market)
    assert ["accepted", "unclear"] == sorted(row["state"] for row in await attempts(exchange))
