"""A lead that came back because it was not for its buyer is sold once more, to whoever buys what others left."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from exchange.flows.recover import recover
from exchange.flows.return_decide import CannotDecide, Choice, decide_return, outlook
from exchange.flows.revoke import Taken, revoke
from exchange.intake.encode import encode
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.party import Geo, SaleMode
from exchange.model.return_terms import ReturnTerms
from exchange.model.returns import ReturnState
from exchange.worker import run_jobs
from tests.flows.doom import Crash, doomed, started_again, struck
from tests.flows.lab import OPERATOR, later, owed, person, post, spent
from tests.flows.promises import broken
from tests.flows.test_deliver import settle_down
from tests.flows.test_return_decisions import APPROVE, DAY_S, ask, state_of
from tests.market import POST, Exchange, buying, selling, usd

AGAIN = ReturnTerms(cap_bp=10_000, resell_days=3)


async def leftovers(exchange: Exchange, **changes: Any) -> str:
    """Acme, that buys exclusively, gives a lead back because of its language; Birch buys what others left, Dawn new
    leads alone."""
    await exchange.add(
        *selling("cedar", **changes),
        *buying("acme", price=usd("30"), returns=AGAIN),
        *buying("birch", price=usd("12"), sale_mode=SaleMode.LEFTOVER, returns=AGAIN),
        *buying("dawn", price=usd("20"), priority=200),
    )
    return str((await post(exchange))["lead_id"])


async def sales(exchange: Exchange) -> list[tuple[str, bool]]:
    """Who bought it, oldest first, and whether the sale stands."""
    rows = await exchange.rows("SELECT buyer_id, reversed_at FROM sales ORDER BY accepted_at, id")
    return [(row["buyer_id"], row["reversed_at"] is None) for row in rows]


async def test_what_came_back_is_sold_once_more_to_whoever_buys_leftovers(either: Exchange) -> None:
    lead_id = await leftovers(either)
    return_id = await ask(either, lead_id, "language")
    told = await outlook(either.market, await state_of(either, return_id), APPROVE)
    await decide_return(either.market, return_id, APPROVE, OPERATOR)
    later(either, 60)
    await settle_down(either)
    await settle_down(either)

    assert told.sentence.endswith("The lead is then offered to contracts for leftover leads.")
    assert [("acme", False), ("birch", True)] == await sales(either)
    assert ("0.00", "12.00", "9.60") == (await spent(either, "acme"), await spent(either, "birch"), await owed(either))
    lead = (await either.rows("SELECT * FROM leads"))[0]
    assert ("sold", 120_000, 96_000, 2) == (
        lead["state"],
        lead["revenue_units"],
        lead["payout_units"],
        lead["times_sold"],
    )
    assert [] == await broken(either.market)

    again = await ask(either, lead_id, "language", Actor(Role.BUYER, "birch", "birch"))
    await decide_return(either.market, again, APPROVE, OPERATOR)
    await settle_down(either)
    assert [("acme", False), ("birch", False)] == await sales(either)  # nobody is left who may have it
    assert ("0.00", "0.00") == (await spent(either, "birch"), await owed(either))
    assert [] == await broken(either.market)


async def test_what_was_sold_again_cannot_be_charged_to_its_first_buyer_and_what_was_not_can(either: Exchange) -> None:
    """A rule granted both; the second lead finds nobody, as Birch's money is gone."""
    lead_id = await leftovers(either, slots=1)
    by_rule = Choice(ReturnState.APPROVED, "outside", rule="out_of_area", automatic=True)
    first = await ask(either, lead_id, "language")
    await decide_return(either.market, first, by_rule, SYSTEM)
    await settle_down(either)
    back = Choice(ReturnState.DECLINED, "the ZIP was right")
    with pytest.raises(CannotDecide, match="was sold again"):
        await decide_return(either.market, first, back, OPERATOR)

    await either.add(*buying("birch", price=usd("12"), sale_mode=SaleMode.LEFTOVER, geo=Geo(states=("NV",))))
    second = await ask(either, str((await post(either, person(2)))["lead_id"]), "language")
    await decide_return(either.market, second, by_rule, SYSTEM)
    await settle_down(either)
    done = await decide_return(either.market, second, back, OPERATOR)
    assert (True, "declined") == (done.first, done.request["state"])
    assert ("30.00", "12.00") == (await spent(either, "acme"), await spent(either, "birch"))
    assert [] == await broken(either.market)


@pytest.mark.parametrize("why", ["reason", "age", "terms", "consent", "exclusive"])
async def test_it_is_not_sold_again_where_reason_age_terms_consent_or_seller_forbid_it(
    exchange: Exchange, why: str
) -> None:
    lead_id = await leftovers(exchange, exclusive_only=why == "exclusive")
    if why == "terms":
        await exchange.add(*buying("acme", price=usd("30"), returns=ReturnTerms(cap_bp=10_000)))
        lead_id = str((await post(exchange, person(2)))["lead_id"])
    if why == "age":
        later(exchange, 3 * DAY_S)
    return_id = await ask(exchange, lead_id, "wrong_person" if why == "reason" else "language")
    if why == "consent":
        await revoke(exchange.market, Taken(POST["phone"]), OPERATOR)
    told = await outlook(exchange.market, await state_of(exchange, return_id), APPROVE)
    await decide_return(exchange.market, return_id, APPROVE, OPERATOR)
    await settle_down(exchange)

    assert (why in ("consent", "exclusive")) == told.sentence.endswith("leftover leads.")
    assert "birch" not in [buyer for buyer, _ in await sales(exchange)]
    assert [] == await broken(exchange.market)


async def test_whenever_it_dies_while_it_is_sold_again_one_buyer_has_it_or_may(exchange: Exchange) -> None:
    """With one delivery lost between intent and outcome a person settles it; nobody else gets the lead."""
    await leftovers(exchange)
    for at in range(1, 90, 3):
        lead_id = str((await post(exchange, person(at)))["lead_id"])
        return_id = await ask(exchange, lead_id, "language")
        await decide_return(exchange.market, return_id, APPROVE, OPERATOR)
        doom = doomed(exchange, at)
        with suppress(Crash):
            await run_jobs(doom.market)
        died = struck(doom)
        exchange = await started_again(exchange)
        later(exchange, 600)
        await recover(exchange.market, exchange.market.clock.now() + 1, encode)
        for _ in range(4):
            await settle_down(exchange)
            later(exchange, 600)

        rows = await exchange.rows(
            "SELECT state FROM attempts WHERE lead_id = :lead AND contract_id = 'birch-solar'", lead=lead_id
        )
        assert ["accepted"] == [row["state"] for row in rows] or ["unclear"] == [row["state"] for row in rows], at
        assert [] == await broken(exchange.market), f"after point {at}"
        if not died:
            break
    assert not died and at > 5
