"""A return is decided: money moves once, between the right parties, and what a rule decided can be taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from exchange.flows.replacements import give_replacements
from exchange.flows.return_decide import CannotDecide, Choice, decide_return, outlook
from exchange.flows.return_rules import consider
from exchange.flows.returns import Asked, Asking, ask_return, find_returnable
from exchange.flows.settle import CannotSettle
from exchange.flows.undo import reverse_sale
from exchange.model.actor import Actor, Role
from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind
from exchange.model.party import Geo, Payout, SaleMode
from exchange.model.return_terms import ReturnTerms
from exchange.model.returns import Bears, ReturnState
from exchange.storage.ledger import book
from exchange.storage.returns import return_of
from exchange.storage.screened import label_leads
from exchange.worker import seal_chains
from tests.flows.lab import OPERATOR, later, owed, person, ping, post, post_on, spent
from tests.market import Exchange, buying, campaign, selling, usd

ACME = Actor(Role.BUYER, "acme", "acme")
DAY_S = 86_400
APPROVE = Choice(ReturnState.APPROVED, "it is so")


async def ask(exchange: Exchange, lead_id: str, reason: str = "wrong_person", buyer: Actor = ACME) -> str:
    """The id of a request for it, after the rules looked."""
    found = await find_returnable(exchange.market, buyer, lead_id)
    assert found is not None
    asked = await ask_return(exchange.market, buyer, found, Asking(reason))
    assert isinstance(asked, Asked)
    await consider(exchange.market, asked.request["id"])
    return str(asked.request["id"])


async def asked_for(exchange: Exchange, **changes: Any) -> tuple[str, str]:
    """Acme bought a lead at $30 of which cedar earned $24, and asks its money back: lead and request."""
    await exchange.add(*selling("cedar"), *buying("acme", price=usd("30"), **changes))
    lead_id = str((await post(exchange))["lead_id"])
    return lead_id, await ask(exchange, lead_id)


async def entries(exchange: Exchange, reference: str) -> list[tuple[str, str, int]]:
    rows = await exchange.rows(
        "SELECT source, destination, units FROM postings WHERE reference = :reference ORDER BY line",
        reference=reference,
    )
    return [(row["source"], row["destination"], row["units"]) for row in rows]


async def state_of(exchange: Exchange, return_id: str) -> dict[str, Any]:
    row = await exchange.market.db.read(return_of, return_id)
    assert row is not None
    return dict(row)


async def test_approving_gives_the_price_back_and_takes_the_payout_once_however_many_do_it(either: Exchange) -> None:
    _, return_id = await asked_for(either)
    assert ("30.00", "24.00") == (await spent(either, "acme"), await owed(either))
    before = await outlook(either.market, await state_of(either, return_id), APPROVE)

    made = await asyncio.gather(*(decide_return(either.market, return_id, APPROVE, OPERATOR) for _ in range(6)))

    assert (
        "Credit Acme $30.00. Debit Cedar $24.00, still inside the seller's window. Margin falls by $6.00."
    ) == before.sentence
    assert [False] * 5 + [True] == sorted(each.first for each in made)
    assert {"approved"} == {each.request["state"] for each in made}
    assert ("0.00", "0.00") == (await spent(either, "acme"), await owed(either))
    assert [
        ("house:margin", "buyer:acme:prepaid", 300_000),
        ("seller:cedar:payable", "house:margin", 240_000),
    ] == await entries(either, f"return:{return_id}")
    assert 1 == await either.count("return_decisions")
    lead = (await either.rows("SELECT * FROM leads"))[0]
    assert ("sold", 0, 0, 1) == (lead["state"], lead["revenue_units"], lead["payout_units"], lead["times_sold"])


async def test_after_the_sellers_window_the_house_bears_it(either: Exchange) -> None:
    _, return_id = await asked_for(either, return_days=60)
    later(either, 31 * DAY_S)

    before = await outlook(either.market, await state_of(either, return_id), APPROVE)
    await decide_return(either.market, return_id, APPROVE, OPERATOR)

    assert Bears.HOUSE is before.effect.bears and "Margin falls by $30.00." in before.sentence
    assert ("0.00", "24.00") == (await spent(either, "acme"), await owed(either))
    assert [("house:margin", "buyer:acme:prepaid", 300_000)] == await entries(either, f"return:{return_id}")


async def test_a_part_is_credited_with_its_share_of_the_payout_and_never_more_than_the_sale(either: Exchange) -> None:
    _, return_id = await asked_for(either)
    for wrong in ("0", "30", "31"):
        with pytest.raises(CannotDecide, match="more than 0 and less than the price"):
            await decide_return(either.market, return_id, Choice(ReturnState.PARTIAL, credit=usd(wrong)), OPERATOR)

    part = Choice(ReturnState.PARTIAL, "half of it", usd("10.01"))
    made = await asyncio.gather(*(decide_return(either.market, return_id, part, OPERATOR) for _ in range(3)))

    assert 1 == sum(each.first for each in made)
    assert ("19.99", "15.992") == (await spent(either, "acme"), await owed(either))
    with pytest.raises(CannotSettle, match="granted"):
        await reverse_sale(either.market, made[0].request["attempt_id"], "it came back", OPERATOR)
    assert False is (await decide_return(either.market, return_id, APPROVE, OPERATOR)).first


async def test_a_contract_may_give_back_the_whole_price_or_nothing(exchange: Exchange) -> None:
    _, return_id = await asked_for(exchange, returns=ReturnTerms(partial=False))

    with pytest.raises(CannotDecide, match="the whole price or nothing"):
        await decide_return(exchange.market, return_id, Choice(ReturnState.PARTIAL, credit=usd("3")), OPERATOR)


async def test_declining_moves_nothing_and_keeps_the_reason(either: Exchange) -> None:
    _, return_id = await asked_for(either)

    await decide_return(either.market, return_id, Choice(ReturnState.DECLINED, "You reached her"), OPERATOR)

    row = await state_of(either, return_id)
    assert ("declined", "You reached her", OPERATOR.name, 0) == (
        row["state"],
        row["why"],
        row["decided_by"],
        row["credit_units"],
    )
    assert ("30.00", "24.00") == (await spent(either, "acme"), await owed(either))


async def test_a_shared_lead_keeps_what_its_other_sales_owe_the_seller(either: Exchange) -> None:
    """The ping promised $30: each buyer paid $25, so a promise was made up for, which one sale alone does not bear."""
    terms: dict[str, Any] = {"sale_mode": SaleMode.SHARED, "price": usd("25"), "return_days": 60}
    await either.add(
        *selling("cedar"),
        campaign("cedar", slots=2, payout=Payout(usd("0"), 6_000)),
        *buying("acme", **terms),
        *buying("birch", **terms),
    )
    pinged = await ping(either)
    lead_id = str((await post_on(either, pinged))["lead_id"])
    earned = await owed(either)
    return_id = await ask(either, lead_id)

    await decide_return(either.market, return_id, APPROVE, OPERATOR)

    assert ("30.00", "15.00") == (earned, await owed(either))
    assert ("0.00", "25.00") == (await spent(either, "acme"), await spent(either, "birch"))


async def test_a_rule_that_approved_is_taken_back_once_and_both_entries_stay(either: Exchange) -> None:
    """Acme takes Nevada only since the lead was sold: under the terms it was sold under it lies outside too."""
    lead_id, return_id = await outside(either)
    row = await state_of(either, return_id)
    assert ("approved", 1, "out_of_area") == (row["state"], row["automatic"], row["rule"])
    back = Choice(ReturnState.DECLINED, "The ZIP was right")
    before = await outlook(either.market, await state_of(either, return_id), back)

    made = await asyncio.gather(*(decide_return(either.market, return_id, back, OPERATOR) for _ in range(3)))

    assert "Charge Acme $30.00 again. Cedar gets its $24.00 back. Both entries stay in the ledger." == before.sentence
    assert 1 == sum(each.first for each in made)
    assert ("30.00", "24.00") == (await spent(either, "acme"), await owed(either))
    assert [f"return:{return_id}", f"reversal:return:{return_id}"] == sorted(
        (row["reference"] for row in await either.rows("SELECT reference FROM transactions WHERE kind = 'reversal'")),
        key=len,
    )
    assert 2 == await either.count("return_decisions")
    assert False is (await decide_return(either.market, return_id, APPROVE, OPERATOR)).first
    lead = (await either.rows("SELECT revenue_units FROM leads WHERE id = :id", id=lead_id))[0]
    assert 300_000 == lead["revenue_units"]
    await seal_chains(either.market)


async def outside(exchange: Exchange) -> tuple[str, str]:
    """A lead sold to Acme that its contract, as it stood, did not want: sold by the terms before."""
    await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
    lead_id = str((await post(exchange))["lead_id"])
    await exchange.add(*buying("acme", price=usd("30"), geo=Geo(states=("NV",))))
    versions = "UPDATE sales SET contract_version = 2"
    await exchange.market.db.write(_tell, versions)
    return lead_id, await ask(exchange, lead_id, "out_of_area")


async def _tell(tx: Any, sql: str) -> None:
    await tx.execute(sql)


async def test_what_a_rule_decided_cannot_be_turned_after_thirty_days(exchange: Exchange) -> None:
    _, return_id = await outside(exchange)
    back = Choice(ReturnState.DECLINED, "no")
    later(exchange, 30 * DAY_S)

    assert False is (await decide_return(exchange.market, return_id, back, OPERATOR)).first
    assert "approved" == (await state_of(exchange, return_id))["state"]


async def test_a_credit_is_not_taken_back_from_a_buyer_that_has_too_little(exchange: Exchange) -> None:
    _, return_id = await outside(exchange)
    rest = Transaction(
        "fee:1",
        TransactionKind.FEE,
        (Posting("buyer:acme:prepaid", MARGIN, usd("980")),),
        exchange.market.clock.now(),
        "2026-11",
    )
    await exchange.market.db.write(book, rest)

    with pytest.raises(CannotDecide, match="Acme has too little"):
        await decide_return(exchange.market, return_id, Choice(ReturnState.DECLINED, "no"), OPERATOR)

    assert "approved" == (await state_of(exchange, return_id))["state"]


async def test_a_rule_that_declined_may_be_turned_into_a_credit(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
    lead_id = str((await post(exchange))["lead_id"])
    later(exchange, 8 * DAY_S)
    return_id = await ask(exchange, lead_id)
    assert "declined" == (await state_of(exchange, return_id))["state"]

    made = await decide_return(exchange.market, return_id, APPROVE, OPERATOR)

    assert (True, "approved", "0.00") == (made.first, made.request["state"], await spent(exchange, "acme"))
    assert False is (await decide_return(exchange.market, return_id, Choice(ReturnState.DECLINED), OPERATOR)).first


async def test_a_delivery_that_came_back_and_a_return_at_once_give_the_money_back_once(either: Exchange) -> None:
    _, return_id = await asked_for(either)
    attempt_id = (await state_of(either, return_id))["attempt_id"]

    await asyncio.gather(
        decide_return(either.market, return_id, APPROVE, OPERATOR),
        reverse_sale(either.market, attempt_id, "it came back", OPERATOR),
        return_exceptions=True,
    )

    assert 1 == await either.count("transactions WHERE kind = 'reversal'")
    assert ("0.00", "0.00") == (await spent(either, "acme"), await owed(either))


async def test_only_what_was_granted_labels_a_lead_bad(exchange: Exchange) -> None:
    _, return_id = await asked_for(exchange)
    now = exchange.market.clock.now()
    assert 0 == await exchange.market.db.write(label_leads, 0, now)

    await decide_return(exchange.market, return_id, APPROVE, OPERATOR)

    assert 1 == await exchange.market.db.write(label_leads, 0, now)
    assert [{"label": "bad"}] == await exchange.rows("SELECT label FROM screened")


async def test_a_confirmed_duplicate_is_approved_by_the_rule_it_names(either: Exchange) -> None:
    """The second seller's campaign takes people whom the first one sent before."""
    await either.add(
        *selling("cedar"), *selling("dell"), campaign("dell", duplicate_days=0), *buying("acme", price=usd("30"))
    )
    await post(either)
    later(either, 3 * DAY_S)
    again = await post(either, seller="dell")
    assert "accepted" == again["status"]

    return_id = await ask(either, str(again["lead_id"]), "duplicate_30d")

    row = await state_of(either, return_id)
    assert ("approved", 1, "confirmed_duplicate") == (row["state"], row["automatic"], row["rule"])
    assert "30.00" == await spent(either, "acme")
    other = str((await post(either, person(9)))["lead_id"])
    row = await state_of(either, await ask(either, other, "duplicate_30d"))
    assert ("asked", "decline", "no_duplicate") == (row["state"], row["suggestion"], row["rule"])


