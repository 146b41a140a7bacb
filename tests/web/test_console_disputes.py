"""A mail that came back after its lead was sold is seen by people, and they say whether the sale stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange.connector import Receipt
from exchange.flows.receipts import take_receipt
from tests.flows.lab import attempts, post, spent
from tests.flows.test_deliver import opened, settle_down
from tests.later_buyers import TAKEN
from tests.market import Exchange, open_exchange
from tests.web.served import serve_exchange
from tests.web.visitor import Visitor, signed_in

HEARD = "leads@birch.example: 550 5.1.1 User unknown"


async def came_back(exchange: Exchange) -> str:
    """Birch bought a lead, and its mail bounced."""
    await opened(exchange)
    exchange.buyers.answers_posts("birch", TAKEN)
    await post(exchange)
    await settle_down(exchange)
    attempt_id = str((await attempts(exchange))[0]["id"])
    await take_receipt(exchange.market, "birch", Receipt("e1", "bounced", reference=attempt_id, detail=HEARD))
    return attempt_id


async def waits(visitor: Visitor) -> tuple[int, str]:
    """How many the list tells, and what the page shows."""
    told = (await visitor.open("/console/disputes.json")).fields
    return told["count"], (await visitor.open("/console/disputes")).text


async def test_it_waits_where_people_look_and_stands_when_they_say_so(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        attempt_id = await came_back(exchange)

        count, shown = await waits(visitor)
        assert (1, True, True) == (count, "1 dispute to decide" in shown, HEARD in shown)
        assert "1 sale came back" in (await visitor.open("/console/unclear")).part("disputed")
        narrowed = await visitor.open("/console/disputes.csv?channel=email&buyer=birch&period=today&sort=-price")
        assert f"{attempt_id},{(await attempts(exchange))[0]['lead_id']},Birch" in narrowed.source
        assert 0 == (await visitor.open("/console/disputes.json?channel=fax")).fields["count"]
        assert "No disputes match" in (await visitor.open("/console/disputes?channel=fax")).part("empty")
        home = (await visitor.open("/console")).text
        assert "1 delivery came back after the sale" in home and "$30.00 of sales that stand" in home

        path = f"/console/disputes/{attempt_id}"
        assert 422 == (await visitor.submit(path, decision="stands")).http_status
        assert 200 == (await visitor.submit(path, decision="stands", note="told by phone")).http_status

        assert (0, "30.00") == ((await waits(visitor))[0], await spent(exchange, "birch"))
        lead = (await visitor.open(f"/console/leads/{(await attempts(exchange))[0]['lead_id']}")).text
        assert "Its sale stands although it came back: told by phone" in lead and "came back" in lead
        done = await exchange.rows("SELECT action FROM audit_lines WHERE action = 'delivery.stands'")
        assert ["delivery.stands"] == [row["action"] for row in done]
        assert 409 == (await visitor.submit(path, decision="stands", note="again")).http_status


async def test_undoing_gives_the_money_back_and_the_lead_goes_on(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        attempt_id = await came_back(exchange)

        answer = await visitor.submit(f"/console/disputes/{attempt_id}", decision="undo", note="nobody got it")

        assert (200, 0, "0.00") == (answer.http_status, (await waits(visitor))[0], await spent(exchange, "birch"))
        row = (await exchange.rows("SELECT state FROM deliveries"))[0]
        assert ("bounced", "failed") == (row["state"], (await attempts(exchange))[0]["state"])


@pytest.mark.parametrize("path", ["/console/disputes/dlv_none", "/console/disputes/dlv_%27"])
async def test_what_is_no_dispute_is_told(tmp_path: Path, path: str) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        await came_back(exchange)

        for word in ("stands", "undo"):
            assert (await visitor.submit(path, decision=word, note="x")).http_status in (404, 409)
