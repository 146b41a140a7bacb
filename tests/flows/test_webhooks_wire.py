"""Webhooks over a real socket, verified by a library of the Standard Webhooks scheme as a receiver would use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from exchange.clock import SystemClock
from exchange.flows.endpoints import rotate
from exchange.worker import run_jobs
from tests.courier.rawbuyer import RawBuyer, raw_buyer, reply, says
from tests.flows.lab import post
from tests.flows.receivers import CEDAR, listen, sends
from tests.market import HOSTS, Exchange, open_exchange, selling


def received(request: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    return {name.lower(): value for name, value in lines}, body


async def one_event(exchange: Exchange, receiver: RawBuyer) -> tuple[dict[str, str], bytes]:
    await post(exchange)
    while await run_jobs(exchange.market):
        pass
    assert ["delivered"] == [each["state"] for each in await sends(exchange)]
    return received(receiver.requests[-1])


def verified(secret: str, body: bytes, headers: dict[str, str]) -> Any:
    return Webhook(secret).verify(body, headers)


async def test_a_webhook_verifies_with_the_schemes_library_and_a_changed_one_does_not(tmp_path: Path) -> None:
    async with (
        raw_buyer(says(reply(b"", "204 No Content"))) as receiver,
        open_exchange(tmp_path, clock=SystemClock(), by_wire=HOSTS) as exchange,
    ):
        await exchange.add(*selling("cedar"))
        saved = await listen(exchange, receiver.url("/hook"), CEDAR, "*")
        assert saved.secret is not None
        new = await rotate(exchange.market, saved.endpoint.id, CEDAR)
        headers, body = await one_event(exchange, receiver)

    for secret in (saved.secret, new):
        assert ("lead.unsold", headers["webhook-id"]) == tuple(
            verified(secret, body, headers)[name] for name in ("type", "id")
        )
    for wrong in (
        (saved.secret, body.replace(b"unsold", b"sold", 1), headers),
        (saved.secret, body, {**headers, "webhook-id": "evt_other"}),
        (saved.secret, body, {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
        ("whsec_" + "A" * 44, body, headers),
    ):
        with pytest.raises(WebhookVerificationError):
            verified(*wrong)


async def test_a_receiver_that_redirects_hears_nothing_more(tmp_path: Path) -> None:
    moved = reply(b"", "302 Found", b"Location: http://169.254.169.254/\r\n")
    async with (
        raw_buyer(says(moved)) as receiver,
        open_exchange(tmp_path, clock=SystemClock(), by_wire=HOSTS) as exchange,
    ):
        await exchange.add(*selling("cedar"))
        await listen(exchange, receiver.url("/hook"), CEDAR, "*")
        await post(exchange)
        while await run_jobs(exchange.market):
            pass
        (send,) = await sends(exchange)

    assert ("waiting", 302, "HTTP 302: redirects are not followed") == (
        send["state"],
        send["status"],
        send["last_error"],
    )
    assert 1 == len(receiver.requests)
