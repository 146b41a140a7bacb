"""A buyer asks its money back: once for a sale, in its window, and only its own."""

from __future__ import annotations

import asyncio
from typing import Any

from exchange.flows.dispositions import Recorded
from exchange.flows.return_rules import consider
from exchange.flows.returns import Asked, Asking, File, Returnable, Window, ask_return, find_returnable
from exchange.model.actor import Actor, Role
from exchange.model.lead import Kind, Mode, Problem
from exchange.model.return_terms import ReturnTerms
from exchange.storage.retention import forget_test_leads
from tests.flows.lab import later, person, post, send, submission
from tests.market import POST, Exchange, buying, selling

ACME = Actor(Role.BUYER, "acme", "acme")
BIRCH = Actor(Role.BUYER, "birch", "birch")
DAY_S = 86_400


async def bought(exchange: Exchange, **changes: Any) -> tuple[str, Returnable]:
    await exchange.add(*selling("cedar"), *buying("acme", **changes), *buying("birch", price=None))
    lead_id = str((await post(exchange))["lead_id"])
    found = await find_returnable(exchange.market, ACME, lead_id)
    assert found is not None
    return lead_id, found


async def test_it_is_asked_once_however_often_and_by_whomever_at_the_same_time(either: Exchange) -> None:
    lead_id, found = await bought(either)
    assert Window.OPEN is found.window

    asks = [ask_return(either.market, ACME, found, Asking("wrong_number", f"{number}")) for number in range(5)]
    answers = await asyncio.gather(*asks)
    again = await find_returnable(either.market, ACME, lead_id)

    assert [False] * 4 + [True] == sorted(each.new for each in answers if isinstance(each, Asked))
    assert again is not None and (Window.ASKED, found.until) == (again.window, again.until)
    assert 1 == await either.count("return_requests")
    assert 1 == len(await either.rows("SELECT id FROM lead_events WHERE kind = 'return_asked'"))


async def test_only_whoever_bought_it_may_ask(either: Exchange) -> None:
    lead_id, _ = await bought(either)

    assert await find_returnable(either.market, BIRCH, lead_id) is None
    assert await find_returnable(either.market, ACME, "ld_other") is None


async def test_the_window_is_that_of_the_terms_it_was_sold_under_and_after_it_a_rule_declines(
    either: Exchange,
) -> None:
    lead_id, found = await bought(either)
    assert 7 * DAY_S * 1000 == found.until - found.sale["accepted_at"]
    await either.add(*buying("acme", return_days=30))
    later(either, 7 * DAY_S)

    closed = await find_returnable(either.market, ACME, lead_id)
    assert closed is not None and Window.CLOSED is closed.window
    asked = await ask_return(either.market, ACME, closed, Asking("wrong_number"))
    assert isinstance(asked, Asked)
    row = await consider(either.market, asked.request["id"])

    assert ("declined", 1, "outside_window") == (row["state"], row["automatic"], row["rule"])
    assert 0 == await either.count("transactions WHERE kind = 'reversal'")


async def test_a_test_lead_is_forgotten_with_what_was_asked_of_it(either: Exchange) -> None:
    await either.add(*selling("cedar"))
    answer = await send(either, submission(either, Kind.DIRECT, {**POST, "test_outcome": "sold"}, mode=Mode.TEST))
    sale = (await either.rows("SELECT buyer_id FROM sales"))[0]
    buyer = Actor(Role.BUYER, "simulated", sale["buyer_id"])
    found = await find_returnable(either.market, buyer, str(answer["lead_id"]))
    assert found is not None
    file = File("call.txt", "text/plain", b"nobody knows her")
    asked = await ask_return(either.market, buyer, found, Asking("language", file=file))
    assert isinstance(asked, Asked) and asked.new

    assert 1 == await either.market.db.write(forget_test_leads, either.market.clock.now() + 1)
    assert [0, 0] == [await either.count(table) for table in ("return_requests", "return_files")]


async def test_what_is_a_disposition_is_recorded_as_one(exchange: Exchange) -> None:
    _, found = await bought(exchange)

    told = await ask_return(exchange.market, ACME, found, Asking("No answer", "rang five times"))

    assert isinstance(told, Recorded)
    assert 0 == await exchange.count("return_requests")
    assert [{"kind": "no_answer"}] == await exchange.rows("SELECT kind FROM dispositions")


async def test_what_the_terms_want_is_asked_for_by_name(exchange: Exchange) -> None:
    terms = ReturnTerms(
        reasons=("wrong_number", "bogus_data"), evidence=(("wrong_number", "file"), ("bogus_data", "note"))
    )
    _, found = await bought(exchange, returns=terms)

    async def lacks(reason: str, note: str = "", file: File | None = None) -> tuple[str, str]:
        told = await ask_return(exchange.market, ACME, found, Asking(reason, note, file=file))
        assert isinstance(told, Problem)
        return told.field, told.code

    assert ("reason", "not_allowed") == await lacks("language")
    assert ("file", "missing") == await lacks("wrong_number", "she is somebody else")
    assert ("note", "missing") == await lacks("bogus_data", " ")
    assert ("file", "type") == await lacks("wrong_number", "", File("x.exe", "application/exe", b"MZ"))
    assert 0 == await exchange.count("return_requests")


async def test_a_buyers_own_reference_names_one_request(either: Exchange) -> None:
    lead_id, found = await bought(either)
    first = await ask_return(either.market, ACME, found, Asking("wrong_number", their_reference="R-7"))
    known = await find_returnable(either.market, ACME, lead_id)
    assert known is not None
    again = await ask_return(either.market, ACME, known, Asking("wrong_number", their_reference="R-7"))
    other_id = str((await post(either, person(7)))["lead_id"])
    other = await find_returnable(either.market, ACME, other_id)
    assert other is not None
    taken = await ask_return(either.market, ACME, other, Asking("wrong_number", their_reference="R-7"))

    assert isinstance(first, Asked) and isinstance(again, Asked)
    assert (True, False, first.request["id"]) == (first.new, again.new, again.request["id"])
    assert isinstance(taken, Problem) and ("your_return_id", "conflict") == (taken.field, taken.code)
