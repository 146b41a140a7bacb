"""The list of leads, its twins and the search box, on leads that the real flow made."""

from __future__ import annotations

import csv
import io
from html import unescape

import pytest

from tests.market import PING, POST, buying, consumer, selling
from tests.web.leads import refused_then_sold, sell
from tests.web.served import Served
from tests.web.visitor import Page, Visitor, later, signed_in

PERSONAL = ("Sandoval", "maria@consumer.example", "6029580142", "958-0142", "3196 Lake Ct")
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://evil.example","x")'


def rows(page: Page) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.source)))


async def test_the_page_and_its_twins_tell_the_same_leads(served: Served) -> None:
    for number in range(3):
        await sell(served, number)
        later(served, 1)
    served.exchange.buyers.bids("acme", None)
    await sell(served, 9)
    async with signed_in(served) as visitor:
        page = await visitor.open("/console/leads?status=sold&state=AZ")
        told = (await visitor.open(page.link("json"))).fields
        listed = rows(await visitor.open(page.link("csv")))

        assert "Status: sold" in page.text and "State: AZ" in page.text
        assert "3 leads, revenue $75.00, margin $15.00" in page.part("total")
        assert 3 == told["count"] == len(told["leads"]) == len(listed)
        assert page.attributes("lead", "data-lead") == [lead["lead_id"] for lead in told["leads"]]
        assert [lead["lead_id"] for lead in told["leads"]] == [row["lead_id"] for row in listed]
        assert ("25.00", "20.00", "5.00") == tuple(listed[0][name] for name in ("revenue", "payout", "margin"))
        assert "4 leads" in (await visitor.open("/console/leads")).part("total")


async def test_each_filter_keeps_what_it_names_and_can_be_removed(served: Served) -> None:
    await served.exchange.add(*selling("dove"), *buying("birch"))
    served.exchange.buyers.bids("birch", "30.00")
    await sell(served, 1)
    served.exchange.buyers.bids("birch", None)
    await sell(served, 2)
    later(served, 26 * 3600)
    await served.send("pingpost", consumer(3), key="ck_live_dove_0001")
    await served.send("pingpost", {**consumer(4), "zip": "nowhere"})
    expected = {
        "": 4,
        "seller=dove": 1,
        "seller=cedar": 3,
        "buyer=birch": 1,
        "buyer=acme": 2,
        "vertical=solar": 4,
        "vertical=auto_insurance": 0,
        "state=az": 4,
        "state=CA": 0,
        "period=today": 2,
        "period=7d": 4,
        "status=rejected": 1,
        "status=invalid": 1,
        "reason=invalid&status=rejected": 1,
        "status=in_progress": 0,
        "status=nonsense": 0,
        "period=nonsense": 4,
        "mode=test": 0,
        "campaign=cedar-solar": 3,
        "contract=birch-solar": 1,
        "channel=api": 4,
        "channel=ftp": 0,
        "zip=85016,90210": 3,
        "zip=nonsense": 4,
        "grade=A-F": 3,
        "price=20-26": 2,
        "price=26-": 1,
        "price=-1": 1,
        "return=any": 0,
        "return=none": 4,
        "disposition=sold": 0,
        "consent=given": 4,
        "consent=taken_back": 0,
        "pinged=birch": 3,
        "missed=birch": 0,
        "field=homeowner=yes": 4,
        "field=homeowner=y%25": 0,
        "duplicate_of=ld_1": 0,
        "status=returned": 0,
        "status=partly_returned": 0,
        "status=in_store": 0,
        "status=expired": 0,
        "status=erased": 0,
        "tag=odd": 0,
        "sub_id=nobody": 0,
    }
    async with signed_in(served) as visitor:
        found = {query: (await visitor.open(f"/console/leads.json?{query}")).fields["count"] for query in expected}
        assert expected == found
        page = await visitor.open("/console/leads?seller=dove&state=AZ")
        assert 'href="/console/leads?state=AZ" aria-label="Remove Seller: Dove"' in page.source


async def test_pages_of_fifty_follow_each_other_without_gaps_or_repeats(served: Served) -> None:
    made = []
    for number in range(60):
        made.append((await served.send("ping", {**PING, "sub_id1": f"n{number}"}))["ping_id"].replace("png_", "ld_"))
        later(served, number % 3)
    async with signed_in(served) as visitor:
        first = await visitor.open("/console/leads")
        second = await visitor.open(first.link("older"))
        seen = [*first.attributes("lead", "data-lead"), *second.attributes("lead", "data-lead")]

        assert (50, 10) == (len(first.attributes("lead", "data-lead")), len(second.attributes("lead", "data-lead")))
        assert sorted(made) == sorted(seen)
        assert "60 leads" in second.part("total") and "That is all of them" in second.text


async def test_an_empty_list_names_the_filter_to_remove(served: Served) -> None:
    await sell(served, 1)
    async with signed_in(served) as visitor:
        page = await visitor.open("/console/leads?status=sold&state=CA")
        told = page.part("empty")

        assert 'Without "State: CA" there is 1.' in told
        assert "1 lead" in (await visitor.open(unescape("/console/leads?status=sold"))).part("total")
        assert "No test leads yet" in (await visitor.open("/console/leads?mode=test")).part("empty")


