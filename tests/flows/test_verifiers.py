"""Vendors are asked about a lead as its campaign says; what they answer, and that they do not, decides as declared."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from exchange.flows.case import DAY_MS
from exchange.flows.review import approve
from exchange.flows.stored_lead import stored_lead
from exchange.flows.trail import read_trail
from exchange.model.lead import Mode
from exchange.model.party import Clause, Group, Payout
from exchange.model.verification import Action, Stage, VerifierRule
from exchange.stages.offer import make_offer
from exchange.storage.database import Tx
from exchange.worker import run_jobs
from tests.flows.lab import OPERATOR, later, lead_of, ping, post, post_on
from tests.flows.vendors import KEY, MOBILE, VOIP, document, with_vendor
from tests.market import Exchange, buying, consumer, selling, usd

RULE = VerifierRule("line_check", budget_ms=5_000)
EXPENSE = "house:verification:prairie"


def rule(**changes: Any) -> dict[str, Any]:
    return {"verifiers": (replace(RULE, **changes),)}


async def steps(exchange: Exchange, lead_id: str) -> list[tuple[str, str, list[str]]]:
    """The findings of verifiers in a lead's timeline: outcome, sentence and facts."""
    trails = await exchange.rows("SELECT document FROM trails WHERE lead_id = :id ORDER BY request_id", id=lead_id)
    told = [step for row in trails for step in read_trail(bytes(row["document"]))["steps"]]
    return [
        (step["name"].partition(":")[2], step["sentence"], step["facts"])
        for step in told
        if step["name"].startswith("check:") and step["sentence"].startswith("Phone line")
    ]


async def spent(exchange: Exchange) -> int:
    """What the vendor has cost, in ten-thousandths of a dollar."""
    rows = await exchange.rows(
        "SELECT CAST(COALESCE(SUM(units), 0) AS BIGINT) AS n FROM postings WHERE destination = :account",
        account=EXPENSE,
    )
    return int(rows[0]["n"])


async def test_what_a_vendor_finds_good_is_told_and_paid_for_and_the_lead_is_sold(either: Exchange) -> None:
    async with with_vendor(either) as (exchange, vendor):
        await exchange.add(*buying("acme"), *selling("cedar", **rule()))
        posted = await post(exchange)
        found = await steps(exchange, posted["lead_id"])
        lead = await lead_of(exchange, posted)

    assert "accepted" == posted["status"]
    assert [("/lines/6029580142", KEY, {"zip": "85016"})] == [
        (path, head["X-Key"], body) for path, head, body in vendor.asked
    ]
    assert [("passed", "Phone line: good, mobile")] == [each[:2] for each in found]
    assert "carrier Prairie Wireless" in found[0][2]
    assert (120, 120) == (await spent(exchange), lead["cost_units"])


async def test_a_bad_answer_refuses_the_lead_before_any_buyer_hears_of_it(either: Exchange) -> None:
    async with with_vendor(either) as (exchange, vendor):
        vendor.answer = VOIP
        await exchange.add(*buying("acme"), *selling("cedar", **rule()))
        posted = await post(exchange)

    assert ("rejected", "phone_unverified") == posted.told
    assert [] == exchange.buyers.pings("acme")
    assert 120 == await spent(exchange)


async def test_asked_after_a_buyer_would_take_it_only_then_is_paid_for(exchange: Exchange) -> None:
    async with with_vendor(exchange) as (opened, vendor):
        vendor.answer = VOIP
        await opened.add(*buying("acme"), *selling("cedar", **rule(stage=Stage.AFTER)))
        opened.buyers.bids("acme", None)
        unsold = await post(opened, consumer(1))
        opened.buyers.bids("acme", "20.00")
        refused = await post(opened, consumer(2))

    assert ("unsold", "no_bid") == unsold.told
    assert ("rejected", "phone_unverified") == refused.told
    assert [("skipped", "Phone line: not asked, no buyer would take the lead", [])] == await steps(
        opened, unsold["lead_id"]
    )
    assert 1 == len(vendor.asked)
    assert [] == opened.buyers.posts("acme")


async def test_a_post_refused_after_its_ping_leaves_the_price_free_to_try_again(exchange: Exchange) -> None:
    async with with_vendor(exchange) as (opened, vendor):
        vendor.answer = VOIP
        await opened.add(*buying("acme"), *selling("cedar", **rule(stage=Stage.AFTER)))
        pinged = await ping(opened)
        refused = await post_on(opened, pinged)
        vendor.answer = MOBILE
        sold = await post_on(opened, pinged)

    assert ("rejected", "phone_unverified") == refused.told
    assert "accepted" == sold["status"]


