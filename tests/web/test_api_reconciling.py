"""Books beside ours by program: brought, compared, read page by page, decided once."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import FormData

from tests.flows.reconciled import day, sold
from tests.market import OPERATOR_KEY, buyer_key, operator
from tests.web.served import Served

HOME = "/api/v1/reconciliations"


async def bring(served: Served, text: str, key: str = OPERATOR_KEY, **fields: str) -> tuple[int, dict[str, Any]]:
    form = FormData(fields)
    form.add_field("file", text.encode(), filename="november.csv")
    headers = {"X-Api-Key": key}
    async with served.session.post(served.address + HOME, data=form, headers=headers) as response:
        return response.status, orjson.loads(await response.read())


async def test_a_book_is_brought_read_and_decided_by_program(served: Served) -> None:
    await served.exchange.add(operator())
    one, two, three = await sold(served.exchange, 3)
    text = f"who,what,when\n{one['lead_id']},31.00,{day(one)}\n{two['lead_id']},30,{day(two)}\nld_x,30,{day(three)}\n"
    columns = '{"who": "lead", "what": "price"}'

    status, told = await bring(served, text, party="buyer:acme", columns=columns)
    assert (200, 1, 3, 3) == (status, told["agreed"], told["differences"], told["waiting"])
    assert ("90.00", "91.00") == (told["ours"], told["theirs"])
    assert {"who": "lead", "what": "price", "when": "at"} == told["columns"]
    assert 422 == (await bring(served, text, party="buyer:nobody"))[0]
    assert 422 == (await bring(served, text, party="buyer:acme", columns='{"odd": "lead"}'))[0]
    assert 401 == (await bring(served, text, buyer_key("acme"), party="buyer:acme"))[0]

    name = f"reconciliations/{told['reconciliation_id']}"
    first = await served.get(f"{name}/differences?limit=2", key=OPERATOR_KEY)
    rest = await served.get(f"{name}/differences?after={first['next']}", key=OPERATOR_KEY)
    found = [*first["differences"], *rest["differences"]]
    assert [("price", "1.00"), ("only_theirs", "30.00"), ("only_ours", "-30.00")] == [
        (each["kind"], each["more"]) for each in found
    ]
    assert (True, False) == (first["more"], rest["more"])

    said = {"word": "theirs", "note": "their invoice", "number": "1"}
    decided = [await served.send(f"{name}/decide", said, key=OPERATOR_KEY) for _ in range(2)]
    assert [1, 0] == [each["decided"] for each in decided]
    many = await served.send(f"{name}/decide", {"word": "ours", "note": "so", "kind": "only_ours"}, key=OPERATOR_KEY)
    assert 1 == many["decided"]
    for wrong in ({**said, "word": "mine"}, {**said, "note": ""}, {**said, "kind": "price"}, {"word": "ours"}):
        assert 422 == (await served.send(f"{name}/decide", wrong, key=OPERATOR_KEY)).http_status
    gone = await served.send(f"{name}/decide", {**said, "number": "99"}, key=OPERATOR_KEY)
    again = await served.send(f"{name}/compare", {}, key=OPERATOR_KEY)
    assert (409, 409) == (gone.http_status, again.http_status)

    waiting = await served.get(f"{name}/differences?waiting=yes", key=OPERATOR_KEY)
    assert ["only_theirs"] == [each["kind"] for each in waiting["differences"]]
    listed = await served.get("reconciliations", key=OPERATOR_KEY)
    assert [1] == [each["waiting"] for each in listed["reconciliations"]]
    assert 404 == (await served.get("reconciliations/rcn_0", key=OPERATOR_KEY)).http_status
    booked = await served.exchange.rows("SELECT units FROM postings WHERE reference LIKE 'adjustment:%'")
    assert [10_000] == [row["units"] for row in booked]