async def test_any_id_a_reference_a_phone_or_an_email_opens_the_lead(served: Served) -> None:
    await served.exchange.add(*buying("birch"), *buying("cobalt"))
    answer = await refused_then_sold(served)
    lead_id = answer["lead_id"]
    attempts = await served.exchange.rows("SELECT id FROM attempts")
    texts = [
        lead_id,
        answer["request_id"],
        lead_id.replace("ld_", "png_"),
        *(attempt["id"] for attempt in attempts),
        "b1",
        "(602) 958-0142",
        "+16029580142",
        " Maria@Consumer.example ",
    ]
    async with signed_in(served) as visitor:
        for text in texts:
            found = await visitor.submit("/console/search", q=text, follow=False)
            assert f"/console/leads/{lead_id}" == found.headers.get("Location"), text
        for text in ("ld_nothing", "6029580199", "", "%", "' OR 1=1 --"):
            assert 404 == (await visitor.submit("/console/search", q=text)).http_status, text
        assert 403 == (await visitor.send("/console/search", q=lead_id)).http_status


async def test_no_list_shows_what_is_masked(served: Served) -> None:
    await served.send("pingpost", POST)
    async with signed_in(served) as visitor:
        for path in ("/console/leads", "/console/leads.json", "/console/leads.csv", "/console", "/console.json"):
            source = (await visitor.open(path)).source
            assert not [value for value in PERSONAL if value in source], path
        assert "M. S." in (await visitor.open("/console/leads")).text


async def test_what_a_seller_sends_stays_text_on_every_page(served: Served) -> None:
    answer = await served.send(
        "pingpost",
        {
            **POST,
            "sub_id1": HOSTILE,
            "seller_lead_id": HOSTILE,
            "first_name": "O'Brien",
            "landing_page_url": "https://x.example/?q=<marquee>",
        },
    )
    async with signed_in(served) as visitor:
        lead = f"/console/leads/{answer['lead_id']}"
        for path in (
            "/console",
            "/console/leads",
            lead,
            "/console/unclear",
            "/console/leads?seller=<script>x</script>",
        ):
            source = (await visitor.open(path)).source
            assert "<script>" not in source and "<img" not in source and "<marquee>" not in source, path
        assert HOSTILE[:30] in (await visitor.open(lead)).text


async def test_no_cell_of_the_csv_is_a_formula(served: Served) -> None:
    for number, text in enumerate((FORMULA, "+1", "-1+2", "@SUM(A1)", "plain")):
        await sell(served, number, sub_id1=text)
        later(served, 1)
    async with signed_in(served) as visitor:
        told = rows(await visitor.open("/console/leads.csv"))

        assert ["plain", "'@SUM(A1)", "'-1+2", "'+1", f"'{FORMULA}"] == [row["sub_id1"] for row in told]


async def test_test_and_live_leads_never_meet_in_a_list(served: Served) -> None:
    await sell(served, 1)
    await sell(served, 2, test=True)
    async with signed_in(served) as visitor:
        live, test = await _both(visitor)

        assert 1 == live.fields["count"] == test.fields["count"]
        assert live.fields["leads"][0]["lead_id"] != test.fields["leads"][0]["lead_id"]
        page = await visitor.open("/console/leads?mode=test")
        assert "<title>Test: Leads" in page.source and '<body class="test">' in page.source


async def _both(visitor: Visitor) -> tuple[Page, Page]:
    return await visitor.open("/console/leads.json"), await visitor.open("/console/leads.json?mode=test")


@pytest.mark.parametrize("before", ["nonsense", "1~", "9999999999999999999~ld_1", "1~ld_1'--", "x~ld_1"])
async def test_a_cursor_nobody_made_begins_at_the_newest(served: Served, before: str) -> None:
    await sell(served, 1)
    async with signed_in(served) as visitor:
        page = await visitor.open(f"/console/leads?after={before}")

        assert 1 == len(page.attributes("lead", "data-lead"))


async def test_search_finds_parties_and_pages_by_their_names_in_groups(served: Served) -> None:
    lead_id = (await sell(served, 1))["lead_id"]
    async with signed_in(served) as visitor:
        found = await visitor.submit("/console/search", q="ce")
        assert "Sellers" in found.text and "Campaigns" in found.text and "Cedar" in found.part("results")
        one = await visitor.submit("/console/search", q="imported nothing")
        assert 404 == one.http_status
        page = await visitor.submit("/console/search", q="deliveries", follow=False)
        assert "/console/deliveries" == page.headers["Location"]
        told = (await visitor.submit("/console/search", q=lead_id, json="yes")).fields["groups"]
        assert ["Leads"] == [group["title"] for group in told]
        assert f"/console/leads/{lead_id}" == told[0]["results"][0]["path"]


async def test_a_theme_is_kept_with_whoever_chose_it(served: Served) -> None:
    async with signed_in(served) as visitor:
        page = await visitor.submit("/console/theme", theme="dark", back="/console/leads")
        assert '<html lang="en" data-theme="dark">' in page.source
    async with signed_in(served) as again, signed_in(served, "seller@cedar.example", "seller", "cedar") as seller:
        assert 'data-theme="dark"' in (await again.open("/console/leads")).source[:200]
        assert 'data-theme="auto"' in (await seller.open("/seller")).source[:200]
        own = await seller.open("/seller/preferences")
        await seller.send("/seller/preferences", csrf=own.token, theme="light", keys="off", motion="up")
        assert 'data-theme="light" data-keys="off">' in (await seller.open("/seller")).source[:200]
