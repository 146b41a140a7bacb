"""Leads that are sold by fax through Telnyx: it fetches the page, calls back signed, or never."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exchange.flows.called_back import PAGE_MS, PAGE_PATH
from exchange.flows.links import PAGE, Link, make_link
from exchange.storage.deliveries import begin_try
from tests.buyers.faxes import by_telnyx, public_of
from tests.channels.fax_providers import KEY, Telnyx, telnyx
from tests.channels.faxed import fax_one, faxing, settle_down, states, wait_for
from tests.flows.lab import attempts, held, later, owed, spent
from tests.market import NOW, POST, Exchange
from tests.web.served import Served

HOUR = 3_600


@asynccontextmanager
async def faxed(
    folder: Path, *answers: tuple[int, Any], hangs_up: int = 0, **changes: Any
) -> AsyncIterator[tuple[Exchange, Telnyx, Served]]:
    """A lead was posted and faxed; `answers` are what Telnyx says instead of taking it. The rest is the contract's."""
    async with telnyx(NOW) as provider:
        document = by_telnyx(api=provider.base, public_key=public_of(provider.key))
        async with faxing(folder, document, {"telnyx_key": KEY}, **changes) as (exchange, served):
            provider.answers += answers
            provider.hangs_up = hangs_up
            await fax_one(exchange)
            yield exchange, provider, served


async def test_a_lead_is_sold_when_its_fax_was_delivered(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, served):
        (fax,) = provider.faxes
        assert ("+14809580133", "+16029580100", "1293384261075731499") == (
            fax.said["to"],
            fax.said["from"],
            fax.said["connection_id"],
        )
        assert f"{served.address}/hooks/granite" == fax.said["webhook_url"]
        assert ("Maria Sandoval", "(602) 958-0142") == tuple(fax.text.split("\n")[2:4])
        assert ([("sent", "pending")], "30.00", "0.00") == (
            await states(exchange),
            await held(exchange, "granite"),
            await spent(exchange, "granite"),
        )

        assert 204 == await provider.tells("delivered", page_count=1)
        assert [("delivered", "accepted")] == await states(exchange)
        assert ("0.00", "30.00", "24.00") == (
            await held(exchange, "granite"),
            await spent(exchange, "granite"),
            await owed(exchange),
        )


async def test_callbacks_twice_and_out_of_order_settle_once(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, _):
        kinds = ("sending.started", "delivered", "queued", "delivered", "media.processed", "failed")
        assert {204} == {await provider.tells(kind) for kind in kinds[:-1]}

        assert [("delivered", "accepted")] == await states(exchange)
        assert ("30.00", 1, 4) == (
            await spent(exchange, "granite"),
            await exchange.count("sales"),
            await exchange.count("receipts"),
        )


async def test_a_fax_that_failed_is_not_sold(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, _):
        assert 204 == await provider.tells("failed", failure_reason="receiver_incompatible_destination")
        await settle_down(exchange)

        assert ([("failed", "failed")], "0.00") == (await states(exchange), await held(exchange, "granite"))


async def test_a_busy_line_is_tried_again(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, _):
        assert 204 == await provider.tells("failed", failure_reason="user_busy")
        assert [("waiting", "pending")] == await states(exchange)

        await wait_for(exchange, 120)
        assert (2, [("sent", "pending")]) == (len(provider.faxes), await states(exchange))
        assert 204 == await provider.tells("delivered", 1)
        assert [("delivered", "accepted")] == await states(exchange)


async def test_a_second_try_that_a_stopped_process_left_is_not_judged_by_the_first(tmp_path: Path) -> None:
    """The first fax met a busy line; what became of the second only its own callback can say."""
    async with faxed(tmp_path) as (exchange, provider, _):
        provider.faxes[0].status = "failed"
        assert 204 == await provider.tells("failed", failure_reason="user_busy")
        (attempt,) = await attempts(exchange)
        await exchange.market.db.write(begin_try, attempt["id"], exchange.clock.now(), again=False)
        await wait_for(exchange, 120)

        assert ([("expired", "unclear")], 0) == (await states(exchange), provider.asked)
        assert 204 == await provider.tells("delivered", fax_id="the-second")
        assert ([("delivered", "accepted")], "30.00") == (await states(exchange), await spent(exchange, "granite"))


async def test_a_busy_line_told_twice_is_no_news_of_the_next_try(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, _):
        assert 204 == await provider.tells("failed", failure_reason="user_busy")
        await wait_for(exchange, 120)
        assert [("sent", "pending")] == await states(exchange)

        for why in ("user_busy", "receiver_incompatible_destination"):
            assert 204 == await provider.tells("failed", event_id=f"again-{why}", failure_reason=why)
        assert [("sent", "pending")] == await states(exchange)


async def test_a_fax_nobody_confirmed_is_unclear_after_its_time(tmp_path: Path) -> None:
    async with faxed(tmp_path, receipt_ms=2 * HOUR * 1000) as (exchange, provider, _):
        await wait_for(exchange, 2 * HOUR - 60)
        assert [("sent", "pending")] == await states(exchange)
        await wait_for(exchange, 120)

        assert ([("expired", "unclear")], "30.00") == (await states(exchange), await held(exchange, "granite"))
        assert (1, 1) == (len(provider.faxes), provider.asked)  # asked what became of it, and never faxed again
        provider.now += 3 * HOUR
        later(exchange, HOUR)
        assert 204 == await provider.tells("delivered")
        assert ([("delivered", "accepted")], "30.00") == (await states(exchange), await spent(exchange, "granite"))


