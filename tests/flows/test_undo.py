"""A sale undone: afterwards books, caps and sums are those of a world in which it never was."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.flows.counting import count_hours
from exchange.flows.settle import CannotSettle
from exchange.flows.undo import reverse_sale
from exchange.model.ledger import Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.model.party import Cap, Payout, SaleMode, Window
from exchange.model.wire import Reply
from exchange.model.work import LeadState
from exchange.stages.settle import promise_rest, sale_payout
from exchange.stages.undo import Remaining, due, undone
from exchange.storage.hours import Reach, lead_sums
from exchange.storage.verify import verify_books
from exchange.worker import seal_chains
from tests.databases import open_here
from tests.flows.lab import (
    OPERATOR,
    attempts,
    later,
    lead_of,
    owed,
    person,
    ping,
    post,
    post_on,
    spent,
    told_about,
    used,
)
from tests.flows.promises import broken
from tests.flows.test_deliver import delivery, opened, run_for, settle_down
from tests.later_buyers import NO_SUCH, TAKEN, LaterBuyer, connect
from tests.market import Exchange, buying, campaign, open_exchange, selling, usd

CAPS = (Cap(Window.DAY, "count", 50), Cap(Window.TOTAL, "money", 9_000_0000))
BUYERS = ("acme", "birch", "cobalt", "delta")


async def bought_unseen(exchange: Exchange, **changes: Any) -> str:
    """Birch has bought a lead that cannot be delivered; its attempt's id."""
    await opened(exchange, sold_when="at_once", caps=CAPS, **changes)
    exchange.buyers.answers_posts("birch", NO_SUCH)
    await post(exchange)
    return str((await attempts(exchange))[0]["id"])


async def test_a_final_failure_reverses_the_sale_and_the_lead_is_sold_again(either: Exchange) -> None:
    await bought_unseen(either)
    assert ("30.00", 1, 300_000) == (
        await spent(either, "birch"),
        await used(either, "birch-solar:day:count"),
        await used(either, "birch-solar:total:money"),
    )

    await settle_down(either)

    assert {"birch": ("failed", "post_failed"), "acme": ("accepted", None)} == await told_about(either)
    assert ("0.00", 0, 0, "20.00", "16.00") == (
        await spent(either, "birch"),
        await used(either, "birch-solar:day:count"),
        await used(either, "birch-solar:total:money"),
        await spent(either, "acme"),
        await owed(either),
    )
    sale = (await either.rows("SELECT * FROM sales WHERE buyer_id = 'birch'"))[0]
    assert ("no such user", "refused") == (sale["reversed_why"], (await delivery(either))["state"])


async def test_the_seller_hears_that_it_is_no_sale_and_nothing_of_whose_server_said_so(exchange: Exchange) -> None:
    await exchange.add(
        *buying("birch", price=usd("30"), sold_when="at_once", on_failure="unsold"),
        *selling("cedar", postback_url="http://hooks.seller.example/leads"),
    )
    connect(exchange.market, birch=LaterBuyer("birch"))
    exchange.buyers.answers_posts("birch", Reply(550, {}, b"no such user at birch.buyer.example"))
    answer = await post(exchange)

    await run_for(exchange, 5, 1)

    told = [orjson.loads(sent.body) for sent in exchange.buyers.sent if sent.url.endswith("/leads")]
    assert [("unsold", answer["lead_id"], None)] == [
        (each["status"], each["lead_id"], each.get("price")) for each in told
    ]
    assert "birch" not in str(told)


async def test_undone_twice_is_undone_once(either: Exchange) -> None:
    attempt_id = await bought_unseen(either, on_failure="unsold")

    states = await asyncio.gather(
        *(reverse_sale(either.market, attempt_id, "it came back", OPERATOR) for _ in range(6)), return_exceptions=True
    )

    assert [LeadState.UNSOLD] == [state for state in states if state is not None]
    assert 1 == await either.count("transactions WHERE kind = 'reversal'")
    assert ("0.00", "0.00") == (await spent(either, "birch"), await owed(either))


