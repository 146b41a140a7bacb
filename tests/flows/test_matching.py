"""What terms would have taken lately: counted with the auction's own checks, over the leads as they were recorded."""

from __future__ import annotations

from dataclasses import replace

from exchange.flows import matching as counting
from exchange.flows.matching import Matches, matching
from exchange.model.money import Money
from exchange.model.party import Clause, Contract, Geo, Group, Hours, Sources, State
from exchange.web.filters.summary import summary
from tests.flows.lab import later, person, ping, post
from tests.market import NO_BID, Exchange, buying, selling, usd

BILLS = ("101-150", "201-300", "301+")


async def recorded(exchange: Exchange) -> Contract:
    """Six leads of three bills in two states, sold to acme at 20.00 while birch bids 12.00; and a ping of no post."""
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar", floor=usd("5")))
    exchange.buyers.bids("acme", "20.00")
    exchange.buyers.bids("birch", "12.00")
    for number in range(6):
        later(exchange, 60)
        place = {"state": "AZ", "zip": "85016"} if number % 2 else {"state": "NV", "zip": "89101"}
        await post(exchange, person(number, monthly_bill=BILLS[number % 3], **place))
    later(exchange, 60)
    await ping(exchange)
    return exchange.market.deals.contracts["birch-solar"]


async def count(exchange: Exchange, contract: Contract, price: Money | None = None) -> Matches:
    return await matching(exchange.market, contract, exchange.market.deals.buyers[contract.buyer_id], price)


def where(*clauses: Clause) -> Group:
    return Group("all", clauses)


async def test_each_kind_of_term_takes_what_the_auction_would_give_it(exchange: Exchange) -> None:
    birch = await recorded(exchange)
    arizona = where(Clause("state", "one_of", ("AZ",)))
    high = where(Clause("state", "one_of", ("AZ",)), Clause("monthly_bill", "at_least", ("200",)))
    named = where(Clause("last_name", "is_set", ()), Clause("email", "domain_in", ("consumer.example",)))

    counts = {
        "all": (await count(exchange, birch)).matched,
        "state": (await count(exchange, replace(birch, filters=arizona))).matched,
        "two": (await count(exchange, replace(birch, filters=high))).matched,
        "sealed": (await count(exchange, replace(birch, filters=named))).matched,
        "zips": (await count(exchange, replace(birch, geo=Geo(zips=frozenset({"89101"}))))).matched,
        "seller": (await count(exchange, replace(birch, sources=Sources(sellers=frozenset({"acme"}))))).matched,
        "consent": (await count(exchange, replace(birch, consent=("jornaya_leadid",)))).matched,
        "closed": (await count(exchange, replace(birch, hours=(Hours((0,), 0, 1),)))).matched,
    }

    assert counts == {
        "all": 7, "state": 4, "two": 2, "sealed": 7, "zips": 3, "seller": 0, "consent": 1, "closed": 0
    }  # fmt: skip


async def test_a_removed_state_lowers_the_count_and_a_paused_contract_is_counted_as_if_it_ran(
    exchange: Exchange,
) -> None:
    birch = replace(
        await recorded(exchange), state=State.PAUSED, filters=where(Clause("state", "one_of", ("AZ", "NV")))
    )
    fewer = replace(birch, filters=where(Clause("state", "one_of", ("NV",))))

    assert (await count(exchange, fewer)).per_day < (await count(exchange, birch)).per_day


async def test_a_price_wins_what_it_would_have_won_against_the_recorded_bids(exchange: Exchange) -> None:
    birch = await recorded(exchange)

    won = {price: (await count(exchange, birch, usd(price))).won for price in ("4.99", "19.99", "20.00", "20.01")}
    told = summary(await count(exchange, birch, usd("20.01")))

    assert won == {"4.99": 0, "19.99": 0, "20.00": 0, "20.01": 7}, "a tie falls to the contract that comes first"
    assert told == "Matches 7 of the last 7 days' 7 leads, about 1 a day; at $20.01 it would win 7 of 7."


async def test_where_nobody_else_bid_the_floor_alone_is_to_be_reached(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar", floor=usd("5")))
    exchange.buyers.answers_pings("acme", NO_BID)
    await post(exchange, person(1))
    acme = exchange.market.deals.contracts["acme-solar"]

    assert [0, 1] == [(await count(exchange, acme, usd(price))).won for price in ("4.99", "5.00")]


def test_the_words_say_what_was_counted() -> None:
    assert summary(Matches(5_000, 1_200, 7, 2 * 86_400_000, False, usd("28"), 620, 1_000)) == (
        f"Matches 1,200 of the newest {counting.LEADS_MOST:,} leads, which came within 2.0 days: there are too many to "
        "count them all, about 600 a day; at $28.00 it would win 62.0% (620 of 1,000), of the newest 1,000."
    )
    assert summary(Matches(0, 0, 7, 7 * 86_400_000, True)) == (
        "No lead of this vertical came in the last 7 days, so there is nothing to count."
    )
