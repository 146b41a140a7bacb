"""A buyer's pings as a list: what each told of a lead, what it answered, and what came of it. Only its own."""

from __future__ import annotations

from exchange.flows.counting import keep_counts
from exchange.model.wire import Loss, Lost
from tests.flows.lab import person, post
from tests.market import NO_BID, REFUSED, buying, reply, selling, usd
from tests.scripted_buyers import Answer
from tests.web.served import Served
from tests.web.visitor import later, signed_in

HOME = "/buyer/pings"
ANSWERS: dict[str, Answer] = {
    "no_bid": NO_BID,
    "too_late": Lost(Loss.TIMEOUT, "The buyer did not answer in time."),
    "not_reached": Lost(Loss.CONNECT, "The buyer refuses connections."),
    "not_read": reply(status="perhaps"),
}


async def of_every_kind(served: Served) -> None:
    """One ping of acme's for each result, while birch buys for 20.00 what it gets."""
    exchange = served.exchange
    await exchange.add(*buying("birch", price=usd("20")), *selling("dell", floor=usd("5")))
    exchange.buyers.bids("acme", "30.00")
    await once(served, 1)
    exchange.buyers.bids("acme", "12.00")
    await once(served, 2)
    exchange.buyers.bids("acme", "1.00")
    await once(served, 3, "dell")
    for number, answer in enumerate(ANSWERS.values(), start=4):
        exchange.buyers.pings_answered["acme"] = answer
        await once(served, number)
    exchange.buyers.bids("acme", "31.00")
    exchange.buyers.answers_posts("acme", REFUSED)
    await once(served, 9)
    later(served, 60)
    while await keep_counts(exchange.market):
        pass


async def once(served: Served, number: int, seller: str = "cedar") -> None:
    """A lead, a second after the one before."""
    later(served, 1)
    await post(served.exchange, person(number), seller=seller)


async def test_each_ping_tells_what_came_of_it_and_nothing_of_others(served: Served) -> None:
    await of_every_kind(served)
    async with signed_in(served, "ann@acme.example", "buyer", "acme") as ann:
        page = await ann.open(HOME)
        told = (await ann.open(f"{HOME}.json")).fields
        sheet = await ann.open(f"{HOME}.csv")
        each = {
            result: (await ann.open(f"{HOME}.json?result={result}")).fields["count"]
            for result in ("won", "outbid", "below_floor", "handed_over", "not_sold", *ANSWERS)
        }
        deliveries = await ann.open("/buyer/deliveries")
        [lost] = [ping for ping in told["pings"] if ping["result"] == "handed_over"]
        delivery = await ann.open(f"/buyer/deliveries/{lost['delivery_id']}")

    found = [ping["result"] for ping in told["pings"]]
    assert ["won", "outbid", "below_floor", *ANSWERS, "handed_over"] == found[::-1]
    assert {result: found.count(result) for result in each} == each
    assert f'href="{HOME}"' in deliveries.source and 200 == delivery.http_status
    assert ["30.00", "12.00", "1.00"] == [ping["bid"] for ping in told["pings"]][::-1][:3]
    assert {"Acme solar"} == {ping["contract"] for ping in told["pings"]}
    assert "Another bid won." in page.text and "could not be read as a bid or a no" in page.text
    assert {"85016"} == {ping["zip"] for ping in told["pings"]} and "AZ 85016" in page.text
    for source in (page.source, sheet.source, str(told)):
        assert "birch" not in source.lower() and "20.00" not in source and "cedar" not in source.lower()
        assert all(person(number)["phone"] not in source for number in range(1, 10))
        assert all(person(number)["last_name"] not in source for number in range(1, 10))


async def test_nobody_reads_the_pings_of_another(served: Served) -> None:
    await served.exchange.add(*buying("birch"))
    served.exchange.buyers.bids("acme", "30.00")
    served.exchange.buyers.bids("birch", "25.00")
    await post(served.exchange, person(1))
    later(served, 60)
    await keep_counts(served.exchange.market)
    async with signed_in(served, "bob@birch.example", "buyer", "birch") as bob:
        own = (await bob.open(f"{HOME}.json")).fields["pings"]
        theirs = (await bob.open(f"{HOME}.json?contract=acme-solar")).fields["pings"]
        tests = (await bob.open(f"{HOME}.json?mode=test")).fields["pings"]
    async with signed_in(served) as operator:
        shut = await operator.open(HOME)

    assert [("birch-solar", "outbid", "25.00")] == [(each["contract_id"], each["result"], each["bid"]) for each in own]
    assert ([], []) == (theirs, tests)
    assert 403 == shut.http_status
