"""What every list can do, shown on that of leads: order, columns, saved views, new rows."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import ClientError, web

from exchange.web.front import make_front
from exchange.web.keys import MARKET, SETTINGS
from tests.market import buying
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.visitor import Page, Visitor, later, signed_in

LEADS = "/console/leads"


def headings(page: Page) -> list[str]:
    head = page.source.split("<thead>")[1].split("</thead>")[0]
    told = [re.sub(r"<[^>]+>|[↓↑]", "", each).strip() for each in re.findall(r"<th[^>]*>(.*?)</th>", head, re.S)]
    return [each for each in told if each != "Choose"]


async def prices(served: Served, *prices: str) -> list[str]:
    """A lead for each price it is sold at."""
    made = []
    for number, price in enumerate(prices):
        served.exchange.buyers.bids("acme", price)
        made.append((await sell(served, number))["lead_id"])
        later(served, 1)
    return made


async def shown(visitor: Visitor, path: str) -> list[str]:
    return (await visitor.open(path)).attributes("lead", "data-lead")


async def test_a_list_is_ordered_by_what_has_an_arrow_and_goes_on_in_that_order(served: Served) -> None:
    low, high, middle = await prices(served, "20.00", "40.00", "30.00")
    async with signed_in(served) as visitor:
        page = await visitor.open(LEADS)
        assert 'aria-sort="descending"><a href="/console/leads?sort=received">Received' in page.source
        assert [high, middle, low] == await shown(visitor, f"{LEADS}?sort=-revenue")
        assert [low, middle, high] == await shown(visitor, f"{LEADS}?sort=revenue")
        assert [low, high, middle] == await shown(visitor, f"{LEADS}?sort=received")
        told = (await visitor.open(f"{LEADS}.json?sort=-revenue&after=400000~{high}")).fields
        assert [middle, low] == [each["lead_id"] for each in told["leads"]]
        assert [middle, high, low] == await shown(visitor, f"{LEADS}?sort=-consumer")


async def test_columns_are_chosen_ordered_and_reset_by_each_for_themselves(served: Served) -> None:
    await prices(served, "20.00")
    async with signed_in(served) as visitor, signed_in(served, "otto@operator.example") as other:
        as_they_come = headings(await visitor.open(LEADS))
        form: dict[str, Any] = {
            "show:nonsense": "yes",
            "show:status": "yes",
            "place:status": "2",
            "show:revenue": "yes",
            "place:revenue": "1",
        }
        await visitor.submit("/console/lists/leads/columns", back=LEADS, **form)
        assert ["Consumer", "Revenue", "Status"] == headings(await visitor.open(LEADS))
        assert as_they_come == headings(await other.open(LEADS))
        await visitor.submit("/console/lists/leads/columns", back=LEADS, reset="yes")
        assert as_they_come == headings(await visitor.open(LEADS))


async def test_views_are_kept_shared_and_deleted_by_whoever_made_them(served: Served) -> None:
    await prices(served, "20.00")
    keep = "/console/lists/leads/views"
    async with signed_in(served) as visitor, signed_in(served, "otto@operator.example") as other:
        assert 422 == (await visitor.submit(keep, name="  ", query="state=AZ")).http_status
        await visitor.submit(keep, name="Mine", query="state=AZ&after=1~ld_1", back=LEADS)
        await visitor.submit(keep, name="Ours", query="status=sold&sort=-revenue", shared="yes", back=LEADS)
        page = await visitor.open(LEADS)
        assert {"/console/leads?state=AZ", "/console/leads?status=sold&amp;sort=-revenue"} <= set(links(page))
        page = await other.open(LEADS)
        assert ["/console/leads?status=sold&amp;sort=-revenue"] == links(page)
        drop = re.search(r'action="([^"]*/delete)"', (await visitor.open(LEADS)).source.split(">Ours<")[1])
        assert drop is not None
        assert 404 == (await other.submit(drop[1])).http_status
        await visitor.submit(drop[1], back=LEADS)
        assert [] == links(await other.open(LEADS))


def links(page: Page) -> list[str]:
    return re.findall(r'<a href="([^"]*)" data-testid="view">', page.source)


async def test_new_rows_are_counted_and_moved_in_by_no_one(served: Served) -> None:
    await served.exchange.add(*buying("birch"))
    await prices(served, "20.00", "20.00")
    async with signed_in(served) as visitor:
        page = await visitor.open(LEADS)
        (news,) = re.findall(r'data-news="([^"]*)"', page.source)
        assert {"new": 0, "or_more": False} == (await visitor.open(news)).fields
        await prices(served, "20.00")
        assert {"new": 1, "or_more": False} == (await visitor.open(news)).fields
        assert {"new": 0, "or_more": False} == (await visitor.open(f"{LEADS}/new.json?since=nonsense")).fields
        assert "data-news" not in (await visitor.open(f"{LEADS}?sort=-revenue")).source


async def test_the_first_page_after_the_sign_in_is_light(served: Served) -> None:
    await prices(served, "20.00", "30.00")
    async with signed_in(served) as visitor:
        page = await visitor.open("/console")
        paths = {"/console", *re.findall(r'"(/static/[^"]+)"', page.source)}
        loads = []
        for path in paths:
            async with visitor.session.get(served.address + path, headers={"Accept-Encoding": "gzip"}) as answer:
                loads.append(int(answer.headers.get("Content-Length", answer.content.total_bytes)))
                await answer.read()
        assert min(loads) > 0 and sum(loads) < 60 * 1024 and len(loads) >= 4


async def test_a_file_that_somebody_stops_loading_is_no_error(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    async def cut_short(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        assert request.transport is not None
        if request.path == "/left":
            request.transport.close()
            await response.write(b"a row")
        raise ConnectionResetError("of something else")

    app = web.Application(middlewares=[make_front(())])
    app[MARKET], app[SETTINGS] = served.app[MARKET], served.app[SETTINGS]
    app.add_routes([web.get("/left", cut_short), web.get("/stays", cut_short)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    for path, told in (("/left", []), ("/stays", ["A request failed"])):
        with suppress(ClientError):
            async with served.session.get("http://{}:{}{}".format(*runner.addresses[0][:2], path)) as answer:
                await answer.read()
        assert told == [each.getMessage() for each in caplog.records if each.name == "exchange.web.front"]
    await runner.cleanup()
