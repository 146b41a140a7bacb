"""Something done with many leads: shown first, done once, by whoever may, in one line of the audit log."""

from __future__ import annotations

import csv
import io
from typing import Any

from exchange.flows.lead_bulk import Wish, do_many
from exchange.model.actor import SYSTEM
from tests.flows.arrived import worked
from tests.market import buying
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.visitor import OPERATOR, later, signed_in

BULK, SURE = "/console/leads/bulk", "/console/leads/bulk/sure"


async def unsold(served: Served, *numbers: int) -> list[str]:
    served.exchange.buyers.bids("acme", None)
    return [(await sell(served, number))["lead_id"] for number in numbers]


def chosen(*lead_ids: str) -> dict[str, Any]:
    return {f"id:{lead_id}": "yes" for lead_id in lead_ids}


async def states(served: Served) -> dict[str, str]:
    return {row["id"]: row["state"] for row in await served.exchange.rows("SELECT id, state FROM leads")}


async def test_unsold_leads_are_sold_again_once_to_those_who_were_not_asked(served: Served) -> None:
    sold = (await sell(served, 1))["lead_id"]
    leads = await unsold(served, 2, 3)
    await served.exchange.add(*buying("birch"))
    served.exchange.buyers.bids("birch", "30.00")
    later(served, 1)
    async with signed_in(served) as visitor:
        assert 422 == (await visitor.submit(BULK, act="resell")).http_status
        shown = await visitor.submit(BULK, act="resell", which="all", query="period=7d")
        assert "Sell 2 leads again" in shown.text and "left as they are" in shown.part("groups")
        assert 422 == (await visitor.submit(SURE, act="resell", which="all", why=" ")).http_status
        done = await visitor.submit(SURE, act="resell", which="all", why="Birch is new", follow=False)
        assert (303, "/console/leads") == (done.http_status, done.headers["Location"])
        await worked(served.exchange)
        assert {sold: "sold", **dict.fromkeys(leads, "sold")} == await states(served)
        assert "0 leads" in (await visitor.submit(BULK, act="resell", which="all")).text
    assert 3 == await served.exchange.count("sales")
    (line,) = await served.exchange.rows("SELECT * FROM audit_lines WHERE action = 'leads.resell'")
    assert OPERATOR == line["actor"] and '"leads":2' in line["after_json"]


async def test_tags_are_put_on_chosen_leads_and_found_by_them(served: Served) -> None:
    first, second = await unsold(served, 1, 2)
    async with signed_in(served) as visitor:
        page = await visitor.submit(SURE, act="tag", tag="Call <b>", why="Odd", **chosen(first))
        assert 422 == page.http_status and "small letters" in page.part("problem")
        await visitor.submit(SURE, act="tag", tag="Call  back", why="Odd", **chosen(first))
        told = (await visitor.open("/console/leads.json?tag=call back")).fields["leads"]
        assert [(first, ["call back"])] == [(each["lead_id"], each["tags"]) for each in told]
        await visitor.submit(SURE, act="untag", tag="call back", why="Done", **chosen(first, second))
        assert 0 == (await visitor.open("/console/leads.json?tag=call back")).fields["count"]


async def test_an_export_is_noted_and_personal_only_for_a_reason(served: Served) -> None:
    (lead,) = await unsold(served, 1)
    async with signed_in(served) as visitor:
        assert 422 == (await visitor.submit(SURE, act="export", which="all", personal="yes", why="")).http_status
        masked = await visitor.submit(SURE, act="export", which="all")
        opened = await visitor.submit(SURE, act="export", which="all", personal="yes", why="Request 7")
    (row,) = csv.DictReader(io.StringIO(opened.source))
    assert lead == row["lead_id"] and row["phone"].startswith("+1")
    assert lead in masked.source and row["phone"] not in masked.source
    assert 2 == len(await served.exchange.rows("SELECT id FROM audit_lines WHERE action = 'leads.exported'"))


async def test_erasing_tells_what_stays_and_asks_for_its_right(served: Served) -> None:
    sold = (await sell(served, 1))["lead_id"]
    async with signed_in(served) as visitor:
        shown = await visitor.submit(BULK, act="erase", **chosen(sold))
        assert "Erase 1 lead" in shown.text and "$25.00 of revenue and $20.00 of payouts" in shown.text
        await visitor.submit(SURE, act="erase", why="Request 8", **chosen(sold))
        page = await visitor.open("/console/leads?status=erased")
        assert [sold] == page.attributes("lead", "data-lead") and "Erased" in page.part("leads")
    again = Wish("erase", [sold], "Request 8")
    assert (0, 1) == await do_many(served.exchange.market, again, SYSTEM)
