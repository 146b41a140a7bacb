"""A consumer texts STOP: signed by the company, taken once, in force at once, and passed on to who has the lead."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from twilio.request_validator import RequestValidator

from exchange.storage.revocations import list_revocations
from tests.channels.telephone import CONSUMER, OURS, PUBLIC, TEXTS, TOKEN, Ringing, ringing
from tests.flows.lab import OPERATOR, later, post
from tests.market import POST

DOOR = f"{PUBLIC}/hooks/ring/texts"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Ringing]:
    async with ringing(tmp_path) as made:
        yield made


async def text(desk: Ringing, body: str, sid: str = "SM1", sender: str = CONSUMER, token: str = TOKEN) -> int:
    fields = {"MessageSid": sid, "From": sender, "To": OURS, "Body": body, "AccountSid": "AC0123456789abcdef"}
    signed = RequestValidator(token).compute_signature(DOOR, fields)
    return await desk.ask(DOOR, fields, {"X-Twilio-Signature": signed})


@pytest.mark.parametrize("connector", ["phone", "sms"])
async def test_stop_is_taken_once_in_force_at_once_and_passed_on(desk: Ringing, connector: str) -> None:
    await desk.sell("1")
    if connector == "sms":
        await desk.connect(TEXTS)

    for _ in range(2):
        assert 200 == await text(desk, "STOP calling me")
    await desk.settle_down()

    ((row, notices),) = await desk.exchange.market.db.read(list_revocations, OPERATOR)
    assert ("consumer", "a text message: STOP") == (row.source, row.means)
    assert ["birch"] == [notice.buyer_id for notice in notices]
    later(desk.exchange, 31 * 86_400)
    assert ("rejected", "consent_revoked") == (await post(desk.exchange, POST)).told


async def test_start_and_other_texts_change_nothing(desk: Ringing) -> None:
    await text(desk, "STOP")
    for number, word in enumerate(("START", "HELP", "When do you call?")):
        assert 200 == await text(desk, word, sid=f"SM9{number}")

    assert 1 == await desk.exchange.count("revocations")
    assert ("rejected", "consent_revoked") == (await post(desk.exchange, POST)).told
    assert 200 == await text(desk, "STOP", sid="SM95", sender="26835")  # a short code is nobody's number


async def test_who_cannot_prove_it_is_not_believed(desk: Ringing) -> None:
    assert 403 == await text(desk, "STOP", token="a guess")
    assert 403 == await desk.ask(DOOR, {"MessageSid": "SM1", "From": CONSUMER, "Body": "STOP"}, {})
    signed = RequestValidator(TOKEN).compute_signature(DOOR, {"Body": "STOP"})
    assert 400 == await desk.ask(DOOR, {"Body": "STOP"}, {"X-Twilio-Signature": signed})
    assert 404 == await desk.ask(f"{PUBLIC}/hooks/acme/texts", {"Body": "STOP"}, {})

    assert 0 == await desk.exchange.count("revocations")
