"""The dashboard's parts say what the leads and the books say, live traffic shows it, and open pages hear of it."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from urllib.parse import quote

from aiohttp import ClientTimeout

from exchange.flows.counting import keep_counts
from exchange.flows.market import refresh
from exchange.flows.quality import count_days
from exchange.model.party import Cap, State, Window
from exchange.web.keys import TICKER
from tests.market import PING, REFUSED, buyer, buying, consumer, contract, selling
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.visitor import Page, Visitor, later, signed_in

WAIT = ClientTimeout(total=20)


async def a_day(served: Served) -> None:
    """Four sold (one of them to two buyers), one rejected, one unsold, one ping alone; bids of 25, 31 and 12."""
    exchange = served.exchange
    await exchange.add(*selling("dove"), *buying("birch"))
    exchange.buyers.bids("birch", "12.40")
    for number in range(3):
        await sell(served, number, sub_id1="north")
    exchange.buyers.bids("acme", "31.33")
    await served.send("pingpost", {**consumer(7), "sub_id1": "south"}, key="ck_live_dove_0001")
    await sell(served, 8, zip="1")
    exchange.buyers.bids("acme", None)
    exchange.buyers.bids("birch", None)
    await sell(served, 9)
    await served.send("ping", PING)


async def twin_count(visitor: Visitor, href: str) -> int:
    path, _, query = unescape(href).partition("?")
    count: int = (await visitor.open(f"{path}.json?{query}")).fields["count"]
    return count


def rows_of(page: Page, testid: str) -> list[tuple[str, str, str]]:
    """Of a table beside a picture: address, name and first figure of each line that leads somewhere."""
    part = page.source.split(f'data-testid="{testid}"')[1].split("</section>")[0]
    return re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)</a></th><td class="num">([\d,]+)</td>', part)


async def test_every_column_of_the_tree_balances_and_every_band_lists_its_leads(served: Served) -> None:
    await a_day(served)
    async with signed_in(served) as visitor:
        told = (await visitor.open("/console.json")).fields
        ins: dict[str, float] = {}
        outs: dict[str, float] = {}
        for flow in told["flows"]:
            outs[flow["from"]] = outs.get(flow["from"], 0) + flow["share"]
            ins[flow["to"]] = ins.get(flow["to"], 0) + flow["share"]
        assert told["leads"] == sum(share for name, share in outs.items() if name.startswith("s:"))
        assert outs["passed"] == ins["passed"] == told["leads"] - told["rejected"]
        assert told["sold"] == round(sum(share for name, share in ins.items() if name.startswith("b:")), 3)
        assert all(outs[name] == ins[name] for name in ins if name in ("o:exclusive", "o:shared"))

        bands = rows_of(await visitor.open("/console"), "tree")
        assert 6 <= len(bands)
        for href, name, leads in bands:
            assert int(leads) == await twin_count(visitor, href), name


async def test_figures_lists_and_books_agree_before_and_after_hours_are_counted(served: Served) -> None:
    await a_day(served)
    market = served.exchange.market
    async with signed_in(served) as visitor:
        before = (await visitor.open("/console.json?period=7d")).fields
        later(served, 4 * 3_600)
        while await keep_counts(market):
            pass
        after = (await visitor.open("/console.json?period=7d")).fields
    paid = await served.exchange.rows(
        "SELECT SUM(posted_units) AS units FROM account_balances WHERE account LIKE 'seller:%:payable'"
    )
    spent = await served.exchange.rows("SELECT SUM(units) AS units FROM postings WHERE source LIKE 'buyer:%'")

    kept = ("leads", "sold", "revenue", "payout", "margin", "flows", "rejections", "bids")
    assert {name: before[name] for name in kept} == {name: after[name] for name in kept}
    assert Decimal(after["payout"]) * 10_000 == paid[0]["units"]
    assert Decimal(after["revenue"]) * 10_000 == spent[0]["units"]
    assert Decimal(after["revenue"]) == Decimal(after["payout"]) + Decimal(after["margin"])


async def test_bars_of_bids_sum_up_and_list_their_auctions(served: Served) -> None:
    await a_day(served)
    later(served, 60)
    await keep_counts(served.exchange.market)
    async with signed_in(served) as visitor:
        told = (await visitor.open("/console.json")).fields["bids"]
        page = await visitor.open("/console?bids=state:AZ")
        hrefs = re.findall(r'data-href="([^"]+bid=[^"]+)"', page.source)

        assert told["bids"] == sum(bar["bids"] for bar in told["bars"]) == 8
        assert told["won"] == sum(bar["won"] for bar in told["bars"])
        assert "8 bids" in page.text and "median winning price" in page.text
        assert [4, 3, 1] == [await twin_count(visitor, href) for href in hrefs]
        assert "No bids today of these leads" in (await visitor.open("/console?bids=grade:F")).text


async def test_a_period_a_vertical_and_a_comparison_are_asked_for_by_address(served: Served) -> None:
    await sell(served, 1)
    later(served, 2 * 86_400)
    await sell(served, 2)
    async with signed_in(served) as visitor:
        assert 2 == (await visitor.open("/console.json?period=7d")).fields["leads"]
        custom = (await visitor.open("/console.json?from=2026-11-21&to=2026-11-21")).fields
        assert (1, "custom") == (custom["leads"], custom["period"])
        assert 0 == (await visitor.open("/console.json?period=7d&vertical=auto_insurance")).fields["leads"]
        page = await visitor.open("/console?compare=none")
        assert "against" not in page.part("figures") and "last Monday" not in page.part("figures")
        listed = (await visitor.open("/console/leads.json?from=2026-11-21&to=2026-11-21")).fields
        assert 1 == listed["count"]


async def test_a_paused_buyer_carries_the_word_and_a_full_one_too(served: Served) -> None:
    exchange = served.exchange
    await exchange.add(*buying("birch"), contract("acme", caps=(Cap(Window.DAY, "count", 1),)))
    exchange.buyers.bids("birch", "20.00")
    await sell(served, 1)
    await sell(served, 2)
    async with signed_in(served) as visitor:
        assert ["capped", ""] == [each["mark"] for each in (await figures(visitor))]
        await exchange.add(buyer("birch", state=State.PAUSED))
        await refresh(exchange.market)
        assert ["capped", "paused"] == [each["mark"] for each in (await figures(visitor))]
        assert "paused" in (await visitor.open("/console")).part("tree")


async def figures(visitor: Visitor) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await visitor.open("/console.json")).fields["buyers"]
    return sorted(found, key=lambda each: each["buyer"])


async def test_caps_tell_what_is_usual_by_now(served: Served) -> None:
    await served.exchange.add(contract("acme", caps=(Cap(Window.DAY, "count", 10),)))
    for week in range(2):
        await sell(served, week)
        await sell(served, week + 10)
        later(served, 7 * 86_400)
    await sell(served, 30)
    later(served, 60)
    async with signed_in(served) as visitor:
        (cap,) = [each for each in (await visitor.open("/console.json")).fields["caps"] if each["kind"] == "cap"]
        assert ("1", "10", 0.1) == (cap["used"], cap["most"], cap["expected_by_now"])
        assert "resets 00:00" in cap["told"] and "on pace" in cap["told"]


async def test_live_traffic_shows_leads_requests_and_what_went_out(served: Served) -> None:
    served.exchange.buyers.answers_posts("acme", REFUSED)
    await sell(served, 1)
    later(served, 1)
    await served.send("post", {"zip": "1"}, key=None)
    async with signed_in(served) as visitor:
        leads = (await visitor.open("/console/live.json")).fields["rows"]
        assert ["unsold"] == [row["status"] for row in leads]
        sent = (await visitor.open("/console/live.json?tab=deliveries")).fields["rows"]
        assert [("post", "rejected"), ("ping", "bid")] == [(row["kind"], row["read_as"]) for row in sent]
        assert {200} == {row["http"] for row in sent}
        only = (await visitor.open("/console/live.json?tab=deliveries&kind=ping")).fields["rows"]
        assert ["ping"] == [row["kind"] for row in only]
        drawer = await visitor.open(f"/console/live/requests/{sent[0]['request_id']}")
        assert "Ping to" in drawer.text and "curl -i -X POST" in drawer.text
        assert consumer(1)["phone"] not in drawer.source and consumer(1)["email"] not in drawer.source
        requests = (await visitor.open("/console/live.json?tab=requests")).fields["rows"]
        assert [401, 200] == [row["status_code"] for row in requests]
        stranger = await visitor.open(f"/console/live/requests/{requests[0]['id']}")
        assert "it belongs to no lead" in stranger.text
        assert 1 == len((await visitor.open("/console/live.json?tab=requests&http=4xx")).fields["rows"])
        assert "bid or took" in (await visitor.open("/console/live")).part("edges")


async def test_requests_are_found_by_the_field_that_was_wrong(served: Served) -> None:
    await sell(served, 1)
    later(served, 1)
    await sell(served, 2, zip="1")
    await served.send("ping", {**PING, "zip": "nowhere", "state": "ZZ"})
    await served.send("validate", {**consumer(3), "zip": "1"})
    async with signed_in(served) as visitor:
        rows = (await visitor.open("/console/live.json?tab=requests")).fields["rows"]
        told = {row["endpoint"]: [each["field"] for each in row["wrong"]] for row in rows[:3]}
        assert {"pingpost": ["zip"], "ping": ["zip", "state"], "validate": ["zip"]} == told
        assert [] == rows[3]["wrong"]
        for field, count in (("zip", 3), ("state", 1), ("zi", 0), ("%", 0), ("zi_", 0)):
            found = await visitor.open(f"/console/live.json?tab=requests&field={quote(field)}")
            assert count == len(found.fields["rows"]), field
        page = await visitor.open("/console/live?tab=requests&field=zip&status=invalid")
        assert "/console/live?tab=requests&amp;endpoint" not in page.source
        assert "field=state" in page.source
        drawer = await visitor.open(f"/console/live/requests/{rows[0]['id']}")
        assert "Errors" in drawer.text
        other = await visitor.open("/console/live?tab=requests&endpoint=post")
        assert "Nothing of the newest traffic matches" in other.part("empty")
        none = await visitor.open("/console/live?tab=requests&field=zipp")
        assert 'has an error in "zipp"' in none.part("empty")


async def test_what_is_muted_is_left_out_of_live_traffic_alone(served: Served) -> None:
    await a_day(served)
    async with signed_in(served) as visitor:

        async def rows(tab: str, *mutes: str) -> list[dict[str, object]]:
            given = "".join(f"&mute={quote(each)}" for each in mutes)
            return list((await visitor.open(f"/console/live.json?tab={tab}{given}")).fields["rows"])

        every = await rows("leads")
        assert 7 == len(every)
        assert ["Dove"] == [each["seller"] for each in await rows("leads", "seller:cedar")]
        assert 4 == len(await rows("leads", "source:cedar:north"))
        assert 7 == len(await rows("leads", "source:dove:north", "outcome:", "seller", "buyer:acme"))
        assert {"sold"} == {
            each["status"]
            for each in await rows("leads", *(f"outcome:{name}" for name in ("unsold", "rejected", "priced")))
        }
        assert 1 == len(await rows("requests", "seller:cedar"))
        assert 4 == len(await rows("requests", "source:cedar:north"))
        assert {"accepted"} == {each["status"] for each in await rows("requests", "outcome:invalid", "outcome:unsold")}
        sent = await rows("deliveries")
        posts = await rows("deliveries", "outcome:bid", "outcome:no_bid")
        assert 0 < len(posts) < len(sent) and {"accepted"} == {each["read_as"] for each in posts}
        assert 0 < len(await rows("deliveries", "seller:cedar")) < len(sent)

        page = await visitor.open("/console/live?grade=A&mute=seller:dove")
        assert 'name="mute" value="seller:dove"' in page.source
        page = await visitor.open("/console/live?mute=seller:dove")
        assert "Muted: Dove" in page.part("muted")
        assert "/console/live?mute=seller%3Adove&amp;mute=source%3Acedar%3Anorth" in page.source
        assert "/console/live?tab=requests&amp;mute=seller%3Adove" in page.source
        page = await visitor.open("/console/live?mute=seller:dove&mute=seller:cedar")
        assert "not muted" in page.part("empty")


async def test_an_empty_stream_hands_out_a_command_that_works(served: Served) -> None:
    async with signed_in(served) as visitor:
        page = await visitor.open("/console/live?mode=test")
        assert "Waiting for the first request" in page.text
        made = await visitor.submit("/console/live/key", campaign="cedar-solar")
        key = re.search(r"Bearer (ck_test_[\w-]+)", made.source)
        assert key is not None
        fields = dict(re.findall(r"--data-urlencode '(\w+)=([^']*)'", unescape(made.source)))
        heard = await served.send("post", fields, key=key[1])
        assert (200, "accepted") == heard.told[:2], heard.body
        assert 1 == len((await visitor.open("/console/live.json?mode=test")).fields["rows"])
        assert 422 == (await visitor.submit("/console/live/key", campaign="nobody")).http_status


async def test_open_pages_hear_of_a_lead_within_seconds_and_are_let_go_at_the_end(served: Served) -> None:
    async with signed_in(served) as visitor:
        assert {"pages": 0, "at_most": 200} == (await visitor.open("/console/stream")).fields
        headers = {"Accept": "text/event-stream"}
        url = f"{served.address}/console/stream"
        async with visitor.session.get(url, headers=headers, timeout=WAIT) as stream:
            assert "text/event-stream" == stream.content_type
            assert b"retry: 3000\n" == await stream.content.readline()
            told = b""
            answer: dict[str, object] = {}
            while b'"leads":[{' not in told:
                if b"event: tick" in told and not answer:
                    answer = await sell(served, 1)
                told += await stream.content.readline()
            served.app[TICKER].close()
            await stream.content.read()

        assert str(answer["lead_id"]).encode() in told and b'"state":"sold","buyers":["acme"]' in told
        assert 0 == served.app[TICKER].pages


async def test_the_worst_source_is_named_and_blocked_from_its_sentence(served: Served) -> None:
    for number in range(12):
        await sell(served, number, sub_id1="north")
        await sell(served, 100 + number, zip="1", sub_id1="pop")
    await count_days(served.exchange.market.db, served.exchange.market.clock.now())
    async with signed_in(served) as visitor:
        page, told = await visitor.open("/console"), (await visitor.open("/console.json")).fields
        assert "Cedar pop stands out: it sells 0 of 12, the others 12 of 12." in page.part("sources")
        assert ("cedar", "pop") == (told["worst_source"]["seller"], told["worst_source"]["sub_id"])
        await visitor.submit(
            "/console/sellers/cedar/sub-ids", act="block", sub_id="pop", why=told["worst_source"]["told"]
        )
        assert (await visitor.open("/console.json")).fields["worst_source"] is None
    refused = await sell(served, 200, sub_id1="pop")
    assert ("rejected", "filtered") == (refused["status"], refused["reason"])
