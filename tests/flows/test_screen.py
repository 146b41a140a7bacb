"""The screen in the line: who is refused, held, flagged afterwards; what a person decides; what is learned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exchange.flows.alerts import look_for_alerts
from exchange.flows.dispositions import record_disposition
from exchange.flows.review import NotHeld, approve, block_sub_id, let_in, refuse, refuse_overdue, see_to
from exchange.flows.screening import Screening, learn, take_up
from exchange.flows.sign_in import create_user
from exchange.flows.trail import read_trail
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Report
from exchange.model.lead import Mode
from exchange.model.party import ScreenRule
from exchange.worker import run_jobs
from tests.flows.lab import OPERATOR, Heard, later, lead_of, owed, person, ping, post
from tests.flows.receivers import events as told_to
from tests.flows.receivers import hook, listen, run_all
from tests.market import PING, Exchange, buying, selling

PAT = Actor(Role.OPERATOR, "pat")
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605"
QUICK = {"sub_id1": "pop-19", "user_agent": MAC, "form_ms": "14000"}


async def market_of(exchange: Exchange, **changes: Any) -> None:
    await exchange.add(*buying("acme"), *selling("cedar", **changes))
    exchange.buyers.bids("acme", "30.00")


async def found(exchange: Exchange, answer: Heard) -> dict[str, Any]:
    rows = await exchange.rows("SELECT document FROM trails WHERE request_id = :id", id=answer["request_id"])
    steps = read_trail(bytes(rows[0]["document"]))["steps"]
    return next(step for step in steps if step.get("check") == "screen")


async def screened(exchange: Exchange) -> list[dict[str, Any]]:
    return await exchange.rows("SELECT * FROM screened ORDER BY noted_at, lead_id")


async def test_a_program_is_refused_with_its_reasons_and_never_reaches_a_buyer(either: Exchange) -> None:
    await market_of(either)
    answer = await post(either, person(1, user_agent="curl/8.4.0", form_ms="900", hp="x@consumer.example"))

    assert ("rejected", "robot") == answer.told
    assert "The form was filled in faster than a person can (0.9 s): 97" in answer["details"]
    assert [] == either.buyers.pings("acme")
    lead, (row,) = await lead_of(either, answer), await screened(either)
    assert (100, "rejected", "refused") == (lead["fraud"], lead["state"], row["outcome"])
    assert "program too_fast trap" == row["signals"] == row["teaches"]
    assert "check:refused" == (await found(either, answer))["name"]


async def test_a_clock_far_from_the_addresss_state_is_told_and_the_lead_is_sold(exchange: Exchange) -> None:
    await market_of(exchange)
    visit = {"ip_address": "18.9.22.69", "form_ms": "41200"}  # a university's in Massachusetts

    far = await post(exchange, person(1, **visit, device="1;ms=41200;k=63;m=58;a=0;tz=America/Los_Angeles;o=480"))
    near = await post(exchange, person(2, **visit, device="1;ms=41200;k=63;m=58;a=0;tz=America/Chicago;o=360"))

    assert ("accepted", "accepted") == (far["status"], near["status"])
    told = str(await found(exchange, far))
    assert "an address in MA, a clock 3 h from there): 15" in told
    assert "clock" not in str(await found(exchange, near))


async def test_a_test_lead_is_judged_and_not_remembered(exchange: Exchange) -> None:
    await market_of(exchange)
    answer = await post(exchange, person(1, user_agent="curl/8.4.0"), mode=Mode.TEST)

    assert "rejected" == answer["status"]
    assert [] == await screened(exchange)


async def test_a_burst_is_refused_from_its_third_lead_on_and_the_first_two_are_flagged_afterwards(
    either: Exchange,
) -> None:
    await market_of(either)
    answers = []
    for number in range(4):
        answers.append(await post(either, person(number * 50, **QUICK)))
        later(either, 40)
    while await run_jobs(either.market):
        pass

    assert ["accepted", "accepted", "rejected", "rejected"] == [each["status"] for each in answers]
    assert "burst" == answers[3]["reason"]
    (alert,) = await either.rows("SELECT * FROM screen_alerts")
    assert ("burst", "cedar", "pop-19", 4, "open") == tuple(
        alert[name] for name in ("kind", "seller_id", "sub_id", "leads", "state")
    )
    assert {alert["id"]} == {row["alert_id"] for row in await screened(either)}
    events = await either.rows("SELECT lead_id, sentence FROM lead_events WHERE kind = 'screen' ORDER BY lead_id")
    assert sorted(each["lead_id"] for each in answers[:2]) == [event["lead_id"] for event in events]
    assert "Flagged afterwards" in events[0]["sentence"]

    await look_for_alerts(either.market)
    told_as = (await either.rows("SELECT id FROM alerts"))[0]["id"]
    await listen(either, hook("ember"), OPERATOR, "alert.*")
    assert await see_to(either.market, alert["id"], "Told the seller.", PAT)
    assert not await see_to(either.market, alert["id"], "Again.", PAT)
    await run_all(either)
    (told,) = told_to(either, hook("ember"))
    assert ("alert.closed", told_as, "Told the seller.") == (told["type"], told["object"], told["data"]["note"])


async def test_a_burst_over_two_nodes_is_one_burst(either: Exchange) -> None:
    await market_of(either)
    other = replace(either, market=replace(either.market, screening=Screening()))
    first = [await post(either, person(100, **QUICK)), await post(other, person(200, **QUICK))]
    later(either, 2)
    await take_up(either.market.screening, either.market.db, either.clock.now())

    assert ["accepted", "accepted"] == [each["status"] for each in first]
    assert "burst" == (await post(either, person(300, **QUICK)))["reason"]


async def test_a_held_lead_is_sold_when_a_person_approves_it(either: Exchange) -> None:
    await market_of(either, screen=ScreenRule(hold_at=40))
    answer = await post(either, person(1, form_ms="5000"))

    assert (202, "queued", "held_for_review") == (answer.status_code, *answer.told)
    assert "held" == (await lead_of(either, answer))["state"]
    assert [] == either.buyers.pings("acme")
    again = await post(either, person(1, form_ms="50000", monthly_bill="151-200"))
    assert "duplicate" == again["status"]  # the consumer is kept for the lead that waits

    await approve(either.market, answer["lead_id"], "I called them.", PAT)
    await run_jobs(either.market)
    assert ("sold", "24.00") == ((await lead_of(either, answer))["state"], await owed(either))
    assert "good" == (await screened(either))[0]["label"]
    with pytest.raises(NotHeld):
        await approve(either.market, answer["lead_id"], "Twice.", PAT)


async def test_a_held_lead_that_nobody_decides_about_ends_with_its_claim(either: Exchange) -> None:
    await market_of(either, screen=ScreenRule(hold_at=40))
    answer = await post(either, person(1, form_ms="5000"))
    later(either, 30 * 86_400 + 1)

    with pytest.raises(NotHeld):
        await approve(either.market, answer["lead_id"], "Too late.", PAT)
    assert 1 == await refuse_overdue(either.market)
    lead = await lead_of(either, answer)
    assert ("rejected", "fraud_score", 0) == (lead["state"], lead["reason"], await refuse_overdue(either.market))
    assert "bad" != (await screened(either))[0]["label"] and 0 == await either.count("claims")


async def test_a_held_lead_that_a_person_refuses_gives_its_consumer_back(either: Exchange) -> None:
    await market_of(either, screen=ScreenRule(hold_at=40))
    answer = await post(either, person(1, form_ms="5000"))
    await refuse(either.market, answer["lead_id"], "Nobody there knows of it.", PAT)
    lead = await lead_of(either, answer)

    assert ("rejected", "fraud_score", "bad") == (lead["state"], lead["reason"], (await screened(either))[0]["label"])
    assert 0 == await either.count("claims")
    (line,) = await either.rows("SELECT actor, after_json FROM audit_lines WHERE action = 'lead.refused'")
    assert "pat" == line["actor"] and "Nobody there knows of it." in line["after_json"]


async def test_a_ping_is_never_held(exchange: Exchange) -> None:
    await market_of(exchange, screen=ScreenRule(hold_at=40))

    assert "accepted" == (await ping(exchange, {**PING, "form_ms": "5000"}))["status"]


async def test_a_campaign_says_from_where_on_it_refuses(exchange: Exchange) -> None:
    await market_of(exchange, screen=ScreenRule(refuse_at=None))

    assert "accepted" == (await post(exchange, person(1, user_agent="curl/8.4.0")))["status"]


async def test_a_blocked_sub_id_is_refused_until_it_is_let_in(either: Exchange) -> None:
    await market_of(either)
    await block_sub_id(either.market, "cedar", "pop-19", "Junk since Tuesday.", PAT)
    blocked = await post(either, person(1, sub_id1="pop-19"))
    other = await post(either, person(2, sub_id1="pop-20"))

    assert ("rejected", "sub_id_blocked") == blocked.told and "accepted" == other["status"]
    assert await let_in(either.market, "cedar", "pop-19", "The seller mended it.", PAT)
    assert not await let_in(either.market, "cedar", "pop-19", "Twice.", PAT)
    assert "accepted" == (await post(either, person(3, sub_id1="pop-19")))["status"]
    actions = [row["action"] for row in await either.rows("SELECT action FROM audit_lines ORDER BY at, id")]
    assert ["sub_id.blocked", "sub_id.let_in"] == sorted(each for each in actions if each.startswith("sub_id"))


async def test_what_buyers_say_is_learned(either: Exchange) -> None:
    await market_of(either)
    kinds = ("wrong_number", "wrong_number", "contacted")
    for number, kind in enumerate(kinds):
        answer = await post(either, person(number, form_ms="5000"))
        await record_disposition(
            Report(answer["lead_id"], kind, "", None, None), either.market, Actor(Role.BUYER, "a", "acme")
        )
    screening = either.market.screening
    await learn(screening, either.market.db, either.clock.now() + 1)

    assert (2, 1) == screening.learned.signals["hasty"]
    assert (2, 1) == screening.learned.sources[("cedar", "")] == screening.learned.base


async def test_a_seller_that_sends_a_refused_lead_again_with_other_values_is_refused(exchange: Exchange) -> None:
    await market_of(exchange)
    await post(exchange, person(1, user_agent="curl/8.4.0"))
    again = await post(exchange, person(1, user_agent=MAC, email="other@consumer.example"))

    assert ("rejected", "repost_changed") == again.told


async def test_operators_get_a_mail_about_a_burst_and_one_about_a_seller_who_tries_again(exchange: Exchange) -> None:
    await market_of(exchange)
    await create_user(exchange.market, "olive@operator.example", "operator", None)
    for number in range(4):
        await post(exchange, person(number * 50, **QUICK))
    for email in ("a@consumer.example", "b@consumer.example"):
        await post(exchange, person(100, email=email))
    while await run_jobs(exchange.market):
        pass
    await look_for_alerts(exchange.market)
    while await run_jobs(exchange.market):
        pass

    mails = [mail for mail in exchange.buyers.mailed if "olive@operator.example" in mail.to]
    assert [
        "Lead Exchange: A burst of leads from Cedar, sub ID pop-19",
        "Lead Exchange: A seller's way of sending from Cedar",
    ] == sorted(mail.subject for mail in mails)
    assert not any("Sandoval" in mail.text or "consumer.example" in mail.text for mail in mails)


async def test_a_contract_says_how_much_fraud_it_takes(either: Exchange) -> None:
    await either.add(*buying("acme", max_fraud=40), *buying("birch", max_fraud=60), *selling("cedar"))
    answer = await post(either, person(1, form_ms="5000"))

    assert "accepted" == answer["status"]
    assert ([], 1) == (either.buyers.posts("acme"), len(either.buyers.posts("birch")))
    rows = await either.rows("SELECT document FROM trails WHERE request_id = :id", id=answer["request_id"])
    assert [["fraud", "50", "40"]] == read_trail(bytes(rows[0]["document"]))["verdicts"]["acme-solar"]["failed"]
