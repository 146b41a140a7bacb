"""Nurture: what nobody bought is tried again at each age, as its plan says and no more, and never sold twice."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from exchange.flows.nurture import nurture
from exchange.flows.nurture_plans import add_step, change_leads, find_plan, make_plan, remove_step, switch, take_out
from exchange.flows.revert import revert
from exchange.flows.revoke import Taken, revoke
from exchange.model.lead import Mode
from exchange.stages.nurture import BadPlan
from tests.flows.doom import Crash, doomed
from tests.flows.lab import OPERATOR, post
from tests.flows.nurturing import AUCTION, planned, run, soon, state, steps, unsold_lead
from tests.flows.test_store import bought
from tests.market import Exchange, buying, consumer, selling, usd


async def test_a_lead_is_sold_again_from_a_lower_floor_and_leaves(either: Exchange) -> None:
    await either.add(*selling("cedar", floor=usd("20")), *buying("acme"))
    await planned(either, AUCTION)
    lead_id = await unsold_lead(either)
    either.buyers.bids("acme", "8.00")
    await run(either, 0.5)
    assert ("in", None) == await state(either, lead_id) and [] == await steps(either)

    await run(either, 0.6)

    assert ("left", "sold") == await state(either, lead_id)
    assert [("auction", "sold")] == await steps(either)
    (sale,) = await either.rows("SELECT price_units FROM sales")
    assert 80_000 == sale["price_units"]
    (step,) = await either.rows("SELECT revenue_units, payout_units FROM nurture_steps")
    assert 80_000 == step["revenue_units"] and 0 < step["payout_units"] < 80_000
    told = [row["sentence"] for row in await either.rows("SELECT sentence FROM lead_events ORDER BY at, id")]
    assert "Nurture: taken up by the plan Second try" in told and "Nurture: sold for 8.00 USD" in told


async def test_the_least_price_of_a_step_holds_and_so_does_the_next_steps_age(exchange: Exchange) -> None:
    await planned(exchange, AUCTION, {**AUCTION, "age": "1 d", "least": "3"})
    lead_id = await unsold_lead(exchange)
    exchange.buyers.bids("acme", "4.00")

    await run(exchange, 1.1)
    assert [("auction", "unsold")] == await steps(exchange) and 0 == await exchange.count("sales")
    await run(exchange, 10)
    assert 1 == len(await steps(exchange))
    await run(exchange, 13)

    assert [("auction", "unsold"), ("auction", "sold")] == await steps(exchange)
    assert ("left", "sold") == await state(exchange, lead_id)


async def test_only_the_contracts_of_a_step_are_asked(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme"), *buying("birch"))
    exchange.buyers.bids("birch", None)
    await planned(exchange, {**AUCTION, "contract:birch-solar": "yes"})
    await unsold_lead(exchange)
    exchange.buyers.bids("acme", "50.00")
    exchange.buyers.bids("birch", "9.00")

    await run(exchange, 1.1)

    (sale,) = await exchange.rows("SELECT buyer_id FROM sales")
    assert "birch" == sale["buyer_id"]


async def test_steps_whose_time_is_over_are_left_out_for_the_oldest_due(exchange: Exchange) -> None:
    plan = await planned(exchange, AUCTION, {**AUCTION, "age": "2 h"}, {**AUCTION, "age": "3 h"})
    lead_id = await unsold_lead(exchange)
    await run(exchange)
    await switch(exchange.market, plan.id, False, "", OPERATOR)
    await run(exchange, 2.5)
    assert [] == await steps(exchange), "a plan that is off does nothing"

    await switch(exchange.market, plan.id, True, "0", OPERATOR)
    await run(exchange)

    (row,) = await exchange.rows("SELECT after_ms FROM nurture_steps")
    assert 7_200_000 == row["after_ms"]
    await run(exchange, 1)
    assert ("left", "ended") == await state(exchange, lead_id)


async def test_a_plan_takes_only_what_it_says(exchange: Exchange) -> None:
    await planned(exchange, AUCTION, **{"reason:below_floor": "yes"})
    lead_id = await unsold_lead(exchange)
    await run(exchange)
    assert 0 == await exchange.count("nurture_leads"), "it ended with no_bid"
    await planned(exchange, AUCTION, **{"campaign:cedar-solar": "yes", "reason:no_bid": "yes"})
    await run(exchange)
    assert 0 == await exchange.count("nurture_leads"), "it came before the plan was on"
    plans = await exchange.rows("SELECT id FROM nurture_plans ORDER BY made_at, id")
    await switch(exchange.market, plans[-1]["id"], True, "1", OPERATOR)

    await run(exchange)

    assert ("in", None) == await state(exchange, lead_id)


async def test_a_consumer_who_opts_out_leaves_at_once_and_is_sold_to_nobody(either: Exchange) -> None:
    await planned(either, AUCTION)
    lead_id = await unsold_lead(either)
    await run(either)

    await revoke(either.market, Taken(consumer(1)["phone"], means="by telephone"), OPERATOR)
    assert ("left", "opted_out") == await state(either, lead_id)
    either.buyers.bids("acme", "50.00")
    await run(either, 2)

    assert [] == await steps(either) and 0 == await either.count("sales")


async def test_a_consumer_who_came_again_is_not_sold_twice(exchange: Exchange) -> None:
    await planned(exchange, AUCTION)
    lead_id = await unsold_lead(exchange)
    await run(exchange)
    exchange.buyers.bids("acme", "50.00")
    assert "accepted" == (await post(exchange, consumer(1)))["status"]

    await run(exchange, 1.1)

    assert 1 == await exchange.count("sales")
    assert ("left", "not_sold_any_more") == await state(exchange, lead_id)


async def test_the_store_step_lists_by_its_own_rule_and_a_sale_there_is_its_own(either: Exchange) -> None:
    await either.add(*buying("birch", connection="store"))
    await planned(either, {"kind": "store", "age": "1 h", "price": "7", "falls": "50 % after 2 h", "days": "2"})
    lead_id = await unsold_lead(either)
    await run(either, 1.1)
    assert [("store", "listed")] == await steps(either)
    await run(either, 2.5)

    got = await bought(either, "birch", lead_id)
    await run(either)

    assert usd("3.50") == got.price
    assert ("left", "sold") == await state(either, lead_id)
    (row,) = await either.rows("SELECT outcome, revenue_units FROM nurture_steps")
    assert ("sold", 35_000) == (row["outcome"], row["revenue_units"])


async def test_test_leads_are_nurtured_by_plans_of_test_leads_alone(exchange: Exchange) -> None:
    await planned(exchange, AUCTION)
    await planned(exchange, {**AUCTION, "least": ""}, mode="test")
    answer = await post(exchange, {**consumer(1), "test_outcome": "no_bid"}, mode=Mode.TEST)
    assert "unsold" == answer["status"]

    await run(exchange, 1.1)

    (row,) = await exchange.rows(
        "SELECT n.mode, p.mode AS of_plan FROM nurture_leads n JOIN nurture_plans p ON p.id = n.plan_id"
    )
    assert ("test", "test") == (row["mode"], row["of_plan"])


@pytest.mark.parametrize("after", (1, 3, 4, 6, 9))
async def test_a_crash_anywhere_sells_a_lead_once(exchange: Exchange, after: int) -> None:
    await planned(exchange, AUCTION)
    lead_id = await unsold_lead(exchange)
    await run(exchange)
    exchange.buyers.bids("acme", "8.00")
    soon(exchange, 4_000)
    payload = {"lead_id": lead_id}

    with suppress(Crash):
        await nurture(doomed(exchange, after).market, payload)
    await run(exchange, 2)
    await run(exchange, 2)

    posts = len(exchange.buyers.posts("acme"))
    assert posts <= 1, "nobody gets it twice"
    assert await exchange.count("sales") == (1 if ("left", "sold") == await state(exchange, lead_id) else 0)


async def test_two_jobs_at_once_sell_a_lead_once(either: Exchange) -> None:
    await planned(either, AUCTION)
    lead_id = await unsold_lead(either)
    await run(either)
    either.buyers.bids("acme", "8.00")
    soon(either, 4_000)

    jobs = (nurture(either.market, {"lead_id": lead_id}) for _ in range(3))
    await asyncio.gather(*jobs, return_exceptions=True)

    assert 1 == len(either.buyers.posts("acme")) == await either.count("sales")


async def test_a_change_is_one_line_of_the_log_and_is_undone_by_it(either: Exchange) -> None:
    plan = await planned(either, AUCTION)
    soon(either)
    await change_leads(either.market, plan.id, {"name": "Third try", "grade:A": "yes"}, OPERATOR)
    lines = await either.rows(
        "SELECT id, action FROM audit_lines WHERE subject = :subject ORDER BY at, id", subject=f"nurture:{plan.id}"
    )
    assert ["nurture.made", "nurture.changed", "nurture.on", "nurture.changed"] == [row["action"] for row in lines]

    await revert(either.market, lines[-1]["id"], OPERATOR)

    found = (await find_plan(either.market, plan.id)).plan
    assert ("Second try", (), True) == (found.name, found.grades, found.on)


async def test_somebody_takes_a_lead_out_and_says_why(exchange: Exchange) -> None:
    await planned(exchange, AUCTION)
    lead_id = await unsold_lead(exchange)
    await run(exchange)
    with pytest.raises(BadPlan, match="why"):
        await take_out(exchange.market, lead_id, " ", OPERATOR)

    assert await take_out(exchange.market, lead_id, "The seller asked", OPERATOR)
    assert not await take_out(exchange.market, lead_id, "Again", OPERATOR)
    exchange.buyers.bids("acme", "8.00")
    await run(exchange, 2)

    assert ("left", "taken_out") == await state(exchange, lead_id)
    assert 0 == await exchange.count("sales")


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"kind": "auction", "age": "soon"}, "age is a time such as 30 min"),
        ({"kind": "auction", "age": "1 h"}, "another step stands at this age"),
        ({"kind": "dance", "age": "3 h"}, "kind: choose"),
        ({"kind": "auction", "age": "3 h", "least": "NaN"}, "least: an amount"),
        ({"kind": "store", "age": "3 h"}, "price: the first price"),
        ({"kind": "store", "age": "3 h", "price": "9", "falls": "half"}, "falls are such as"),
        ({"kind": "store", "age": "3 h", "price": "9", "falls": "120 % after 1 h"}, "percents of the first price"),
        ({"kind": "email", "age": "3 h", "subject": "", "text": "Hi"}, "subject has 1 to"),
        ({"kind": "email", "age": "3 h", "subject": "Hi", "text": "{ssn}"}, "means nothing here"),
        ({"kind": "text", "age": "3 h", "text": "x" * 301}, "text has 1 to 300"),
    ],
)
async def test_a_step_that_cannot_be_says_its_field_and_the_fix(
    exchange: Exchange, form: dict[str, str], told: str
) -> None:
    await exchange.add(*selling("cedar"))
    plan = await planned(exchange, AUCTION)
    with pytest.raises(BadPlan, match=told.replace("(", r"\(")):
        await add_step(exchange.market, plan.id, form, OPERATOR)
    with pytest.raises(BadPlan, match="switch it off first"):
        await remove_step(exchange.market, plan.id, "s1", OPERATOR)


async def test_a_plan_needs_a_campaign_and_a_step(exchange: Exchange) -> None:
    named = {"name": "x", "vertical": "solar"}
    with pytest.raises(BadPlan, match="Make a campaign"):
        await make_plan(exchange.market, named, "live", OPERATOR)
    await exchange.add(*selling("cedar"))
    plan = await make_plan(exchange.market, named, "live", OPERATOR)
    with pytest.raises(BadPlan, match="Add a step first"):
        await switch(exchange.market, plan.id, True, "0", OPERATOR)


async def test_a_nurtured_sale_books_what_any_sale_books(either: Exchange) -> None:
    await planned(either, AUCTION)
    nurtured = await unsold_lead(either)
    either.buyers.bids("acme", "20.00")
    await run(either, 1.1)
    plain = str((await post(either, consumer(2)))["lead_id"])

    rows = await either.rows(
        """SELECT s.lead_id, p.source, p.destination, p.units, p.currency
           FROM sales s JOIN postings p ON p.reference = 'sale:' || s.attempt_id ORDER BY p.line"""
    )
    booked = {lead: [{**row, "lead_id": ""} for row in rows if row["lead_id"] == lead] for lead in (nurtured, plain)}
    assert booked[nurtured] == booked[plain]
    assert ("seller:cedar:payable", 160_000) == (booked[nurtured][-1]["destination"], booked[nurtured][-1]["units"])
