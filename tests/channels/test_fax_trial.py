"""A fax tried out: the page as it will come out of the machine, and a real fax to one's own number."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from exchange.flows.trial import Trial, pick_lead, rendered, send, stand_in_contract
from exchange.model.actor import SYSTEM
from exchange.model.auction import Pending
from exchange.model.wire import FaxMessage
from tests.buyers.faxes import by_telnyx, public_of
from tests.channels.fax_providers import KEY, Telnyx, telnyx
from tests.channels.faxed import faxing
from tests.market import NOW, Exchange
from tests.web.served import Served
from tests.web.visitor import signed_in

TEST = "/console/connectors/granite/test"


@asynccontextmanager
async def ready(folder: Path) -> AsyncIterator[tuple[Exchange, Telnyx, Served]]:
    async with telnyx(NOW) as provider:
        document = by_telnyx(api=provider.base, public_key=public_of(provider.key))
        async with faxing(folder, document, {"telnyx_key": KEY}) as (exchange, served):
            yield exchange, provider, served


async def trial(exchange: Exchange, sample: str) -> Trial:
    market = exchange.market
    contract = stand_in_contract(market, "granite")
    lead = await pick_lead(market, contract, sample, SYSTEM)
    return Trial(contract, market.connections["granite"], "post", lead, sample=sample)


async def test_a_test_faxes_the_sample_to_ones_own_number_and_sells_nothing(tmp_path: Path) -> None:
    async with ready(tmp_path) as (exchange, provider, _):
        tried = await send(exchange.market, await trial(exchange, "3"), send_to="+14155550123")

        (fax,) = provider.faxes
        assert ("+14155550123", "Nguyễn Trần") == (fax.said["to"], fax.text.split("\n")[2])
        assert isinstance(tried.answer, Pending) and fax.id == tried.answer.reference
        assert [0, 0, 0] == [await exchange.count(table) for table in ("leads", "attempts", "deliveries")]


async def test_without_a_number_it_goes_where_the_connection_says(tmp_path: Path) -> None:
    async with ready(tmp_path) as (exchange, provider, _):
        message = rendered(exchange.market, await trial(exchange, "1"))
        assert isinstance(message, FaxMessage) and "+14809580133" == message.to

        await send(exchange.market, await trial(exchange, "1"))
        assert "+14809580133" == provider.faxes[0].said["to"]
        with pytest.raises(ValueError, match="write it like"):
            await send(exchange.market, await trial(exchange, "1"), send_to="me@us.example")


async def test_the_console_shows_the_page_and_asks_for_a_number(tmp_path: Path) -> None:
    async with ready(tmp_path) as (_, provider, served), signed_in(served) as operator:
        shown = await operator.open(f"{TEST}?lead=3")
        refused = await operator.submit(TEST, do="send", stage="post", lead="3", send_to="555")

        picture = re.search(r'<div class="drawn">(<svg .*?</svg>)</div>', shown.source, re.DOTALL)
        assert picture is not None
        assert "Nguyễn Trần" in html.unescape(picture[1])
        assert ("Send it to my number instead" in shown.source, "style=" in picture[1]) == (True, False)
        assert (422, []) == (refused.http_status, provider.faxes)
        assert "write it like +16025550142" in html.unescape(refused.source)


async def test_what_a_fax_has_no_use_for_is_not_asked_and_its_answer_is_told(tmp_path: Path) -> None:
    async with ready(tmp_path) as (_, _, served), signed_in(served) as operator:
        shown = await operator.open(TEST)
        taken = '{"data": {"id": "fax-0", "status": "queued"}}'
        sent = await operator.submit(TEST, do="read", stage="post", status="202", reply_body=taken)

    assert "The lead was sent; the receipt is still to come." in sent.text
    assert "there are no rules to write" in shown.text
    for page in (shown, sent):
        assert not any(each in page.text for each in ("Map a value", "Keep it as a sample", "Their ping ID"))
    assert 'for="seen-' not in sent.source