async def test_another_lead_is_given_free_of_charge_once_and_shows(either: Exchange) -> None:
    """The returned lead cost $30, the next one $40: $30 of it are credited."""
    _, return_id = await asked_for(either)
    choice = Choice(ReturnState.REPLACED, "take another one")
    before = await outlook(either.market, await state_of(either, return_id), choice)
    await decide_return(either.market, return_id, choice, OPERATOR)

    assert "gets its next matching lead free of charge" in before.sentence and "Debit Cedar $24.00" in before.sentence
    assert ("30.00", "0.00") == (await spent(either, "acme"), await owed(either))
    assert 0 == await give_replacements(either.market)
    await either.add(*buying("acme", price=usd("40")))
    later(either, 60)
    given = str((await post(either, person(3)))["lead_id"])
    later(either, 60)
    await post(either, person(4))
    counts = await asyncio.gather(*(give_replacements(either.market) for _ in range(4)))

    assert (1, 0) == (sum(counts), await give_replacements(either.market))
    row = await state_of(either, return_id)
    assert (given, 300_000) == (row["replacement"], row["credit_units"])
    assert [("house:margin", "buyer:acme:prepaid", 300_000)] == await entries(either, f"replacement:{return_id}")
    assert ("80.00", "64.00") == (await spent(either, "acme"), await owed(either))
    again = await ask(either, given)
    with pytest.raises(CannotDecide, match="given free of charge"):
        await decide_return(either.market, again, APPROVE, OPERATOR)
