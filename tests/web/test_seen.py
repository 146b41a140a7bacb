"""Where a person was seen, on the page of a lead; and which sellers send the same people."""

from __future__ import annotations

import csv
import io

from tests.flows.lab import later, post
from tests.flows.test_near_duplicates import BECKY, CARLOS, DAY, REBECCA
from tests.market import buying, selling, usd
from tests.web.served import Served
from tests.web.visitor import signed_in


async def test_a_leads_page_tells_where_its_person_was_seen_before_and_after(served: Served) -> None:
    exchange = served.exchange
    await exchange.add(*buying("acme", price=usd("20")), *selling("birch"))
    first = await post(exchange, REBECCA | {"sub_id1": "fb-12"}, seller="birch")
    later(exchange, 3 * 3_600)
    again = await post(exchange, BECKY)
    later(exchange, 3_600)
    spouse = await post(exchange, CARLOS)

    async with signed_in(served) as operator:
        page = await operator.open(f"/console/leads/{again['lead_id']}")
        twin = (await operator.open(f"/console/leads/{again['lead_id']}.json")).fields
        before = await operator.open(f"/console/leads/{first['lead_id']}")

    assert "First seen at Birch, sub ID fb-12, 3 h earlier" in page.part("seen")
    assert "Next seen at Cedar, 3 h later" in before.part("seen")
    assert first["lead_id"] == twin["duplicate_of"]
    told = {each["lead_id"]: (each["who"], each["seller"], each["status"], each["when"]) for each in twin["seen"]}
    assert ("same person", "Birch", "sold", "3 h earlier") == told[first["lead_id"]]
    assert ("same household", "Cedar", "sold", "60 min later") == told[spouse["lead_id"]]
    assert "The same person as a lead 3 h before" in page.part("timeline")
    for value in ("Riuz", "Carlos", "9587946", "carlos@mail.example"):
        assert value not in page.part("seen")


async def test_a_lead_of_somebody_new_has_no_such_part(served: Served) -> None:
    answer = await served.send("post", REBECCA)
    async with signed_in(served) as operator:
        page = await operator.open(f"/console/leads/{answer.fields['lead_id']}")
        twin = (await operator.open(f"/console/leads/{answer.fields['lead_id']}.json")).fields

    assert [] == twin["seen"] and 'data-testid="seen"' not in page.source


async def test_overlaps_of_sellers_are_counted_by_who_was_first(served: Served) -> None:
    exchange = served.exchange
    await exchange.add(*buying("acme", price=usd("20")), *selling("birch"))
    await post(exchange, REBECCA, seller="birch")
    await post(exchange, CARLOS)  # a household is no overlap
    later(exchange, 2 * 3_600)
    await post(exchange, BECKY)
    later(exchange, 31 * DAY)
    async with signed_in(served) as operator:
        old = (await operator.open("/console/overlaps.json")).fields
        await post(exchange, REBECCA | {"email": "rr@mail.example"}, seller="birch")
        later(exchange, 600)
        await post(exchange, BECKY)
        page = await operator.open("/console/overlaps?days=7")
        twin = (await operator.open("/console/overlaps.json?days=7")).fields
        table = await operator.open("/console/overlaps.csv?days=7")
        campaigns = await operator.open("/console/campaigns")
    async with signed_in(served, "ann@cedar.example", "seller", "cedar") as seller:
        assert 403 == (await seller.open("/console/overlaps")).http_status

    assert 0 == old["count"]
    pairs = {(each["first_seller"], each["later_seller"]): each for each in twin["overlaps"]}
    assert (1, 1, 1, 0, "10 min") == tuple(
        pairs["Birch", "Cedar"][name] for name in ("people", "of_leads", "refused", "sold", "average_gap")
    )
    rows = list(csv.DictReader(io.StringIO(table.source)))
    assert {"Birch", "Cedar"} == {row["later_seller"] for row in rows if row["first_seller"] == "Birch"}
    assert "10 min" in page.part("overlaps") and "/console/overlaps" in campaigns.source
