"""A buyer's own pages: what it bought, what it may change, the switch, both sides of deliveries, keys. Only its own."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager

from axe_playwright_python.async_playwright import Axe

from exchange.model.party import Cap, State, Window
from exchange.model.wire import Loss, Lost
from tests.flows.lab import person, post
from tests.market import REFUSED, buying
from tests.web.served import Served
from tests.web.test_console_browser import NARROW, WIDE, browsing
from tests.web.test_form_browser import WCAG
from tests.web.visitor import Visitor, login_path, signed_in

TERMS = "/buyer/contracts/acme-solar"


def buyer(served: Served) -> AbstractAsyncContextManager[Visitor]:
    """Somebody of acme's."""
    return signed_in(served, "ann@acme.example", "buyer", "acme")


async def test_home_tells_today_and_everything_is_reached_from_it(served: Served) -> None:
    exchange = served.exchange
    await exchange.add(*buying("acme", caps=(Cap(Window.DAY, "count", 2),)))
    exchange.buyers.bids("acme", "25.00")
    for number in range(3):
        await post(exchange, person(number))
    async with buyer(served) as ann:
        home = await ann.open("/buyer")
        pages = [await ann.open(path) for path in ("/buyer/contracts", TERMS, f"{TERMS}/missed", "/buyer/deliveries",
                                                   "/buyer/webhooks", "/buyer/keys", "/buyer/switch")]  # fmt: skip
        missed = (await ann.open(f"{TERMS}/missed.json")).fields

    assert "2 leads" in home.part("figures") and "$50.00" in home.part("figures") and "$950.00" in home.part("figures")
    assert "Its cap of the day: 1 lead" in home.part("missed") and "about $25.00" in home.part("missed")
    assert [200] * 7 == [each.http_status for each in pages]
    assert {"cap:day": 1} == {each["check"]: each["leads"] for each in missed["checks"]}
    for path in ("/buyer/contracts", "/buyer/deliveries", "/buyer/webhooks", "/buyer/switch"):
        assert f'href="{path}"' in home.source


async def test_only_its_own(served: Served) -> None:
    await served.exchange.add(*buying("birch"))
    served.exchange.buyers.bids("birch", "25.00")
    served.exchange.buyers.bids("acme", None)
    await post(served.exchange)
    [attempt] = await served.exchange.rows("SELECT id FROM attempts")
    async with buyer(served) as ann:
        theirs = [
            await ann.open("/buyer/contracts/birch-solar"),
            await ann.open("/buyer/contracts/birch-solar/missed"),
            await ann.open("/buyer/contracts/birch-solar/switch"),
            await ann.open(f"/buyer/deliveries/{attempt['id']}"),
            await ann.submit(f"/buyer/deliveries/{attempt['id']}/resend", follow=True),
            await ann.submit("/buyer/contracts/birch-solar", cap_day_count="1", follow=True),
            await ann.submit("/buyer/contracts/birch-solar/switch", **{"for": "open"}, follow=True),
            await ann.submit("/buyer/contracts/birch-solar/request", request="More", follow=True),
        ]
        listed = (await ann.open("/buyer/deliveries.json")).fields

    assert [404] * len(theirs) == [each.http_status for each in theirs]
    assert [] == listed["deliveries"]
    assert 1 == served.exchange.market.deals.contracts["birch-solar"].version


async def test_it_changes_what_it_may_and_asks_for_the_rest(served: Served) -> None:
    market = served.exchange.market
    await post(served.exchange)
    async with buyer(served) as ann:
        page = await ann.open(TERMS)
        rule = {"f.0.1.field": "state", "f.0.1.op": "one_of", "f.0.1.v": "NV"}
        looked = await ann.submit(TERMS, **rule, do="look", follow=True)
        saved = await ann.submit(
            TERMS, **rule, cap_day_count="7", max_bid="999", tier="9", do="save", seen="1", follow=True
        )
        asked = await ann.submit(f"{TERMS}/request", request="Please pay by rule.", follow=True)
        wrong = await ann.submit(f"{TERMS}/request", request="call 602 958 0142", follow=True)
    async with signed_in(served) as operator:
        listed = await operator.open("/console/buyers")
        [row] = await served.exchange.rows("SELECT id FROM change_requests")
        path = f"/console/buyers/acme/requests/{row['id']}"
        silent = await operator.submit(path, decision="declined", follow=True)
        await operator.submit(path, decision="done", answer="Since today.", follow=True)
        twice = await operator.submit(path, decision="declined", answer="No.", follow=True)
    async with buyer(served) as ann:
        told = await ann.open(TERMS)

    assert "Set by the exchange" in page.text and "Priority" not in page.text and "cedar" not in page.source.lower()
    assert "Matches 0 of the last 7 days' 1 lead" in looked.part("matches")
    now = market.deals.contracts["acme-solar"]
    assert "Version 2 is in force." in saved.text
    assert ((Cap(Window.DAY, "count", 7),), "60.00", 1) == (now.caps, now.max_bid.text, now.tier)
    assert "Please pay by rule." in asked.part("asked") and 422 == wrong.http_status
    assert "asks for a change" in listed.text
    assert 422 == silent.http_status and 409 == twice.http_status
    assert "Done" in told.part("asked") and "Since today." in told.part("asked")


