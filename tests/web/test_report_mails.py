"""Saved reports: by mail at their time with their reader's rights, on the dashboard, and for analysts."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from exchange.flows.report_mail import next_time, plan_report_mails
from exchange.flows.sign_in import make_login_link
from exchange.model.wire import EmailMessage
from exchange.storage.users import UserRow, add_user
from exchange.worker import run_jobs
from tests.market import consumer
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.visitor import OPERATOR, Visitor, later, signed_in

HOME = "/console/analytics"
ANA = "ana@operator.example"


async def mailed(served: Served) -> list[EmailMessage]:
    """The reports that go out now."""
    before = len(served.exchange.buyers.mailed)
    await plan_report_mails(served.exchange.market)
    while await run_jobs(served.exchange.market):
        pass
    return [each for each in served.exchange.buyers.mailed[before:] if each.attachments]


async def let_in(served: Served, duty: str, email: str = ANA) -> None:
    market = served.exchange.market
    user = UserRow(market.ids.new("usr", market.clock.now()), email, "operator", None, duty)
    assert await market.db.write(add_user, user, market.clock.now())


async def saved(visitor: Visitor, name: str, query: str, **more: Any) -> str:
    """The id of a report kept under a name."""
    await visitor.submit("/console/lists/analytics/views", name=name, query=query, back=HOME, **more)
    page = await visitor.open(HOME)
    found = re.findall(r'name="report" value="([^"]+)"', page.source)
    assert found and name in page.text
    return str(found[0])


def test_reports_come_on_whole_hours_of_the_zone_whatever_the_season() -> None:
    zone = ZoneInfo("America/New_York")
    now = int(datetime(2026, 10, 31, 12, tzinfo=zone).timestamp()) * 1_000
    told = [
        datetime.fromtimestamp(next_time(every, 7, zone, now) / 1_000, zone) for every in ("daily", "weekly", "monthly")
    ]
    assert ["2026-11-01T07:00:00-05:00", "2026-11-02T07:00:00-05:00", "2026-11-01T07:00:00-05:00"] == [
        each.isoformat() for each in told
    ]


async def test_a_report_is_mailed_at_its_time_to_whom_may_read_it_and_no_more_when_unsubscribed(served: Served) -> None:
    await let_in(served, "analyst")
    for number in range(3):
        await sell(served, number)
    async with signed_in(served) as visitor:
        report = await saved(visitor, "By seller", "by=seller&period=7d", shared="yes")
        told = await visitor.submit(f"{HOME}/mail", report=report, every="daily", hour="7", to=ANA, back=HOME)
        assert 200 == told.http_status
        for every, hour, to, words in (
            ("often", "7", "", "every: choose"),
            ("daily", "30", "", "hour:"),
            ("daily", "7", "no@body.example", "to: nobody"),
        ):
            bad = await visitor.submit(f"{HOME}/mail", report=report, back=HOME, every=every, hour=hour, to=to)
            assert (422, True) == (bad.http_status, words in bad.text)
    assert not await mailed(served)
    later(served, 86_400)
    (mail,) = await mailed(served)
    assert ((ANA,), True) == (mail.to, "By seller" in mail.subject)
    assert "Cedar" in mail.text and "$75.00" in mail.text and "In all" in mail.text
    assert mail.attachments[0].content.decode().startswith("seller,seller_name,leads")
    for number in range(3):
        assert consumer(number)["phone"] not in mail.text and consumer(number)["email"] not in mail.text
    assert not await mailed(served)  # once
    later(served, 3 * 86_400)
    assert 1 == len(await mailed(served))  # those missed come as one
    link = re.search(r"http\S+(/console/analytics\S+)", mail.text)
    assert link is not None and "from=2026-11-16&to=2026-11-22" in link[1]
    async with signed_in(served, ANA) as ana:
        exact = await ana.open(link[1])
        assert 200 == exact.http_status and "3" in exact.part("rows")
        stop = mail.unsubscribe.replace(served.exchange.market.public_url, "")
        assert "brings saved reports" in (await ana.open(stop)).text
        assert "by mail again" in (await ana.send(stop)).text
    async with signed_in(served) as visitor:
        bad = await visitor.submit(f"{HOME}/mail", report=report, every="daily", hour="7", to=ANA, back=HOME)
        assert (422, True) == (bad.http_status, "want no reports by mail" in bad.text)
    later(served, 86_400)
    assert not await mailed(served)
    async with signed_in(served, ANA) as ana:
        await ana.submit(f"{HOME}/mail", report=report, every="daily", hour="7", back=HOME)
    later(served, 86_400)
    assert 1 == len(await mailed(served))


async def test_analysts_ask_anything_see_nobody_and_mail_themselves_alone(served: Served) -> None:
    await sell(served, 1)
    await let_in(served, "analyst")
    async with signed_in(served) as visitor:
        await visitor.open(f"/login/{await make_login_link(served.exchange.market, ANA)}")
        page = await visitor.open(f"{HOME}?by=buyer&then=zip3&measures=leads,bids,revenue&view=rows")
        hrefs = [unescape(each) for each in re.findall(r'<a href="([^"]+)" data-testid="figure"', page.source)]
        assert len(hrefs) >= 2
        for href in [f"{HOME}.json?by=field.homeowner", f"{HOME}.csv?by=zip3", *hrefs]:
            shown = await visitor.open(href)
            assert 200 == shown.http_status
            for value in (consumer(1)["phone"], consumer(1)["email"], consumer(1)["last_name"], consumer(1)["address"]):
                assert value not in shown.source
        report = await saved(visitor, "Mine", "by=day")
        assert (
            200
            == (await visitor.submit(f"{HOME}/mail", report=report, every="weekly", hour="6", back=HOME)).http_status
        )
        refused = await visitor.submit(f"{HOME}/mail", report=report, every="daily", hour="6", to=OPERATOR, back=HOME)
        assert (422, True) == (refused.http_status, "owner" in refused.text)


async def test_a_pinned_report_is_on_its_owners_dashboard(served: Served) -> None:
    await sell(served, 1)
    async with signed_in(served) as visitor:
        report = await saved(visitor, "Sales by day", "by=day&period=7d&show=revenue")
        await visitor.submit(f"{HOME}/pin", report=report, on="yes", back=HOME)
        assert "Sales by day" in (await visitor.open("/console")).part("pinned")
        assert 404 == (await visitor.submit(f"{HOME}/pin", report="viw_none", on="yes", back=HOME)).http_status
        await visitor.submit(f"{HOME}/pin", report=report, back=HOME)
        assert 'data-testid="pinned"' not in (await visitor.open("/console")).source
