"""The store by API and by page: what is shown before payment, who is first, and whose claims are whose."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from exchange.flows.shelf import list_unsold
from exchange.model.lead import Mode
from exchange.model.party import StoreRule
from tests.flows.lab import post
from tests.market import Key, buyer_key, buying, consumer, selling, surname, usd
from tests.web.served import Heard, Served
from tests.web.test_console_browser import NARROWEST, TOO_SMALL, WIDE, browsing
from tests.web.visitor import later, login_path, signed_in

RULE = StoreRule(usd("20"), ((3_600_000, 60),))
PERSONAL = ("Maria", surname(1), "consumer.example", "602958", "85016", "3196")


async def stocked(served: Served, *buyers: str, numbers: int = 1, deposit: str = "1000") -> list[str]:
    exchange = served.exchange
    await exchange.add(*selling("cedar", store=RULE))
    for name in buyers:
        await exchange.add(*buying(name, deposit, connection="store"))
    for number in range(numbers):
        await post(exchange, consumer(number + 1))
    await list_unsold(exchange.market)
    rows = await exchange.rows("SELECT lead_id FROM store_items ORDER BY listed_at, lead_id")
    return [row["lead_id"] for row in rows]


async def call(served: Served, path: str, who: str, method: str = "POST", **fields: Any) -> Heard:
    return await served.send(f"store{path}", fields, key=buyer_key(who), method=method)


async def test_a_program_claims_pays_and_reads(served: Served) -> None:
    (lead_id,) = await stocked(served, "acme", "birch")

    listed = await call(served, "", "acme", "GET")
    held = await call(served, f"/{lead_id}/claim", "acme")
    late = await call(served, f"/{lead_id}/claim", "birch")
    got = await call(served, f"/claims/{held['claim_id']}/confirm", "acme")

    assert [("20.00", "AZ", "850")] == [(each["price"], each["state"], each["zip3"]) for each in listed["leads"]]
    assert not [word for word in PERSONAL if word.encode() in listed.body]
    assert ("held", "20.00") == (held["status"], held["price"])
    assert (409, "error", "cannot_buy") == late.told and "Taken 0 s ago." == late["message"]
    assert ("bought", "6029580001") == (got["status"], got["lead"]["phone"].removeprefix("+1"))
    assert [] == (await call(served, "", "acme", "GET"))["leads"]


async def test_a_claim_of_another_buyer_does_not_exist(served: Served) -> None:
    (lead_id,) = await stocked(served, "acme", "birch")
    held = await call(served, f"/{lead_id}/claim", "acme")

    assert 404 == (await call(served, f"/claims/{held['claim_id']}/confirm", "birch")).http_status
    assert "unchanged" == (await call(served, f"/claims/{held['claim_id']}/release", "birch"))["status"]
    assert 401 == (await served.send(f"store/claims/{held['claim_id']}/confirm")).http_status
    async with signed_in(served, "bea@birch.example", "buyer", "birch") as visitor:
        assert 404 == (await visitor.open(f"/buyer/store/claims/{held['claim_id']}")).http_status


async def test_a_balance_that_is_short_is_told_with_the_amount(served: Served) -> None:
    (lead_id,) = await stocked(served, "acme", "dune", deposit="5")

    refused = await call(served, f"/{lead_id}/claim", "dune")

    assert 409 == refused.http_status
    assert [("balance", "15.00")] == [(each["code"], each["got"]) for each in refused["errors"]]


async def test_a_test_key_takes_nothing(served: Served) -> None:
    (lead_id,) = await stocked(served, "acme")
    await served.exchange.add(Key("bk_test_acme_0001", "buyer", "acme", Mode.TEST))

    for path in (f"/{lead_id}/claim", "/orders", "/searches"):
        refused = await served.send(
            f"store{path}", {"reference": "a", "limit": "5", "name": "a"}, key="bk_test_acme_0001"
        )
        assert (403, "live_key_needed") == (refused.http_status, refused["reason"]), path


async def test_a_program_buys_many_within_a_limit(served: Served) -> None:
    await stocked(served, "acme", numbers=4)

    wrong = await call(served, "/orders", "acme", limit="much", count="0")
    got = await call(served, "/orders", "acme", reference="march-1", limit="50", states="AZ")
    again = await call(served, "/orders", "acme", reference="march-1", limit="50", states="AZ")
    other = await call(served, "/orders", "acme", reference="march-1", limit="60", states="AZ")

    assert [("reference", "missing"), ("limit", "type"), ("count", "range")] == [
        (each["field"], each["code"]) for each in wrong["errors"]
    ]
    assert ("bought", 2, "40.00", "limit") == (got["status"], got["count"], got["spent"], got["why"])
    assert {"AZ"} == {each["lead"]["state"] for each in got["leads"]} and got["leads"] == again["leads"]
    assert 409 == other.http_status
    assert usd("960") == (await served.exchange.balance("acme")).posted


async def test_a_person_buys_several_by_one_form_that_may_be_sent_twice(served: Served) -> None:
    await stocked(served, "acme", numbers=3)
    async with signed_in(served, "al@acme.example", "buyer", "acme") as visitor:
        shelf = await visitor.open("/buyer/store?states=AZ")
        reference = re.findall(r'name="reference" value="([^"]+)"', shelf.source)[0]
        form = {"reference": reference, "states": "AZ", "limit": "45", "count": "10"}
        assert 422 == (await visitor.send("/buyer/store/orders", csrf=shelf.token, **{**form, "limit": ""})).http_status
        done = await visitor.send("/buyer/store/orders", csrf=shelf.token, **form)
        twice = await visitor.send("/buyer/store/orders", csrf=shelf.token, **form)

        assert "2 leads bought" in done.text and "$40.00 of $45.00 spent" in done.text
        assert "more than was left" in done.part("why") and done.text == twice.text
        assert not [word for word in PERSONAL if word in done.source]
        lead = re.findall(r"/buyer/store/claims/\w+", done.source)[0]
        assert "Maria" in (await visitor.open(lead)).text
    async with signed_in(served, "bea@birch.example", "buyer", "birch") as visitor:
        order = (await served.exchange.rows("SELECT id FROM store_orders"))[0]["id"]
        assert 404 == (await visitor.open(f"/buyer/store/orders/{order}")).http_status


async def test_searches_are_saved_told_and_deleted(served: Served) -> None:
    await stocked(served, "acme", numbers=0)
    saved = await call(served, "/searches", "acme", name="Arizona", states="az, nv", most="25")
    wrong = await call(served, "/searches", "acme", name="x", most="cheap")
    await post(served.exchange, consumer(1))
    await list_unsold(served.exchange.market)

    (found,) = (await call(served, "/searches", "acme", "GET"))["searches"]
    assert (["AZ", "NV"], "25", 1) == (found["states"], found["most"], found["found"])
    assert (422, "most") == (wrong.http_status, wrong["errors"][0]["field"])
    assert "deleted" == (await call(served, f"/searches/{saved['search_id']}/delete", "acme"))["status"]
    assert 404 == (await call(served, f"/searches/{saved['search_id']}/delete", "acme")).http_status


async def test_the_page_shows_nothing_personal_until_it_is_paid(served: Served) -> None:
    lead_id, other = await stocked(served, "acme", numbers=2)
    async with signed_in(served, "al@acme.example", "buyer", "acme") as visitor:
        shelf, card = await visitor.open("/buyer/store"), await visitor.open(f"/buyer/store/{lead_id}")
        held = await visitor.send(f"/buyer/store/{lead_id}/claim", csrf=shelf.token)
        for page in (shelf, card, held):
            assert not [word for word in PERSONAL if word in page.source]
        assert "Held for you" in held.text
        assert all(page.part("sharing").startswith("For one buyer alone") for page in (shelf, card))
        claim = (await served.exchange.rows("SELECT id FROM store_claims"))[0]["id"]
        paid = await visitor.send(f"/buyer/store/claims/{claim}/confirm", csrf=shelf.token)
        assert "@consumer.example" in paid.part("lead")
        assert 403 == (await visitor.open("/console/leads")).http_status
        assert "Store" in (await visitor.open("/console")).text  # led to the pages that are the buyer's
    await served.exchange.add(*buying("cobalt"))
    async with signed_in(served, "cy@cobalt.example", "buyer", "cobalt") as without:
        assert "no contract that buys in the store" in (await without.open("/buyer/store?states=TX")).part("empty")
        for path in ("/buyer/store", f"/buyer/store/{other}"):
            page = await without.open(path)
            assert (
                "no contract that buys solar" in page.part("no-contract") and 'data-testid="claim"' not in page.source
            )


async def test_filters_are_in_the_address_and_a_wrong_one_is_told(served: Served) -> None:
    await stocked(served, "acme", numbers=2)
    async with signed_in(served, "al@acme.example", "buyer", "acme") as visitor:
        assert 2 == len((await visitor.open("/buyer/store?states=AZ&most=20")).attributes("card", "data-lead"))
        assert [] == (await visitor.open("/buyer/store?states=TX")).attributes("card", "data-lead")
        assert 422 == (await visitor.open("/buyer/store?most=cheap")).http_status
        assert 200 == (await visitor.open("/buyer/store?before=%C2%B2_x")).http_status
        form = {"name": "Arizona", "states": "AZ"}
        token = (await visitor.open("/buyer/store")).token
        kept = await visitor.send("/buyer/store/searches", csrf=token, follow=True, **form)
        assert "Arizona" in kept.part("searches")


async def test_two_people_claim_at_the_same_moment_in_two_windows(served: Served) -> None:
    (lead_id,) = await stocked(served, "acme", "birch")
    async with browsing(served) as browser:
        pages = []
        for name, size in (("acme", WIDE), ("birch", NARROWEST)):
            context = await browser.new_context(viewport=size)
            window = await context.new_page()
            await window.goto(served.address + await login_path(served, f"x@{name}.example", "buyer", name))
            await window.goto(f"{served.address}/buyer/store")
            assert await window.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            assert [] == await window.evaluate(TOO_SMALL)
            pages.append(window)
        await asyncio.gather(*(window.get_by_test_id("claim").click() for window in pages))
        for window in pages:
            await window.get_by_text("Held for you").or_(window.get_by_text("Taken")).first.wait_for()
        texts = [await window.locator("main").inner_text() for window in pages]

    assert ["Held", "Taken"] == sorted("Held" if "Held for you" in text else "Taken" for text in texts)
    assert any(" s ago" in text for text in texts)
    assert 1 == len(await served.exchange.rows("SELECT id FROM store_claims WHERE lead_id = :id", id=lead_id))


async def test_the_shelf_is_filtered_before_it_is_cut_into_pages(served: Served) -> None:
    """Twenty-four cards are a page: what a buyer looks for may lie behind many that it does not."""
    exchange = served.exchange
    await exchange.add(*selling("cedar", store=RULE), *buying("acme", "1000", connection="store"))
    for number in range(60):
        nevada = {"zip": "89101", "state": "NV", "city": "Las Vegas"} if number % 2 == 0 and number < 54 else {}
        await post(exchange, {**consumer(number + 1), **nevada})
        if number % 10 == 9:
            await list_unsold(exchange.market)
            later(served, 1)
    async with signed_in(served, "bea@acme.example", "buyer", "acme") as visitor:
        first = await visitor.open("/buyer/store?states=NV")
        second = await visitor.open(first.link("older"))
        none = await visitor.open("/buyer/store?states=CA")

    cards = [page.attributes("card", "data-lead") for page in (first, second)]
    nevada_leads = {
        row["lead_id"] for row in await exchange.rows("SELECT lead_id FROM store_items WHERE us_state = 'NV'")
    }
    assert (24, 3, 27) == (*map(len, cards), len(nevada_leads))
    assert nevada_leads == {*cards[0], *cards[1]} and 'data-testid="older"' not in second.source
    assert 'data-testid="empty"' in none.source and 'data-testid="older"' not in none.source