async def test_a_provider_that_can_say_what_became_of_it_settles_what_it_never_told(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, _):
        provider.faxes[0].status = "delivered"
        await wait_for(exchange, 2 * HOUR + 60)

        assert ([("accepted", "accepted")], "30.00") == (await states(exchange), await spent(exchange, "granite"))


async def test_an_answer_that_was_lost_is_never_faxed_again_and_the_callback_tells(tmp_path: Path) -> None:
    async with faxed(tmp_path, hangs_up=1) as (exchange, provider, _):
        await wait_for(exchange, HOUR)
        assert ([("expired", "unclear")], 1) == (await states(exchange), len(provider.faxes))

        provider.now += HOUR
        assert 204 == await provider.tells("delivered")
        assert ([("delivered", "accepted")], "30.00") == (await states(exchange), await spent(exchange, "granite"))


@pytest.mark.parametrize("how", ["another key", "another body", "copied", "unsigned", "early"])
async def test_a_callback_that_is_forged_copied_or_late_changes_nothing(tmp_path: Path, how: str) -> None:
    async with faxed(tmp_path) as (exchange, provider, _):
        url, body = provider.faxes[0].said["webhook_url"], provider.event("delivered")
        if how == "another key":
            status = await provider.call(url, body, key=Ed25519PrivateKey.generate())
        elif how == "another body":
            status = await provider.call(url, provider.event("queued"), sent=body)
        elif how == "copied":
            status = await provider.call(url, body, late_s=301)
        elif how == "early":
            status = await provider.call(url, body, late_s=-301)
        else:
            async with provider.session.post(url, data=body) as answer:
                status = answer.status

        assert (403, [("sent", "pending")], 0) == (status, await states(exchange), await exchange.count("receipts"))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"data": {"event_type": "fax.delivered"}}', b'"x"'])
async def test_a_signed_callback_that_says_nothing_is_no_failure_of_ours(tmp_path: Path, body: bytes) -> None:
    async with faxed(tmp_path) as (exchange, provider, _):
        status = await provider.call(provider.faxes[0].said["webhook_url"], body)

        assert status in (204, 400)
        assert [("sent", "pending")] == await states(exchange)


@pytest.mark.parametrize(
    ("answer", "state", "attempt"),
    [
        ((422, {"errors": [{"detail": "no such number", "source": {"pointer": "/to"}}]}), "refused", "rejected"),
        ((422, {"errors": [{"detail": "no such app", "source": {"pointer": "/connection_id"}}]}), "waiting", "pending"),
        ((401, {"errors": [{"title": "Authentication failed"}]}), "waiting", "pending"),
        ((429, {"errors": []}), "waiting", "pending"),
        ((503, None), "waiting", "pending"),
        ((500, {"errors": []}), "expired", "unclear"),
        ((202, {"data": {}}), "expired", "unclear"),
        ((202, "nonsense"), "expired", "unclear"),
    ],
)
async def test_what_telnyx_answers_decides(tmp_path: Path, answer: tuple[int, Any], state: str, attempt: str) -> None:
    async with faxed(tmp_path, answer) as (exchange, provider, _):
        assert ([(state, attempt)], []) == (await states(exchange), provider.faxes)

        if state == "waiting":
            await wait_for(exchange, 300)
            assert [("sent", "pending")] == await states(exchange)


async def test_the_page_is_for_whoever_was_told_and_for_an_hour(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, served):
        url = provider.faxes[0].said["media_url"]
        async with served.session.get(url) as page:
            assert (200, "application/pdf", "no-store") == (
                page.status,
                page.content_type,
                page.headers["Cache-Control"],
            )
            assert provider.faxes[0].pdf == await page.read()
        attempt_id = (await attempts(exchange))[0]["id"]
        until = exchange.clock.now() + PAGE_MS
        of_another_kind = make_link(exchange.market, Link(attempt_id, "disposition", "", until), PAGE_PATH)
        nobody = make_link(exchange.market, Link("att_none", PAGE, "", until), PAGE_PATH)
        for bad in (url[:-1], url + "x", of_another_kind, nobody):
            async with served.session.get(bad) as page:
                assert 404 == page.status
        later(exchange, HOUR)
        async with served.session.get(url) as page:
            assert (410, False) == (page.status, b"Sandoval" in await page.read())


async def test_the_record_tells_the_fax_and_no_secret(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, _):
        attempt_id = (await attempts(exchange))[0]["id"]
        tried = await exchange.rows("SELECT * FROM delivery_tries WHERE attempt_id = :id", id=attempt_id)

        assert [("sent", 1)] == [(row["outcome"], row["number"]) for row in tried]
        delivery = (await exchange.rows("SELECT * FROM deliveries"))[0]
        assert ("fax", "deliver:granite:+14809580133", provider.faxes[0].id) == (
            delivery["channel"],
            delivery["queue"],
            delivery["provider_ref"],
        )


async def test_a_line_that_is_down_delays_its_own_leads_only(tmp_path: Path) -> None:
    async with faxed(tmp_path, (503, None)) as (exchange, provider, _):
        queue = await exchange.rows("SELECT queue FROM job_queues WHERE rest_until > :now", now=exchange.clock.now())

        assert ["deliver:granite:+14809580133"] == [row["queue"] for row in queue]
        await fax_one(exchange, {**POST, "phone": "6029580177", "email": "eva@consumer.example"})
        assert [] == provider.faxes
        for _ in range(2):  # one after the other
            await wait_for(exchange, 300)
        assert 2 == len(provider.faxes)
