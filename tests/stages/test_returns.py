"""Rules and money of returns: what is proved, what cannot be, and who bears it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.model.return_terms import RETURN_REASONS, ReturnTerms
from exchange.model.returns import Advice, Bears, Mark
from exchange.model.verdict import Check
from exchange.stages.returns.evidence import Contact, Earlier, Evidence, Said, facts
from exchange.stages.returns.money import Sold, give_another, give_back, give_part, take_back
from exchange.stages.returns.suggest import RULES, suggest
from exchange.stages.returns.terms import NO_RETURNS, Allowance, disposition_for, missing, reason_in, term_problems

DAY = 86_400_000
ROOM = Allowance(1, 100, 15, 1_500, 0, 30 * DAY, "month")
FULL = ROOM._replace(used=16)
AREA = Check("geo", "89109", "AZ")
BILL = Check("filter:monthly_bill", "51-100", "101-150")


def evidence(reason: str, **changes: Any) -> Evidence:
    """Asked two days after the sale, in a window of seven, with nothing for or against it."""
    return Evidence(reason, 2 * DAY, 0, 7 * DAY, allowed=True, allowance=ROOM, consent="kept")._replace(**changes)


@pytest.mark.parametrize(
    ("found", "advice", "rule", "automatic"),
    [
        (evidence("wrong_person", returned=True), "decline", "already_returned", True),
        (evidence("duplicate_30d", asked_at=7 * DAY, earlier=(Earlier("ld_1", True, 3),)), "decline",
         "outside_window", True),
        (evidence("language", allowed=False), "decline", "reason_not_allowed", True),
        (evidence("duplicate_30d", earlier=(Earlier("ld_1", True, 3.0),)), "approve", "confirmed_duplicate", True),
        (evidence("duplicate_30d", earlier=(Earlier("ld_1", True, 31.0),)), "decline", "no_duplicate", False),
        (evidence("duplicate_30d", earlier=(Earlier("ld_1", False, 3.0),)), "decline", "no_duplicate", False),
        (evidence("duplicate_30d", searched=False), "look", "no_proof", False),
        (evidence("out_of_area", failed=(AREA,)), "approve", "out_of_area", True),
        (evidence("out_of_area", failed=(BILL,)), "look", "no_proof", False),
        (evidence("out_of_area"), "decline", "inside_filters", False),
        (evidence("out_of_area", failed=None), "look", "no_proof", False),
        (evidence("outside_filters", failed=(BILL,)), "approve", "outside_filters", True),
        (evidence("disconnected_phone", phone=Contact("bad", "good")), "approve", "dead_phone_at_sale", True),
        (evidence("disconnected_phone", phone=Contact("good", "bad")), "approve", "dead_phone_now", False),
        (evidence("disconnected_phone", phone=Contact("bad"), said=(Said("quoted", "1 Nov"),)), "decline",
         "spoke_to_consumer", False),
        (evidence("wrong_person", said=(Said("contacted", "1 Nov"),)), "decline", "spoke_to_consumer", False),
        (evidence("wrong_person", others=("wrong_number", "")), "approve", "nobody_reached", False),
        (evidence("language"), "look", "no_proof", False),
        (evidence("language", allowance=FULL), "look", "over_allowance", False),
        (evidence("out_of_area", failed=(AREA,), allowance=FULL), "approve", "out_of_area", False),
    ],
)  # fmt: skip
def test_the_first_rule_that_fits_is_named(found: Evidence, advice: str, rule: str, automatic: bool) -> None:
    made = suggest(ReturnTerms(), found)

    assert (advice, rule, automatic) == (made.advice.value, made.rule, made.automatic)
    assert made.rule in RULES and made.sentence


def test_a_contract_may_decline_what_is_over_its_allowance_or_keep_rules_from_deciding() -> None:
    over = evidence("out_of_area", failed=(AREA,), allowance=FULL)
    made = suggest(ReturnTerms(over_cap="decline"), over)
    assert (Advice.DECLINE, "over_allowance", True) == (made.advice, made.rule, made.automatic)
    by_hand = ReturnTerms(auto_approve=False, auto_decline=False)
    assert not suggest(by_hand, evidence("out_of_area", failed=(AREA,))).automatic
    assert not suggest(by_hand, evidence("language", allowed=False)).automatic
    assert suggest(by_hand, evidence("language", asked_at=8 * DAY)).automatic


def test_facts_point_both_ways() -> None:
    found = evidence(
        "wrong_number", phone=Contact("good", "bad"), said=(Said("appointment_set", "20 Nov, 11:02"),), file="call.mp3"
    )

    marks = [(fact.name, fact.mark) for fact in facts(found)]

    assert [("phone", Mark.AGAINST), ("phone", Mark.FOR)] == [each for each in marks if each[0] == "phone"]
    assert ("disposition", Mark.AGAINST) in marks and ("attached", Mark.FOR) in marks
    assert any("appointment set” on 20 Nov, 11:02" in fact.sentence for fact in facts(found))


def sold(price: int, payout: int, extra: int = 0) -> Sold:
    paid, earned, loses = (Money(units, "USD") for units in (price, payout, payout + extra))
    postings = [Posting("buyer:acme:receivable", MARGIN, paid)]
    if payout:
        postings.append(Posting(MARGIN, "seller:cedar:payable", earned))
    booked = Transaction("sale:dlv_1", TransactionKind.SALE, tuple(postings), 1, "2026-11", "ld_1")
    return Sold("dlv_1", "ld_1", "cedar", paid, earned, loses, booked)


def sums(transactions: tuple[Transaction, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in transactions:
        for move in each.postings:
            found[move.source] = found.get(move.source, 0) - move.money.units
            found[move.destination] = found.get(move.destination, 0) + move.money.units
    return found


amounts = st.integers(2, 10_000_000)


@given(price=amounts, share=st.integers(0, 10_000), part=st.integers(1, 9_999), who=st.sampled_from(Bears))
def test_what_is_told_is_what_is_booked_and_never_more_than_the_sale(
    price: int, share: int, part: int, who: Bears
) -> None:
    sale = sold(price, price * share // 10_000)
    credit = Money(max(1, min(price - 1, price * part // 10_000)), "USD")
    made = [
        give_back(sale, "ret_1", who, 2, "2026-11"),
        give_part(sale, "ret_1", credit, who, 2, "2026-11"),
        give_another(sale, "ret_1", who, 2, "2026-11"),
    ]

    for moved in made:
        booked = sums(moved.transactions)
        assert moved.effect.credit.units == booked.get("buyer:acme:receivable", 0) <= price
        assert moved.effect.debit.units == -booked.get("seller:cedar:payable", 0) <= sale.payout.units
        assert moved.effect.margin.units == -booked.get(MARGIN, 0)
        assert who is Bears.SELLER or not moved.effect.debit.units
        again = sums((*moved.transactions, *take_back(moved.transactions, 3, "2026-11")))
        assert not any(again.values())
    assert ["sale:dlv_1"] == [each.reverses for each in made[0].transactions]


def test_a_promise_that_falls_away_goes_back_too() -> None:
    moved = give_back(sold(300_000, 240_000, 10_000), "ret_1", Bears.SELLER, 2, "2026-11")

    assert {"buyer:acme:receivable": 300_000, "seller:cedar:payable": -250_000, MARGIN: -50_000} == sums(
        moved.transactions
    )
    assert 240_000 == moved.payout_back.units


def test_what_is_no_return_has_its_word_in_the_vertical() -> None:
    assert ["no_answer", "price_too_high", "wrong_number"] == [
        reason_in(text) for text in ("No answer", "too-expensive", "Wrong  Number")
    ]
    assert "lost_on_price" == disposition_for("price_too_high", ("contacted", "not_interested", "lost_on_price"))
    assert "lost" == disposition_for("not_interested", ("contacted", "lost"))
    assert disposition_for("no_answer", ("contacted",)) is None
    assert not set(NO_RETURNS) & set(RETURN_REASONS)


def test_terms_say_what_is_wrong_with_them() -> None:
    assert () == term_problems(ReturnTerms())
    bad = ReturnTerms(("gone",), 20_000, "day", "ignore", evidence=(("gone", "video"),))
    assert 6 == len(term_problems(bad))
    terms = ReturnTerms(evidence=(("*", "note"), ("wrong_number", "file")))
    assert ["note", "file", None] == [
        missing(terms, "language", note=False, file=False),
        missing(terms, "wrong_number", note=True, file=False),
        missing(terms, "language", note=True, file=False),
    ]
