"""The dashboard's figures add up, and each opens the list it counts."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from exchange.courier.scripted import Delay
from exchange.model.party import Cap, Payout, Window
from exchange.model.wire import Loss, Lost
from tests.market import PING, buying, consumer, contract, open_exchange, selling, usd
from tests.web.leads import sell
from tests.web.served import Served, serve_exchange
from tests.web.visitor import Page, Visitor, later, signed_in

GROUPS = ("sold", "unsold", "rejected", "held", "unclear", "in_progress")
LOST = Lost(Loss.TIMEOUT, "The buyer did not answer in time.")


async def a_busy_day(served: Served) -> None:
    """Two sold, one unsold, two invalid, one duplicate, one unclear and one priced; an hour between some of them."""
    buyers = served.exchange.buyers
    await sell(served, 1)
    later(served, 3600)
    buyers.bids("acme", "31.33")
    await sell(served, 2)
    await sell(served, 2)  # the same consumer again
    await sell(served, 3, zip="123")
    await sell(served, 4, monthly_bill="a lot")
    await served.send("ping", PING)
    buyers.answers_posts("acme", LOST)
    await sell(served, 5)
    buyers.bids("acme", None)
    await sell(served, 6)


async def figures(visitor: Visitor, query: str = "") -> dict[str, object]:
    told: dict[str, object] = (await visitor.open(f"/console.json{query}")).fields
    return told


async def test_every_lead_is_counted_once_and_money_adds_up(served: Served) -> None:
    await a_busy_day(served)
    async with signed_in(served) as visitor:
        told = (await visitor.open("/console.json")).fields

        counts = {"sold": 2, "unsold": 1, "rejected": 3, "held": 0, "unclear": 1, "in_progress": 1}
        assert 1 == told["priced"] == (await visitor.open("/console/leads.json?status=priced")).fields["count"]
        assert counts == {name: told[name] for name in GROUPS}
        assert told["leads"] == sum(told[name] for name in GROUPS)
        assert "56.33" == told["revenue"]
        assert Decimal(told["revenue"]) == Decimal(told["payout"]) + Decimal(told["margin"])
        assert Decimal(told["payout"]) == sum(Decimal(hour["payout"]) for hour in told["hours"])
        assert Decimal(told["margin"]) == sum(Decimal(hour["margin"]) for hour in told["hours"])
        assert told["rejected"] == sum(each["leads"] for each in told["rejections"])
        assert {"invalid": "seller", "duplicate_seller": "seller"} == {
            each["reason"]: each["fixed_by"] for each in told["rejections"]
        }


async def test_every_figure_opens_the_list_it_counts(served: Served) -> None:
    await a_busy_day(served)
    async with signed_in(served) as visitor:
        page = await visitor.open("/console")
        told = (await visitor.open("/console.json")).fields
        for name in GROUPS:
            listed = (await visitor.open(_twin(page.link(f"state-{name}")))).fields
            assert told[name] == listed["count"], name
        for name, leads in (("leads", 8), ("sold", 2), ("revenue", 2), ("payout", 2), ("margin", 2), ("answer", 8)):
            listed = (await visitor.open(_twin(page.link(f"figure-{name}")))).fields
            assert leads == listed["count"], name
        revenue = (await visitor.open(_twin(page.link("figure-revenue")))).fields["leads"]
        assert Decimal(told["revenue"]) == sum(Decimal(lead["revenue"]) for lead in revenue)
        for href in re.findall(r'class="rb" href="([^"]+)"', page.source):
            listed = (await visitor.open(_twin(href.replace("&amp;", "&")))).fields
            reason = listed["filters"]["reason"]
            assert next(each["leads"] for each in told["rejections"] if each["reason"] == reason) == listed["count"]


async def test_every_line_of_the_tree_s_table_opens_as_many_leads(served: Served) -> None:
    await served.exchange.add(*selling("dove"))
    await a_busy_day(served)
    await served.send("pingpost", consumer(40), key="ck_live_dove_0001")
    async with signed_in(served) as visitor:
        tree = (await visitor.open("/console")).source.split('data-testid="tree"')[1].split("</section>")[0]
        lines = re.findall(r'<a href="([^"]+)">[^<]+</a></th><td class="num">([\d,]+)</td>', tree)

        assert 5 <= len(lines)
        for href, leads in lines:
            assert int(leads) == (await visitor.open(_twin(href.replace("&amp;", "&")))).fields["count"], href


async def test_figures_of_an_hour_are_told_in_the_chart_and_its_table(served: Served) -> None:
    await a_busy_day(served)
    async with signed_in(served) as visitor:
        hours = (await visitor.open("/console")).part("hours")

        assert "Revenue by hour: $56.33, of which $45.06 payout and $11.27 margin" in hours
        assert "09:00 20.00 5.00" in hours and "10:00 25.06 6.27" in hours
        assert "Sum $45.06 $11.27" in hours


async def test_half_cents_do_not_make_the_figures_disagree(served: Served) -> None:
    await served.exchange.add(*selling("cedar", payout=Payout(usd("0"), 3_333)))
    served.exchange.buyers.bids("acme", "10.05")
    await sell(served, 1)
    async with signed_in(served) as visitor:
        shown = {name: _figure(await visitor.open("/console"), name) for name in ("revenue", "payout", "margin")}

        assert shown["revenue"] == shown["payout"] + shown["margin"]


async def test_test_leads_are_in_no_live_figure(served: Served) -> None:
    await sell(served, 1)
    for number in (2, 3):
        await sell(served, number, test=True)
    async with signed_in(served) as visitor:
        assert 1 == (await figures(visitor))["leads"]
        assert 2 == (await figures(visitor, "?mode=test"))["leads"]
        assert "<title>Test: Dashboard" in (await visitor.open("/console?mode=test")).source


async def test_a_day_is_compared_with_the_same_time_a_week_before(served: Served) -> None:
    await sell(served, 1)
    later(served, 7_200)
    await sell(served, 2)  # later in the day than it will be now
    later(served, 7 * 86_400 - 3_600)
    for number in (3, 4, 5):
        await sell(served, number)
    async with signed_in(served) as visitor:
        page = await visitor.open("/console")

        assert "3 +200.0% 1 last Saturday" in page.part("figures")


async def test_yesterday_is_a_whole_day_of_its_own(served: Served) -> None:
    await sell(served, 1)
    later(served, 86_400)
    async with signed_in(served) as visitor:
        assert 0 == (await figures(visitor))["leads"]
        assert 1 == (await figures(visitor, "?period=yesterday"))["leads"]
        assert "No live lead today yet." in (await visitor.open("/console")).text


async def test_what_needs_a_person_is_counted_and_leads_there(served: Served) -> None:
    buyers = served.exchange.buyers
    await served.exchange.add(*buying("birch", deposit="12.40"))
    buyers.answers_posts("acme", LOST)
    for number in (1, 2):
        await sell(served, number)
    async with signed_in(served) as visitor:
        page = await visitor.open("/console")
        needs = page.part("needs")

        assert "2 unclear deliveries to settle" in needs and "$50.00 held" in needs
        assert "Birch's balance is not good for one lead" in needs and "$12.40 left, at up to $60.00 a lead" in needs
        assert 2 == (await visitor.open("/console/unclear.json")).fields["count"]
        assert "2 deliveries to settle" in (await visitor.open("/console/unclear")).text


async def test_buyers_are_told_by_how_they_answered_pings(served: Served) -> None:
    await served.exchange.add(*buying("birch"), *buying("cobalt"))
    buyers = served.exchange.buyers
    buyers.answers_pings("birch", Delay(400, LOST))
    buyers.bids("cobalt", None)
    for number in (1, 2):
        await sell(served, number)
    async with signed_in(served) as visitor:
        told = {each["buyer"]: each for each in (await visitor.open("/console.json")).fields["buyers"]}

        assert (2, 0, 0) == tuple(told["Acme"][name] for name in ("pings", "timeouts", "no_bids"))
        assert (400, 2) == (told["Birch"]["p50_ms"], told["Birch"]["timeouts"])
        assert 2 == told["Cobalt"]["no_bids"]


async def test_a_cap_tells_what_is_used_left_and_when_it_begins_again(served: Served) -> None:
    cap = contract("acme", caps=(Cap(Window.DAY, "count", 2),), zone="America/Phoenix")
    await served.exchange.add(cap)
    for number in (1, 2):
        await sell(served, number)
    async with signed_in(served) as visitor:
        caps = (await visitor.open("/console")).part("caps")

        assert "Acme 2 / 2 a day, 0 left, resets 00:00 MST" in caps


async def test_an_exchange_without_leads_shows_five_steps(tmp_path: Path) -> None:
    async with (
        open_exchange(tmp_path) as exchange,
        serve_exchange(exchange) as served,
        signed_in(served) as visitor,
    ):
        page = await visitor.open("/console")
        assert "1 of 5 steps done" in page.text
        assert all(step in page.text for step in ("Add a seller campaign", "Send a test lead", "Go live"))
        await exchange.add(*selling("cedar"), *buying("acme"))
        assert "3 of 5 steps done" in (await visitor.open("/console")).text
        await sell(served, 1, test=True)
        assert 1 == (await figures(visitor, "?mode=test"))["leads"]
        assert "4 of 5 steps done" in (await visitor.open("/console")).text
        assert "steps done" not in (await visitor.open("/console?mode=test")).text


def _twin(href: str) -> str:
    return href.replace("/console/leads", "/console/leads.json", 1)


def _figure(page: Page, name: str) -> Decimal:
    found = re.search(rf'data-testid="figure-{name}".*?<span class="v">\$([\d.,]+)<', page.source, re.DOTALL)
    assert found is not None
    return Decimal(found[1])
