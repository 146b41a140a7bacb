"""Returns by file: what each row would do is shown first; the same file twice changes nothing; a job does long ones."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path

import orjson
from aiohttp import FormData

from exchange import limits
from exchange.worker import run_jobs
from tests.flows.lab import owed, person, post, spent
from tests.market import buyer_key, buying, open_exchange, selling, usd
from tests.web.served import serve_exchange
from tests.web.visitor import Page, Visitor, signed_in


async def bring(visitor: Visitor, path: str, text: str) -> tuple[str, Page]:
    """Where the file is shown, and how."""
    form = FormData({"csrf": (await visitor.open(path)).token}, default_to_multipart=True)
    form.add_field("file", text.encode(), filename="r.csv", content_type="text/csv")
    async with visitor.session.post(visitor.served.address + path, data=form) as response:
        return response.url.path, Page(response.status, response.headers, await response.text())


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
            address, shown = await bring(visitor, "/buyer/returns/file", asks)
            assert "2 rows would be asked or recorded, 1 unchanged, 2 wrong or not matched." in shown.part("counts")
            assert 0 == await exchange.count("return_requests")
            done = await visitor.send(f"{address}/do", csrf=shown.token)
            again, asked = await bring(visitor, "/buyer/returns/file", asks)
            assert "2 rows done, 1 unchanged, 2 wrong" in done.part("done") and address == again
            assert "1 row would be asked or recorded, 2 unchanged, 2 wrong" in asked.part("counts")
            assert "2 rows done" in asked.part("done") and "Do it again for 1 row" in asked.part("counts")
            await visitor.send(f"{address}/do", csrf=asked.token)
            assert "no column" in (await bring(visitor, "/buyer/returns/file", "a,b\n1,2"))[1].part("problem")
            told = orjson.loads((await visitor.open(f"{address}.json")).source)
            assert ({"wrong": 2, "unchanged": 3, "would": 0, "done": 0}, True) == (told["counts"], told["done"])
        assert 1 == await exchange.count("return_requests") == await exchange.count("dispositions")

        return_id = (await exchange.rows("SELECT id FROM return_requests"))[0]["id"]
        decisions = f"return_id,decision,why,credit\n{return_id},part,half,10\nret_none,approve,,\n"
        async with signed_in(served) as operator:
            decided, shown = await bring(operator, "/console/returns/file", decisions)
            assert "Credit $10.00 in all, debit sellers $8.00." in shown.part("counts")
            assert "1 row done, 0 unchanged, 1 wrong" in (await operator.submit(f"{decided}/do", follow=True)).part(
                "done"
            )
            assert 404 == (await operator.open(address.replace("/buyer", "/console"))).http_status
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
        other = str((await post(exchange, person(2)))["lead_id"])
        reasons = ("no answer", "because", "language", "wrong person")  # a disposition, none at all, the ask, once more
        body = "\n".join(["lead_id,reason", *(f"{other},{reason}" for reason in reasons)]).encode()
        for query, outcome in (("?preview=yes", "would"), ("", "done")):
            told = await served.send(f"returns/many{query}", key=buyer_key("acme"), body=body, content_type="text/csv")
            assert [outcome, "wrong", outcome, "unchanged"] == [
                row["outcome"] for row in sorted(told["rows"], key=itemgetter("line"))
            ]
        bad = await served.send("returns/many", key=buyer_key("acme"), body=b"x", content_type="text/csv")
        assert (400, "bad_request") == (bad.http_status, bad["reason"])


async def test_many_more_by_the_api_are_queued_and_told_until_they_are_done(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")), *buying("birch", price=None))
        lead_id = str((await post(exchange, person(1)))["lead_id"])
        rows = [f"ld_none{number},language" for number in range(limits.RETURN_ROWS_AT_ONCE)]
        body = "\n".join(("lead_id,reason", f"{lead_id},language", *rows)).encode()
        key = buyer_key("acme")

        first = await served.send("returns/many?preview=yes", key=key, body=body, content_type="text/csv")
        path = f"returns/many/{first['file_id']}"
        going = await served.get(path, key=key)
        while await run_jobs(exchange.market):
            pass
        looked = await served.get(path, key=key)
        asked = await served.send("returns/many", key=key, body=body, content_type="text/csv")
        while await run_jobs(exchange.market):
            pass
        done = await served.get(path, key=key)

        assert [(202, "queued"), (202, "queued")] == [(each.http_status, each["status"]) for each in (first, asked)]
        assert ("look", 201, "record") == (going["doing"], going["rows_all"], asked["doing"])
        assert ("preview", 1, 200) == (looked["status"], looked["would"]["would"], looked["would"]["wrong"])
        assert ("ok", 1, 200) == (done["status"], done["counts"]["done"], done["counts"]["wrong"])
        assert (3, "ld_none0", "wrong") == tuple(done["rows"][0][name] for name in ("line", "lead_id", "outcome"))
        assert 1 == await exchange.count("return_requests")
        assert 404 == (await served.get(path, key=buyer_key("birch"))).http_status