async def test_the_books_stay_sound_and_name_what_was_reversed(either: Exchange) -> None:
    attempt_id = await bought_unseen(either)
    await seal_chains(either.market)
    await settle_down(either)
    await seal_chains(either.market)

    found = await verify_books(either.market.db)
    reversal = (await either.rows("SELECT reference, reverses FROM transactions WHERE kind = 'reversal'"))[0]

    assert (True, ()) == (found.sound, found.flaws)
    assert {"reference": f"reversal:sale:{attempt_id}", "reverses": f"sale:{attempt_id}"} == reversal


async def test_figures_of_a_closed_hour_lose_what_was_undone(exchange: Exchange) -> None:
    attempt_id = await bought_unseen(exchange, on_failure="unsold")
    market = exchange.market
    later(exchange, 7_200)
    while await count_hours(market):
        pass
    span = Reach("live", 0, market.clock.now())
    sold, _ = await market.db.read(lead_sums, OPERATOR, span)

    await reverse_sale(market, attempt_id, "it came back", OPERATOR)

    left, _ = await market.db.read(lead_sums, OPERATOR, span)
    assert [("sold", 300_000)] == [(row["state"], row["revenue_units"]) for row in sold]
    assert [("unsold", 0)] == [(row["state"], row["revenue_units"]) for row in left]


async def test_what_is_no_sale_cannot_be_undone(exchange: Exchange) -> None:
    await opened(exchange)
    await post(exchange)
    with pytest.raises(CannotSettle, match="is no sale"):
        await reverse_sale(exchange.market, (await attempts(exchange))[0]["id"], "", OPERATOR)


async def test_a_promise_is_worth_what_it_is_worth_without_the_sale(either: Exchange) -> None:
    """The ping promised 40.00 for two buyers; one of them cannot be delivered to."""
    shared: dict[str, Any] = {"sale_mode": SaleMode.SHARED, "on_failure": "unsold"}
    await either.add(
        *buying("birch", price=usd("30"), sold_when="at_once", **shared),
        *buying("acme", price=usd("20"), **shared),
        *selling("cedar", slots=2),
    )
    connect(either.market, birch=LaterBuyer("birch"))
    either.buyers.answers_posts("birch", NO_SUCH)
    answer = await post_on(either, await ping(either))
    assert ("accepted", "40.00", "40.00") == (answer["status"], answer["price"], await owed(either))

    await settle_down(either)

    lead = await lead_of(either, answer)
    assert ("16.00", 200_000, 160_000, 1, "sold") == (
        await owed(either),
        lead["revenue_units"],
        lead["payout_units"],
        lead["times_sold"],
        lead["state"],
    )


@settings(max_examples=8, deadline=None)
@given(
    later_ones=st.sets(st.sampled_from(BUYERS), min_size=1),
    failing=st.sets(st.sampled_from(BUYERS), min_size=1),
    leads=st.integers(1, 2),
)
def test_the_world_is_as_if_the_sales_had_never_been(
    tmp_path_factory: pytest.TempPathFactory, later_ones: set[str], failing: set[str], leads: int
) -> None:
    failed = later_ones & failing
    real = asyncio.run(_world(tmp_path_factory.mktemp("real"), BUYERS, later_ones, failed, leads))
    other = asyncio.run(
        _world(
            tmp_path_factory.mktemp("other"), [name for name in BUYERS if name not in failed], later_ones, set(), leads
        )
    )

    assert other == real


