"""Held leads, alerts and sub ids are decided on a page and by program, by operators alone, each with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exchange.model.party import ScreenRule
from exchange.worker import run_jobs
from tests.flows.lab import person, post
from tests.market import OPERATOR_KEY, Exchange, buyer_key, buying, open_exchange, operator, selling
from tests.web.served import Heard, Served, serve_exchange
from tests.web.visitor import signed_in

QUICK = {"sub_id1": "pop-19", "user_agent": "Mozilla/5.0 (Macintosh) Safari/605", "form_ms": "14000"}


async def held_lead(exchange: Exchange) -> str:
    await exchange.add(*buying("acme"), *selling("cedar", screen=ScreenRule(hold_at=40)), operator())
    exchange.buyers.bids("acme", "30.00")
    return str((await post(exchange, person(1, form_ms="5000", sub_id1="pop-19")))["lead_id"])


async def burst(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"), operator())
    for number in range(3):
        await post(exchange, person(number * 50, **QUICK))
    await run_jobs(exchange.market)


async def state_of(exchange: Exchange, lead_id: str) -> str:
    return str((await exchange.rows("SELECT state FROM leads WHERE id = :id", id=lead_id))[0]["state"])


async def test_a_held_lead_waits_on_the_page_until_somebody_approves_it(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        lead_id = await held_lead(exchange)
        shown = (await visitor.open("/console/screen")).text

        assert "50 fraud points" in shown and "The form was filled in very fast" in shown
        assert "Sandoval" not in shown and "602958" not in shown
        assert 1 == (await visitor.open("/console/screen.json")).fields["count"]
        path = f"/console/screen/held/{lead_id}"
        assert 422 == (await visitor.submit(path, decision="approve")).http_status
        assert 422 == (await visitor.submit(path, decision="perhaps", note="x")).http_status
        for personal in ("Called (602) 555-0142.", "maria@consumer.example answered."):
            refused = await visitor.submit(path, decision="approve", note=personal)
            assert 422 == refused.http_status and "no phone number and no email address" in refused.text
        assert 200 == (await visitor.submit(path, decision="approve", note="I called them.")).http_status
        await run_jobs(exchange.market)

        assert "sold" == await state_of(exchange, lead_id)
        assert 409 == (await visitor.submit(path, decision="refuse", note="Too late.")).http_status
        told = (await visitor.open(f"/console/leads/{lead_id}")).text
        assert "I called them." in told and "Fraud score 50" in told


async def test_a_burst_is_shown_closed_and_its_sub_id_blocked_and_let_in_again(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        await burst(exchange)
        (alert,) = (await visitor.open("/console/screen.json")).fields["alerts"]
        shown = (await visitor.open("/console/screen")).text

        assert ("burst", 3, "open") == (alert["kind"], alert["leads"], alert["state"]) and "Burst by pop-19" in shown
        given: Any = {"seller_id": "cedar", "sub_id": "pop-19"}
        path = f"/console/screen/alerts/{alert['alert_id']}"
        assert 422 == (await visitor.submit(path, decision="close")).http_status
        assert 200 == (await visitor.submit(path, decision="block", note="Junk.", **given)).http_status
        assert 409 == (await visitor.submit(path, decision="close", note="Again.")).http_status
        assert "sub_id_blocked" == (await post(exchange, person(900, sub_id1="pop-19")))["reason"]
        assert 422 == (await visitor.submit("/console/screen/blocks", decision="let_in", **given)).http_status
        back = await visitor.submit("/console/screen/blocks", decision="let_in", note="Mended.", **given)
        assert 200 == back.http_status
        assert 409 == (await visitor.submit("/console/screen/blocks", decision="let_in", note="x", **given)).http_status
        assert "accepted" == (await post(exchange, person(950, sub_id1="pop-19")))["status"]


async def by_program(served: Served, path: str, key: str = OPERATOR_KEY, **fields: str) -> Heard:
    if fields:
        return await served.send(f"screen{path}", fields, key=key)
    return await served.get(f"screen{path}", key=key)


async def test_the_same_by_program(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        lead_id = await held_lead(exchange)
        assert [lead_id] == [each["lead_id"] for each in (await by_program(served, ""))["held"]]

        assert 422 == (await by_program(served, f"/held/{lead_id}", decision="refuse")).http_status
        told = await by_program(served, f"/held/{lead_id}", decision="refuse", note="602-555-0142 is dead")
        assert [("note", "personal")] == [(each["field"], each["code"]) for each in told["errors"]]
        assert 401 == (await by_program(served, "", key=buyer_key("acme"))).http_status
        told = await by_program(served, f"/held/{lead_id}", decision="refuse", note="Nobody there.")
        assert ((200, "refused", None), "rejected") == (told.told, await state_of(exchange, lead_id))
        assert 404 == (await by_program(served, f"/held/{lead_id}", decision="approve", note="x")).http_status

        given = {"seller_id": "cedar", "sub_id": "pop-19", "note": "Junk."}
        done = await by_program(served, "/blocks", decision="block", **given)
        assert "blocked" == done["status"], done.fields
        assert "let_in" == (await by_program(served, "/blocks", decision="let_in", **given))["status"]
        assert "unchanged" == (await by_program(served, "/blocks", decision="let_in", **given))["status"]
        assert (
            422
            == (await by_program(served, "/blocks", decision="block", **{**given, "seller_id": "nobody"})).http_status
        )
        assert 404 == (await by_program(served, "/alerts/alr_none/close", note="x")).http_status


async def test_the_device_script_is_there_for_everybody(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        answer = await visitor.open("/device.js")

    assert 200 == answer.http_status and "exchangeDevice" in answer.source


async def test_a_campaigns_rule_is_changed_on_the_page_and_by_program(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        await exchange.add(*buying("acme"), *selling("cedar"), operator())
        given: Any = {"campaign_id": "cedar-solar", "refuse_at": "80", "hold_at": "40", "posts_per_thousand": "5"}
        for wrong in ({"note": ""}, {"note": "x", "refuse_at": "101"}, {"note": "x", "hold_at": "many"}):
            assert 422 == (await visitor.submit("/console/screen/rule", **{**given, **wrong})).http_status
        assert 200 == (await visitor.submit("/console/screen/rule", **given, note="New seller.")).http_status
        assert ScreenRule(80, 40, None, 5) == exchange.market.deals.campaigns["cedar-solar"].screen

        told = await by_program(served, "/campaigns/cedar-solar", hold_at="never", pings="2000", note="Well known now.")
        assert "saved" == told["status"]
        assert ScreenRule(80, None, 2_000, 5) == exchange.market.deals.campaigns["cedar-solar"].screen
        assert 422 == (await by_program(served, "/campaigns/cedar-solar", refuse_at="0", note="x")).http_status
        assert 404 == (await by_program(served, "/campaigns/none", refuse_at="90", note="x")).http_status
