"""A lead told by telephone: a real client rings, a company on loopback presses keys and signs what it calls back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from twilio.request_validator import RequestValidator

from exchange.demo.peers.telephone_company import Callee
from exchange.flows.documents import save_secret
from exchange.flows.preview import previews
from exchange.flows.receipts import expire_deliveries
from exchange.flows.settle import Decision, settle
from exchange.flows.trial import Trial, pick_lead, rendered, send, stand_in_contract
from exchange.model.actor import SYSTEM
from exchange.model.auction import Pending
from exchange.storage.postgres import open_postgres
from exchange.storage.timeline import read_lead_rows
from exchange.web.story.page import tell
from exchange.web.story.records import open_story
from tests.channels.telephone import ACCOUNT, BUYER, CONSUMER, PUBLIC, TOKEN, Ringing, ringing
from tests.flows.lab import OPERATOR, held, later, owed, spent, told_about
from tests.flows.promises import broken
from tests.flows.test_deliver import tries


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Ringing]:
    async with ringing(tmp_path) as made:
        yield made
        assert [] == await broken(made.exchange.market)


@pytest.fixture
async def on_postgres(tmp_path: Path, postgres_migrated: str) -> AsyncIterator[Ringing]:
    db = await open_postgres(postgres_migrated)
    async with ringing(tmp_path, db) as made:
        yield made
        assert [] == await broken(made.exchange.market)
    await db.close()


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def either(request: pytest.FixtureRequest) -> Ringing:
    made: Ringing = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def desk(on_sqlite: Ringing) -> Ringing:
    return on_sqlite


async def test_key_1_buys_the_lead_and_reads_all_of_it(either: Ringing) -> None:
    call = await either.sell("1", "*")

    assert call is not None
    before, *after = call.said
    assert "New solar lead. State: A Z. Zip: 8 5 0 1 6. Monthly bill: 101 to 150." in before
    assert "To accept this lead, press 1. To refuse it, press 2. To accept it and be connected now, press 9." in before
    assert not any(personal in before for personal in ("Maria", "Sandoval", "6 0 2", "maria"))
    assert "It is yours. First name: Maria. Last name: Sandoval. Phone: 6 0 2, 9 5 8, 0 1 4 2." in after[0]
    assert "Email: maria at consumer dot example." in after[0]
    assert after[1].startswith("First name: Maria.")  # the star says it again
    assert [] == call.errors
    assert ("30.00", "24.00") == (await spent(either.exchange, "birch"), await owed(either.exchange))
    assert ("accepted", call.sid) == ((await either.delivery())["state"], (await either.delivery())["provider_ref"])
    assert {"answered", "accepted"} == {kind for kind, _ in await either.heard()}


async def test_key_2_refuses_it_and_it_is_sold_to_the_next(either: Ringing) -> None:
    call = await either.sell("2")

    assert call is not None and "Goodbye." == call.said[-1]
    assert {"birch": ("rejected", "buyer_rejected"), "acme": ("accepted", None)} == await told_about(either.exchange)
    assert ("0.00", "refused") == (await held(either.exchange, "birch"), (await either.delivery())["state"])


async def test_key_9_buys_it_and_connects_the_consumer(either: Ringing) -> None:
    call = await either.sell("9")

    assert call is not None
    assert [CONSUMER] == call.dialled
    assert "30.00" == await spent(either.exchange, "birch")
    assert ("bridged", "they talked for 74 s") in await either.heard()
    assert 1 == await either.exchange.count("sales")


async def test_nobody_is_connected_while_the_consumer_may_not_be_called(desk: Ringing) -> None:
    later(desk.exchange, 11.5 * 3_600)

    call = await desk.sell("9", "1")

    assert call is not None and "press 9" not in call.said[0]
    assert call.said[1].startswith("It is 23:30 where they are, and nobody is called there at that time.")
    assert ([], "30.00") == (call.dialled, await spent(desk.exchange, "birch"))


async def test_a_machine_is_hung_up_on_and_a_person_rung_later(desk: Ringing) -> None:
    call = await desk.sell("1", answers="machine")
    assert call is not None
    assert ([], "waiting") == (call.said, (await desk.delivery())["state"])

    desk.company.callees.clear()
    await desk.wait(9)
    assert 1 == len(desk.company.calls)
    desk.company.anybody = (Callee("human", ("1",)),)
    await desk.wait(2)

    assert (2, "30.00") == (len(desk.company.calls), await spent(desk.exchange, "birch"))


@pytest.mark.parametrize("answers", ["busy", "no-answer", "machine", "human"])
async def test_who_is_not_reached_in_all_tries_has_not_bought_it(desk: Ringing, answers: str) -> None:
    await desk.connect(again_minutes=2)
    await desk.sell(answers=answers)

    await desk.wait(10)

    assert 3 == len(desk.company.calls)
    assert ("failed", 3) == ((await desk.delivery())["state"], (await desk.delivery())["tries"])
    assert (await desk.delivery())["last_error"].startswith("nobody was reached in 3 tries, last: ")
    assert {"birch": ("failed", "post_failed"), "acme": ("accepted", None)} == await told_about(desk.exchange)


async def test_a_number_that_is_none_is_refused_for_good(desk: Ringing) -> None:
    desk.company.unknown.add(BUYER)

    assert await desk.sell() is None

    assert "refused" == (await desk.delivery())["state"]
    assert {"birch": ("rejected", "buyer_rejected"), "acme": ("accepted", None)} == await told_about(desk.exchange)
    assert ["refused"] == await tries(desk.exchange)


async def test_a_company_that_is_too_busy_rests_the_queue_of_this_number(desk: Ringing) -> None:
    desk.company.busy = 2

    call = await desk.sell("1")
    assert call is None and ["destination down"] == await tries(desk.exchange)
    await desk.wait(5)

    assert ["destination down", "destination down", "sent"] == await tries(desk.exchange)
    assert "30.00" == await spent(desk.exchange, "birch")


async def test_an_account_that_is_refused_is_our_own_matter(desk: Ringing) -> None:
    await save_secret(desk.exchange.market, "ring_token", "another", SYSTEM)

    assert await desk.sell("1") is None

    row = await desk.delivery()
    assert ("waiting", "Twilio: Authenticate (20003)") == (row["state"], row["last_error"])
    assert {"birch": ("pending", "awaiting_receipt")} == await told_about(desk.exchange)


async def test_nobody_there_has_rung_nobody(desk: Ringing) -> None:
    await desk.connect(account={"sid": ACCOUNT, "token": {"secret": "ring_token"}, "base": "http://127.0.0.1:9"})

    assert await desk.sell("1") is None

    assert ["destination down"] == await tries(desk.exchange)
    assert (None, "waiting") == ((await desk.delivery())["sent_at"], (await desk.delivery())["state"])


async def test_a_call_whose_answer_was_lost_is_never_made_again_but_still_taken(desk: Ringing) -> None:
    desk.company.mute = True
    await desk.sell("1")

    assert ["unclear"] == await tries(desk.exchange)
    assert (1, "accepted") == (len(desk.company.calls), (await desk.delivery())["state"])
    assert "30.00" == await spent(desk.exchange, "birch")


async def test_a_key_still_counts_when_the_answer_about_a_second_call_was_lost(either: Ringing) -> None:
    await either.sell(answers="machine")
    either.company.mute = True
    door, either.company.doors[PUBLIC] = either.company.doors[PUBLIC], "http://127.0.0.1:9"
    either.company.callees[BUYER] = Callee("human", ("1",))
    await either.wait(11)
    assert ("expired", 2) == ((await either.delivery())["state"], (await either.delivery())["tries"])

    either.company.doors[PUBLIC] = door
    call = either.company.calls[-1]
    fields = {**call.asked[0][1], "CallStatus": "in-progress", "Digits": "1"}
    said = await either.hear(call.hooks["Url"].replace("/start", "/key"), fields)

    assert "It is yours. First name: Maria." in said
    assert ("accepted", "30.00") == ((await either.delivery())["state"], await spent(either.exchange, "birch"))


async def test_a_call_nobody_tells_of_is_unclear_after_its_time(desk: Ringing) -> None:
    desk.company.doors[PUBLIC] = "http://127.0.0.1:9"
    await desk.sell("1")
    assert "sent" == (await desk.delivery())["state"]

    later(desk.exchange, 2 * 3_600)
    await expire_deliveries(desk.exchange.market)

    assert {"birch": ("unclear", "outcome_unclear")} == await told_about(desk.exchange)
    assert "30.00" == await held(desk.exchange, "birch")


@pytest.mark.parametrize("change", ["signature", "field", "address", "token", "unsigned"])
async def test_what_is_forged_is_refused_and_changes_nothing(desk: Ringing, change: str) -> None:
    call = await desk.sell()  # who hangs up without a key
    assert call is not None
    url, fields, _ = call.asked[0]
    url, fields = url.replace("/start", "/key"), {**fields, "Digits": "1", "CallSid": "CA_another"}
    signature = RequestValidator("a guess" if change == "token" else TOKEN).compute_signature(url, fields)
    if change == "signature":
        signature = "AAAA" + signature[4:]
    elif change == "field":
        fields = {**fields, "Digits": "9"}
    elif change == "address":
        url = url.replace("/key", "/start")
    headers = {} if change == "unsigned" else {"X-Twilio-Signature": signature}

    before = await desk.exchange.count("receipts")
    status = await desk.ask(url, fields, headers)

    assert (403, before) == (status, await desk.exchange.count("receipts"))
    assert "waiting" == (await desk.delivery())["state"]


async def test_a_captured_request_repeated_after_the_call_reads_nothing_to_anybody(desk: Ringing) -> None:
    call = await desk.sell("1")
    assert call is not None and 3 == len(call.asked)

    told = [await desk.ask(url, fields, {"X-Twilio-Signature": mark}) for url, fields, mark in call.asked]

    assert [403, 403, 204] == told  # how it ended may be told twice, and is heard once
    assert 3 == await desk.exchange.count("receipts")
    assert ("30.00", 1) == (await spent(desk.exchange, "birch"), await desk.exchange.count("sales"))


async def test_who_hangs_up_in_the_middle_of_the_bridge_is_told_of_after_the_end(desk: Ringing) -> None:
    call = await desk.sell("1")
    assert call is not None
    url, told = call.hooks["Url"].replace("/start", "/bridge"), {"DialCallSid": "CAx", "DialCallStatus": "completed"}

    for _ in range(2):
        status, said = await desk.company.call_back(None, url, {**call.asked[0][1], **told, "DialCallDuration": "9"})
        assert (204, b"") == (status, said)

    assert [("bridged", "they talked for 9 s")] == [each for each in await desk.heard() if each[0] == "bridged"]
    assert ("accepted", "30.00") == ((await desk.delivery())["state"], await spent(desk.exchange, "birch"))


async def test_a_call_of_no_delivery_and_a_step_of_another_connection_lead_nowhere(desk: Ringing) -> None:
    for path in ("/hooks/ring/call/att_none/start", "/hooks/acme/call/att_none/start", "/hooks/no/call/a/start"):
        signature = RequestValidator(TOKEN).compute_signature(PUBLIC + path, {"CallSid": "CA1"})
        assert 404 == await desk.ask(PUBLIC + path, {"CallSid": "CA1"}, {"X-Twilio-Signature": signature})


async def test_who_presses_too_late_does_not_hear_of_it(desk: Ringing) -> None:
    """It was settled by hand while it rang."""
    desk.company.doors[PUBLIC] = "http://127.0.0.1:9"
    call = await desk.sell("1")
    assert call is not None
    row = await desk.delivery()
    later(desk.exchange, 2 * 3_600)
    await expire_deliveries(desk.exchange.market)
    await settle(desk.exchange.market, row["attempt_id"], Decision(False, "they say no"), OPERATOR)
    url, fields, _ = call.asked[0]
    url, fields = url.replace("/start", "/key"), {**fields, "Digits": "1"}

    said = await desk.hear(url, fields)

    assert "This lead is no longer available." in said and "Maria" not in said
    assert "0.00" == await spent(desk.exchange, "birch")


async def test_the_timeline_names_the_calls_the_keys_and_the_bridge(desk: Ringing) -> None:
    await desk.connect(again_minutes=2)
    await desk.sell(answers="machine")
    desk.company.callees[BUYER] = Callee("human", ("9",))
    await desk.wait(4)

    rows = await desk.exchange.market.db.read(read_lead_rows, OPERATOR, (await desk.delivery())["lead_id"])
    assert rows is not None
    told = tell(desk.exchange.market, open_story(desk.exchange.market, rows)).fields()["timeline"]
    lines = [(line["title"], line["facts"]) for line in told]

    for line in (
        ("Birch, try 1 by phone: was taken to be brought on", ""),
        ("Birch, by phone: a machine answered", "answered by machine start"),
        ("Birch, by phone: accepted by a person", "pressed 9"),
        ("Birch, by phone: connected to the consumer", "they talked for 74 s"),
    ):
        assert line in lines, "\n".join(map(str, lines))
    assert TOKEN not in str(told)


async def test_a_test_rings_whoever_tests_and_moves_nothing(desk: Ringing) -> None:
    market, mine = desk.exchange.market, "+16029580199"
    contract = stand_in_contract(market, "ring")
    trial = Trial(contract, market.connections["ring"], "post", await pick_lead(market, contract, "1", OPERATOR))

    shown = previews(market, trial, rendered(market, trial))
    tried = await send(market, trial, send_to=mine)
    with pytest.raises(ValueError, match="no telephone number"):
        await send(market, trial, send_to="me@consumer.example")
    await desk.company.settled()

    assert ["Said when +14809580177 answers", "Key 1: the lead is bought, and read"] == [
        each.title for each in shown[:2]
    ]
    assert [mine] == [call.to for call in desk.company.calls]
    assert [shown[0].content] == desk.company.calls[0].said
    assert isinstance(tried.answer, Pending) and tried.outcome == "queued"
    assert 0 == await desk.exchange.count("leads")
