"""What can be done with a lead from its own page, and how it is called there."""

from __future__ import annotations

from typing import Any

from exchange.courier.scripted import Delay
from exchange.model.party import SaleMode
from exchange.model.rights import Staff
from tests.market import REFUSED, SOLD, buying, selling, usd
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.test_console_lead import both
from tests.web.test_rights import visiting
from tests.web.visitor import signed_in


async def shared(served: Served) -> dict[str, Any]:
    """Acme and birch take a share at 25.00 each, at the same time; cobalt bid 40.00 for it alone."""
    await served.exchange.add(*selling("cedar", slots=2), *buying("cobalt"))
    for name, took_ms in (("acme", 100), ("birch", 300)):
        await served.exchange.add(*buying(name, sale_mode=SaleMode.SHARED))
        served.exchange.buyers.answers_posts(name, Delay(took_ms, SOLD))
    served.exchange.buyers.bids("cobalt", "40.00")
    return await sell(served, 1)


async def test_posts_beside_each_other_are_drawn_so_and_counted_once(served: Served) -> None:
    lead = await shared(served)
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead["lead_id"])

    posts = [line for line in told["timeline"] if "bought it at" in line["title"]]
    assert ["100 ms", "200 ms"] == [line["took"] for line in posts]
    assert "300 ms in all, 100 ms of them beside the step above" in posts[1]["facts"]
    assert [300] == [each["took_ms"] for each in told["requests"]]
    assert 300 == sum(line["added_ms"] for line in told["timeline"])
    assert "100 ms, accepted" in page.part("waterfall") and "300 ms, accepted" in page.part("waterfall")


async def test_a_higher_bid_for_the_lead_alone_is_told_what_it_was_held_against(served: Served) -> None:
    lead = await shared(served)
    async with signed_in(served) as visitor:
        _, told = await both(visitor, lead["lead_id"])

    lost = next(each for each in told["contracts"] if each["buyer"] == "Cobalt")
    assert "Outbid $40.00" == lost["verdict"]
    assert ["$40.00 for it alone was less than the $50.00 of 2 shared bids together."] == lost["sentences"]


async def test_a_lead_is_asked_back_from_its_page_and_called_returned_when_it_is(served: Served) -> None:
    await served.exchange.add(*buying("acme", price=usd("30")))
    lead_id = (await sell(served, 1))["lead_id"]
    path = f"/console/leads/{lead_id}"
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead_id)
        form = await visitor.open(page.link("return"))
        sale = form.attributes("sale", "value")[0]
        wrong = await visitor.submit("/console/returns/new", lead=lead_id, sale=sale, reason="bored")
        asked = await visitor.submit("/console/returns/new", lead=lead_id, sale=sale, reason="wrong_person")
        waits, _ = await both(visitor, lead_id)
        await visitor.submit(waits.link("return"), act="approve", why="it is so")
        page, back = await both(visitor, lead_id)
        again = await visitor.open(f"/console/returns/new?lead={lead_id}")

    assert "Open, 7 d" == told["summary"]["return_window"] and told["standing"] is None
    assert (422, 404) == (wrong.http_status, again.http_status) and "Acme, $30.00" in form.text
    assert "Returned by Acme" in page.text and page.part("status").startswith(" Returned by Acme")
    assert ("returned", "Returned, exclusive") == (back["standing"], back["summary"]["outcome"])
    assert "Answered seller: accepted at $24.00" in [line["title"] for line in back["timeline"]]
    assert path in asked.source


async def test_replay_return_and_what_it_would_earn_are_led_to_as_far_as_they_go(served: Served) -> None:
    sold = (await sell(served, 1))["lead_id"]
    served.exchange.buyers.answers_posts("acme", REFUSED)
    unsold = (await sell(served, 2))["lead_id"]
    async with signed_in(served) as visitor:
        first, second = [await visitor.open(f"/console/leads/{each}") for each in (sold, unsold)]
        now = await visitor.open(first.link("earn-now"))
        chosen: dict[str, Any] = {"act": "resell", f"id:{unsold}": "yes"}
        again = await visitor.submit("/console/leads/bulk", **chosen)

    assert 200 == now.http_status and f"/console/leads/{sold}/now#both" == first.link("replay-test")
    assert 'id="earned" data-fill' in first.source and "Judge it anew" in first.part("earns")
    assert 'id="earned"' in now.source and "$25.00 from Acme" in now.part("now")
    assert 'data-testid="act-resell"' not in first.source and "Sell again" in second.part("replay")
    assert "Nobody bought it." in second.part("acts") and "Sell 1 lead again" in again.text


async def test_an_analyst_sees_them_shut_with_whose_they_are(served: Served) -> None:
    lead_id = (await sell(served, 1))["lead_id"]
    async with signed_in(served) as visitor:
        await visiting(served, Staff.ANALYST, visitor)
        page = await visitor.open(f"/console/leads/{lead_id}")

    acts = page.part("acts")
    assert "Return (To decide returns needs the role" in acts and "Tag… (To edit campaigns" in acts
    assert "Erase… (To erase a consumer" in acts and "Export… (" not in acts
    assert f"/console/leads/{lead_id}/now" == page.link("earn-now")