async def test_a_lead_held_once_a_buyer_would_take_it_is_sold_when_a_person_says_so(either: Exchange) -> None:
    async with with_vendor(either) as (exchange, vendor):
        vendor.answer = VOIP
        await exchange.add(*buying("acme"), *selling("cedar", **rule(stage=Stage.AFTER, bad=Action.HOLD)))
        held = await post(exchange)
        before = (await lead_of(exchange, held))["state"]
        await approve(exchange.market, held["lead_id"], "Known to be reached there", OPERATOR)
        await run_jobs(exchange.market)
        after = (await lead_of(exchange, held))["state"]

    assert ("queued", "held_for_review") == held.told
    assert ("held", "sold") == (before, after)
    assert 1 == len(exchange.buyers.posts("acme"))


@pytest.mark.parametrize(
    ("when_away", "status", "reason", "outcome"),
    [
        (Action.PASS, "accepted", None, "skipped"),
        (Action.FLAG, "accepted", None, "flagged"),
        (Action.HOLD, "queued", "held_for_review", "held"),
        (Action.REFUSE, "rejected", "verifier_away", "refused"),
    ],
)
async def test_a_vendor_that_is_away_has_the_answer_that_was_declared(
    exchange: Exchange, when_away: Action, status: str, reason: str | None, outcome: str
) -> None:
    async with with_vendor(exchange) as (opened, vendor):
        vendor.holds = asyncio.Event()
        await opened.add(*buying("acme"), *selling("cedar", **rule(budget_ms=50, when_away=when_away)))
        posted = await post(opened)
        found = await steps(opened, posted["lead_id"])

    assert (status, reason) == (posted["status"], posted["reason"])
    assert [(outcome, "Phone line: did not answer within 50 ms")] == [each[:2] for each in found]
    assert 0 == await spent(opened)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, b"<html>We will be back soon.</html>"),
        (200, b'{"valid": tr'),
        (200, b""),
        (200, b'{"ergebnis": "gut"}'),
        (500, b'{"valid": true}'),
        (401, b'{"error": "unknown key"}'),
    ],
)
async def test_what_nobody_can_read_is_never_good_and_never_paid_for(
    exchange: Exchange, status: int, answer: bytes
) -> None:
    async with with_vendor(exchange) as (opened, vendor):
        vendor.status, vendor.answer = status, answer
        await opened.add(*buying("acme"), *selling("cedar", **rule(when_away=Action.REFUSE)))
        posted = await post(opened)

    assert ("rejected", "verifier_away") == posted.told
    assert 0 == await spent(opened)


async def test_the_same_question_within_its_age_is_answered_from_before(either: Exchange) -> None:
    async with with_vendor(either) as (exchange, vendor):
        await exchange.add(*buying("acme"), *selling("cedar", duplicate_days=0, **rule(cache_ms=DAY_MS)))
        await post(exchange)
        later(exchange, 3 * 3_600)
        again = await post(exchange)
        found = await steps(exchange, again["lead_id"])
        later(exchange, 22 * 3_600)
        await post(exchange)
        kept = await exchange.rows("SELECT about, sealed FROM verifier_answers")

    assert 2 == len(vendor.asked)
    assert 240 == await spent(exchange)
    assert [("passed", "Phone line: good, mobile")] == [each[:2] for each in found]
    assert "Answer of 3 h ago: nobody was asked again" in found[0][2]
    assert not any(b"6029580142" in bytes(row["about"]) + bytes(row["sealed"]) for row in kept)


async def test_an_earlier_answer_that_does_not_open_is_asked_for_again(exchange: Exchange) -> None:
    async with with_vendor(exchange) as (opened, vendor):
        await opened.add(*buying("acme"), *selling("cedar", duplicate_days=0, **rule(cache_ms=DAY_MS)))
        await post(opened)
        await opened.market.db.write(spoil_answers)
        again = await post(opened)

    assert ("accepted", 2) == (again["status"], len(vendor.asked))


async def spoil_answers(tx: Tx) -> None:
    await tx.execute("UPDATE verifier_answers SET sealed = :sealed", sealed=b"\0" * 40)


async def test_a_share_of_leads_is_asked_about_always_the_same_ones(exchange: Exchange) -> None:
    async with with_vendor(exchange) as (opened, vendor):
        await opened.add(*buying("acme", deposit="5000"), *selling("cedar", **rule(sample_bp=3_000)))
        told = [await steps(opened, (await post(opened, consumer(number)))["lead_id"]) for number in range(40)]

    asked = [each for each in told if each[0][0] == "passed"]
    assert 5 <= len(asked) == len(vendor.asked) <= 20
    assert {"Phone line: not asked, not in the sample of 30 %"} == {each[0][1] for each in told if each not in asked}


async def test_a_ping_has_no_phone_to_ask_about_and_a_test_costs_nothing(exchange: Exchange) -> None:
    async with with_vendor(exchange) as (opened, vendor):
        await opened.add(*buying("acme"), *selling("cedar", **rule(on="both")))
        pinged = await ping(opened)
        tried = await post(opened, mode=Mode.TEST)
        about_ping = await steps(opened, f"ld_{pinged['ping_id'][4:]}")
        about_test = await steps(opened, tried["lead_id"])

    assert [("skipped", "Phone line: not asked, the lead has no phone", [])] == about_ping
    assert [("skipped", "Phone line: not asked, a test costs nothing", [])] == about_test
    assert [] == vendor.asked


