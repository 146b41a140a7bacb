"""Providers that call back: who proves it is believed once; who does not changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from exchange import limits
from exchange.connector import BadReply, Callback, Forged, Receipt, Terms
from exchange.model.wire import Reply
from tests.flows.lab import attempts, post, spent, told_about
from tests.flows.test_deliver import opened, settle_down
from tests.later_buyers import FaxBuyer
from tests.market import Exchange
from tests.web.served import Served, serve_exchange


@dataclass(frozen=True)
class CallingBuyer(FaxBuyer):
    """Its provider proves itself by a word, over the whole address that it was told."""

    def receipts(self, call: Callback, terms: Terms) -> tuple[Receipt, ...]:
        if call.headers.get("x-proof") != f"word for {call.url}":
            raise Forged
        if "event" not in call.fields:
            raise BadReply("it names no event")
        return (Receipt(call.fields["event"], call.fields["kind"], "fax_77", at=terms.now),)


@pytest.fixture
async def served(exchange: Exchange) -> AsyncIterator[Served]:
    await opened(exchange, CallingBuyer("birch"))
    exchange.buyers.answers_posts("birch", Reply(250, {}, b"fax_77"))
    await post(exchange)
    await settle_down(exchange)
    async with serve_exchange(exchange) as running:
        yield running


async def called(served: Served, path: str, body: bytes, *, proven: bool = True, media: str = "") -> int:
    proof = f"word for {served.exchange.market.public_url}{path}" if proven else "a guess"
    headers = {"X-Proof": proof, "Content-Type": media or "application/x-www-form-urlencoded"}
    async with served.session.post(served.address + path, data=body, headers=headers) as response:
        return response.status


async def test_a_callback_settles_once_however_often_it_comes(served: Served) -> None:
    told = [await called(served, "/hooks/birch", b"event=e1&kind=delivered") for _ in range(2)]

    assert ([204, 204], "30.00") == (told, await spent(served.exchange, "birch"))
    assert 1 == await served.exchange.count("receipts")


async def test_more_may_stand_behind_the_name_and_in_the_query(served: Served) -> None:
    status = await called(served, "/hooks/birch/9f2c/a?event=e1&kind=delivered", b"{}", media="application/json")

    assert (204, {"birch": ("accepted", None)}) == (status, await told_about(served.exchange))


@pytest.mark.parametrize(
    ("path", "body", "proven", "status"),
    [
        ("/hooks/birch", b"event=e1&kind=delivered", False, 403),
        ("/hooks/birch", b"kind=delivered", True, 400),
        ("/hooks/birch", b"\xff=%ff&kind", True, 400),
        ("/hooks/birch", b"&".join([b"event=e1"] * 300), True, 400),
        ("/hooks/acme", b"event=e1&kind=delivered", True, 404),  # it is never called back
        ("/hooks/nobody", b"event=e1&kind=delivered", True, 404),
        ("/hooks/Not-A-Name", b"event=e1", True, 404),
        ("/hooks/birch", b"x" * (limits.BODY_BYTES + 1), True, 413),
    ],
)
async def test_anything_else_is_refused_and_changes_nothing(
    served: Served, path: str, body: bytes, proven: bool, status: int
) -> None:
    assert status == await called(served, path, body, proven=proven)

    assert 0 == await served.exchange.count("receipts")
    assert ["pending"] == [each["state"] for each in await attempts(served.exchange)]
