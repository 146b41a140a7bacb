"""Deliveries in the console and by the API: what waits and why, what can be done, how a lead's timeline tells it."""

from __future__ import annotations

from typing import Any

from exchange.connector import Receipt
from exchange.flows.receipts import take_receipt
from exchange.model.wire import Reply
from tests.flows.lab import UNREACHABLE, attempts, person, post, spent, told_about
from tests.flows.test_deliver import opened, run_for
from tests.later_buyers import NO_SUCH, NOT_NOW, TAKEN, FaxBuyer, LaterBuyer, Poisoned
from tests.market import OPERATOR_KEY as OPERATORS
from tests.market import Exchange, buyer_key, operator
from tests.web.served import Served
from tests.web.visitor import signed_in

PATH = "/console/deliveries"


async def one(exchange: Exchange, answer: Reply | Any, connector: LaterBuyer | None = None, **changes: Any) -> str:
    """A lead for birch, whose server answers so; its attempt's id."""
    await opened(exchange, connector, **changes)
    exchange.buyers.answers_posts("birch", answer)
    await post(exchange)
    await run_for(exchange, 1, 1)
    return next(str(row["id"]) for row in await attempts(exchange) if row["buyer_id"] == "birch")


async def test_a_destination_that_is_down_is_named_with_its_next_try_and_what_waits(served: Served) -> None:
    attempt_id = await one(served.exchange, UNREACHABLE)
    async with signed_in(served) as visitor:
        page, told = await visitor.open(PATH), (await visitor.open(f"{PATH}.json")).fields

    resting = told["resting"][0]
    assert ("birch.buyer.example", "birch", 1, "The buyer refuses connections.") == (
        resting["destination"],
        resting["connection"],
        resting["waiting"],
        resting["said"],
    )
    row = told["deliveries"][0]
    assert (attempt_id, "waiting", "pending", 1, resting["next_at"]) == (
        row["delivery_id"],
        row["status"],
        row["sale"],
        row["tries"],
        row["next_at"],
    )
    assert "birch.buyer.example" in page.part("resting") and "Waiting" in page.part("deliveries")


async def test_no_list_shows_what_a_server_quotes_of_a_lead(served: Served) -> None:
    said = Reply(550, {}, b"maria@consumer.example at +1 602-958-0142 is not wanted here")
    await one(served.exchange, said, on_failure="unsold")
    async with signed_in(served) as visitor:
        page, twin = await visitor.open(PATH), await visitor.open(f"{PATH}.json")

    assert "••• at ••• is not wanted here" in page.part("deliveries")
    assert "maria@" not in page.source + twin.source and "0142" not in page.source + twin.source


async def test_filters_stand_in_the_address(served: Served) -> None:
    await one(served.exchange, TAKEN)
    async with signed_in(served) as visitor:
        for query, count in (
            ("status=arrived", 1),
            ("status=arrived&buyer=birch&channel=email", 1),
            ("status=failed", 0),
            ("buyer=acme", 0),
            ("channel=fax", 0),
            ("mode=test", 0),
            ("status=nothing_like_it", 1),
        ):
            found = (await visitor.open(f"{PATH}.json?{query}")).fields["deliveries"]
            assert count == len(found), query
        page = await visitor.open(f"{PATH}?status=failed")

    assert "No deliveries match." in page.part("empty")


async def test_the_list_goes_on_where_a_page_ends(served: Served) -> None:
    await opened(served.exchange, deposit="9000")
    served.exchange.buyers.answers_posts("birch", TAKEN)
    for number in range(55):
        await post(served.exchange, person(number))
    async with signed_in(served) as visitor:
        first = await visitor.open(PATH)
        second = await visitor.open(first.link("older"))

    assert (50, 5) == tuple(len(page.attributes("delivery", "data-delivery")) for page in (first, second))
    shown = [each for page in (first, second) for each in page.attributes("delivery", "data-delivery")]
    assert 55 == len(set(shown))


async def test_a_failed_delivery_is_sent_again_from_its_line(served: Served) -> None:
    attempt_id = await one(served.exchange, NO_SUCH, on_failure="unsold")
    served.exchange.buyers.answers_posts("birch", TAKEN)
    async with signed_in(served) as visitor:
        assert "Send again" in (await visitor.open(PATH)).part("deliveries")
        back = await visitor.submit(f"{PATH}/{attempt_id}/resend", follow=False, back=f"{PATH}?status=waiting")
        again = await visitor.submit(f"{PATH}/{attempt_id}/resend")
        nobody = await visitor.submit(f"{PATH}/dlv_none/resend")
    await run_for(served.exchange, 5, 1)

    assert (303, f"{PATH}?status=waiting") == (back.http_status, back.headers["Location"])
    assert (409, 404) == (again.http_status, nobody.http_status) and "on its way already" in again.text
    assert {"birch": ("accepted", None)} == await told_about(served.exchange)


async def test_what_was_put_aside_is_tried_again(served: Served) -> None:
    await opened(served.exchange, Poisoned("birch"))
    await post(served.exchange, {**person(1), "last_name": "Poison"})
    await run_for(served.exchange, 300)
    async with signed_in(served) as visitor:
        page, told = await visitor.open(PATH), (await visitor.open(f"{PATH}.json")).fields
        job_id = told["put_aside"][0]["job_id"]
        first = await visitor.submit(f"{PATH}/jobs/{job_id}/replay", follow=False)
        second = await visitor.submit(f"{PATH}/jobs/{job_id}/replay")

    assert "last_name cannot be said in their alphabet" in page.part("aside") and told["deliveries"][0]["put_aside"]
    assert (303, 409) == (first.http_status, second.http_status)


