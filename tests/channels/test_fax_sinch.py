"""Leads that are sold by fax through Sinch, which signs nothing: what is called back is asked after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.buyers.faxes import by_sinch
from tests.channels.fax_providers import PASSWORD, Sinch, sinch
from tests.channels.faxed import fax_one, faxing, settle_down, states, wait_for
from tests.flows.lab import attempts, held, spent
from tests.market import NOW, Exchange
from tests.web.served import Served

HOUR = 3_600


@asynccontextmanager
async def faxed(
    folder: Path, *answers: tuple[int, Any], hangs_up: int = 0, **changes: Any
) -> AsyncIterator[tuple[Exchange, Sinch, Served]]:
    """A lead was posted and faxed; `answers` are what Sinch says instead of taking it."""
    document = changes.pop("document", {})
    async with sinch(NOW) as provider:
        written = by_sinch(api=provider.base, **document)
        async with faxing(folder, written, {"sinch_password": PASSWORD}, **changes) as (exchange, served):
            provider.answers += answers
            provider.hangs_up = hangs_up
            await fax_one(exchange)
            yield exchange, provider, served


@pytest.mark.parametrize("as_form", [True, False])
async def test_a_lead_is_sold_once_sinch_itself_says_that_it_arrived(tmp_path: Path, as_form: bool) -> None:
    async with faxed(tmp_path, document={"from": "+16029580100"}) as (exchange, provider, served):
        (fax,) = provider.faxes
        assert ("+14809580133", "+16029580100", True) == (
            fax.said["to"],
            fax.said["from"],
            fax.said["callbackUrl"].startswith(f"{served.address}/hooks/granite/"),
        )
        assert "Maria Sandoval" in fax.text
        assert [("sent", "pending")] == await states(exchange)

        fax.status = "COMPLETED"
        assert [204, 204] == [await provider.calls(as_form=as_form) for _ in range(2)]
        assert ([("delivered", "accepted")], "30.00", 1, 2) == (
            await states(exchange),
            await spent(exchange, "granite"),
            await exchange.count("receipts"),
            provider.asked,
        )


async def test_what_a_callback_claims_is_not_believed(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, _):
        assert 204 == await provider.calls(status="COMPLETED")
        assert ([("sent", "pending")], 0) == (await states(exchange), await exchange.count("receipts"))

        provider.faxes[0].status, provider.faxes[0].why = "FAILURE", "no answer from the machine"
        assert 204 == await provider.calls(status="COMPLETED")
        await settle_down(exchange)
        assert ([("failed", "failed")], "0.00") == (await states(exchange), await held(exchange, "granite"))


async def test_a_forger_is_refused_and_nobody_is_asked_for_him(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, served):
        provider.faxes[0].status = "COMPLETED"
        right = provider.faxes[0].said["callbackUrl"]
        reference = (await attempts(exchange))[0]["reference"]
        hook = f"{served.address}/hooks/granite"
        for url in (hook, f"{hook}/{reference}", f"{hook}/{reference}/{'0' * 32}", right[:-1], f"{right}0"):
            assert 403 == await provider.calls(url=url)
        assert (0, [("sent", "pending")]) == (provider.asked, await states(exchange))


@pytest.mark.parametrize("body", [b"", b"{", b'{"fax": {}}', b'{"fax": {"id": "../../v1/keys"}}', b"[]"])
async def test_a_callback_that_names_no_fax_is_refused(tmp_path: Path, body: bytes) -> None:
    async with faxed(tmp_path) as (exchange, provider, served):
        url = provider.faxes[0].said["callbackUrl"]
        for content_type in ("application/json", "multipart/form-data; boundary=x"):
            async with served.session.post(url, data=body, headers={"Content-Type": content_type}) as answer:
                assert 400 == answer.status
        assert (0, [("sent", "pending")]) == (provider.asked, await states(exchange))


async def test_a_provider_that_cannot_be_asked_is_to_call_again(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, _):
        provider.faxes[0].status, provider.down = "COMPLETED", True
        assert (503, [("sent", "pending")]) == (await provider.calls(), await states(exchange))

        provider.down = False
        assert (204, [("delivered", "accepted")]) == (await provider.calls(), await states(exchange))


async def test_a_fax_nobody_told_of_is_asked_after_and_then_unclear(tmp_path: Path) -> None:
    async with faxed(tmp_path) as (exchange, provider, _):
        await wait_for(exchange, 2 * HOUR + 60)
        assert (1, [("expired", "unclear")]) == (provider.asked, await states(exchange))

        provider.faxes[0].status = "COMPLETED"
        await wait_for(exchange, HOUR)
        assert ([("accepted", "accepted")], "30.00") == (await states(exchange), await spent(exchange, "granite"))


async def test_a_callback_tells_of_a_fax_whose_answer_was_lost(tmp_path: Path) -> None:
    async with faxed(tmp_path, hangs_up=1) as (exchange, provider, _):
        await wait_for(exchange, HOUR)
        assert ([("expired", "unclear")], 1) == (await states(exchange), len(provider.faxes))

        provider.faxes[0].status = "COMPLETED"
        assert 204 == await provider.calls()
        assert ([("delivered", "accepted")], "30.00") == (await states(exchange), await spent(exchange, "granite"))


@pytest.mark.parametrize(
    ("answer", "state", "attempt"),
    [
        (
            (400, {"error": {"message": "bad", "details": [{"fieldViolations": [{"field": "to"}]}]}}),
            "refused",
            "rejected",
        ),
        ((400, {"error": {"message": "bad service"}}), "waiting", "pending"),
        ((403, "no"), "waiting", "pending"),
        ((200, []), "expired", "unclear"),
    ],
)
async def test_what_sinch_answers_decides(tmp_path: Path, answer: tuple[int, Any], state: str, attempt: str) -> None:
    async with faxed(tmp_path, answer) as (exchange, provider, _):
        assert ([(state, attempt)], []) == (await states(exchange), provider.faxes)
