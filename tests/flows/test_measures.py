"""Measures against rotten sub ids: suggested, taken only by a rule that is on, undone, and never against a good one."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from exchange.duties import take_up_screened
from exchange.flows.dispositions import record_disposition
from exchange.flows.measures import BadRule, NotOpen, consider, dismiss, set_rule, take, undo
from exchange.flows.quality import keep_quality
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Report
from exchange.model.measure import Action, MeasureState, SourceRule
from exchange.storage.measures import read_measures
from tests.flows.lab import OPERATOR, Heard, later, post
from tests.market import Exchange, buying, consumer, open_exchange, selling, usd

ACME = Actor(Role.BUYER, "acme", "acme")
DAY_S = 86_400
BLOCKING = SourceRule("", Action.BLOCK, 9_900, 20, 6, 3)


async def opened(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", "100000", price=usd("30")))


async def lived(exchange: Exchange, days: int = 4, first: int = 0) -> None:
    """Three sub ids send five leads a day each; of `rotten` nearly all are nobody's."""
    number = first
    for _ in range(days):
        for sub_id in ("rotten", "good", "plain"):
            for _ in range(5):
                number += 1
                answer = await sent(exchange, number, sub_id)
                if answer["status"] != "accepted":
                    continue
                kind = "wrong_number" if sub_id == "rotten" and number % 7 else "contacted"
                await record_disposition(Report(answer["lead_id"], kind, "", None, None), exchange.market, ACME)
        later(exchange, DAY_S)
    await keep_quality(exchange.market)


async def sent(exchange: Exchange, number: int, sub_id: str) -> Heard:
    return await post(exchange, {**consumer(number), "sub_id1": sub_id})


async def test_without_a_rule_a_person_decides_and_may_undo(either: Exchange) -> None:
    await opened(either)
    await lived(either)
    market = either.market
    assert [1, 0] == [await consider(market), await consider(market)]
    (found,) = await market.db.read(read_measures, 0, 10)
    assert ("rotten", Action.BLOCK, MeasureState.SUGGESTED, False) == (
        found.sub_id,
        found.kind,
        found.state,
        found.by_rule,
    )
    assert found.leads == 20 and found.bad > 12 and found.chance > 9_000
    alerts = await either.rows("SELECT kind, sub_id, detail FROM screen_alerts")
    assert ("rotten", "rotten") == (alerts[0]["kind"], alerts[0]["sub_id"]) and "Nothing is done yet" in alerts[0][
        "detail"
    ]
    assert "accepted" == (await sent(either, 901, "rotten"))["status"]

    await take(market, found.id, Action.BLOCK, 0, "Nobody answers", OPERATOR)
    assert ("rejected", "sub_id_blocked") == (await sent(either, 902, "rotten")).told
    with pytest.raises(NotOpen):
        await dismiss(market, found.id, "Too late", OPERATOR)
    await undo(market, found.id, "They mended it", OPERATOR)
    assert "accepted" == (await sent(either, 903, "rotten"))["status"]
    assert 0 == await consider(market)  # left alone for a month
    lines = await either.rows("SELECT action, actor FROM audit_lines WHERE action LIKE 'sub_id.%' ORDER BY at, id")
    assert ["sub_id.block.in_force", "sub_id.block.undone"] == sorted(line["action"] for line in lines)


async def test_a_suggestion_is_taken_back_when_its_sub_id_mended_its_ways_and_may_come_again(
    exchange: Exchange,
) -> None:
    await opened(exchange)
    await lived(exchange)
    market = exchange.market
    assert 1 == await consider(market)
    later(exchange, 30 * DAY_S)
    await lived_well(exchange, 6)
    assert 0 == await consider(market)

    (found,) = await market.db.read(read_measures, 0, 10)
    assert ("rotten", MeasureState.RECOVERED, "exchange") == (found.sub_id, found.state, found.changed_by)
    with pytest.raises(NotOpen):
        await take(market, found.id, Action.BLOCK, 0, "Too late", OPERATOR)
    later(exchange, 60 * DAY_S)
    await lived(exchange, first=2_000)
    assert 1 == await consider(market)
    assert [MeasureState.SUGGESTED, MeasureState.RECOVERED] == [
        each.state for each in await market.db.read(read_measures, 0, 10)
    ]


