"""The analytics explorer: sums agree with the books and with the lists behind them, whatever they are asked by."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from exchange.flows.counting import keep_counts
from exchange.model.actor import SYSTEM
from exchange.storage.database import Db
from exchange.web.analytics.answer import answer
from exchange.web.analytics.asked import read_asked
from exchange.web.words import Times
from exchange.worker import run_jobs
from tests.market import PING, REFUSED, buying, consumer, open_exchange, selling
from tests.web.leads import sell
from tests.web.served import Served, serve_exchange
from tests.web.visitor import Visitor, later, signed_in

HOME = "/console/analytics"
EVERY = (
    "leads,pings,bids,sold,revenue,payout,margin,epl,rpl,sold_rate,bid_rate,win_rate,accept_rate,return_rate,"
    "contact_rate,conversion_rate,latency,timeout_rate,contested,left,under_floor"
)
GROUPS = (
    "hour", "day", "week", "seller", "campaign", "sub_id1", "sub_id2", "buyer", "contract", "tier", "vertical", "state",
    "zip3", "grade", "device", "channel", "landing_page", "status", "reason", "field.homeowner",
)  # fmt: skip
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"


async def some_days(served: Served) -> None:
    """Sold by two sellers to two buyers, refused, unsold, on two days; bids, a refusal on post and a ping alone."""
    exchange = served.exchange
    await exchange.add(*selling("cedar"), *selling("dove"), *buying("acme"), *buying("birch"))
    exchange.buyers.bids("birch", "12.40")
    more: dict[str, Any] = {
        "sub_id2": "blue",
        "user_agent": PHONE,
        "landing_page_url": "https://www.sun.example/go?gclid=1",
    }
    for number in range(3):
        await sell(served, number, sub_id1="north", **more)
    later(served, 86_400)
    exchange.buyers.bids("acme", "31.33")
    await served.send("pingpost", {**consumer(7), "sub_id1": "south"}, key="ck_live_dove_0001")
    await sell(served, 8, zip="1")
    exchange.buyers.answers_posts("acme", REFUSED)
    await sell(served, 10)
    exchange.buyers.bids("acme", None)
    exchange.buyers.bids("birch", None)
    await sell(served, 9)
    await served.send("ping", PING)
    later(served, 60)
    await settle(served)


async def settle(served: Served) -> None:
    while await keep_counts(served.exchange.market):
        pass


async def count_of(visitor: Visitor, href: str) -> int:
    path, _, query = unescape(href).partition("?")
    page = await visitor.open(f"{path}.json?{query}")
    assert page.http_status == 200, href
    count: int = page.fields["count"]
    return count


async def asked(visitor: Visitor, **query: str) -> dict[str, Any]:
    page = await visitor.open(f"{HOME}.json?" + "&".join(f"{name}={value}" for name, value in query.items()))
    assert page.http_status == 200, (query, page.text)
    found: dict[str, Any] = page.fields
    return found


async def test_sums_are_those_of_the_ledger_by_whatever_they_are_grouped(tmp_path: Path, db: Db | None) -> None:
    async with open_exchange(tmp_path, db=db) as exchange, serve_exchange(exchange) as served:
        await some_days(served)
        paid = (await exchange.rows(
            "SELECT SUM(posted_units) AS units FROM account_balances WHERE account LIKE 'seller:%:payable'"
        ))[0]["units"]  # fmt: skip
        spent = (await exchange.rows(
            "SELECT SUM(units) AS units FROM postings WHERE source LIKE 'buyer:%'"
        ))[0]["units"]  # fmt: skip
        sold = (await exchange.rows("SELECT COUNT(*) AS n FROM leads WHERE state = 'sold'"))[0]["n"]
        bids = (await exchange.rows("SELECT COUNT(*) AS n FROM asks WHERE said = 'bid'"))[0]["n"]
        for hours in (0, 30):  # counted live, and from hours that are over; each question is new there
            later(served, hours * 3_600)
            await settle(served)
            async with signed_in(served) as visitor:
                for group in GROUPS if hours else ("hour", "buyer", "zip3", "device"):
                    told = await asked(visitor, by=group, measures=EVERY, period="7d")
                    for name, units in (("revenue", spent), ("payout", paid), ("margin", spent - paid)):
                        assert units == Decimal(told["total"][name]) * 10_000, (group, name, hours)
                        assert units == sum(Decimal(row[name]) * 10_000 for row in told["rows"]), (group, name, hours)
                    placed = group in ("buyer", "contract", "tier")
                    assert (sold if placed else 8, sold) == (told["total"]["leads"], told["total"]["sold"]), (
                        group,
                        hours,
                    )
                    assert bids == sum(row["bids"] for row in told["rows"]), group


async def test_every_figure_lists_as_many_as_it_says(served: Served) -> None:
    await some_days(served)
    questions = (
        {"by": "day", "then": "seller"},
        {"by": "hour"},
        {"by": "sub_id2", "then": "zip3"},
        {"by": "device", "seller": "cedar", "period": "7d"},
        {"by": "field.homeowner", "then": "grade"},
        {"by": "buyer", "then": "sub_id1", "state": "AZ"},
        {"by": "contract", "then": "buyer"},
        {"by": "tier"},
        {"by": "status", "then": "reason"},
    )
    async with signed_in(served) as visitor:
        seen = 0
        for query in questions:
            told = "&".join(f"{name}={value}" for name, value in query.items())
            page = await visitor.open(f"{HOME}?view=rows&measures={EVERY}&{told}")
            assert page.http_status == 200, page.text
            found = re.findall(
                r'<a href="([^"]+)" data-testid="figure">([^<]+)</a>(?:<small>([\d,]+) of)?', page.source
            )
            assert found, query
            for href, figure, hits in found:
                if hits or re.fullmatch(r"[\d,]+", figure):
                    assert int((hits or figure).replace(",", "")) == await count_of(visitor, href), (query, href)
                    seen += 1
        assert seen > 80


async def test_shares_are_of_what_they_say_and_what_came_later_is_counted_again(served: Served) -> None:
    await some_days(served)
    async with signed_in(served) as visitor:
        by_buyer = {row["buyer"]: row for row in (await asked(visitor, by="buyer", measures=EVERY))["rows"]}
        assert {"acme", "birch"} == set(by_buyer)
        acme = by_buyer["acme"]
        assert (acme["bids"], acme["pings"]) == (acme["bid_rate_hits"], acme["bid_rate_of"])
        assert acme["accept_rate_hits"] < acme["accept_rate_of"]
        devices = {row["device"]: row["leads"] for row in (await asked(visitor, by="device"))["rows"]}
        assert 3 == devices["phone"]
        pages = [row["landing_page"] for row in (await asked(visitor, by="landing_page"))["rows"]]
        assert {"sun.example/go", ""} == set(pages)
    later(served, 30 * 3_600)
    await settle(served)
    async with signed_in(served) as visitor:
        before = await asked(visitor, by="day", then="sub_id2", period="7d")
        again = await asked(visitor, by="day", then="sub_id2", period="7d")
        assert before == again
        await served.exchange.market.db.write(_reject_all)
        after = await asked(visitor, by="day", then="sub_id2", period="7d")
        assert (before["total"]["sold"] > 0, 0) == (True, after["total"]["sold"])


async def test_sales_go_with_their_contract_into_another_tier(served: Served) -> None:
    await some_days(served)
    later(served, 30 * 3_600)
    await settle(served)
    async with signed_in(served) as visitor:
        assert ["1"] == [row["tier"] for row in (await asked(visitor, by="tier", measures="sold,bids"))["rows"]]
        acme = served.exchange.market.deals.contracts["acme-solar"]
        await served.exchange.add(replace(acme, tier=2))
        by_tier, by_buyer = [
            {row[by]: (row["sold"], row["bids"]) for row in (await asked(visitor, by=by, measures="sold,bids"))["rows"]}
            for by in ("tier", "buyer")
        ]
        assert {"1": by_buyer["birch"], "2": by_buyer["acme"]} == by_tier


async def test_entries_are_of_every_currency_unless_one_is_named(served: Served) -> None:
    await some_days(served)
    sales = await served.exchange.count("sales")
    await served.exchange.market.db.write(_in_euros)
    entries = f"{HOME}/entries?kind=sales&period=7d"
    async with signed_in(served) as visitor:
        counts = [await count_of(visitor, entries + of) for of in ("", "&of=currency%3DEUR", "&of=currency%3DUSD")]
    assert sales == counts[0] == counts[1] + counts[2] and 0 < counts[1] < sales


async def _in_euros(tx: Any) -> None:
    await tx.execute("UPDATE leads SET currency = 'EUR' WHERE sub_id1 = 'north'")


async def _reject_all(tx: Any) -> None:
    await tx.execute("UPDATE leads SET state = 'rejected' WHERE state = 'sold'")


async def test_the_address_says_it_all_and_wrong_ones_are_told(served: Served) -> None:
    await some_days(served)
    async with signed_in(served) as visitor:
        link = (await asked(visitor, by="seller", then="state", period="7d", zip3="850", sort="-revenue"))["link"]
        assert "from=2026-11-16&to=2026-11-22" in link and "zip3=850" in link and "by=seller" in link
        path, _, query = link.partition("?")
        assert link == (await visitor.open(f"{path}.json?{query}")).fields["link"]
        compared = await asked(visitor, by="day", period="yesterday", compare="day")
        assert compared["compared_with"] == "the day before" and "leads_before" in compared["rows"][0]
        table = (await visitor.open(f"{HOME}.csv?by=seller&period=7d&measures=leads,revenue")).source.splitlines()
        assert "seller,seller_name,leads,revenue,currency" == table[0] and 3 == len(table)
        for bad, words in (("by=colour", "by: there is no colour"), ("measures=luck", "there is no luck"),
                           ("period=ever", "period: there is no ever"), ("from=2030-01-01", "yet to come"),
                           ("currency=dollars", "three letters")):  # fmt: skip
            page = await visitor.open(f"{HOME}?{bad}")
            assert (422, True) == (page.http_status, words in page.text), bad
            assert words in (await visitor.open(f"{HOME}.json?{bad}")).fields["error"]


@pytest.mark.parametrize("empty", [True, False])
async def test_every_fixed_report_is_a_page_with_its_files(served: Served, empty: bool) -> None:
    if not empty:
        await some_days(served)
    async with signed_in(served) as visitor:
        home = await visitor.open(HOME)
        links = set(re.findall(r'href="(/console/analytics/[a-z-]+)"', home.source))
        assert len(links) >= 10
        for path in sorted(links):
            page = await visitor.open(path)
            assert 200 == page.http_status, page.text
            assert ("There is no lead yet" in page.text) is empty, path
            for end in (".json", ".csv"):
                assert 200 == (await visitor.open(path + end)).http_status


async def test_a_saved_report_is_found_again_and_shared(served: Served) -> None:
    await some_days(served)
    async with signed_in(served) as visitor:
        page = await visitor.open(f"{HOME}/rejections?period=7d")
        kept = re.search(r'name="query" value="([^"]+)"', page.source)
        assert kept is not None
        await visitor.submit(
            "/console/lists/analytics/views", name="Refused", query=unescape(kept[1]), shared="yes", back=HOME
        )
        listed = await visitor.open(HOME)
        assert "Refused" in listed.part("saved")
        href = unescape(re.findall(r'href="([^"]+)" data-testid="saved-report"', listed.source)[0])
        again = await visitor.open(href)
        assert "Reason" in again.text and 200 == again.http_status
        first = (await visitor.open(f"{HOME}/rejections.json?period=7d")).fields
        second = (await visitor.open(href.replace("?", ".json?"))).fields
        assert first["rows"] == second["rows"]
    async with signed_in(served, "ana@operator.example") as other:
        assert "Shared with you" in (await other.open(HOME)).part("saved")


async def test_what_a_page_has_no_patience_for_a_job_counts_and_keeps(served: Served) -> None:
    await some_days(served)
    later(served, 30 * 3_600)
    await settle(served)
    market = served.exchange.market
    times = Times(ZoneInfo(market.zone), market.clock.now())
    question = read_asked(market, [("by", "sub_id2"), ("then", "zip3"), ("period", "7d")], times, "live", "USD")
    hasty = await answer(market, SYSTEM, question, times, "USD", patience_ms=0)
    assert hasty.missing > 0 and hasty.found.total["leads"] < 8
    while await run_jobs(market):
        pass
    whole = await answer(market, SYSTEM, question, times, "USD", patience_ms=0)
    assert (0, 8) == (whole.missing, whole.found.total["leads"])
