"""Returns by file: what each row would do is shown first; the same file twice changes nothing."""

from __future__ import annotations

from pathlib import Path

from aiohttp import FormData

from tests.flows.lab import owed, person, post, spent
from tests.market import buyer_key, buying, open_exchange, selling, usd
from tests.web.served import serve_exchange
from tests.web.visitor import Page, Visitor, signed_in


async def bring(visitor: Visitor, path: str, text: str, *, sure: bool = False) -> Page:
    form = FormData({"csrf": (await visitor.open(path)).token}, default_to_multipart=True)
    if sure:
        form.add_field("sure", "yes")
        form.add_field("text", text)
    else:
        form.add_field("file", text.encode(), filename="r.csv", content_type="text/csv")
    async with visitor.session.post(visitor.served.address + path, data=form) as response:
        return Page(response.status, response.headers, await response.text())


async def test_a_buyer_asks_and_an_operator_decides_by_file(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
        leads = [str((await post(exchange, person(number)))["lead_id"]) for number in (1, 2, 3)]
        asks = "\n".join(
            [
                "Lead;Reason;Note",
                f'{leads[0]};Wrong person;"a\nb"',
                f"{leads[1]};no answer;",
                f"{leads[2]};because;",
                "ld_none;language;",
                f"{leads[0]};language;",
            ]
        )
        async with signed_in(served, "ann@acme.example", "buyer", "acme") as visitor:
            shown = await bring(visitor, "/buyer/returns/file", asks)
            assert "2 rows would be asked or recorded, 1 unchanged, 2 wrong or not matched." in shown.part("counts")
            assert 0 == await exchange.count("return_requests")
            first = await bring(visitor, "/buyer/returns/file", asks, sure=True)
            again = await bring(visitor, "/buyer/returns/file", asks, sure=True)
            assert "2 rows done, 1 unchanged, 2 wrong" in first.part("counts")
            assert "0 rows done, 3 unchanged, 2 wrong" in again.part("counts")
            assert "no column" in (await bring(visitor, "/buyer/returns/file", "a,b\n1,2")).part("problem")
        assert 1 == await exchange.count("return_requests") == await exchange.count("dispositions")

        return_id = (await exchange.rows("SELECT id FROM return_requests"))[0]["id"]
        decisions = f"return_id,decision,why,credit\n{return_id},part,half,10\nret_none,approve,,\n"
        async with signed_in(served) as operator:
            shown = await bring(operator, "/console/returns/file", decisions)
            assert "Credit $10.00 in all, debit sellers $8.00." in shown.part("counts")
            for told in ("1 row done, 0 unchanged, 1 wrong", "0 rows done, 1 unchanged, 1 wrong"):
                assert told in (await bring(operator, "/console/returns/file", decisions, sure=True)).part("counts")
        assert ("80.00", "64.00") == (await spent(exchange, "acme"), await owed(exchange))


async def test_many_by_the_api_with_a_preview(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
        lead_id = str((await post(exchange, person(1)))["lead_id"])
        body = f"lead_id,reason,your_return_id\n{lead_id},language,R-1\n".encode()

        outcomes = []
        for query in ("?preview=yes", "", ""):
            told = await served.send(f"returns/many{query}", key=buyer_key("acme"), body=body, content_type="text/csv")
            outcomes.append(told["rows"][0]["outcome"])

        assert ["would", "done", "unchanged"] == outcomes
        bad = await served.send("returns/many", key=buyer_key("acme"), body=b"x", content_type="text/csv")
        assert (400, "bad_request") == (bad.http_status, bad["reason"])
