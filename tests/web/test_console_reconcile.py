"""Two books on a page: brought with a form, only what differs shown, each difference decided once."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from aiohttp import FormData

from exchange import limits
from tests.flows.lab import later
from tests.flows.reconciled import day, sold
from tests.web.served import Served
from tests.web.visitor import Page, Visitor, signed_in

HOME = "/console/reconcile"


async def bring(visitor: Visitor, text: str, token: str, party: str = "buyer:acme") -> tuple[Page, str]:
    """What is seen after it, and where that is."""
    form = FormData({"csrf": token, "party": party})
    form.add_field("file", BytesIO(text.encode()), filename="november.csv")
    async with visitor.session.post(visitor.served.address + HOME, data=form) as response:
        return Page(response.status, response.headers, await response.text()), response.url.path


async def book(served: Served) -> str:
    """Three sales, of which one is missing, one dearer and one written twice."""
    one, two, three = await sold(served.exchange, 3)
    later(served.exchange, 60)
    return (
        "Lead ID,Amount,Date\n"
        f"{one['lead_id']},$31.00,{day(one)}\n{two['lead_id']},30,{day(two)}\n{two['lead_id']},30,{day(two)}\n"
        f"ld_x,30,{day(three)}\n"
    )


async def test_a_book_is_compared_at_once_and_its_differences_are_decided(served: Served) -> None:
    text = await book(served)
    async with signed_in(served) as visitor:
        empty = await visitor.open(HOME)
        assert "No book yet" in empty.part("empty")
        nobody, _ = await bring(visitor, text, empty.token, "buyer:nobody")
        assert (422, True) == (nobody.http_status, "whose book" in nobody.part("problem"))
        assert 403 == (await bring(visitor, text, "made-up"))[0].http_status
        large, _ = await bring(visitor, "x" * (limits.DISPOSITION_FILE_BYTES + 1), empty.token)
        assert (422, True) == (large.http_status, "larger than 8 MB" in large.part("problem"))

        seen, address = await bring(visitor, text, empty.token)
        assert "1 agree" in seen.part("summary") and "4 differ" in seen.part("summary")
        for kind in ("price", "twice", "only_theirs", "only_ours"):
            assert "1 " in seen.part(f"group-{kind}")
        found = (await visitor.open(f"{address}.json")).fields
        assert ["price", "twice", "only_theirs", "only_ours"] == [line["kind"] for line in found["lines"]]
        assert ["1.00", "0.00", "30.00", "-30.00"] == [line["more"] for line in found["lines"]]
        lines = (await visitor.open(f"{address}.csv")).source.strip().splitlines()
        assert 5 == len(lines) and lines[0].startswith("number,kind,lead_id")

        compared = re.search(r'name="compared" value="(\d+)"', seen.source)
        assert compared is not None
        form: dict[str, Any] = {"csrf": seen.token, "kind": "price", "number": "1", "compared": compared[1]}
        stale = await visitor.send(f"{address}/decide", **{**form, "compared": "1"}, theirs="1", note="as agreed")
        assert (409, True) == (stale.http_status, "compared anew" in stale.part("problem"))
        why = await visitor.send(f"{address}/decide", **form, theirs="1", note=" ")
        assert (422, True) == (why.http_status, "Say why" in why.part("problem"))
        decided = await visitor.send(f"{address}/decide", **form, theirs="1", note="as agreed")
        assert "1 difference decided" in decided.part("done") and "as agreed" in decided.part("group-price")
        again = await visitor.send(f"{address}/decide", **form, ours="1", note="no")
        assert (409, True) == (again.http_status, "decided before" in again.part("problem"))
        assert "columns" not in decided.text
        listed = await visitor.open(HOME)
        assert "november.csv" in listed.part("books")
        (told,) = (await visitor.open(f"{HOME}.json?state=to_decide&party=buyer:acme")).fields["books"]
        assert (HOME, "november.csv") == (address.rpartition("/")[0], told["name"]) and told["waiting"]
        assert [] == (await visitor.open(f"{HOME}.json?state=done")).fields["books"]
        assert 2 == len((await visitor.open(f"{HOME}.csv?period=today")).source.splitlines())
    booked = await served.exchange.rows("SELECT units, source FROM postings WHERE reference LIKE 'adjustment:%'")
    assert [(10_000, "buyer:acme:prepaid")] == [(row["units"], row["source"]) for row in booked]


async def test_columns_and_days_can_be_said(served: Served) -> None:
    (row,) = await sold(served.exchange, 1)
    async with signed_in(served) as visitor:
        token = (await visitor.open(HOME)).token
        seen, address = await bring(visitor, f"who,what\n{row['lead_id']},30\n", token)
        assert "Say which column names the lead" in seen.part("problem")
        said: dict[str, Any] = {"csrf": seen.token, "column.0": "lead", "column.1": "price"}
        timeless = await visitor.send(f"{address}/compare", **said)
        assert (422, True) == (timeless.http_status, "have no time" in timeless.part("problem"))
        backwards = await visitor.send(f"{address}/compare", **said, since="2026-11-30", until="2026-11-01")
        assert "before the first" in backwards.part("problem")
        compared = await visitor.send(f"{address}/compare", **said, since="2026-11-01", until="2026-11-30")
        assert "Both books say the same" in compared.part("equal")
        assert 404 == (await visitor.open(f"{HOME}/rcn_00000000000000000000000000")).http_status