async def _world(
    folder: Path, buyers: Sequence[str], later_ones: set[str], failed: set[str], leads: int
) -> dict[str, Any]:
    """Shared leads for four buyers. What stands in the end, without those who bought nothing."""
    db = await open_here(folder)
    async with open_exchange(folder, db=db) as exchange:
        for name in buyers:
            when = "at_once" if name in later_ones else "delivered"
            price = usd(f"{10 + BUYERS.index(name)}.13")
            await exchange.add(
                *buying(name, price=price, sale_mode=SaleMode.SHARED, caps=CAPS, on_failure="unsold", sold_when=when)
            )
            exchange.buyers.answers_posts(name, NO_SUCH if name in failed else TAKEN)
        for name in set(buyers) - later_ones:
            exchange.buyers.posts_answered.pop(name)
        await exchange.add(*selling("cedar", slots=4))
        connect(exchange.market, **{name: LaterBuyer(name) for name in buyers if name in later_ones})
        for number in range(leads):
            await post(exchange, person(number))
        await run_for(exchange, 2, 1)
        assert [] == await broken(exchange.market)
        stands = await _stands(exchange)
    await db.close()
    return stands


async def _stands(exchange: Exchange) -> dict[str, Any]:
    return {
        "accounts": {
            row["account"]: (row["posted_units"], row["held_units"])
            for row in await exchange.rows("SELECT * FROM account_balances")
            if (row["posted_units"], row["held_units"]) not in ((0, 0), (10_000_000, 0))
        },
        "caps": {
            row["key"]: row["used_units"] for row in await exchange.rows("SELECT * FROM cap_use") if row["used_units"]
        },
        "leads": [
            (row["state"], row["revenue_units"], row["payout_units"], row["times_sold"])
            for row in await exchange.rows("SELECT * FROM leads ORDER BY id")
        ],
        "margin": await _margin(exchange),
    }


async def _margin(exchange: Exchange) -> int:
    rows = await exchange.rows("SELECT source, destination, units FROM postings")
    came: int = sum(row["units"] for row in rows if row["destination"] == "house:margin")
    gone: int = sum(row["units"] for row in rows if row["source"] == "house:margin")
    return came - gone


PRICES = st.integers(0, 80_0000).map(lambda units: Money(units, "USD"))


@given(
    prices=st.lists(PRICES, min_size=1, max_size=5),
    promised=st.none() | PRICES,
    share=st.integers(0, 10_000),
    fixed=PRICES,
    loss=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_sales_undone_in_any_order_leave_the_seller_what_the_others_are_worth(
    prices: list[Money], promised: Money | None, share: int, fixed: Money, loss: bool, order: Any
) -> None:
    made = campaign("cedar", payout=Payout(fixed, share), allow_loss=loss, slots=len(prices))
    payouts = [sale_payout(made, price, promised, False) for price in prices]
    revenue, paid = (Money(sum(each.units for each in of), "USD") for of in (prices, payouts))
    paid = paid + promise_rest(promised, revenue, paid, made)
    standing = list(range(len(prices)))
    assert due(made, [Remaining(prices[each], False, payouts[each]) for each in standing], promised, "USD") == paid
    for index in order.sample(standing, len(standing)):
        standing.remove(index)
        owes = due(made, [Remaining(prices[each], False, payouts[each]) for each in standing], promised, "USD")
        result = undone(
            _sale(index, prices[index], payouts[index]),
            payouts[index],
            paid,
            owes,
            seller_id="cedar",
            attempt_id=f"dlv_{index}",
            at=1,
            month="2026-11",
            cause="ld_1",
        )
        moved = sum(
            _towards(posting, "seller:cedar:payable") for each in result.transactions for posting in each.postings
        )
        assert (-result.payout_units, owes.units) == (moved, paid.units + moved)
        paid = owes
    assert 0 == paid.units


def _sale(index: int, price: Money, payout: Money) -> Transaction:
    postings = (
        Posting("buyer:birch:prepaid", "house:margin", price),
        Posting("house:margin", "seller:cedar:payable", payout),
    )
    return Transaction(f"sale:dlv_{index}", TransactionKind.SALE, postings, 1, "2026-11", "ld_1")


def _towards(posting: Posting, account: str) -> int:
    return posting.money.units * ((posting.destination == account) - (posting.source == account))