async def test_what_came_back_is_undone_by_a_person_with_a_reason(served: Served) -> None:
    attempt_id = await one(served.exchange, TAKEN, on_failure="unsold")
    receipt = Receipt("e1", "bounced", reference=attempt_id, detail="mailbox is gone")
    await take_receipt(served.exchange.market, "birch", receipt)
    async with signed_in(served) as visitor:
        shown = (await visitor.open(PATH)).part("deliveries")
        why = await visitor.submit(f"{PATH}/{attempt_id}/undo")
        done = await visitor.submit(f"{PATH}/{attempt_id}/undo", follow=False, note="their box is gone")
        again = await visitor.submit(f"{PATH}/{attempt_id}/undo", note="once more")

    assert "Came back" in shown and "Undo the sale" in shown
    assert (422, 303, 409) == (why.http_status, done.http_status, again.http_status)
    assert ("0.00", {"birch": ("failed", "post_failed")}) == (
        await spent(served.exchange, "birch"),
        await told_about(served.exchange),
    )


async def test_a_lead_tells_every_try_with_its_time_what_was_said_and_the_next(served: Served) -> None:
    await opened(served.exchange)
    served.exchange.buyers.answers_posts("birch", NOT_NOW, TAKEN)
    answer = await post(served.exchange)
    await run_for(served.exchange, 1, 1)
    async with signed_in(served) as visitor:
        waiting = (await visitor.open(f"/console/leads/{answer['lead_id']}.json")).fields["timeline"]
        await run_for(served.exchange, 70)
        page = await visitor.open(f"/console/leads/{answer['lead_id']}")
        arrived = (await visitor.open(f"/console/leads/{answer['lead_id']}.json")).fields["timeline"]

    first = next(line for line in waiting if line["title"] == "Birch, try 1 by email: was not taken now")
    planned = next(line for line in waiting if line["title"].startswith("Birch, try 2 by email: "))
    assert (
        "greylisted. next try 2026-11-21T" in first["facts"]
        and first["facts"].split("next try ")[1] in planned["title"]
    )
    titles = [line["title"] for line in arrived]
    assert titles.index("Birch, try 1 by email: was not taken now") < titles.index("Birch, try 2 by email: arrived")
    said = [line["exchanges"][0]["outcome"] for line in arrived if "try" in line["title"]]
    assert ["not now", "delivered"] == said
    assert "Birch: the lead goes out by email" in page.text and "Sold when it arrives" in page.text
    assert "6029580142" not in page.source and "maria@consumer" not in page.source


async def test_a_sale_that_was_undone_is_told_as_it_was_and_the_lead_as_it_is(served: Served) -> None:
    await one(served.exchange, NO_SUCH, sold_when="at_once")
    await run_for(served.exchange, 5, 1)
    lead_id = (await attempts(served.exchange))[0]["lead_id"]
    async with signed_in(served) as visitor:
        page = await visitor.open(f"/console/leads/{lead_id}")
        told = (await visitor.open(f"/console/leads/{lead_id}.json")).fields
    titles = [line["title"] for line in told["timeline"]]

    assert ("$20.00", "$16.00") == (told["summary"]["revenue"], told["summary"]["payout"])
    assert "Sold to Acme" in page.part("status") + page.text and "Answered seller: accepted at $24.00" in titles
    undone = titles.index("Birch solar: the sale was undone, no such user")
    assert titles.index("Birch, try 1 by email: was refused") < undone
    assert "Reversal booked" in titles


async def test_a_lead_tells_what_was_heard_of_its_fax(served: Served) -> None:
    attempt_id = await one(served.exchange, Reply(250, {}, b"fax_1"), FaxBuyer("birch"))
    receipt = Receipt("e1", "failed", reference=attempt_id, detail="no answer from 6029580142")
    await take_receipt(served.exchange.market, "birch", receipt)
    lead_id = (await attempts(served.exchange))[0]["lead_id"]
    async with signed_in(served) as visitor:
        told = (await visitor.open(f"/console/leads/{lead_id}.json")).fields["timeline"]

    line = next(line for line in told if line["title"] == "Birch, by fax: could not be delivered")
    assert "6029580142" not in line["facts"]


async def test_the_call_sends_again_for_operators_and_for_the_buyer_itself(served: Served) -> None:
    attempt_id = await one(served.exchange, NO_SUCH, on_failure="unsold")
    await served.exchange.add(operator())
    served.exchange.buyers.answers_posts("birch", TAKEN)
    call = f"deliveries/{attempt_id}/resend"

    others = await served.send(call, key=buyer_key("acme"))
    own = await served.send(call, key=buyer_key("birch"))
    twice = await served.send(call, key=OPERATORS)
    sellers = await served.send(call)

    assert (404, "error", "not_found") == others.told
    assert (200, "queued", attempt_id) == (own.http_status, own["status"], own["delivery_id"])
    assert (409, "error", "cannot_settle") == twice.told and "on its way already" in twice["message"]
    assert 401 == sellers.http_status
