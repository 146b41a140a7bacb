"""Events told over HTTP: to whom, on which schedule, how often, and what becomes of addresses that fail."""

from __future__ import annotations

import itertools

import orjson
import pytest

from exchange.flows.dispositions import record_disposition
from exchange.flows.endpoints import (
    NotYours,
    count_replay,
    listed,
    replay,
    rotate,
    set_state,
)
from exchange.flows.retain import forget
from exchange.flows.sign_in import create_user
from exchange.flows.webhooks import send_webhook
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Report
from exchange.storage.webhooks import LogFilter, log_of, tries_of
from tests.flows.lab import HUNG_UP, OPERATOR, later, person, ping, post
from tests.flows.receivers import ACME, CEDAR, arrived, events, hook, listen, run_all, run_for, sends
from tests.market import NO_BID, POST, Exchange, buying, reply, selling

DOWN = reply(http_status=500)
UP = reply(http_status=200)
DAY = 86_400
FAILED = LogFilter(state="failed")


async def open_market(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", deposit="9000"))


async def test_each_party_hears_of_its_own_and_the_operator_of_all(either: Exchange) -> None:
    await open_market(either)
    await either.add(*selling("birch"))
    await listen(either, hook("ember"), CEDAR, "*")
    await listen(either, hook("flint"), ACME, "*")
    await listen(either, hook("garnet"), OPERATOR, "lead.*")
    await listen(either, hook("delta"), Actor(Role.SELLER, "x@birch.example", "birch"), "*")
    answer = await post(either, {**POST, "seller_lead_id": "L-1"})
    await run_all(either)

    (sold,), (taken,) = events(either, hook("ember")), events(either, hook("flint"))
    assert ("lead.sold", answer["lead_id"], 1) == (sold["type"], sold["object"], sold["sequence"])
    assert ("accepted", "20.00", "L-1") == tuple(sold["data"][name] for name in ("status", "price", "seller_lead_id"))
    assert ("lead.delivered", "25.00", {"role": "buyer", "id": "acme"}) == (
        taken["type"],
        taken["data"]["price"],
        taken["party"],
    )
    assert ["lead.delivered", "lead.sold"] == sorted(each["type"] for each in events(either, hook("garnet")))
    assert [] == arrived(either, hook("delta"))


async def test_what_happened_to_a_lead_is_counted(exchange: Exchange) -> None:
    await open_market(exchange)
    await listen(exchange, hook("ember"), CEDAR, "lead.*")
    answer = await post(exchange)
    for word in ("contacted", "quoted"):
        later(exchange, 60)
        report = Report(str(answer["lead_id"]), word, "a note", None, None)
        await record_disposition(report, exchange.market, ACME)
        await record_disposition(report, exchange.market, ACME)
    await run_all(exchange)

    told = sorted(events(exchange, hook("ember")), key=lambda each: each["sequence"])  # order is not promised
    assert [("lead.sold", 1), ("lead.disposition", 2), ("lead.disposition", 3)] == [
        (each["type"], each["sequence"]) for each in told
    ]
    assert [None, "contacted", "quoted"] == [each["data"].get("disposition") for each in told]
    assert b"a note" not in b"".join(each.body for each in arrived(exchange, hook("ember")))


async def test_every_answer_has_its_event(exchange: Exchange) -> None:
    await open_market(exchange)
    await listen(exchange, hook("ember"), CEDAR, "*")
    await ping(exchange)
    await post(exchange, {**POST, "zip": "nowhere"})
    await post(exchange, POST)
    await post(exchange, {**POST, "first_name": "Other"})
    exchange.buyers.answers_pings("acme", NO_BID)
    await post(exchange, person(1))
    exchange.buyers.bids("acme", "25.00")
    exchange.buyers.answers_posts("acme", HUNG_UP)
    await post(exchange, person(2))
    await run_all(exchange)

    told = [each["type"] for each in events(exchange, hook("ember"))]
    assert sorted(
        ["ping.accepted", "lead.rejected", "lead.sold", "lead.rejected", "lead.unsold", "lead.held"]
    ) == sorted(told)


async def test_nobody_who_listens_costs_nothing(exchange: Exchange) -> None:
    await open_market(exchange)
    await listen(exchange, hook("ember"), ACME, "webhook.disabled")
    await post(exchange)

    assert 0 == await exchange.count("jobs")


async def test_an_address_that_answers_500_is_tried_on_the_schedule(either: Exchange) -> None:
    await open_market(either)
    await listen(either, hook("ember"), CEDAR, "lead.sold")
    either.buyers.answers_posts("ember", DOWN)
    await post(either)
    began = either.market.clock.now()
    await run_for(either, 3 * DAY)

    (send,) = await sends(either)
    tries = await either.market.db.read(tries_of, CEDAR, send["event_id"])
    waits = [later["at"] - earlier["at"] for earlier, later in itertools.pairwise(tries)]
    assert 8 == len(tries) == len(arrived(either, hook("ember"))) and began == tries[0]["at"]
    for wait_ms, seconds in zip(waits, (5, 300, 1_800, 7_200, 18_000, 36_000, 36_000), strict=True):
        assert seconds * 1_000 <= wait_ms <= seconds * 1_200 + 5_000
    assert ("failed", 500, "HTTP 500", None) == tuple(send[n] for n in ("state", "status", "last_error", "next_at"))
    assert 1 == len({each.headers["webhook-id"] for each in arrived(either, hook("ember"))})
    assert 1 == len({each.body for each in arrived(either, hook("ember"))})


async def test_the_log_shows_the_next_time(exchange: Exchange) -> None:
    await open_market(exchange)
    await listen(exchange, hook("ember"), CEDAR, "lead.sold")
    exchange.buyers.answers_posts("ember", DOWN, UP)
    await post(exchange)
    await run_all(exchange)
    (before,) = await exchange.market.db.read(log_of, CEDAR, LogFilter(), 10)
    await run_for(exchange, 7)
    (after,) = await exchange.market.db.read(log_of, CEDAR, LogFilter(), 10)

    assert 5_000 <= before["next_at"] - before["tried_at"] <= 6_000
    assert [("waiting", 500, 1), ("delivered", 200, 2)] == [
        (each["state"], each["status"], each["tries"]) for each in (before, after)
    ]


async def test_a_receiver_down_for_a_day_hears_all_and_delays_nobody(exchange: Exchange) -> None:
    await open_market(exchange)
    await exchange.add(*buying("acme", deposit="9000", per_second=0.0))
    await listen(exchange, hook("ember"), CEDAR, "lead.sold", per_second=4)
    await listen(exchange, hook("flint"), OPERATOR, "lead.sold")
    exchange.buyers.answers_posts("ember", HUNG_UP)
    for number in range(12):
        await post(exchange, person(number))
        await run_for(exchange, DAY / 12)
    others = await exchange.rows(
        """SELECT s.tried_at - s.at AS delay FROM webhook_sends s JOIN webhook_endpoints e ON e.id = s.endpoint_id
           WHERE e.role = 'operator'"""
    )
    exchange.buyers.answers_posts("ember", UP)
    await run_for(exchange, DAY)

    heard = [each["id"] for each in events(exchange, hook("ember"))]
    ours = [each for each in await sends(exchange) if each["state"] == "delivered"]
    assert 12 == len(others) and max(row["delay"] for row in others) < 1_000
    assert 12 == len(set(heard)) and 24 == len(ours)


async def test_what_waited_arrives_at_the_pace_of_the_address(exchange: Exchange) -> None:
    await open_market(exchange)
    await listen(exchange, hook("ember"), CEDAR, "lead.sold", per_second=4)
    for number in range(20):
        await post(exchange, person(number))
    await run_for(exchange, 60)

    at = sorted(each["tried_at"] for each in await sends(exchange))
    assert 20 == len(arrived(exchange, hook("ember")))
    assert all(after - before >= 250 for before, after in itertools.pairwise(at))


@pytest.mark.parametrize("answer", [reply(http_status=410), DOWN])
async def test_an_address_that_is_gone_or_fails_five_days_is_disabled_and_people_are_told(
    exchange: Exchange, answer: object
) -> None:
    await open_market(exchange)
    await create_user(exchange.market, "ann@cedar.example", "seller", "cedar")
    await create_user(exchange.market, "pat@exchange.example", "operator", None)
    saved = await listen(exchange, hook("ember"), CEDAR, "lead.*")
    await listen(exchange, hook("flint"), CEDAR, "webhook.*")
    exchange.buyers.answers_posts("ember", answer)  # type: ignore[arg-type]  # a reply, as both are
    for number in range(7):
        await post(exchange, person(number))
        await run_for(exchange, DAY)

    (row,) = [each for each in await listed(exchange.market, CEDAR) if each["id"] == saved.endpoint.id]
    (told,) = events(exchange, hook("flint"))
    mails = exchange.buyers.mailed
    mail = mails[0]
    assert "disabled" == row["state"] and (row["state_why"] in told["data"]["reason"])
    assert "webhook.disabled" == told["type"]
    assert ["ann@cedar.example", "pat@exchange.example"] == sorted(each.to[0] for each in mails)
    assert row["state_why"] in mail.text and "was disabled" in mail.subject and "flint" not in mail.text
    failing = len(arrived(exchange, hook("ember")))
    assert 1 == failing if "410" in row["state_why"] else 8 < failing


async def test_what_happened_while_it_was_disabled_can_be_replayed(exchange: Exchange) -> None:
    await open_market(exchange)
    saved = await listen(exchange, hook("ember"), CEDAR, "lead.sold")
    await set_state(exchange.market, saved.endpoint.id, "disabled", CEDAR)
    await post(exchange)
    await run_all(exchange)
    assert [] == arrived(exchange, hook("ember"))
    await set_state(exchange.market, saved.endpoint.id, "active", CEDAR)

    assert 1 == await replay(exchange.market, FAILED, CEDAR)
    await run_all(exchange)
    assert 1 == len(arrived(exchange, hook("ember")))


async def test_replay_failed_since_sends_each_failed_event_once_under_its_own_id(either: Exchange) -> None:
    await open_market(either)
    await listen(either, hook("ember"), CEDAR, "lead.sold")
    either.buyers.answers_posts("ember", DOWN)
    for number in range(3):
        await post(either, person(number))
    await run_for(either, 2 * DAY)
    failed = {each["event_id"] for each in await sends(either)}
    since = either.market.clock.now() - 1_000
    either.buyers.answers_posts("ember", UP)
    await post(either, person(9))
    await run_all(either)
    already = len(arrived(either, hook("ember")))

    assert 0 == await replay(either.market, FAILED._replace(since=since), CEDAR)
    assert 3 == await count_replay(either.market, FAILED, CEDAR) == await replay(either.market, FAILED, CEDAR)
    assert 0 == await replay(either.market, FAILED, CEDAR)
    await run_for(either, DAY)

    again = arrived(either, hook("ember"))[already:]
    assert failed == {each.headers["webhook-id"] for each in again} and 3 == len(again)


async def test_one_event_is_replayed_and_another_partys_is_not_found(exchange: Exchange) -> None:
    await open_market(exchange)
    await listen(exchange, hook("ember"), CEDAR, "lead.sold")
    await post(exchange)
    await run_all(exchange)
    (send,) = await sends(exchange)

    with pytest.raises(NotYours):
        await replay(exchange.market, LogFilter(), ACME, send["event_id"])
    assert 1 == await replay(exchange.market, LogFilter(), CEDAR, send["event_id"])
    await run_all(exchange)
    assert [send["event_id"]] * 2 == [each["id"] for each in events(exchange, hook("ember"))]
    assert [] == await exchange.market.db.read(log_of, ACME, LogFilter(), 10)


async def test_a_new_secret_signs_beside_the_old_one_for_a_day(exchange: Exchange) -> None:
    await open_market(exchange)
    saved = await listen(exchange, hook("ember"), CEDAR, "lead.sold")
    assert saved.secret is not None
    new = await rotate(exchange.market, saved.endpoint.id, CEDAR)
    await post(exchange, person(1))
    await run_all(exchange)
    later(exchange, DAY + 1)
    await post(exchange, person(2))
    await run_all(exchange)

    both, one = (each.headers["webhook-signature"].split(" ") for each in arrived(exchange, hook("ember")))
    assert (2, 1) == (len(both), len(one))
    (row,) = await listed(exchange.market, CEDAR)
    assert new[-4:] == row["last4"] and new not in repr(row) and saved.secret not in repr(row)


async def test_nothing_is_sent_twice_when_the_process_dies_after_it_was_answered(exchange: Exchange) -> None:
    await open_market(exchange)
    await listen(exchange, hook("ember"), CEDAR, "lead.sold")
    await post(exchange)
    await run_all(exchange)
    jobs = await exchange.rows("SELECT payload FROM jobs WHERE kind = 'webhook'")
    await send_webhook(exchange.market, orjson.loads(jobs[0]["payload"]))
    assert 1 == len(arrived(exchange, hook("ember")))


async def test_old_events_are_forgotten_and_what_waits_is_kept(exchange: Exchange) -> None:
    await open_market(exchange)
    await listen(exchange, hook("ember"), CEDAR, "lead.sold")
    await post(exchange, person(1))
    await run_all(exchange)
    await post(exchange, person(2))
    later(exchange, 31 * DAY)
    await run_all(exchange)
    await post(exchange, person(3))
    await run_all(exchange)
    await forget(exchange.market)

    assert [1, 1] == [await exchange.count(table) for table in ("webhook_events", "webhook_tries")]
