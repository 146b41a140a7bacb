"""A buyer asks a part of the price back, and takes a request back: what a further exchange hands on to this one."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from exchange.flows.return_decide import CannotDecide, decide_return, may_turn, outlook
from exchange.flows.return_lower import lower_job
from exchange.flows.return_rules import consider
from exchange.flows.return_withdraw import withdraw
from exchange.flows.returns import Asked, Asking, ask_return, find_returnable
from exchange.flows.settle import CannotSettle
from exchange.flows.undo import reverse_sale
from exchange.model.lead import Problem
from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.model.return_terms import ReturnTerms
from exchange.storage.ledger import book
from exchange.storage.score import reports
from exchange.storage.verify import verify_books
from exchange.worker import run_jobs, seal_chains
from tests.flows.lab import OPERATOR, later, owed, post, spent
from tests.flows.receivers import CEDAR, hook, listen
from tests.flows.test_return_decisions import ACME, APPROVE, DAY_S, ask, asked_for, entries, state_of
from tests.market import Exchange, buying, selling, usd
from tests.storage.units import tell

THEIRS, PREPAID = "ret_far", "buyer:acme:prepaid"


async def ask_for(exchange: Exchange, lead_id: str, amount: Money | None, name: str = THEIRS) -> Asked | Problem:
    found = await find_returnable(exchange.market, ACME, lead_id)
    assert found is not None
    made = await ask_return(exchange.market, ACME, found, Asking("wrong_person", "", name, amount=amount))
    assert isinstance(made, Asked | Problem)
    return made


async def bought(exchange: Exchange, **changes: Any) -> str:
    """A lead that Acme bought at $30, of which cedar earned $24."""
    await exchange.add(*selling("cedar"), *buying("acme", price=usd("30"), **changes))
    return str((await post(exchange))["lead_id"])


async def take_back(exchange: Exchange, return_id: str) -> bool:
    done = await withdraw(exchange.market, await state_of(exchange, return_id), ACME)
    await work(exchange)
    return done


async def work(exchange: Exchange) -> None:
    later(exchange, 1)
    while await run_jobs(exchange.market):
        continue


async def test_an_approval_gives_what_was_asked_and_no_more(either: Exchange) -> None:
    lead_id = await bought(either)
    made = await ask_for(either, lead_id, usd("7.50"))
    assert isinstance(made, Asked) and made.new
    return_id = made.request["id"]
    told = await outlook(either.market, made.request, APPROVE)

    decided = await decide_return(either.market, return_id, APPROVE, OPERATOR)

    assert told.sentence.startswith("Credit Acme $7.50. Debit Cedar $6.00")
    assert ("partial", 75_000) == (decided.request["state"], decided.request["credit_units"])
    assert ("22.50", "18.00") == (await spent(either, "acme"), await owed(either))


async def test_an_amount_of_a_sale_that_was_altered_is_named(either: Exchange) -> None:
    """What lists and pages tell of a sale is what was booked, to the last unit."""
    made = await ask_for(either, await bought(either), usd("7.50"))
    assert isinstance(made, Asked)
    await decide_return(either.market, made.request["id"], APPROVE, OPERATOR)
    db, said = either.market.db, []
    for column in ("price_units", "payout_units", "returned_units"):
        await db.write(tell, f"UPDATE sales SET {column} = {column} + 1")
        said.append((await verify_books(db)).flaws)
        await db.write(tell, f"UPDATE sales SET {column} = {column} - 1")

    sale = made.request["sale_id"]
    paid = f"Sale {sale} says {{}} USD units for buyer and seller; the books say 300000 and 240000 USD."
    back = f"Sale {sale} says that 75001 units of it were given back; the books say 75000."
    told = (paid.format("300001 and 240000"), paid.format("300000 and 240001"), back)
    assert [(each,) for each in told] == [tuple(flaw.sentence for flaw in flaws) for flaws in said]


async def test_another_part_may_be_asked_under_the_same_name_until_it_is_decided(either: Exchange) -> None:
    lead_id = await bought(either)
    made = await ask_for(either, lead_id, None)
    assert isinstance(made, Asked)
    return_id = made.request["id"]
    asked = []
    for name, amount in ((THEIRS, "10"), (THEIRS, "5"), ("another", "1"), (THEIRS, "31"), (THEIRS, "5")):
        again = await ask_for(either, lead_id, usd(amount), name)
        assert isinstance(again, Asked) and not again.new
        asked.append(again.request["asked_units"])
    await decide_return(either.market, return_id, APPROVE, OPERATOR)
    late = await ask_for(either, lead_id, usd("20"))

    assert [100_000, 50_000, 50_000, None, 50_000] == asked
    assert isinstance(late, Asked) and 50_000 == late.request["credit_units"]


@pytest.mark.parametrize(
    ("amount", "partial", "code"), [("0", True, "range"), ("-1", True, "range"), ("3", False, "not_allowed")]
)
async def test_no_part_is_asked_that_cannot_be_given(exchange: Exchange, amount: str, partial: bool, code: str) -> None:
    lead_id = await bought(exchange, returns=ReturnTerms(partial=partial))

    made = await ask_for(exchange, lead_id, usd(amount))

    assert isinstance(made, Problem) and ("amount", code) == (made.field, made.code)
    assert isinstance(await ask_for(exchange, lead_id, usd("30")), Asked)


async def test_a_request_that_waits_is_declined_when_its_buyer_takes_it_back(either: Exchange) -> None:
    _, return_id = await asked_for(either)

    done = [await take_back(either, return_id) for _ in range(2)]

    row = await state_of(either, return_id)
    assert ([True, False], "declined", "acme") == (done, row["state"], row["decided_by"])
    assert ("30.00", "24.00") == (await spent(either, "acme"), await owed(either))


async def test_what_a_person_credited_is_charged_again_once_when_its_buyer_takes_it_back(either: Exchange) -> None:
    """Whole or in part, and after the thirty days in which a person may turn what a rule decided."""
    lead_id, whole = await asked_for(either)
    await decide_return(either.market, whole, APPROVE, OPERATOR)
    later(either, 40 * DAY_S)
    request = await state_of(either, whole)
    await asyncio.gather(*(withdraw(either.market, request, ACME) for _ in range(3)))
    assert False is await take_back(either, whole)

    row = await state_of(either, whole)
    assert ("declined", 0, 1) == (row["state"], row["credit_units"], row["turned"])
    assert ("30.00", "24.00") == (await spent(either, "acme"), await owed(either))
    assert (None, 0) == (row["returned_at"], row["returned_units"])
    assert [f"return:{whole}", f"reversal:return:{whole}"] == sorted(
        (row["reference"] for row in await either.rows("SELECT reference FROM transactions WHERE kind = 'reversal'")),
        key=len,
    )
    kinds = await either.rows(
        "SELECT kind FROM lead_events WHERE lead_id = :id AND kind LIKE 'return%' ORDER BY at", id=lead_id
    )
    assert 1 == sum(row["kind"] == "return_withdrawn" for row in kinds)
    await seal_chains(either.market)


async def test_a_part_is_charged_again_as_it_was_credited(either: Exchange) -> None:
    lead_id = await bought(either)
    made = await ask_for(either, lead_id, usd("7.50"))
    assert isinstance(made, Asked)
    return_id = made.request["id"]
    await decide_return(either.market, return_id, APPROVE, OPERATOR)

    await take_back(either, return_id)

    assert ("30.00", "24.00") == (await spent(either, "acme"), await owed(either))
    assert [
        ("buyer:acme:prepaid", "house:margin", 75_000),
        ("house:margin", "seller:cedar:payable", 60_000),
    ] == sorted(await entries(either, f"reversal:return:{return_id}"))
    sale = (await either.rows("SELECT returned_at, returned_units, returned_payout_units FROM sales"))[0]
    assert (None, 0, 0) == tuple(sale.values())


@pytest.mark.parametrize("first", [None, usd("20")])
async def test_what_its_buyer_granted_less_for_is_charged_again_but_for_that(
    either: Exchange, first: Money | None
) -> None:
    """Granted here whole or in part, then decided in part further on, and less still; at last taken back."""
    lead_id = await bought(either)
    made = await ask_for(either, lead_id, first)
    assert isinstance(made, Asked)
    return_id = made.request["id"]
    await decide_return(either.market, return_id, APPROVE, OPERATOR)
    later(either, 40 * DAY_S)

    seen = []
    for amount in ("7.50", "7.50", "12", "5"):
        again = await ask_for(either, lead_id, usd(amount))
        assert isinstance(again, Asked) and not again.new
        await work(either)
        row = await state_of(either, return_id)
        assert ("partial", row["credit_units"], 0) == (row["state"], row["returned_units"], row["turned"])
        seen.append((row["credit_units"], await spent(either, "acme"), await owed(either)))
    for number, party in enumerate((CEDAR, ACME)):
        await listen(either, hook(("ember", "flint")[number]), party, "lead.return_decided")
    await ask_for(either, lead_id, usd("2.50"))
    await lower_job(either.market, {"return_id": return_id, "by": "acme"})
    news = [orjson.loads(row["payload"]) for row in await either.rows("SELECT payload FROM jobs WHERE kind = 'news'")]
    facts = {each["role"]: each["facts"] for each in news}
    heard = await either.market.db.read(reports, 0, either.market.clock.now())
    await seal_chains(either.market)
    books = [await verify_books(either.market.db)]
    await take_back(either, return_id)
    books.append(await verify_books(either.market.db))

    assert ("partial", "2.50") == (facts["buyer"]["status"], facts["buyer"]["credit"])
    assert ("partial", "2.00", "22.00") == tuple(
        facts["seller"][name] for name in ("status", "returned_amount", "price")
    )
    assert [*["reopened"] * 3, *["returned"] * (first is None)] == sorted(row["kind"] for row in heard)
    assert "Charge Acme $2.50 again." in facts["buyer"]["why"]
    assert [(75_000, "22.50", "18.00")] * 3 + [(50_000, "25.00", "20.00")] == seen
    assert ("30.00", "24.00") == (await spent(either, "acme"), await owed(either)) and all(each.sound for each in books)
    (sale,) = await either.rows("SELECT returned_at, reversed_at, returned_units, returned_payout_units FROM sales")
    assert (None, None, 0, 0) == tuple(sale.values())
    (lead,) = await either.rows("SELECT revenue_units, payout_units FROM leads")
    assert (300_000, 240_000) == tuple(lead.values())
    decided = await either.rows("SELECT state, credit_units FROM return_decisions ORDER BY number")
    first_units = 300_000 if first is None else 200_000
    assert [first_units, 75_000 - first_units, -25_000, -25_000, -25_000] == [row["credit_units"] for row in decided]


async def test_no_part_is_charged_again_that_cannot_be(exchange: Exchange) -> None:
    """Under another name, of a sale that gives back all or nothing, or of one declined."""
    lead_id = await bought(exchange, returns=ReturnTerms(partial=False))
    made = await ask_for(exchange, lead_id, None)
    assert isinstance(made, Asked)
    await decide_return(exchange.market, made.request["id"], APPROVE, OPERATOR)
    told = [await ask_for(exchange, lead_id, usd("5"), name) for name in ("another", THEIRS)]
    await work(exchange)

    assert isinstance(told[0], Asked) and isinstance(told[1], Problem)
    assert "approved" == (await state_of(exchange, made.request["id"]))["state"]


async def test_no_rule_looks_at_one_that_was_taken_back(exchange: Exchange) -> None:
    """Asked too late, a rule would have declined it in its own name."""
    lead_id = await bought(exchange)
    later(exchange, 8 * DAY_S)
    made = await ask_for(exchange, lead_id, None)
    assert isinstance(made, Asked)
    await withdraw(exchange.market, made.request, ACME)

    row = await consider(exchange.market, made.request["id"])
    await take_back(exchange, made.request["id"])

    assert ("asked", None) == (row["state"], row["looked_at"])
    row = await state_of(exchange, made.request["id"])
    assert ("declined", 0, "acme") == (row["state"], row["automatic"], row["decided_by"])


async def test_a_credit_that_cannot_be_charged_again_yet_is_tried_until_it_can(exchange: Exchange) -> None:
    _, return_id = await asked_for(exchange)
    await decide_return(exchange.market, return_id, APPROVE, OPERATOR)
    now = exchange.market.clock.now()
    for number, (source, destination) in enumerate(((PREPAID, MARGIN), (MARGIN, PREPAID))):
        moved = Posting(source, destination, usd("980"))
        kind = TransactionKind.FEE if source == PREPAID else TransactionKind.ADJUSTMENT
        await exchange.market.db.write(book, Transaction(f"fee:{number}", kind, (moved,), now, "2026-11"))
        await take_back(exchange, return_id)
        assert ("approved", "declined")[number] == (await state_of(exchange, return_id))["state"]
        later(exchange, 60)


async def test_nothing_is_granted_for_what_its_buyer_wants_back_no_more(either: Exchange) -> None:
    """Neither before the job that declines it, nor against a rule that declined it before."""
    lead_id = await bought(either)
    made = await ask_for(either, lead_id, None)
    assert isinstance(made, Asked)
    waits = made.request["id"]
    await withdraw(either.market, made.request, ACME)
    with pytest.raises(CannotDecide, match="took the request back"):
        await decide_return(either.market, waits, APPROVE, OPERATOR)
    await take_back(either, waits)

    assert "declined" == (await state_of(either, waits))["state"]
    assert ("30.00", "24.00") == (await spent(either, "acme"), await owed(either))


async def test_what_a_rule_declined_is_not_turned_once_its_buyer_took_it_back(exchange: Exchange) -> None:
    lead_id = await bought(exchange)
    later(exchange, 8 * DAY_S)
    late = await ask(exchange, lead_id)
    assert may_turn(await state_of(exchange, late), exchange.market.clock.now())
    await take_back(exchange, late)

    turned = await decide_return(exchange.market, late, APPROVE, OPERATOR)

    assert (False, "declined") == (turned.first, turned.request["state"])
    assert ("30.00", "24.00") == (await spent(exchange, "acme"), await owed(exchange))


async def test_a_sale_whose_return_was_taken_back_is_not_undone_besides(either: Exchange) -> None:
    """The books reverse a sale once."""
    _, return_id = await asked_for(either)
    await decide_return(either.market, return_id, APPROVE, OPERATOR)
    await take_back(either, return_id)
    attempt_id = (await state_of(either, return_id))["attempt_id"]

    with pytest.raises(CannotSettle, match="taken back"):
        await reverse_sale(either.market, attempt_id, "it came back", OPERATOR)

    assert ("30.00", "24.00") == (await spent(either, "acme"), await owed(either))
    await seal_chains(either.market)
    assert (await verify_books(either.market.db)).sound
