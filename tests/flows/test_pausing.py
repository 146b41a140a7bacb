"""Left out for a while and back by itself: what leads, panels and the audit log show of it."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from exchange.duties import duties
from exchange.flows.compare import judged_now
from exchange.flows.pausing import (
    CannotPause,
    end_pauses,
    pause_buyer,
    pause_contract,
    resume_buyer,
    resume_contract,
    send_away,
    until_of,
)
from exchange.intake.encode import encode
from exchange.model.actor import Actor, Role
from exchange.model.party import State
from exchange.stages.reasons import sentence
from exchange.storage.audit import audit_of
from tests.flows.lab import OPERATOR, later, person, post
from tests.market import NOW, Exchange, buying, selling

ACME = Actor(Role.BUYER, "ann@acme.example", "acme")
HOUR_MS = 3_600_000
ZONE = "America/New_York"


async def two_buyers(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar"))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.bids("birch", "20.00")


async def sold_to(exchange: Exchange, number: int) -> str:
    answer = await post(exchange, person(number))
    rows = await exchange.rows("SELECT buyer_id FROM sales WHERE lead_id = :id", id=answer["lead_id"])
    return str(rows[0]["buyer_id"])


async def why_not_acme(exchange: Exchange) -> list[str]:
    [row] = await exchange.rows("SELECT * FROM leads ORDER BY received_at DESC, id DESC LIMIT 1")
    judged = await judged_now(exchange.market, row)
    assert judged is not None
    return [sentence(check) for check in judged["acme-solar"]]


async def test_a_paused_buyer_gets_nothing_and_comes_back_by_itself(either: Exchange) -> None:
    exchange = either
    await two_buyers(exchange)
    until = until_of("hour", "", ZONE, NOW)

    await pause_buyer(exchange.market, "acme", until, "CRM migration", OPERATOR, "198.51.100.9")
    paused, why = await sold_to(exchange, 1), await why_not_acme(exchange)
    later(exchange, 3_599)
    still, early = await sold_to(exchange, 2), await end_pauses(exchange.market)
    later(exchange, 1)
    back = await sold_to(exchange, 3)
    ended, again = await end_pauses(exchange.market), await end_pauses(exchange.market)

    assert ("birch", "birch", "acme") == (paused, still, back)
    assert ['Buyer is paused by pat@exchange.example since 09:34 EST until 10:34 EST: "CRM migration".'] == why
    assert (0, 1, 0) == (early, ended, again)
    assert State.ACTIVE is exchange.market.deals.buyers["acme"].state
    lines = await exchange.market.db.read(audit_of, OPERATOR, "buyer:acme")
    assert [("buyer.resumed", "exchange"), ("buyer.paused", OPERATOR.name)] == [
        (line.action, line.actor.name) for line in lines
    ]
    assert "198.51.100.9" == lines[1].ip and {"state": "active"} == orjson.loads(lines[1].before or "")
    assert "end pauses" in [duty.name for duty in duties(encode)]


async def test_a_contract_is_paused_as_a_version_of_its_own(exchange: Exchange) -> None:
    await two_buyers(exchange)

    version = await pause_contract(exchange.market, "acme-solar", None, "too many", ACME)
    paused, why = await sold_to(exchange, 1), await why_not_acme(exchange)
    later(exchange, 7 * 24 * 3_600)
    assert 0 == await end_pauses(exchange.market)
    await resume_contract(exchange.market, "acme-solar", ACME)
    back = await sold_to(exchange, 2)

    assert (2, "birch", "acme") == (version, paused, back)
    assert ['Paused by ann@acme.example since 09:34 EST: "too many".'] == why


async def test_a_vacation_begins_at_once_and_is_over_by_itself(exchange: Exchange) -> None:
    await two_buyers(exchange)

    await send_away(exchange.market, "acme", NOW + 48 * HOUR_MS, ACME)
    asked_before = len(exchange.buyers.pings("acme"))
    away, why = await sold_to(exchange, 1), await why_not_acme(exchange)
    asked = len(exchange.buyers.pings("acme")) - asked_before
    later(exchange, 48 * 3_600)
    back = await sold_to(exchange, 2)

    assert ("birch", 0, "acme") == (away, asked, back)
    assert ["Buyer is on vacation until Mon 23 Nov."] == why


async def test_a_buyer_cannot_undo_what_the_exchange_did(exchange: Exchange) -> None:
    await two_buyers(exchange)
    await pause_buyer(exchange.market, "acme", None, "unpaid", OPERATOR)
    await pause_contract(exchange.market, "acme-solar", None, "", OPERATOR)

    with pytest.raises(CannotPause, match="exchange resumes it"):
        await resume_buyer(exchange.market, "acme", ACME)
    with pytest.raises(CannotPause, match="exchange resumes it"):
        await resume_contract(exchange.market, "acme-solar", ACME)
    assert await resume_buyer(exchange.market, "acme", OPERATOR)
    assert not await resume_buyer(exchange.market, "acme", OPERATOR)


async def test_two_processes_write_the_end_of_a_pause_once(exchange: Exchange) -> None:
    await two_buyers(exchange)
    await pause_buyer(exchange.market, "acme", until_of("hour", "", ZONE, NOW), "", OPERATOR)
    later(exchange, 3_600)

    ended = await asyncio.gather(*(end_pauses(exchange.market) for _ in range(2)))

    assert 1 == sum(ended)


@pytest.mark.parametrize(
    ("choice", "day", "told"),
    [
        ("hour", "", NOW + HOUR_MS),
        ("tomorrow", "", 1_795_323_600_000),  # Sun 22 Nov, 00:00 EST
        ("date", "2026-12-01", 1_796_101_200_000),
        ("open", "", None),
    ],
)
def test_how_long_is_said_in_days_of_the_exchange(choice: str, day: str, told: int | None) -> None:
    assert told == until_of(choice, day, ZONE, NOW)


@pytest.mark.parametrize(
    ("choice", "day", "field"),
    [("date", "2026-11-21", "day"), ("date", "soon", "day"), ("date", "2030-01-01", "day"), ("ever", "", "for")],
)
def test_what_cannot_be_meant_is_told_by_its_field(choice: str, day: str, field: str) -> None:
    with pytest.raises(CannotPause) as error:
        until_of(choice, day, ZONE, NOW)
    assert field == error.value.field
