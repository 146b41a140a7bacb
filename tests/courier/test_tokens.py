"""A token is asked for once, serves everybody, and is asked for again when it ran out or was refused."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import orjson

from buyers import connectors
from buyers.family import load
from exchange.cases.document import Case, award_of, contract_of, lead_of, offer_of, terms_of
from exchange.connector import Connector
from exchange.courier.courier import Call, Result
from exchange.model.auction import Accepted
from tests.courier.rawbuyer import Line, RawBuyer, courier_for, hold, raw_buyer, reply

CLIENT = {"nimbus_client": "c-1", "nimbus_secret": "s/1+"}


class OAuth:
    """An authorization server and the buyer behind it. Only the token given last is good."""

    def __init__(self) -> None:
        self.numbers: Iterator[int] = itertools.count(1)
        self.good = ""
        self.broken = False
        self.asked: list[dict[str, list[str]]] = []
        self.posts: list[str] = []

    async def __call__(self, line: Line) -> None:
        while True:
            request = await line.request()
            head, _, body = request.partition(b"\r\n\r\n")
            if head.startswith(b"POST /token "):
                self.asked.append(parse_qs(body.decode()))
                if self.broken:
                    await line.say(reply(b"down", "503 Service Unavailable"))
                    continue
                self.good = f"tok-{next(self.numbers)}"
                await line.say(reply(orjson.dumps({"access_token": self.good, "expires_in": 3600})))
                continue
            shown = next(
                (row[22:] for row in head.decode().split("\r\n") if row.startswith("Authorization: Bearer ")), ""
            )
            self.posts.append(shown)
            if shown != self.good:
                await line.say(reply(b'{"error":"invalid_token"}', "401 Unauthorized"))
            else:
                await line.say(reply(b'{"status":"sold","id":"n-7","price":"20.00"}'))


def nimbus(buyer: RawBuyer) -> Connector:
    step = {
        "url": buyer.url("/token"),
        "as": "form",
        "body": {
            "grant_type": {"constant": "client_credentials"},
            "client_id": {"secret": "nimbus_client"},
            "client_secret": {"secret": "nimbus_secret"},
        },
        "keep": {"token": "json:access_token"},
        "cache": "50m",
    }
    stage = {
        "steps": [step],
        "headers": {"Authorization": {"join": [{"constant": "Bearer"}, {"kept": "token"}]}},
        "body": {"zip": "zip"},
        "reading": {
            "outcomes": [{"means": "accepted", "when": {"where": "json:status", "equals": "sold"}}],
            "carries": {"price": "json:price", "reference": "json:id"},
        },
    }
    document: dict[str, Any] = {
        "connection": "nimbus",
        "connector": "json_http",
        "ping": {**stage, "url": buyer.url("/ping")},
        "post": {**stage, "url": buyer.url("/leads")},
    }
    return load(document, {}, connectors()).build()


def case() -> Case:
    told = {"name": "n", "then": {}, "lead": {"zip": "60610"}, "offer": {"zip": "60610"}, "secrets": CLIENT}
    return Case.model_validate(told)


def posting(connector: Connector) -> Call:
    told = case()
    conversation = connector.post(lead_of(told), award_of(told), contract_of(told), terms_of(told))
    return Call("nimbus", conversation, True)


def pinging(connector: Connector) -> Call:
    told = case()
    return Call("nimbus", connector.ping(offer_of(told), contract_of(told), terms_of(told)), False)


def sent(result: Result) -> list[str]:
    return [record.message.shown().url.rpartition("/")[2] for record in result.records]


async def test_a_token_is_asked_for_once_and_serves_every_lead() -> None:
    server = OAuth()
    async with raw_buyer(server) as buyer, courier_for() as courier:
        connector = nimbus(buyer)
        results = [await hold(courier, posting(connector)) for _ in range(3)]

    assert all(isinstance(result.answer, Accepted) for result in results)
    assert [["token", "leads"], ["leads"], ["leads"]] == [sent(result) for result in results]
    assert [{"grant_type": ["client_credentials"], "client_id": ["c-1"], "client_secret": ["s/1+"]}] == server.asked


async def test_pings_that_come_together_wait_for_one_token() -> None:
    server = OAuth()
    async with raw_buyer(server) as buyer, courier_for() as courier:
        connector = nimbus(buyer)
        calls = [pinging(connector) for _ in range(8)]
        results = await courier.fan_out(calls, courier.clock.monotonic() + 5)

    assert [1, 8] == [len(server.asked), sum(isinstance(result.answer, list) for result in results)]


async def test_a_token_that_ran_out_is_asked_for_once_more_and_the_lead_is_sold() -> None:
    server = OAuth()
    async with raw_buyer(server) as buyer, courier_for() as courier:
        connector = nimbus(buyer)
        await hold(courier, posting(connector))
        server.good = "none that was given"
        results = await asyncio.gather(*(hold(courier, posting(connector)) for _ in range(3)))

    assert all(isinstance(result.answer, Accepted) for result in results)
    assert 2 == len(server.asked)
    assert {"tok-1", "tok-2"} == set(server.posts)


async def test_a_buyer_that_refuses_every_token_is_asked_twice_and_no_more() -> None:
    server = OAuth()

    async def refuses(line: Line) -> None:
        while True:
            request = await line.request()
            token = request.startswith(b"POST /token ")
            await line.say(reply(b'{"access_token":"t-1234567"}') if token else reply(b"{}", "401 Unauthorized"))

    async with raw_buyer(refuses) as buyer, courier_for() as courier:
        result = await hold(courier, posting(nimbus(buyer)))

    assert ["token", "leads", "token", "leads"] == sent(result)
    assert (401, None, 0) == (result.status, result.answer, len(server.asked))


async def test_a_lead_whose_token_was_refused_and_cannot_be_renewed_was_not_delivered() -> None:
    server = OAuth()
    async with raw_buyer(server) as buyer, courier_for() as courier:
        connector = nimbus(buyer)
        await hold(courier, posting(connector))
        server.good, server.broken = "none that was given", True
        result = await hold(courier, posting(connector))

    assert result.error is not None and not result.delivered
    assert "HTTP 503 before the message that counts" == result.error.why


async def test_an_answer_that_holds_no_token_is_not_kept() -> None:
    async def confused(line: Line) -> None:
        while True:
            request = await line.request()
            first = request.startswith(b"POST /token ") and len(line.buyer.requests) == 1
            await line.say(reply(b'{"sorry":1}' if first else b'{"access_token":"tok-123","status":"sold"}'))

    async with raw_buyer(confused) as buyer, courier_for() as courier:
        connector = nimbus(buyer)
        first = await hold(courier, posting(connector))
        second = await hold(courier, posting(connector))

    assert first.error is not None and "the first reply has no token" == first.error.why
    assert isinstance(second.answer, Accepted)


async def test_who_fetches_may_be_cut_and_the_next_one_fetches() -> None:
    async def slow_first(line: Line) -> None:
        while True:
            request = await line.request()
            if len(line.buyer.requests) == 1:
                await line.reader.read()  # hung up on
                return
            token = request.startswith(b"POST /token ")
            await line.say(reply(b'{"access_token":"tok-123"}' if token else b'{"status":"sold"}'))

    async with raw_buyer(slow_first) as buyer, courier_for() as courier:
        connector = nimbus(buyer)
        cut, served = await asyncio.gather(
            hold(courier, posting(connector), 0.3), hold(courier, posting(connector), 5.0)
        )

    assert cut.lost is not None and not cut.delivered
    assert isinstance(served.answer, Accepted)