async def test_the_switch_stops_everything_and_a_vacation_ends_by_itself(served: Served) -> None:
    exchange = served.exchange
    await exchange.add(*buying("birch"))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.bids("birch", "20.00")
    async with buyer(served) as ann:
        away = await ann.submit("/buyer/switch", **{"for": "date"}, day="2026-11-23", follow=True)
        first = await post(exchange, person(1))
        back = await ann.submit("/buyer/switch", **{"for": "resume"}, follow=True)
        second = await post(exchange, person(2))
        wrong = await ann.submit("/buyer/switch", **{"for": "date"}, day="2026-11-01", follow=True)
        one = await ann.submit(f"{TERMS}/switch", **{"for": "hour"}, follow=True)
    async with signed_in(served) as operator:
        await operator.submit("/console/buyers/acme/pause", **{"for": "open"}, reason="Unpaid", follow=True)
    async with buyer(served) as ann:
        told = await ann.open("/buyer")
        kept = await ann.submit("/buyer/switch", **{"for": "resume"}, follow=True)

    assert "On vacation until Mon 23 Nov, 00:00 EST" in away.part("standing")
    buyers = {row["lead_id"]: row["buyer_id"] for row in await exchange.rows("SELECT lead_id, buyer_id FROM sales")}
    assert ("birch", "acme") == (buyers[first["lead_id"]], buyers[second["lead_id"]])
    assert "Active" in back.part("standing") and 422 == wrong.http_status
    assert "Paused" in one.part("contracts")
    assert "Unpaid" in told.part("standing")
    assert 422 == kept.http_status and "exchange resumes it" in kept.part("problem")
    assert State.PAUSED is exchange.market.deals.buyers["acme"].state


async def test_a_delivery_shows_both_sides_and_goes_again_once(served: Served) -> None:
    exchange = served.exchange
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.answers_posts("acme", Lost(Loss.CONNECT, "The buyer refuses connections."))
    await post(exchange, person(1))
    exchange.buyers.answers_posts("acme", REFUSED)
    await post(exchange, person(2))
    async with buyer(served) as ann:
        listed = await ann.open("/buyer/deliveries")
        failed = (await ann.open("/buyer/deliveries.json?state=failed")).fields["deliveries"]
        refused = (await ann.open("/buyer/deliveries.json?state=refused")).fields["deliveries"]
        one = await ann.open(f"/buyer/deliveries/{refused[0]['delivery_id']}")
        sent = await ann.submit("/buyer/deliveries/resend", since="24", follow=True)
        again = await ann.submit("/buyer/deliveries/resend", since="24", follow=True)
        references = await exchange.rows("SELECT id, reference FROM attempts")
        await exchange.add(*buying("birch"))
        exchange.buyers.bids("birch", "25.00")
        sold_on = await post(exchange, person(3))  # to birch, after acme refused it
        later = await ann.open("/buyer/deliveries")
        [gone] = await exchange.rows(
            "SELECT id FROM attempts WHERE lead_id = :id AND buyer_id = 'acme'", id=sold_on["lead_id"]
        )
        opened = await ann.open(f"/buyer/deliveries/{gone['id']}")

    assert 2 == listed.source.count('data-testid="resend-dlv')
    assert gone["id"] in later.source and f"resend-{gone['id']}" not in later.source + opened.source
    assert "Failed" in listed.part("deliveries") and "Refused" in listed.part("deliveries")
    assert (1, 1) == (len(failed), len(refused))
    assert "Ping, Acme solar" in one.text and "Post, Acme solar" in one.text and "How it was read" in one.text
    assert "6029580002" not in one.source, "it did not buy this lead"
    assert "1 delivery is sent again." in sent.part("told")
    assert "0 deliveries are sent again." in again.part("told")
    assert len({row["reference"] for row in references}) == len(references) == 2


async def test_the_cap_it_sets_is_filled_and_never_passed_by_two_hundred_leads_at_once(served: Served) -> None:
    async with buyer(served) as ann:
        await ann.submit(TERMS, cap_day_count="20", seen="1", do="save", follow=True)
    served.exchange.buyers.bids("acme", "1.00")

    await asyncio.gather(*(post(served.exchange, person(number)) for number in range(200)))

    assert 20 == await served.exchange.count("sales")


async def test_home_is_for_everybody_in_both_themes_and_on_a_phone(served: Served) -> None:
    await post(served.exchange)
    async with browsing(served) as browser:
        for theme in ("light", "dark"):
            context = await browser.new_context(viewport=NARROW if theme == "dark" else WIDE)
            await context.add_cookies([{"name": "theme", "value": theme, "url": served.address}])
            page = await context.new_page()
            await page.goto(served.address + await login_path(served, "ann@acme.example", "buyer", "acme"))
            for path in ("/buyer", TERMS, "/buyer/deliveries", "/buyer/switch"):
                await page.goto(served.address + path)
                found = await Axe().run(page, options=WCAG)
                assert [] == [each["id"] for each in found.response["violations"]], found.generate_report()
                assert 0 == await page.evaluate("document.documentElement.scrollWidth - innerWidth"), path


async def test_keys_are_its_own_and_shown_once(served: Served) -> None:
    market = served.exchange.market
    async with buyer(served) as ann:
        made = await ann.submit("/buyer/keys", name="CRM", mode="live", follow=True)
        secret = made.part("secret").split("shown once: ")[1].split()[0]
        listed = await served.get("sales", key=secret)
        key = market.deals.key(secret, market.clock.now())
        assert key is not None
        wrong = await ann.submit("/buyer/keys", name="", mode="live", follow=True)
        await ann.submit(f"/buyer/keys/{key.id}/revoke", follow=True)
        gone = await ann.submit(f"/buyer/keys/{key.id}/revoke", follow=True)

    assert ("acme", 200) == (key.party_id, listed.http_status)
    assert 422 == wrong.http_status and 404 == gone.http_status
    assert market.deals.key(secret, market.clock.now()) is None
