"""Returns as buyers and sellers see them, on their pages and by the API: each its own side, and no other's."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import orjson
from aiohttp import FormData

from exchange.flows.return_decide import Choice, decide_return
from exchange.flows.return_talk import question
from exchange.model.lead import Mode
from exchange.model.return_terms import ReturnTerms
from exchange.model.returns import ReturnState
from exchange.storage.returns import return_of
from tests.flows.lab import OPERATOR, owed, person, post, spent
from tests.market import (
    OPERATOR_KEY,
    Exchange,
    Key,
    buyer_key,
    buying,
    key_for_tests,
    live_key,
    open_exchange,
    operator,
    selling,
    usd,
)
from tests.web.served import Heard, Served, heard, serve_exchange
from tests.web.visitor import Page, Visitor, later, signed_in

DAY_S = 86_400
ACME, CEDAR = buyer_key("acme"), live_key("cedar")


async def market_of_two(exchange: Exchange, **changes: Any) -> str:
    """Acme bought a lead of cedar at $30."""
    await exchange.add(operator(), *selling("cedar"), *buying("acme", price=usd("30"), **changes))
    await exchange.add(*selling("dell"), *buying("birch", price=usd("5")))
    return str((await post(exchange, {**person(1), "seller_lead_id": "A-1"}))["lead_id"])


async def send(visitor: Visitor, page: str, path: str, *, file: bytes = b"", **fields: str) -> Page:
    """A form with a file, as a browser sends it."""
    form = FormData({"csrf": (await visitor.open(page)).token, **fields}, default_to_multipart=True)
    if file:
        form.add_field("file", file, filename="call.txt", content_type="text/plain")
    async with visitor.session.post(visitor.served.address + path, data=form) as response:
        return Page(response.status, response.headers, await response.text())


async def test_a_buyer_asks_on_its_page_with_its_allowance_in_sight_and_answers(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        terms = ReturnTerms(reasons=("wrong_number", "bogus_data"))
        lead_id = await market_of_two(exchange, returns=terms)
        async with signed_in(served, "ann@acme.example", "buyer", "acme") as visitor:
            assert "0 of 1 (15.0% of 1)" in (await visitor.open("/buyer/returns")).part("allowance")
            new = f"/buyer/returns/new?lead={lead_id}"
            shown = await visitor.open(new)
            assert "in 7 d. Of the leads of that month you asked 0 of 1 back" in shown.part("left").replace(
                "168 h", "7 d"
            )
            assert "Language" in shown.part("refused")
            wrong = await send(visitor, new, "/buyer/returns/new", lead=lead_id, reason="language")
            asked = await send(
                visitor, new, "/buyer/returns/new", lead=lead_id, reason="bogus_data", note="not she", file=b"hello"
            )
            assert (422, 200) == (wrong.http_status, asked.http_status)
            assert "A person decides it" in asked.text and "You wrote: not she" in asked.text

            return_id = str((await exchange.rows("SELECT id FROM return_requests"))[0]["id"])
            request = await exchange.market.db.read(return_of, return_id)
            assert request is not None
            await question(exchange.market, request, "Which number?", OPERATOR)
            path = f"/buyer/returns/{return_id}"
            assert "Which number?" in (await visitor.open(path)).part("question")
            assert 422 == (await send(visitor, path, path, answer=" ")).http_status
            answered = await send(visitor, path, path, answer="the second one")
            assert "You answered: the second one" in answered.text
            assert 409 == (await send(visitor, path, path, answer="again")).http_status
            assert "hello" == (await visitor.open(f"{path}/file")).source
            assert [return_id] == (await visitor.open("/buyer/returns")).attributes("return", "data-return")
            assert return_id in (await visitor.open("/buyer/returns.csv")).source
            narrowed = await visitor.open("/buyer/returns?state=waiting&contract=acme-solar&period=today")
            assert [return_id] == narrowed.attributes("return", "data-return")
            assert "Contract: Acme" in narrowed.text and "Contract: acme-solar" not in narrowed.text
            assert [] == (await visitor.open("/buyer/returns.json?state=granted")).fields["returns"]
            assert "Cedar" not in (await visitor.open(path)).source
        async with signed_in(served, "bob@birch.example", "buyer", "birch") as other:
            assert [404, 404, 404] == [
                (await other.open(each)).http_status
                for each in (path, f"{path}/file", f"/buyer/returns/new?lead={lead_id}")
            ]


async def test_outside_the_window_the_page_and_the_api_say_when_it_closed(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        lead_id = await market_of_two(exchange)
        later(served, 8 * DAY_S)
        async with signed_in(served, "ann@acme.example", "buyer", "acme") as visitor:
            late = await visitor.open(f"/buyer/returns/new?lead={lead_id}")
            assert (410, True) == (late.http_status, "It could be returned until Sat 28 Nov 2026" in late.text)

        told = await served.send(f"buyer/leads/{lead_id}/return", {"reason": "wrong_number"}, key=ACME)

        assert 422 == told.http_status
        assert "could be returned until 2026-11-28T14:34:08" in orjson.dumps(told["errors"]).decode()
        row = (await exchange.rows("SELECT state, rule FROM return_requests"))[0]
        assert {"state": "declined", "rule": "outside_window"} == row
        assert [] == (await served.get("returns", key=CEDAR))["returns"]


async def test_a_program_sends_its_evidence_with_what_it_asks_and_with_what_it_answers(tmp_path: Path) -> None:
    terms = ReturnTerms(evidence=(("wrong_person", "file"),))
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        lead_id = await market_of_two(exchange, returns=terms)
        path = f"buyer/leads/{lead_id}/return"
        lacking = await served.send(path, {"reason": "wrong_person"}, key=ACME)
        wrong = [
            await upload(served, path, content, media, reason="wrong_person")
            for content, media in (
                (b"MZ", "application/exe"),
                (b"x" * (2 * 1024**2 + 1), "text/plain"),
                (b"", "text/plain"),
            )
        ]
        asked = await upload(served, path, b"RIFF", "audio/wav", reason="wrong_person", note="her sister answered")
        assert [(422, "file")] * 4 == [(each.http_status, each["errors"][0]["field"]) for each in (lacking, *wrong)]
        assert (200, "call.wav", True) == (asked.http_status, asked["file"], asked["new"])
        assert any("attached call.wav and a note" in each["fact"] for each in asked["evidence"])

        request = await exchange.market.db.read(return_of, asked["return_id"])
        assert request is not None
        await question(exchange.market, request, "Which number?", OPERATOR)
        answered = await upload(served, f"returns/{asked['return_id']}/answer", b"8 seconds", "text/plain")
        assert (200, "asked") == (answered.http_status, answered.get("state")), answered.body
        async with signed_in(served) as operator:
            assert "8 seconds" == (await operator.open(f"/console/returns/{asked['return_id']}/file")).source


async def upload(served: Served, path: str, content: bytes, media: str, **fields: str) -> Heard:
    form = FormData(fields)
    form.add_field("file", io.BytesIO(content), filename="call.wav", content_type=media)
    headers = {"Authorization": f"Bearer {ACME}"}
    async with served.session.post(f"{served.address}/api/v1/{path}", data=form, headers=headers) as response:
        return await heard(response)


async def test_the_api_tells_each_side_its_own_and_keeps_both_names(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        lead_id = await market_of_two(exchange)
        path = f"buyer/leads/{lead_id}/return"
        asked = await served.send(path, {"reason": "wrong_person", "your_return_id": "R-9"}, key=ACME)
        again = await served.send(path, {"reason": "wrong_person", "your_return_id": "R-9"}, key=ACME)
        assert (True, False, "asked", "R-9") == (asked["new"], again["new"], asked["state"], asked["your_return_id"])
        assert 404 == (await served.send(path, {"reason": "wrong_person"}, key=buyer_key("birch"))).http_status
        noted = await served.send(path, {"reason": "no answer"}, key=ACME)
        assert ("disposition", True) == (noted["status"], "recorded as a disposition" in noted["message"])
        return_id = asked["return_id"]
        use = (await served.get("returns/allowance", key=ACME))["allowances"][0]
        assert (1, 1, 1, "15") == (use["used"], use["allowed"], use["bought"], use["percent"])

        reply = await served.send(
            f"returns/{return_id}/reply", {"message": "she signed", "your_return_id": "UP-1"}, key=CEDAR
        )
        assert ("UP-1", "A-1", "24.00") == (reply["your_return_id"], reply["seller_lead_id"], reply["earned"])
        assert "price" not in reply.fields and "acme" not in reply.body.decode().lower()
        assert 404 == (await served.get(f"returns/{return_id}", key=live_key("dell"))).http_status
        assert (
            404 == (await served.send(f"returns/{return_id}/reply", {"message": "x"}, key=live_key("dell"))).http_status
        )

        decide = f"returns/{return_id}/decide"
        assert 422 == (await served.send(decide, {"decision": "decline"}, key=OPERATOR_KEY)).http_status
        done = await served.send(decide, {"decision": "approve", "why": "ok"}, key=OPERATOR_KEY)
        twice = await served.send(decide, {"decision": "approve"}, key=OPERATOR_KEY)
        assert (200, 409, "return_over") == (done.http_status, twice.http_status, twice["reason"])
        assert ("0.00", "0.00") == (await spent(exchange, "acme"), await owed(exchange))
        later(served, 5)
        mine = (await served.get("returns", key=ACME))["returns"]
        assert [("approved", "30.00", None)] == [
            (each["state"], each["credit"], each.get("returned_amount")) for each in mine
        ]
        theirs = (await served.get("returns", key=CEDAR))["returns"]
        assert [("24.00", None)] == [(each["returned_amount"], each.get("credit")) for each in theirs]
        shown = key_for_tests("cedar")  # a posting page shows such a key to whoever has its address
        assert [] == (await served.get("returns?mode=live", key=shown))["returns"]
        assert 404 == (await served.get(f"returns/{return_id}", key=shown)).http_status
        assert 404 == (await served.send(f"returns/{return_id}/reply", {"message": "x"}, key=shown)).http_status
        assert 409 == (await served.send(f"returns/{return_id}/reply", {"message": "late"}, key=CEDAR)).http_status


async def test_a_buyers_test_key_says_and_asks_nothing_of_live_leads(tmp_path: Path) -> None:
    """`exchange key create --buyer` makes one unless a live one is asked for."""
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        lead_id = await market_of_two(exchange)
        await exchange.add(Key("bk_test_acme_0001", "buyer", "acme", Mode.TEST))
        word = {"lead_id": lead_id, "disposition": "sold"}
        told = [
            await served.send(path, fields, key="bk_test_acme_0001")
            for path, fields in (
                (f"buyer/leads/{lead_id}/return", {"reason": "language"}),
                (f"buyer/leads/{lead_id}/disposition", {"disposition": "sold"}),
                ("dispositions", word),
                ("dispositions/many", {"dispositions": [word]}),
            )
        ]
        csv = [
            await served.send(path, body=f"lead_id,reason\n{lead_id},language\n".encode(), key="bk_test_acme_0001")
            for path in ("returns/many", "dispositions/files")
        ]

        assert ([404, 404, 404, 200], 1) == ([each.http_status for each in told], told[3]["counts"]["not_found"])
        assert [(403, "error", "live_key_needed")] * 2 == [each.told for each in csv]
        assert [0, 0] == [await exchange.count(table) for table in ("return_requests", "dispositions")]


async def test_a_seller_reads_reason_and_evidence_and_replies_within_its_window(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        lead_id = await market_of_two(exchange, return_days=60)
        asked = await served.send(f"buyer/leads/{lead_id}/return", {"reason": "wrong_person"}, key=ACME)
        path = f"/seller/returns/{asked['return_id']}"
        async with signed_in(served, "sue@cedar.example", "seller", "cedar") as visitor:
            assert "A-1" in (await visitor.open("/seller/returns")).part("returns")
            shown = await visitor.open(path)
            assert "$24.00 is taken back" in shown.part("outcome") and "meets every filter" in shown.part("facts")
            assert "Acme" not in shown.source and "allowed for" not in shown.source
            form: Any = {"csrf": shown.token, "message": "she wrote to us"}
            assert "You replied: she wrote to us" in (await visitor.send(path, **form)).text
            await decide_return(exchange.market, asked["return_id"], Choice(ReturnState.APPROVED), OPERATOR)
            assert "$24.00 was taken back" in (await visitor.open(path)).part("outcome")
            assert "24.00" in (await visitor.open("/seller/returns.csv")).source
            assert 409 == (await visitor.send(path, **form)).http_status
        async with signed_in(served, "dan@dell.example", "seller", "dell") as other:
            assert 404 == (await other.open(path)).http_status
