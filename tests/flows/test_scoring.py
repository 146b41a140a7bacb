"""The conversion score inside the exchange: told with each lead, learned from what buyers report."""

from __future__ import annotations

import random
from typing import Any

from exchange.flows.dispositions import record_disposition
from exchange.flows.scoring import Scorer
from exchange.flows.stored_lead import stored_lead
from exchange.flows.trail import read_trail
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Report
from exchange.model.lead import Mode
from exchange.stages.score.grade import GRADES
from exchange.worker import learn
from tests.flows.lab import Heard, later, lead_of, ping, post
from tests.market import Exchange, buying, consumer, selling, usd

DAY_S = 86_400
ACME = Actor(Role.BUYER, "acme", "acme")
OWNERS = {"monthly_bill": "301+", "homeowner": "yes"}
TENANTS = {"monthly_bill": "0-50", "homeowner": "no"}


async def opened(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", "1000000", price=usd("20")))


async def told(exchange: Exchange, lead_id: str) -> dict[str, dict[str, Any]]:
    """The steps of the lead's last request, by check."""
    rows = await exchange.rows("SELECT document FROM trails WHERE lead_id = :id ORDER BY request_id", id=lead_id)
    steps = read_trail(bytes(rows[-1]["document"]))["steps"]
    return {step["check"]: step for step in steps if "check" in step}


async def history(exchange: Exchange, days: int = 40, a_day: int = 20) -> None:
    """Every fifth owner buys within some days, and hardly any tenant."""
    draw = random.Random(7)
    due: list[tuple[int, str]] = []
    for day in range(days):
        for number in range(a_day):
            owner = number % 2 == 0
            answer = await post(exchange, {**consumer(day * a_day + number), **(OWNERS if owner else TENANTS)})
            assert answer["status"] == "accepted"
            if draw.random() < (0.35 if owner else 0.02):
                due.append((day + 1 + int(draw.expovariate(0.3)), answer["lead_id"]))
        later(exchange, DAY_S)
        for when, lead_id in [each for each in due if each[0] <= day]:
            await record_disposition(Report(lead_id, "sold", "", None, None), exchange.market, ACME)
            due.remove((when, lead_id))
        await learn(exchange.market)


async def test_a_first_lead_is_graded_at_par_and_told_why(either: Exchange) -> None:
    await opened(either)
    await learn(either.market)
    answer = await post(either, consumer(1))
    row = await lead_of(either, answer)
    checks = await told(either, row["id"])
    assert row["grade"] == "C" and row["score"] == 120
    assert "by the record of its source" in checks["score"]["sentence"]
    assert any("too few" in fact for fact in checks["score"]["facts"])
    assert checks["grade"]["sentence"] == "Grade C, 50 points"


async def test_what_buyers_report_prices_the_next_leads(exchange: Exchange) -> None:
    await opened(exchange)
    await history(exchange)
    scorer = exchange.market.live.scorer
    assert scorer.verdict("solar").sound
    await exchange.add(*buying("birch", "1000", price=usd("30"), min_grade="B"))
    rows = {}
    for number, who in ((9_001, OWNERS), (9_003, TENANTS)):
        answer = await post(exchange, {**consumer(number), **who})
        rows[who["homeowner"]] = await lead_of(exchange, answer)
        checks = await told(exchange, answer["lead_id"])
        assert any("Monthly electric bill" in fact for fact in checks["score"]["facts"])
    assert rows["no"]["score"] < 80 and 200 < rows["yes"]["score"] < 600
    assert [300_000, 200_000] == [rows[who]["revenue_units"] for who in ("yes", "no")]
    assert GRADES.index(rows["yes"]["grade"]) < GRADES.index(rows["no"]["grade"])
    assert "_sub" not in rows["yes"]["features"] and "Sandoval" not in rows["yes"]["features"]


async def test_another_node_learns_the_same_from_the_log(either: Exchange) -> None:
    await opened(either)
    await history(either, days=4, a_day=6)
    market, other = either.market, Scorer()
    while await other.take_up(market.db, market.verticals, market.clock.now()):
        continue
    answer = await post(either, consumer(9_000))
    row = await lead_of(either, answer)
    lead, vertical = await stored_lead(market, row, market.deals.campaigns["cedar-solar"]), market.verticals["solar"]
    assert lead is not None
    mine, its = market.live.scorer.score(lead, vertical), other.score(lead, vertical)
    assert mine.told == its.told and mine.chance == its.chance
    assert its.told.total != 0.0 and other.learner.arrived == market.live.scorer.learner.arrived == 24


async def test_test_leads_are_scored_but_teach_nothing(exchange: Exchange) -> None:
    await opened(exchange)
    answer = await post(exchange, consumer(1), mode=Mode.TEST)
    assert "grade" in await told(exchange, answer["lead_id"])
    later(exchange, DAY_S)
    await learn(exchange.market)
    assert exchange.market.live.scorer.learner.arrived == 0


async def test_a_ping_is_graded_as_its_post_would_be(exchange: Exchange) -> None:
    await opened(exchange)
    await learn(exchange.market)
    pinged: Heard = await ping(exchange)
    rows = await exchange.rows("SELECT grade, score FROM leads")
    assert pinged["status"] == "accepted" and [("C", 120)] == [(row["grade"], row["score"]) for row in rows]


async def test_a_contract_may_ask_for_a_grade(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", "1000", price=usd("20"), min_grade="B"))
    await learn(exchange.market)
    answer = await post(exchange, consumer(1))
    assert answer["status"] == "unsold"


async def test_what_is_refused_is_graded_f_and_not_learned(exchange: Exchange) -> None:
    await opened(exchange)
    answer = await post(exchange, {**consumer(1), "tcpa_consent_at": "2020-01-01T00:00:00Z"})
    assert answer["status"] == "rejected"
    row = await lead_of(exchange, answer)
    assert row["grade"] == "F" and row["features"] is None