async def test_what_a_vendor_adds_goes_to_who_buys_and_stays_apart_from_what_was_sent(either: Exchange) -> None:
    async with with_vendor(either) as (exchange, _):
        await exchange.add(*buying("acme"), *selling("cedar", **rule()))
        posted = await post(exchange)
        rows = await exchange.rows("SELECT appended FROM verified WHERE lead_id = :id", id=posted["lead_id"])
        lead = await lead_of(exchange, posted)

    assert "year_built" not in exchange.buyers.pings("acme")[0]
    assert rows[0]["appended"] is not None and b"1998" not in bytes(rows[0]["appended"])
    assert "year_built" not in orjson.loads(lead["facts"])


async def test_filters_of_buyers_read_what_a_vendor_added_and_pings_do_not_tell_it(either: Exchange) -> None:
    worth = Group("all", (Clause("home_value", "at_least", ("300000",)),))
    async with with_vendor(either, make=adding_home_value) as (exchange, vendor):
        await exchange.add(*buying("acme", filters=worth), *selling("cedar", **rule()))
        vendor.answer = {**MOBILE, "built": "412300"}
        sold = await post(exchange, consumer(1))
        vendor.answer = {**MOBILE, "built": "112300"}
        unsold = await post(exchange, consumer(2))
        told = await post(exchange, {**consumer(3), "home_value": "350000"})
        row = await lead_of(exchange, sold)
        campaign = exchange.market.deals.campaigns["cedar-solar"]
        again = await stored_lead(exchange.market, row, campaign)

    assert ["accepted", "unsold", "accepted"] == [sold["status"], unsold["status"], told["status"]]
    assert again is not None and ("412300", frozenset({"home_value"})) == (again.text("home_value"), again.appended)
    offer = make_offer(again, exchange.market.verticals["solar"], usd("0"), 1, "s1")
    assert "home_value" not in offer.values and "zip" in offer.values


def adding_home_value(address: str) -> dict[str, Any]:
    made = document(address)
    reading = {**made["verify"]["reading"], "appends": {"home_value": "json:built"}}
    return {**made, "verify": {**made["verify"], "reading": reading}}


async def test_what_a_vendor_repeats_of_a_person_is_told_to_nobody(exchange: Exchange) -> None:
    async with with_vendor(exchange) as (opened, vendor):
        vendor.answer = {**MOBILE, "carrier": "Line of 602-958-0142", "phone": "+1 (602) 958 0142"}
        await opened.add(*buying("acme"), *selling("cedar", **rule()))
        found = await steps(opened, (await post(opened))["lead_id"])

    assert ["Answered in 0 ms"] == found[0][2]


async def test_who_bids_less_than_payout_and_checks_come_to_does_not_get_the_lead(exchange: Exchange) -> None:
    async with with_vendor(exchange) as (opened, _):
        paid = {"payout": Payout(usd("20")), **rule(cost=usd("0.50"))}
        await opened.add(*buying("acme"), *selling("cedar", **paid))
        opened.buyers.bids("acme", "20.40")
        short = await post(opened, consumer(1))
        opened.buyers.bids("acme", "20.50")
        even = await post(opened, consumer(2))

    assert ("unsold", "below_floor") == short.told
    assert ("accepted", "20.00") == (even["status"], even["price"])


async def test_a_ping_is_never_held(exchange: Exchange) -> None:
    async with with_vendor(exchange, make=about_zips) as (opened, vendor):
        vendor.answer = VOIP
        await opened.add(*buying("acme"), *selling("cedar", **rule(on="both", bad=Action.HOLD)))
        pinged = await ping(opened)
        held = await post_on(opened, pinged)
        found = await steps(opened, f"ld_{pinged['ping_id'][4:]}")

    assert ("accepted", "queued") == (pinged["status"], held["status"])
    assert {"flagged", "held"} == {each[0] for each in found}


def about_zips(address: str) -> dict[str, Any]:
    made = document(address)
    asks = {name: value for name, value in made["verify"].items() if name != "path"}
    return {**made, "needs": ["zip"], "verify": {**asks, "url": f"{address}/zips"}}


async def test_a_cost_of_the_campaign_counts_before_the_vendors_own(exchange: Exchange) -> None:
    async with with_vendor(exchange) as (opened, _):
        await opened.add(*buying("acme"), *selling("cedar", **rule(cost=usd("0.05"))))
        await post(opened)

    assert 500 == await spent(opened)


async def test_a_verifier_that_is_gone_is_away(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar", verifiers=(VerifierRule("nobody", when_away=Action.FLAG),)))
    posted = await post(exchange)

    assert "accepted" == posted["status"]
