"""A buyer set up in six steps in the console, left and gone on with, until it buys its first lead."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

from exchange.flows.documents import save_secret
from exchange.flows.new_buyer import half_done
from exchange.flows.samples import samples_of
from exchange.model.actor import SYSTEM
from exchange.model.party import Clause, Group, State
from tests.flows.lab import post
from tests.market import reply
from tests.web.served import Served
from tests.web.test_console_trial import number_of
from tests.web.visitor import Page, Visitor, signed_in, stranger

NEW = "/console/buyers/new"
COMPANY = {"name": "Fernway Roofing, Inc.", "billing": "credit", "currency": "USD", "limit": "$5,000"}
BUYING = {"vertical": "solar", "sale_mode": "exclusive", "states": "az, NV", "tier": "1"}
PRICE = {"pricing": "fixed", "price": "41.50", "per_day": "20"}
SAMPLE = (
    '{"api_key": "abc", "person": {"firstName": "Ann", "lastName": "Lee", "mail": "ann@consumer.example"}, '
    '"phone": "6029580142", "zip": "85016"}'
)
DELIVERY = {"way": "sample", "url": "http://birch.buyer.example/leads", "sample": SAMPLE}
YES, NO = '{"state": "Taken", "id": "F-1"}', '{"state": "Refused", "why": "no room"}'


async def begun(operator: Visitor) -> str:
    page = await operator.submit(NEW, follow=False)
    return page.headers["Location"].removesuffix("/company")


async def through(operator: Visitor, draft: str, *steps: tuple[str, dict[str, str]]) -> Page:
    for step, fields in steps:
        page = await operator.submit(f"{draft}/{step}", follow=True, **fields)
        assert 200 == page.http_status, page.text
    return page


async def test_a_buyer_is_set_up_tested_and_buys(served: Served) -> None:
    market = served.exchange.market
    async with signed_in(served) as operator:
        draft = await begun(operator)
        done = (("company", COMPANY), ("buying", BUYING), ("price", PRICE), ("delivery", DELIVERY))
        page = await through(operator, draft, *done, ("test", {}))
        contract = market.deals.contracts["fernway-roofing-inc-solar"]
        blocked = await operator.submit(f"{draft}/live", start_cap="3")
        await save_secret(market, "api_key", "k-0123456789", SYSTEM)
        test = "/console/connectors/fernway_roofing_inc/test"
        served.exchange.buyers.answers_posts("birch", reply(state="Taken", id="F-1"))
        sent = await operator.submit(test, do="send", stage="post", contract=contract.id)
        rule = {"seen": number_of(sent, "json:state"), "meaning": "means:accepted", "reply_body": YES}
        await operator.submit(test, do="map", stage="post", follow=True, **rule)
        read = await operator.submit(test, do="read", stage="post", reply_body=NO)
        rule = {"seen": number_of(read, "json:state"), "meaning": "means:rejected", "reply_body": NO}
        await operator.submit(test, do="map", stage="post", follow=True, **rule)
        one = await operator.submit(test, do="keep", stage="post", reply_body=YES, expected="accepted")
        half = await operator.open(f"{draft}/test")
        await operator.submit(test, do="keep", stage="post", reply_body=NO, expected="rejected")
        live = await operator.submit(f"{draft}/live", start_cap="3")

    assert "The secret api_key is not set." in page.text and State.PAUSED is contract.state
    assert (422, "41.5000", ("AZ", "NV")) == (
        blocked.http_status,
        contract.max_bid.text.ljust(7, "0"),
        contract.geo.states,
    )
    assert "No accepted answer to a post was read right yet" in blocked.text
    assert "Kept as a sample." in one.text
    assert "No rejected answer" in half.text and "No accepted answer" not in half.text
    assert f"{draft}/test" == sent.link("back-to-setup")
    assert "Live" in live.part("contracts") and "Active" in live.part("standing")
    assert [] == await half_done(market)
    sold = await post(served.exchange)
    assert ("accepted", "fernway-roofing-inc") == (
        sold["status"],
        (await served.exchange.rows("SELECT buyer_id FROM sales"))[0]["buyer_id"],
    )
    assert [3] == [cap.most for cap in market.deals.contracts[contract.id].caps]


async def test_it_goes_on_where_it_was_left(served: Served) -> None:
    async with signed_in(served) as operator:
        draft = await begun(operator)
        await through(operator, draft, ("company", COMPANY), ("buying", BUYING))
    async with signed_in(served, "other@operator.example") as other:
        listed = await other.open(NEW)
        page = await other.open(unescape(re.findall(r'class="btn sm" href="([^"]+)">Go on', listed.source)[0]))

    [kept] = await served.exchange.rows("SELECT sealed FROM buyer_drafts")
    assert b"Fernway" not in bytes(kept["sealed"])
    assert "Fernway Roofing, Inc." in listed.text and "At Price and caps" in listed.text
    assert "Step 3 of 6" in page.text


async def test_what_it_buys_is_built_rule_by_rule_and_counted_without_a_script(served: Served) -> None:
    await post(served.exchange)
    async with signed_in(served) as operator:
        draft = await begun(operator)
        await through(operator, draft, ("company", COMPANY))
        buying = {**BUYING, "states": ""}
        added = await operator.submit(f"{draft}/buying", **buying, follow=True, do="add 0")
        rule = {"f.0.need": "all", "f.0.1.field": "state", "f.0.1.op": "one_of", "f.0.1.v": "NV"}
        none = await operator.submit(f"{draft}/buying", **buying, **rule, follow=True, do="look")
        rule["f.0.1.v"] = "az, NV"
        one = await operator.submit(f"{draft}/buying", **buying, **rule, follow=True, do="look")
        wrong = await operator.submit(f"{draft}/buying", **buying, **{**rule, "f.0.1.v": "Arizonia"}, follow=True)
        await through(operator, draft, ("buying", {**buying, **rule}))
        priced = await operator.submit(f"{draft}/price", **PRICE, follow=True, do="look")
        await through(operator, draft, ("price", PRICE), ("delivery", DELIVERY))
        again = await operator.open(f"{draft}/buying")

    assert "rule-0.1" in added.source and "Choose a field." in added.text
    assert "Matches 0 of the last 7 days' 1 lead," in none.part("matches")
    assert "Matches 1 of the last 7 days' 1 lead, about 0.1 a day. State is one of AZ, NV." in one.part("matches")
    assert 422 == wrong.http_status and "must be a 2-letter US state" in wrong.part("wrong-0.1")
    assert "at $41.50 it would win 1 of 1" in priced.part("matches")
    kept = served.exchange.market.deals.contracts["fernway-roofing-inc-solar"].filters
    assert Group("all", (Clause("state", "one_of", ("AZ", "NV")),)) == kept
    assert 'value="AZ, NV"' in again.source


async def test_answers_pasted_with_the_sample_become_rules_and_samples(served: Served) -> None:
    async with signed_in(served) as operator:
        draft = await begun(operator)
        steps = (("company", COMPANY), ("buying", BUYING), ("price", PRICE))
        page = await through(operator, draft, *steps, ("delivery", {**DELIVERY, "accepted": YES, "rejected": NO}))

    market = served.exchange.market
    assert "No accepted answer" not in page.text and "No rejected answer" not in page.text
    assert ["accepted", "rejected"] == sorted(each.expected for each in await samples_of(market, "fernway_roofing_inc"))
    body = market.deals.shapes.documents["fernway_roofing_inc"]["post"]["body"]
    assert {"field": "first_name"} == body["person.firstName"] and {"field": "email"} == body["person.mail"]


async def test_a_preset_and_a_ping_address(served: Served) -> None:
    price = {"pricing": "live", "max_bid": "90"}
    delivery = {"way": "preset", "preset": "pairs", "url": "http://birch.buyer.example/post"}
    async with signed_in(served) as operator:
        draft = await begun(operator)
        await through(operator, draft, ("company", COMPANY), ("buying", BUYING), ("price", price))
        refused = await operator.submit(f"{draft}/delivery", follow=True, **delivery)
        page = await operator.submit(
            f"{draft}/delivery", follow=True, **delivery, ping_url="http://birch.buyer.example/ping"
        )

    assert 422 == refused.http_status and "It bids live" in refused.text
    assert 200 == page.http_status
    assert {"ping", "post"} <= served.exchange.market.deals.shapes.documents["fernway_roofing_inc"].keys()


async def test_what_is_wrong_is_told_and_nothing_is_stored(served: Served) -> None:
    wrong: tuple[tuple[str, dict[str, str], str], ...] = (
        ("company", {**COMPANY, "name": "…"}, "Give the company"),
        ("company", {**COMPANY, "limit": "lots"}, "Give the credit limit"),
        ("company", {**COMPANY, "currency": "XXX"}, "Choose a currency"),
        ("buying", {**BUYING, "states": "Arizona"}, "two letters"),
        ("buying", {**BUYING, "vertical": "boats"}, "Choose what it buys"),
        ("buying", {**BUYING, "tier": "²"}, "number from 1"),
        ("price", {**PRICE, "price": "-3"}, "above zero"),
        ("price", {**PRICE, "per_day": "1e9"}, "whole number"),
        ("price", {"pricing": "live"}, "highest bid"),
        ("delivery", {**DELIVERY, "way": "pigeon"}, "Choose how it is delivered"),
        ("delivery", {**DELIVERY, "sample": "hello"}, "no JSON, no XML"),
        ("delivery", {**DELIVERY, "url": "ftp://x"}, "beginning with https"),
        ("delivery", {**DELIVERY, "url": "http://169.254.169.254/"}, "169.254.169.254"),
        ("delivery", {**DELIVERY, "accepted": YES, "rejected": YES}, "tells a yes from a no"),
        ("delivery", {"way": "document", "document": "a: [b"}, "line 1"),
        ("live", {"start_cap": "many"}, "whole number"),
    )
    async with signed_in(served) as operator:
        draft = await begun(operator)
        await through(operator, draft, ("company", COMPANY), ("buying", BUYING), ("price", PRICE))
        for step, fields, told in wrong:
            if step == "delivery":
                await through(operator, draft, ("price", PRICE))
            page = await operator.submit(f"{draft}/{step}", follow=True, **fields)
            assert 422 == page.http_status and told in page.text, (step, fields)

    assert 0 == await served.exchange.count("documents")
    assert 1 == await served.exchange.count("buyers")


async def test_a_later_step_waits_for_the_earlier_ones(served: Served) -> None:
    async with signed_in(served) as operator:
        draft = await begun(operator)
        page = await operator.submit(f"{draft}/delivery", follow=True, **DELIVERY)

    assert 422 == page.http_status and 1 == await served.exchange.count("buyers")


async def test_the_buyer_fills_in_its_part_by_link(served: Served) -> None:
    async with signed_in(served) as operator, stranger(served) as buyer:
        draft = await begun(operator)
        await through(operator, draft, ("company", COMPANY), ("buying", BUYING), ("price", PRICE))
        source = (await operator.open(f"{draft}/delivery")).source
        path = urlsplit(re.findall(r'id="share" data-testid="share">([^<]+)<', source)[0]).path
        opened = await buyer.open(path)
        empty = await buyer.send(path, url="")
        wrong = await buyer.send(path, url="javascript:alert(1)")
        thanks = await buyer.send(
            path, url="https://fernway.example/leads", sample=SAMPLE, name="Mallory", way="document"
        )
        made_up = await buyer.open(path[:-1] + ("0" if path[-1] != "0" else "1"))
        seen = await operator.open(f"{draft}/delivery")

    assert 200 == opened.http_status and "Fernway" not in opened.text
    assert (422, 422, 404) == (empty.http_status, wrong.http_status, made_up.http_status)
    assert "Thank you" in thanks.text
    assert 'value="https://fernway.example/leads"' in seen.source and "Mallory" not in seen.source
    assert 0 == await served.exchange.count("documents")


async def test_it_is_for_operators(served: Served) -> None:
    async with signed_in(served, "ann@acme.example", "buyer", "acme") as buyer, stranger(served) as nobody:
        assert 403 == (await buyer.open(NEW)).http_status
        assert 403 == (await buyer.send(NEW)).http_status
        assert 401 == (await nobody.send(NEW)).http_status
