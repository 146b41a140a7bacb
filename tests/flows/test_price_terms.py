"""Prices by rule and payouts by tier inside the exchange: told in the record, kept to the end."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.flows.floor_trials import floor_trials
from exchange.flows.price_terms import set_floors, set_payout_tiers, set_price_rules
from exchange.flows.settle import Decision, settle
from exchange.flows.trail import read_trail
from exchange.flows.undo import reverse_sale
from exchange.model.party import OnUnclear, SaleMode
from exchange.stages.price_rules import BadRule
from exchange.worker import run_jobs, settle_silent
from tests.flows.lab import HUNG_UP, OPERATOR, TIMED_OUT, Heard, attempts, later, owed, ping, post, post_on, spent
from tests.market import POST, Exchange, buying, consumer, selling, usd

DAY_S = 86_400


async def steps(exchange: Exchange, answer: Heard) -> dict[str, dict[str, Any]]:
    rows = await exchange.rows("SELECT document FROM trails WHERE lead_id = :id", id=answer["lead_id"])
    return {step["name"]: step for step in read_trail(bytes(rows[-1]["document"]))["steps"]}


async def opened(exchange: Exchange, **contract: Any) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", "9000", **contract))


async def test_the_record_says_which_rule_gave_which_price(either: Exchange) -> None:
    await opened(either, price=usd("20"))
    await set_price_rules(
        either.market, "acme-solar", "state=CA -> 30.00\ngrade=C state=AZ -> 24.00", "Agreed", OPERATOR
    )
    answer = await post(either)
    assert ("accepted", "19.20") == (answer["status"], answer["price"])
    assert ["Acme: 24.00, by its rule grade=C state=AZ"] == (await steps(either, answer))["price"]["facts"]
    sale = (await either.rows("SELECT price_units, contract_version FROM sales"))[0]
    assert (240_000, 2) == (sale["price_units"], sale["contract_version"])
    line = (await either.rows("SELECT * FROM audit_lines WHERE action = 'contract.price_rules'"))[0]
    assert OPERATOR.name == line["actor"] and "24.00" in line["after_json"] and "Agreed" in line["after_json"]


async def test_a_rule_may_lift_a_price_over_the_floor(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar", floor=usd("22")), *buying("acme", "9000", price=usd("20")))
    assert "unsold" == (await post(exchange, consumer(1)))["status"]
    await set_price_rules(exchange.market, "acme-solar", "grade=C -> 25.00", "Agreed", OPERATOR)
    assert "accepted" == (await post(exchange, consumer(5_002)))["status"]
    with pytest.raises(BadRule):
        await set_price_rules(exchange.market, "acme-solar", "grade=Z -> 25.00", "Agreed", OPERATOR)
    await exchange.add(*buying("acme", price=None))
    with pytest.raises(BadRule, match="bids live"):
        await set_price_rules(exchange.market, "acme-solar", "grade=A -> 25.00", "Agreed", OPERATOR)


async def test_a_lead_earns_what_its_tier_says_by_ping_and_by_post(either: Exchange) -> None:
    await opened(either, price=usd("20"))
    await set_payout_tiers(either.market, "cedar-solar", "grade=A,B -> 90%\ngrade=C -> 5.00+50%", "Agreed", OPERATOR)
    quoted = await ping(either)
    assert "15.00" == quoted["price"]
    sold = await post_on(either, quoted)
    assert ("accepted", "15.00") == (sold["status"], sold["price"])
    direct = await post(either, consumer(7))
    assert "15.00" == direct["price"] and "payout" in await steps(either, direct)
    payouts = await either.rows("SELECT payout_units FROM sales")
    assert {150_000} == {row["payout_units"] for row in payouts}


async def test_a_floor_is_held_against_the_leads_held_out_of_it(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", "9000", price=usd("20")))
    await post(either, consumer(1))  # before the floor: in no arm
    later(either, 60)
    await set_floors(either.market, "cedar-solar", "AZ -> 25.00\nholdout -> 50%", "Try it", OPERATOR)
    for number in range(2, 26, 2):
        quoted = await ping(either, consumer(number * 37))
        if quoted["price"]:
            assert "accepted" == (await post_on(either, quoted, consumer(number * 37)))["status"]
        direct = await post(either, consumer(number * 37 + 5))
        told = (await steps(either, direct))["floor"]["sentence"]
        assert ("accepted" == direct["status"]) == told.startswith("Held out of the floor of AZ (25.00), as 50.00 %")
    ((_, trial),) = await floor_trials(either.market, "solar")
    assert (24, trial.out.leads) == (trial.under.leads + trial.out.leads, trial.out.sold)
    assert (0, 0, 200_000, 0) == (trial.under.sold, trial.under.each, trial.out.each, trial.plain)
    assert 0 < trial.out.leads < 24 and "open" == trial.verdict
    for wrong in ("holdout -> 10%", "AZ -> 25.00\nholdout -> 60%", "AZ -> 25.00\nholdout -> 5.00"):
        with pytest.raises(BadRule, match=r"old-?out"):
            await set_floors(either.market, "cedar-solar", wrong, "No", OPERATOR)


async def test_a_sale_that_is_settled_later_pays_the_tier_of_its_record(exchange: Exchange) -> None:
    await opened(exchange, price=usd("20"))
    await set_payout_tiers(exchange.market, "cedar-solar", "grade=C -> 50%", "Agreed", OPERATOR)
    exchange.buyers.answers_posts("acme", TIMED_OUT)
    answer = await post(exchange)
    assert "queued" == answer["status"]
    await set_payout_tiers(exchange.market, "cedar-solar", "grade=C -> 10%", "Changed", OPERATOR)
    later(exchange, 60)
    attempt = (await exchange.rows("SELECT id FROM attempts"))[0]["id"]
    await settle(exchange.market, attempt, Decision(True, "They took it"), OPERATOR)
    assert [100_000] == [row["payout_units"] for row in await exchange.rows("SELECT payout_units FROM sales")]
    assert POST["state"] == "AZ"


async def test_each_sale_of_a_lead_keeps_the_payout_of_the_request_that_made_it(either: Exchange) -> None:
    """Two slots: one sold at once, the other resold after the tiers were changed, settled late, and undone."""
    await either.add(*selling("cedar", slots=2))
    shared: dict[str, Any] = {"price": usd("20"), "sale_mode": SaleMode.SHARED}
    await either.add(*buying("acme", **shared), *buying("birch", on_unclear=OnUnclear.ASSUME_REJECTED, **shared))
    await set_payout_tiers(either.market, "cedar-solar", "grade=C -> 50%", "Agreed", OPERATOR)
    for name in ("birch", "cobalt"):
        either.buyers.answers_posts(name, HUNG_UP)
    await post(either)
    assert "10.00" == await owed(either)

    await either.add(*buying("cobalt", **shared))
    await set_payout_tiers(either.market, "cedar-solar", "grade=A -> 90%\ngrade=C -> 10%", "Changed", OPERATOR)
    later(either, DAY_S)
    await settle_silent(either.market)
    await run_jobs(either.market)
    unclear = next(each["id"] for each in await attempts(either) if each["state"] == "unclear")
    await settle(either.market, unclear, Decision(True, "They took it"), OPERATOR)
    assert ("12.00", "20.00") == (await owed(either), await spent(either, "cobalt"))

    await reverse_sale(either.market, unclear, "It never came", OPERATOR)
    assert "10.00" == await owed(either)
