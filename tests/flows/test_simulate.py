"""Recorded leads under drafted rules: the recorded numbers to the cent, and what others would have made of them."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.flows.earn_now import earn_now
from exchange.flows.market import refresh
from exchange.flows.simulate import Simulated, Wanted, read_draft, simulate
from exchange.model.actor import Actor, Role
from exchange.model.party import Cap, SaleMode, Sources, Strategy, Tier, Window
from exchange.stages.draft import BadDraft
from exchange.storage.recordings import Span
from exchange.web.figures.replayed import replayed, result_words
from tests.flows.lab import later, person, ping, post, post_on
from tests.market import NO_BID, REFUSED, Exchange, bid, buying, selling, usd

OLIVE = Actor(Role.OPERATOR, "olive@operator.example")
PRICES = {"acme": "30.00", "birch": "24.00", "cobalt": "12.00"}


async def history(exchange: Exchange, leads: int, **changes: Any) -> None:
    """Leads that three buyers bid for: by ping and post, or both in one call."""
    for name, price in PRICES.items():
        await exchange.add(*buying(name))
        exchange.buyers.bids(name, price)
    await exchange.add(*selling("cedar", floor=usd("10"), **changes))
    await sell(exchange, range(leads))


async def sell(exchange: Exchange, numbers: range) -> None:
    for number in numbers:
        later(exchange, 60)
        if number % 3:
            await post(exchange, person(number))
        else:
            pinged = await ping(exchange, person(number))
            if "ping_id" in pinged.fields:
                await post_on(exchange, pinged, person(number))


async def tried(exchange: Exchange, draft: str = "", seed: int = 1) -> Simulated:
    market = exchange.market
    span = Span(0, market.clock.now() + 1)
    found = await simulate(market, OLIVE, Wanted(span, read_draft(market, draft), seed))
    assert found is not None
    return found


async def kept(exchange: Exchange) -> dict[str, list[dict[str, Any]]]:
    """Everything that a simulation must leave alone."""
    tables = ("attempts", "sales", "transactions", "postings", "holds", "cap_use", "jobs", "leads", "audit_lines")
    return {table: await exchange.rows(f"SELECT * FROM {table}") for table in tables}


async def test_rules_that_change_nothing_give_the_recorded_numbers(either: Exchange) -> None:
    await history(either, 8, slots=2)
    either.buyers.answers_pings("acme", NO_BID)
    either.buyers.answers_posts("birch", REFUSED)
    await sell(either, range(8, 12))
    for name in PRICES:
        either.buyers.answers_pings(name, NO_BID)
    await sell(either, range(12, 14))
    before = await kept(either)
    sums = (await either.rows("SELECT COUNT(*) AS n, SUM(price_units) AS r, SUM(payout_units) AS p FROM sales"))[0]

    result = (await tried(either)).result

    assert 14 == result.before.leads == result.reproduced
    assert (sums["n"], sums["r"], sums["p"]) == (result.after.sold, result.after.revenue, result.after.payout)
    assert 0 == result.changed_count == result.guessed
    assert before == await kept(either)


async def test_a_floor_above_all_bids_sells_nothing_and_without_the_winner_the_second_bidder_buys(
    exchange: Exchange,
) -> None:
    await history(exchange, 3)

    high = (await tried(exchange, "campaign.cedar-solar.floor=100")).result

    assert (3, 0, 0) == (high.before.sold, high.after.sold, high.after.revenue)
    assert 3 == high.changed_count

    result = (await tried(exchange, "buyer.acme.state=paused")).result

    assert {"acme": (3, 0), "birch": (0, 3)} == {
        name: (each.sold, each.sold_then) for name, each in result.buyers.items()
    }
    assert usd("72").units == result.after.revenue
    changed = result.changed[0]
    differs = next(pair for pair in zip(changed.steps, changed.steps_then, strict=False) if pair[0] != pair[1])
    assert differs == (
        ("fits", "tier 1", "acme-solar, birch-solar, cobalt-solar"),
        ("fits", "tier 1", "birch-solar, cobalt-solar"),
    )


async def test_a_drafted_cap_holds_within_the_period_and_the_next_bidder_buys_the_rest(exchange: Exchange) -> None:
    await history(exchange, 5)

    result = (await tried(exchange, "contract.acme-solar.cap.day=2")).result

    assert (5, 2) == (result.buyers["acme"].sold, result.buyers["acme"].sold_then)
    assert 3 == result.buyers["birch"].sold_then


async def test_a_cap_of_another_contract_holds_when_it_buys_more(exchange: Exchange) -> None:
    await history(exchange, 0)
    await exchange.add(*buying("birch", caps=(Cap(Window.DAY, "count", 2),)))
    await sell(exchange, range(5))

    result = (await tried(exchange, "contract.acme-solar.state=paused")).result

    assert {"birch": 2, "cobalt": 3, "acme": 0} == {name: each.sold_then for name, each in result.buyers.items()}


async def test_a_balance_holds_when_its_buyer_buys_more(exchange: Exchange) -> None:
    await history(exchange, 0)
    await exchange.add(*buying("delta", "50"))
    exchange.buyers.bids("delta", "28.00")
    await sell(exchange, range(4))

    result = (await tried(exchange, "buyer.acme.state=paused")).result

    assert (1, 3) == (result.buyers["delta"].sold_then, result.buyers["birch"].sold_then)


async def test_who_was_not_asked_bids_as_it_usually_does_and_the_range_says_so(exchange: Exchange) -> None:
    """Cobalt is in a tier below; of what it bids only its habit is known when the first tier is not sold."""
    await history(exchange, 0, tiers=(Tier(1, "First", Strategy.HIGHEST_PRICE), Tier(2, "Last", Strategy.PRIORITY)))
    await exchange.add(*buying("cobalt", tier=2))
    for number in range(24):
        if number < 12:
            exchange.buyers.answers_pings("acme", NO_BID)
            exchange.buyers.answers_pings("birch", NO_BID)
            exchange.buyers.answers_pings("cobalt", bid(("11.00", "15.00", "19.00")[number % 3]))
        else:
            exchange.buyers.bids("acme", "30.00")
        await sell(exchange, range(number, number + 1))

    one = (await tried(exchange, "buyer.acme.state=paused")).result
    again = (await tried(exchange, "buyer.acme.state=paused")).result
    other = (await tried(exchange, "buyer.acme.state=paused", seed=5)).result

    assert (24, 12) == (one.buyers["cobalt"].sold_then, one.buyers["cobalt"].sold)
    assert one.fields() == again.fields() != other.fields()
    assert 12 == one.guessed and 0 < one.guessed_share < 1_000
    assert 0 < one.spread(0) < usd("60").units
    assert any(step[2].endswith("estimated") for step in one.changed[0].steps_then)


async def test_filters_areas_and_grades_are_judged_again(exchange: Exchange) -> None:
    await history(exchange, 2)

    elsewhere = (await tried(exchange, "contract.acme-solar.states=NV")).result
    filtered = (await tried(exchange, "contract.acme-solar.filter.monthly_bill=at_least 301")).result
    same = (
        await tried(exchange, "contract.acme-solar.states=AZ,NV\ncontract.acme-solar.filter.homeowner=equals yes")
    ).result

    assert (0, 0, 2) == tuple(each.buyers["acme"].sold_then for each in (elsewhere, filtered, same))
    assert 0 == same.changed_count


async def test_a_paused_contract_may_be_let_in(exchange: Exchange) -> None:
    """Its bids are those of the leads before it was paused."""
    await history(exchange, 3)
    await exchange.add(*buying("acme", state=type(exchange.market.deals.contracts["acme-solar"].state).PAUSED))
    await sell(exchange, range(3, 5))

    result = (await tried(exchange, "contract.acme-solar.state=active")).result

    assert (3, 5) == (result.buyers["acme"].sold, result.buyers["acme"].sold_then)
    assert 2 == result.guessed


async def test_tiers_strategies_and_slots_are_tried(exchange: Exchange) -> None:
    await history(exchange, 2)
    for name in PRICES:
        await exchange.add(*buying(name, sale_mode=SaleMode.SHARED))
    await sell(exchange, range(2, 4))

    second = (await tried(exchange, "campaign.cedar-solar.tier.1.strategy=second_price")).result
    shared = (await tried(exchange, "campaign.cedar-solar.slots=3")).result
    floor = (await tried(exchange, "tier.everybody.floor=25")).result

    assert (usd("24") + usd("24") + usd("30") + usd("30")).units == second.after.revenue
    assert shared.after.revenue > shared.before.revenue
    assert (4, 4) == (floor.before.sold, floor.after.sold)


async def test_a_draft_that_cannot_be_is_told_all_that_is_wrong(exchange: Exchange) -> None:
    await history(exchange, 0)
    wrong = {
        "floor=10": "'floor=10' is not understood",
        "campaign.cedar-solar.floor=ten": "campaign.cedar-solar.floor: Not an amount of money: 'ten'",
        "campaign.cedar-solar.flor=1": "is no setting of a campaign",
        "contract.acme-solar.cap.day=-1": "contract.acme-solar.cap.day must be a whole number from 0 to 10,000,000.",
        "contract.acme-solar.cap.dy=1": "must name a window: cap.hour, cap.day",
        "contract.acme-solar.price=3": "It bids live: it has no fixed price.",
        "campaign.cedar-solar.tier.2.floor=3": "There is no tier 2; tier.2=there makes one.",
        "buyer.acme.state=asleep": "buyer.acme.state must be active or paused.",
    }

    with pytest.raises(BadDraft) as caught:
        read_draft(exchange.market, "\n".join(wrong))
    with pytest.raises(BadDraft, match="A ping tree needs a tier"):
        read_draft(exchange.market, "campaign.cedar-solar.tier.1=")
    with pytest.raises(BadDraft, match=r"contract\.acme-solar: .*bill"):
        read_draft(exchange.market, "contract.acme-solar.filter.bill=at_least 3")

    assert len(wrong) == len(caught.value.problems)
    assert all(told in str(caught.value) for told in wrong.values())


async def test_what_a_lead_would_earn_now_is_what_it_earned_while_nothing_changed(exchange: Exchange) -> None:
    """Its own sale fills the cap that it was sold under; that place is its own. Nothing is written."""
    await history(exchange, 0)
    await exchange.add(*buying("acme", caps=(Cap(Window.DAY, "count", 1),)))
    sold = await post(exchange, person(1))
    await refresh(exchange.market)
    before = await kept(exchange)

    same = await earn_now(exchange.market, OLIVE, sold["lead_id"])
    after = await kept(exchange)
    await exchange.add(*buying("acme", sources=Sources(sellers_except=frozenset({"cedar"}))))
    other = await earn_now(exchange.market, OLIVE, sold["lead_id"])

    assert same is not None and other is not None and before == after
    assert same.was == same.now and [("acme-solar", usd("30").units)] == [sale[:2] for sale in same.now.sales]
    assert [("birch-solar", usd("24").units)] == [sale[:2] for sale in other.now.sales]
    assert await earn_now(exchange.market, OLIVE, "ld_none") is None
    told = replayed(exchange.market, other.was.steps, other.now.steps)
    assert told.same < told.all and told.changed[0].startswith("Tier 1: Acme, Birch, Cobalt may have it; Acme bids")
    assert "sold Birch 24.00" == result_words(exchange.market, other.now)