async def lived_well(exchange: Exchange, days: int) -> None:
    """`rotten` sends leads of people that are there."""
    for number in range(1_000, 1_000 + days * 3):
        answer = await sent(exchange, number, "rotten")
        await record_disposition(Report(answer["lead_id"], "contacted", "", None, None), exchange.market, ACME)
        later(exchange, DAY_S / 3)
    await keep_quality(exchange.market)


async def test_a_rule_that_is_on_shuts_out_what_is_rotten_and_nothing_else(exchange: Exchange) -> None:
    await opened(exchange)
    await set_rule(exchange.market, BLOCKING, "We agreed to", OPERATOR)
    await lived(exchange)
    assert 1 == await consider(exchange.market)
    (found,) = await exchange.market.db.read(read_measures, 0, 10)
    assert (MeasureState.IN_FORCE, True, "rule") == (found.state, found.by_rule, found.changed_by)
    answers = {
        sub_id: (await sent(exchange, 900 + place, sub_id)).told for place, sub_id in enumerate(("rotten", "good"))
    }
    assert {"rotten": ("rejected", "sub_id_blocked"), "good": ("accepted", None)} == answers
    blocks = await exchange.rows("SELECT sub_id, made_by FROM screen_blocks")
    assert [("rotten", "rule")] == [tuple(row.values()) for row in blocks]
    later(exchange, DAY_S)
    await keep_quality(exchange.market)
    assert 0 == await consider(exchange.market)


async def test_a_cap_of_a_rule_holds_exactly_on_all_nodes_together(either: Exchange, tmp_path: Path) -> None:
    await opened(either)
    await set_rule(either.market, BLOCKING._replace(action=Action.CAP, cap=5), "Carefully", OPERATOR)
    await lived(either)
    early = [await sent(either, 890 + number, "rotten") for number in range(2)]  # of that day, before the cap
    assert 1 == await consider(either.market)
    async with open_exchange(tmp_path, clock=either.market.clock, db=either.market.db) as other:
        other.buyers.bids("acme", "30.00")
        await take_up_screened(other.market)
        turns = ((900 + number, (either, other)[number % 2]) for number in range(0, 80, 10))
        heard = await asyncio.gather(*(sent(node, number, "rotten") for number, node in turns))
        told = [answer.told for answer in (*early, *heard)]
        assert {("accepted", None): 5, ("rejected", "cap_reached"): 5} == Counter(told)
        assert "accepted" == (await sent(other, 990, "good"))["status"]
        later(either, DAY_S)
        told = [(await sent(node, 1_000 + place, "rotten")).told for place, node in enumerate((either, other) * 3)]
        assert [("accepted", None)] * 5 + [("rejected", "cap_reached")] == told


async def test_little_is_never_enough_for_a_rule(exchange: Exchange) -> None:
    await opened(exchange)
    await set_rule(exchange.market, BLOCKING, "We agreed to", OPERATOR)
    await lived(exchange, days=2)
    assert 1 == await consider(exchange.market)
    (found,) = await exchange.market.db.read(read_measures, 0, 10)
    assert MeasureState.SUGGESTED is found.state
    await lived(exchange, days=3, first=500)
    assert 1 == await consider(exchange.market)  # now it is enough, and the rule takes what was only suggested
    (found,) = await exchange.market.db.read(read_measures, 0, 10)
    assert (MeasureState.IN_FORCE, True) == (found.state, found.by_rule)


async def test_no_rule_asks_for_less_than_the_bounds(exchange: Exchange) -> None:
    wrong = (
        BLOCKING._replace(chance=9_000),
        BLOCKING._replace(leads=5),
        BLOCKING._replace(bad=1),
        BLOCKING._replace(days=1),
        BLOCKING._replace(vertical="boats"),
        BLOCKING._replace(action=Action.CAP, cap=0),
    )
    for rule in wrong:
        with pytest.raises(BadRule):
            await set_rule(exchange.market, rule, "Faster", OPERATOR)
    assert 0 == await exchange.count("source_rules")
