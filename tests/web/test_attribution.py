"""Tracking without sign-in, the page of attribution with its twins, and the calls of operators."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import FormData

from exchange.flows.adverts import keep_account, plan_conversions
from exchange.flows.attribution import make_link, trace_leads
from exchange.worker import run_jobs
from tests.flows.lab import OPERATOR, TIMED_OUT, later, person, post
from tests.flows.receivers import hook
from tests.market import OPERATOR_KEY, operator
from tests.web.served import Served
from tests.web.test_console_browser import NARROWEST, browsing
from tests.web.visitor import login_path, signed_in, stranger

LINK: dict[str, Any] = {
    "name": "Fall",
    "source": "google",
    "campaign": "fall",
    "creative": "h2",
    "target": "https://www.savings.example/",
}


async def sold(served: Served, **tags: str) -> None:
    assert "accepted" == (await post(served.exchange, person(1, **tags)))["status"]
    later(served.exchange, 1)
    await trace_leads(served.exchange.market)


async def test_a_click_is_counted_and_goes_on_and_nothing_else_does(served: Served) -> None:
    link = await make_link(served.exchange.market, LINK, OPERATOR)
    async with stranger(served) as visitor:
        clicked = await visitor.open(f"/t/c/{link.id}?gclid=g1&target=https://evil.example", follow=False)
        ahead = await visitor.session.get(
            f"{served.address}/t/c/{link.id}", headers={"Sec-Purpose": "prefetch"}, allow_redirects=False
        )
        gone = await visitor.open("/t/c/nothing-here", follow=False)

    assert (302, 302, 404) == (clicked.http_status, ahead.status, gone.http_status)
    location = clicked.headers["Location"]
    assert location.startswith("https://www.savings.example/?") and "evil" not in location
    assert "gclid=g1" in location and "click_id=clk_" in location
    assert "click_id" not in ahead.headers["Location"] and "Set-Cookie" not in clicked.headers
    assert [1] == [row["clicks"] for row in await served.exchange.rows("SELECT clicks FROM tracking_links")]


async def test_what_pages_tell_is_bounded_and_slowed_down(served: Served) -> None:
    async with stranger(served) as visitor:

        async def tell(body: bytes, **headers: str) -> int:
            async with visitor.session.post(f"{served.address}/t/e", data=body, headers=headers) as response:
                return response.status

        told = orjson.dumps({"utm_source": "mail", "page": "https://a.example/x?y=z", "visitor": "visitor-1"})
        assert [204, 400, 400, 400, 413] == [
            await tell(body) for body in (told, b"", b"[]", b'{"a"', b'{"a": "' + b"x" * 5_000 + b'"}')
        ]
        assert 204 == await tell(told, **{"Sec-GPC": "1"})
        async with visitor.session.get(f"{served.address}/t/p.gif?utm_source=img&visitor=visitor-1") as dot:
            assert (200, "image/gif", 42) == (dot.status, dot.content_type, len(await dot.read()))
        async with visitor.session.get(f"{served.address}/t/x.js") as script:
            assert b"sendBeacon" in await script.read() and "Set-Cookie" not in script.headers
        assert 429 in [await tell(told) for _ in range(40)]
    rows = await served.exchange.rows("SELECT source, visitor, page FROM touches ORDER BY at, id LIMIT 100")
    assert 30 >= len(rows) and {"a.example/x", ""} == {row["page"] for row in rows}
    assert 1 == len([row for row in rows if row["source"] == "img" and row["visitor"] is None])


async def test_the_page_and_its_twins_tell_the_same_sums(served: Served) -> None:
    await sold(served, utm_source="google", utm_campaign="fall", sub_id1="s1")
    async with signed_in(served) as visitor:
        media = await visitor.open("/console/media")
        made = await visitor.send("/console/media/links", csrf=media.token, **LINK)
        assert "Fall" in made.part("links")
        wrong = await visitor.send("/console/media/links", csrf=media.token, **{**LINK, "target": "nowhere"})
        assert (422, True) == (wrong.http_status, "target is an address" in wrong.part("problem"))

        async def bring(content: bytes, token: str) -> Any:
            form = FormData({"csrf": token, "currency": "USD"})
            form.add_field("file", content, filename="costs.csv")
            return await visitor.session.post(f"{served.address}/console/media/costs", data=form)

        file = b"day,source,campaign,cost\n2026-11-21,google,fall,10.25\n2026-11-20,mail,spring,1\n"
        texts = [await (await bring(file, media.token)).text() for _ in range(2)]
        assert "2 days of creatives are new" in texts[0] and "came before" in texts[1]
        assert 403 == (await bring(file, "x")).status
        assert 422 == (await bring(b"day\nx", media.token)).status
        page = await visitor.open("/console/attribution?by=campaign&model=markov")
        told = (await visitor.open(page.link("json"))).fields
        lines = (await visitor.open(page.link("csv"))).source.splitlines()
        assert ("25.00", "11.25", 1, 1) == (told["value"], told["cost"], told["leads"], told["conversions"])
        assert ["fall", "spring"] == [each["name"] for each in told["channels"]]
        assert {"conversions": "1.0000", "value": "25.00"} == told["channels"][0]["models"]["markov"]
        assert [{"week": "2026-11-16", "cohort": "25.00", "cash": "25.00"}] == told["weeks"]
        assert 3 == len(lines) and lines[1].startswith("fall,1,0,10.25,USD,1.0000,25.00")
        assert "$25.00" in page.part("sums") and "fall" in page.source
        assert "s1" in (await visitor.open("/console/attribution?by=sub_id")).source
        assert 422 == (await visitor.open("/console/attribution?from=x")).http_status
        assert "No lead came" in (await visitor.open("/console/attribution?from=2026-01-01&to=2026-01-02")).part(
            "empty"
        )
    async with signed_in(served, "al@acme.example", "buyer", "acme") as buyer:
        assert 403 == (await buyer.open("/console/attribution.json")).http_status


async def test_operators_say_costs_and_read_the_report_by_call(served: Served) -> None:
    await served.exchange.add(operator())
    cost = {"day": "2026-11-21", "source": "Google", "campaign": "fall", "cost": "10.25", "clicks": "7"}
    first = await served.send("media-costs", cost, key=OPERATOR_KEY)
    again = await served.send("media-costs", cost, key=OPERATOR_KEY)
    wrong = await served.send("media-costs", {**cost, "day": "today", "cost": "x"}, key=OPERATOR_KEY)
    report = await served.get("attribution?by=source", key=OPERATOR_KEY)

    assert ("kept", "10.25", "google", "unchanged") == (
        first["status"],
        first["cost"],
        first["source"],
        again["status"],
    )
    assert (422, ["day", "cost"]) == (wrong.http_status, [each["field"] for each in wrong["errors"]])
    assert ("10.25", "0.00", "google", 7) == (
        report["cost"], report["value"], report["channels"][0]["name"], report["channels"][0]["clicks"]
    )  # fmt: skip
    assert 422 == (await served.get("attribution?by=color", key=OPERATOR_KEY)).http_status
    assert 401 == (await served.get("attribution")).http_status


async def test_a_page_keeps_a_visitor_only_once_they_agreed(served: Served) -> None:
    async with browsing(served) as browser:
        context = await browser.new_context(viewport=NARROWEST)
        window = await context.new_page()
        body = f'<form><input name="visitor_id"></form><script src="{served.address}/t/x.js"></script>'

        async def fill(route: Any) -> None:
            await route.fulfill(status=200, content_type="text/html", body=body)

        await context.route("**/landing*", fill)
        async with window.expect_response("**/t/e"):
            await window.goto(f"{served.address}/landing?utm_source=mail")
        before = [cookie["name"] for cookie in await context.cookies()]
        async with window.expect_response("**/t/e"):
            await window.evaluate("exchangeConsent()")
        after = [cookie["name"] for cookie in await context.cookies()]
        field = await window.input_value('input[name="visitor_id"]')
        await window.goto(served.address + await login_path(served))
        await window.goto(f"{served.address}/console/attribution")
        assert await window.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        await window.goto(f"{served.address}/console/media")
        assert await window.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    assert ([], ["lx_visitor"], 36) == (before, after, len(field))
    rows = await served.exchange.rows("SELECT source, visitor FROM touches ORDER BY at, id")
    assert ["mail", "mail"] == [row["source"] for row in rows]
    assert [False, True] == sorted(row["visitor"] is not None for row in rows)


async def test_ad_accounts_are_kept_and_told_by_files(served: Served) -> None:
    fields: dict[str, Any] = {
        "platform": "google", "name": "Search", "account": "123", "action": "777", "verticals": "solar",
        "state": "by_file",
    }  # fmt: skip
    async with signed_in(served) as visitor:
        page = await visitor.open("/console/ad-accounts")
        wrong = await visitor.send("/console/ad-accounts", csrf=page.token, **{**fields, "verticals": "x"})
        assert (422, True) == (wrong.http_status, "verticals names" in wrong.part("problem"))
        kept = await visitor.send("/console/ad-accounts", csrf=page.token, **fields)
        (account,) = kept.attributes("account", "data-account")
        await sold(served, gclid="g-1")
        await plan_conversions(served.exchange.market)
        home = f"/console/ad-accounts/{account}"
        assert "1 waiting" in (await visitor.open("/console/ad-accounts")).part("account")
        told = (await visitor.open(f"{home}.json")).fields["conversions"]
        assert [("conversion", "waiting", "25.00")] == [(row["kind"], row["state"], row["value"]) for row in told]
        made = await visitor.send(f"{home}/file", csrf=page.token)
        assert "The file is made" in made.part("told") and "Conversions, CSV" in made.part("file")
        assert "Nothing waits" in (await visitor.send(f"{home}/file", csrf=page.token)).part("told")
        at = (await served.exchange.rows("SELECT ended_at FROM conversions"))[0]["ended_at"]
        assert "g-1,777," in (await visitor.open(f"{home}/file/{at}.csv")).source
        (body,) = (await visitor.open(f"{home}/file/{at}.json")).fields
        assert {"gclid": "g-1"} == body["events"][0]["adIdentifiers"]
        assert 404 == (await visitor.open(f"{home}/file/1.csv")).http_status
        assert 2 == len((await visitor.open(f"{home}.csv")).source.splitlines())
        named = (await visitor.open("/console/ad-accounts.json")).fields["accounts"]
        assert [("google", "by_file", {"sent": 1})] == [(row["platform"], row["state"], row["told"]) for row in named]
        ended = await visitor.send(home, csrf=page.token, **{**fields, "state": "ended"})
        assert "Ended" in ended.part("account")
    async with signed_in(served, "al@acme.example", "buyer", "acme") as buyer:
        assert 403 == (await buyer.open("/console/ad-accounts")).http_status


async def test_an_account_that_gives_no_answer_says_so_and_so_does_the_dashboard(served: Served) -> None:
    market = served.exchange.market
    fields = {
        "platform": "tiktok", "name": "Clips", "account": "C1", "action": "CompletePayment", "verticals": "solar",
        "hashed": "1", "access_token": "at-1", "url": hook("ember", ""),
    }  # fmt: skip
    await keep_account(market, fields, OPERATOR, tuple(served.exchange.settings.allowed_networks))
    await sold(served)
    await plan_conversions(market)
    served.exchange.buyers.answers_posts("ember", TIMED_OUT)
    await run_jobs(market)
    async with signed_in(served) as visitor:
        account = await visitor.open("/console/ad-accounts")
        dashboard = await visitor.open("/console")

    assert "1 word waits" in account.part("rests") and "An ad account is down" in dashboard.text
