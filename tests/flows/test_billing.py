"""A buyer that goes over from credit to prepayment, or back, while its leads are under way: each sale is paid from the
account its price was held on, and neither account is ever passed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from exchange.courier.courier import Call, Courier, Result
from exchange.flows.market import refresh
from exchange.flows.settle import Decision, settle
from exchange.model.ledger import Billing, buyer_account
from exchange.model.party import Buyer
from exchange.storage.ledger import balances
from tests.flows.lab import HUNG_UP, OPERATOR, attempts, person, post, told_about
from tests.market import Deposit, Exchange, buyer, contract, selling, store, usd

CREDIT, PREPAID = buyer_account("acme", Billing.CREDIT), buyer_account("acme", Billing.PREPAID)
ON_CREDIT, PAYS_BEFORE = buyer("acme", credit="100"), buyer("acme")
PATIENT_MS = 120_000

both_ways = pytest.mark.parametrize(
    ("before", "after"), [(ON_CREDIT, PAYS_BEFORE), (PAYS_BEFORE, ON_CREDIT)], ids=["to prepaid", "to credit"]
)


async def begin(exchange: Exchange, first: Buyer) -> None:
    """Acme bids 25.00, has 100.00 of its own with us, and is given 100.00 of credit whenever it buys on credit."""
    await exchange.add(PAYS_BEFORE, Deposit("acme", usd("100")), first, contract("acme"))
    await exchange.add(*selling("cedar", timeout_ms=PATIENT_MS))


async def money(exchange: Exchange) -> dict[str, tuple[str, str]]:
    """What each account has paid and holds."""
    found = await exchange.market.db.read(balances, [CREDIT, PREPAID])
    start = {CREDIT: usd("0"), PREPAID: usd("100")}
    return {
        name: ((start[name] - found[name].posted).text, found[name].held.text) if name in found else ("0.00", "0.00")
        for name in start
    }


async def change(exchange: Exchange, to: Buyer) -> None:
    """In another process: this one hears of it at its next refresh."""
    await exchange.market.db.write(store, (to,), exchange.market.clock.now())


@both_ways
async def test_an_unclear_delivery_is_paid_from_the_account_it_is_held_on(
    either: Exchange, before: Buyer, after: Buyer
) -> None:
    await begin(either, before)
    either.buyers.answers_posts("acme", HUNG_UP)
    await post(either)
    await either.add(after)
    assert ("0.00", "25.00") == (await money(either))[before.account]

    await settle(either.market, (await attempts(either))[0]["id"], Decision(True, "they say so"), OPERATOR)

    assert {before.account: ("25.00", "0.00"), after.account: ("0.00", "0.00")} == await money(either)


@both_ways
async def test_an_unclear_delivery_that_was_not_taken_gives_back_where_it_took(
    either: Exchange, before: Buyer, after: Buyer
) -> None:
    await begin(either, before)
    either.buyers.answers_posts("acme", HUNG_UP)
    await post(either)
    await either.add(after)

    await settle(either.market, (await attempts(either))[0]["id"], Decision(False, "they say so"), OPERATOR)

    assert {CREDIT: ("0.00", "0.00"), PREPAID: ("0.00", "0.00")} == await money(either)


class Meanwhile:
    """A courier beside which something happens while a buyer takes a lead."""

    def __init__(self, courier: Courier, happens: Callable[[], Awaitable[object]]) -> None:
        self._courier, self._happens = courier, happens

    async def converse(self, call: Call, deadline: float) -> Result:
        result = await self._courier.converse(call, deadline)
        await self._happens()
        return result

    async def fan_out(
        self, calls: Sequence[Call], deadline: float, on_result: Callable[[int, Result], bool] | None = None
    ) -> list[Result]:
        return await self._courier.fan_out(calls, deadline, on_result)

    async def close(self) -> None:
        await self._courier.close()


@both_ways
async def test_a_change_while_a_post_is_out_leaves_its_sale_where_it_was_held(
    either: Exchange, before: Buyer, after: Buyer
) -> None:
    await begin(either, before)
    courier = Meanwhile(either.market.courier, lambda: either.add(after))
    answer = await post(replace(either, market=replace(either.market, courier=courier)))

    assert "accepted" == answer["status"]
    assert {before.account: ("25.00", "0.00"), after.account: ("0.00", "0.00")} == await money(either)


async def test_credit_that_was_ended_is_given_by_no_process_that_has_not_heard_of_it(either: Exchange) -> None:
    await begin(either, ON_CREDIT)
    await change(either, PAYS_BEFORE)

    assert "unsold" == (await post(either, person(1)))["status"]
    assert {"acme": ("failed", "balance_short")} == await told_about(either)

    await refresh(either.market)
    assert "accepted" == (await post(either, person(1)))["status"]
    assert {CREDIT: ("0.00", "0.00"), PREPAID: ("25.00", "0.00")} == await money(either)


async def test_who_may_buy_is_judged_by_the_account_it_pays_from_now(either: Exchange) -> None:
    await begin(either, buyer("acme", credit="25"))
    assert ["accepted", "unsold"] == [(await post(either, person(number)))["status"] for number in (1, 2)]

    await either.add(PAYS_BEFORE)
    assert [*["accepted"] * 4, "unsold"] == [(await post(either, person(number)))["status"] for number in range(2, 7)]
    assert {CREDIT: ("25.00", "0.00"), PREPAID: ("100.00", "0.00")} == await money(either)


async def test_changes_to_and_fro_among_many_posts_pass_neither_account(either: Exchange) -> None:
    await begin(either, ON_CREDIT)

    async def to_and_fro() -> None:
        for number in range(12):
            await change(either, PAYS_BEFORE if number % 2 else ON_CREDIT)
            await refresh(either.market)

    posts = [post(either, person(number)) for number in range(24)]
    *answers, _ = await asyncio.gather(*posts, to_and_fro())
    sold = sum(answer["status"] == "accepted" for answer in answers if answer is not None)
    (on_credit, none_held), (before, none_held_either) = (await money(either)).values()

    assert 25 * sold == float(on_credit) + float(before)
    assert ("0.00", "0.00") == (none_held, none_held_either)
    assert float(on_credit) <= 100 >= float(before)
