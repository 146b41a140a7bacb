"""What a seller tries is known to every node and after a restart; and every refusal counts, whoever made it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.flows.harvesting import share_harvest
from exchange.flows.screening import Screening
from exchange.flows.trail import read_trail
from exchange.model.party import ScreenRule
from exchange.model.verification import Stage
from exchange.storage.database import StorageError
from tests.flows.doom import Crash, doomed
from tests.flows.lab import later, person, ping, post
from tests.flows.test_verifiers import rule
from tests.flows.vendors import VOIP, with_vendor
from tests.market import PING, Exchange, buying, selling

CURL = {"user_agent": "curl/8.4.0"}


def another(exchange: Exchange) -> Exchange:
    """Another node on the same database, or this one after a restart."""
    return replace(exchange, market=replace(exchange.market, screening=Screening()))


async def harvest_of(exchange: Exchange, lead_id: str) -> list[str]:
    """What the check of the seller's way of sending said of a lead."""
    trails = await exchange.rows("SELECT document FROM trails WHERE lead_id = :id", id=lead_id)
    told = [step for row in trails for step in read_trail(bytes(row["document"]))["steps"]]
    return [step["name"].partition(":")[2] for step in told if step.get("check") == "harvest"]


async def both(*nodes: Exchange) -> None:
    """Each node writes and reads, twice: what the second wrote reaches the first."""
    for node in (*nodes, *nodes):
        await share_harvest(node.market)


async def market_of(exchange: Exchange, **changes: object) -> None:
    await exchange.add(*buying("acme"), *selling("cedar", **changes))
    exchange.buyers.bids("acme", "30.00")


async def test_pings_of_all_nodes_count_together_and_a_restart_forgets_none(either: Exchange) -> None:
    await market_of(either, screen=ScreenRule(pings=6, posts_per_thousand=500))
    other = another(either)
    for node in (either, other):
        for number in range(3):
            assert "accepted" == (await ping(node, {**person(number), "session_id": str(number)}))["status"]
    await both(either, other)

    assert (6, 0) == other.market.screening.harvest.shares("cedar", other.clock.now())
    restarted = another(either)
    await share_harvest(restarted.market)
    answers = [await ping(restarted, {**person(9), "session_id": "9"}) for _ in range(2)]
    assert "ping_harvest" in {answer["reason"] for answer in answers}
    later(either, 25 * 3_600)
    assert (0, 0) == restarted.market.screening.harvest.shares("cedar", either.clock.now())


async def test_a_refusal_on_one_node_is_known_on_the_other_once(either: Exchange) -> None:
    await market_of(either)
    await post(either, person(1, **CURL))
    other = another(either)
    await both(either, other)
    await both(either, other)

    again = await post(other, person(1, email="other@consumer.example"))

    assert ("rejected", "repost_changed") == again.told
    rows = await either.rows("SELECT item_key FROM harvest_marks WHERE kind = 'refused'")
    assert len(rows) == len({bytes(row["item_key"]) for row in rows})


async def test_a_duplicate_of_the_claim_counts_as_a_refusal(either: Exchange) -> None:
    await market_of(either)
    await post(either, person(1))
    assert "duplicate" == (await post(either, person(1, email="b@consumer.example", monthly_bill="151-200")))["status"]

    await share_harvest(either.market)

    rows = await either.rows("SELECT reason, item_key FROM harvest_marks WHERE kind = 'refused'")
    assert {"duplicate_seller"} == {row["reason"] for row in rows}
    assert 2 == len(rows)  # by phone and mailbox; not by home, where somebody else may live


@pytest.mark.parametrize("stage", [Stage.BEFORE, Stage.AFTER])
async def test_a_verifier_that_refuses_counts_whenever_it_is_asked(exchange: Exchange, stage: Stage) -> None:
    async with with_vendor(exchange) as (opened, asked):
        asked.answer = VOIP
        await opened.add(*buying("acme"), *selling("cedar", **rule(stage=stage)))
        opened.buyers.bids("acme", "30.00")

        assert "rejected" == (await post(opened, person(1)))["status"]
        again = await post(opened, person(1, phone="6029580044"))

    assert ("rejected", "phone_unverified") == again.told
    assert ["flagged"] == await harvest_of(opened, again["lead_id"])
    await share_harvest(opened.market)
    rows = await exchange.rows("SELECT item_key FROM harvest_marks WHERE kind = 'refused'")
    assert 4 == len({bytes(row["item_key"]) for row in rows})  # two phones, one mailbox, one home


async def test_nothing_personal_is_written_down(either: Exchange) -> None:
    await market_of(either)
    for bill in ("101-150", "151-200"):
        await ping(either, {**PING, "monthly_bill": bill, "session_id": "secret-session"})
    await post(either, person(1, **CURL))
    await share_harvest(either.market)

    rows = await either.rows("SELECT * FROM harvest_marks")
    assert {"visitor", "refused", "posted"} == {row["kind"] for row in rows}
    assert not [word for word in ("secret-session", "602958", "consumer.example") if word in str(rows)]


async def test_what_cannot_be_written_is_written_the_next_time(either: Exchange) -> None:
    await market_of(either)
    await ping(either, person(1))
    with pytest.raises((Crash, StorageError)):
        await share_harvest(doomed(either, 1).market)

    await share_harvest(either.market)
    await share_harvest(either.market)

    assert [(1, 0)] == [(row["pings"], row["posts"]) for row in await either.rows("SELECT * FROM harvest_hours")]
