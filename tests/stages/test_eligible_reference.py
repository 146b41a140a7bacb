"""Judging by bits gives what judging one contract after another gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.fields.places import Places
from exchange.model.lead import Kind, Lead, Mode
from exchange.model.ledger import Billing
from exchange.model.party import (
    Buyer,
    Cap,
    Clause,
    Contract,
    Geo,
    Group,
    Hours,
    SaleMode,
    Sources,
    State,
    Window,
)
from exchange.stages.caps import budget_key, cap_key
from exchange.stages.eligible import Facts, compile_book, judge
from tests.stages.reference import failed_checks
from tests.stages.samples import NOW, buyer, contract, usd
from tests.stages.solar import BILLS, ROOFS, SOLAR, solar_lead

PLACES = Places.load()
ZIPS = ("85016", "85018", "85001", "90210", "10001")
DAY_MS = 86_400_000


def some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(tuple)


bills = st.sampled_from([f"${bill}" for bill in BILLS])
one_roof = st.sampled_from(ROOFS).map(lambda roof: (roof,))
clauses = st.one_of(
    st.builds(Clause, st.just("zip"), st.sampled_from(["one_of", "none_of"]), some(*ZIPS)),
    st.builds(Clause, st.just("zip"), st.just("starts_with"), st.just(("85",))),
    st.builds(Clause, st.just("roof"), st.sampled_from(["one_of", "none_of"]), some(*ROOFS)),
    st.builds(Clause, st.just("roof"), st.sampled_from(["equals", "not_equals"]), one_roof),
    st.builds(Clause, st.just("monthly_bill"), st.sampled_from(["at_least", "at_most"]), st.just(("150",))),
    st.builds(Clause, st.just("monthly_bill"), st.just("equals"), bills.map(lambda bill: (bill,))),
    st.builds(Clause, st.just("homeowner"), st.just("equals"), st.sampled_from([("yes",), ("no",)])),
    st.builds(Clause, st.just("panels"), st.sampled_from(["is_set", "is_not_set"]), st.just(())),
    st.builds(Clause, st.just("credit_score"), st.just("at_least"), st.just(("650",))),
)
trees = st.recursive(
    clauses,
    lambda inner: st.builds(Group, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3).map(tuple)),
    max_leaves=6,
)
filters = st.none() | trees.map(lambda tree: tree if isinstance(tree, Group) else Group("all", (tree,)))
geos = st.just(Geo()) | st.builds(
    Geo,
    st.just(()) | some("AZ", "CA", "NY"),
    st.just(()) | some("AZ", "CA"),
    st.just(frozenset[str]()) | some(*ZIPS).map(frozenset),
    st.just(frozenset[str]()) | some(*ZIPS).map(frozenset),
    st.none() | st.just("85016"),
    st.sampled_from([0, 5]),
)
sources = st.just(Sources()) | st.builds(
    Sources,
    st.just(frozenset[str]()) | some("sl_1", "sl_2").map(frozenset),
    st.just(frozenset[str]()) | some("sl_1", "sl_2").map(frozenset),
    st.just(frozenset[str]()) | some("sl_1:a", "*:b", "sl_2:b").map(frozenset),
    st.just(frozenset[str]()) | some("sl_1:a", "*:b", "sl_2:b").map(frozenset),
)
hours = st.lists(
    st.builds(Hours, st.sampled_from([(0, 1, 2, 3, 4), (5, 6), (5,)]), st.integers(0, 1_439), st.integers(0, 1_440)),
    max_size=2,
).map(tuple)
caps = st.lists(
    st.builds(
        Cap,
        st.sampled_from(Window),
        st.sampled_from(["count", "money"]),
        st.integers(0, 3) | st.just(400_000),
        st.sampled_from([(), (5,), (0, 1)]),
    ),
    max_size=2,
    unique_by=lambda cap: (cap.name, cap.weekdays),
).map(tuple)
money = st.sampled_from(["0", "0.005", "7", "25", "60"]).map(usd)
T = TypeVar("T")


def rarely(draw: st.DrawFn, strategy: st.SearchStrategy[T], usual: T) -> T:
    """Most checks pass for most contracts, else nobody is ever eligible."""
    return draw(strategy) if draw(st.integers(0, 5)) == 0 else usual


@st.composite
def buyers(draw: st.DrawFn, name: str) -> Buyer:
    return Buyer(
        name,
        draw(st.sampled_from(["Helio One", "Brightroof"])),
        rarely(draw, st.just(State.PAUSED), State.ACTIVE),
        draw(st.sampled_from(Billing)),
        rarely(draw, money, usd("500")),
        draw(st.sampled_from(["", "west"])),
        rarely(draw, st.sampled_from([NOW - 1, NOW, NOW + 1]), None),
    )


@st.composite
def contracts(draw: st.DrawFn, name: str, buyer_ids: tuple[str, ...]) -> Contract:
    price = rarely(draw, money, usd("25")) if draw(st.booleans()) else None
    return replace(
        contract(name, draw(st.sampled_from(buyer_ids))),
        state=rarely(draw, st.just(State.DELETED), State.ACTIVE),
        mode=rarely(draw, st.just(Mode.TEST), Mode.LIVE),
        connection=rarely(draw, st.just("simulated"), "helio"),
        sale_mode=draw(st.sampled_from(SaleMode)),
        leg=draw(st.sampled_from(["one", "two", "three"])),
        tier=draw(st.integers(1, 3)),
        price=price,
        shared_price=None if price is None else rarely(draw, money, None),
        max_bid=rarely(draw, money, usd("60")),
        zero_price=draw(st.booleans()),
        priority=draw(st.integers(1, 2)),
        zone=draw(st.sampled_from(["America/New_York", "Asia/Kathmandu"])),
        hours=rarely(draw, hours, ()),
        filters=draw(filters),
        geo=draw(geos),
        sources=rarely(draw, sources, Sources()),
        min_grade=rarely(draw, st.sampled_from(["B", "D"]), None),
        max_fraud=rarely(draw, st.sampled_from([0, 40]), None),
        consent=rarely(draw, st.just(("jornaya_leadid",)), ()),
        duplicate_days=draw(st.sampled_from([0, 30])),
        caps=draw(caps),
        budget=rarely(draw, money, None),
    )


@st.composite
def leads(draw: st.DrawFn) -> Lead:
    sent = {
        "zip": draw(st.none() | st.sampled_from(ZIPS)),
        "state": draw(st.none() | st.sampled_from(["AZ", "NY"])),
        "monthly_bill": draw(st.none() | bills),
        "roof": draw(st.none() | st.sampled_from(ROOFS)),
        "homeowner": draw(st.none() | st.sampled_from(["yes", "no"])),
        "panels": draw(st.none() | st.just("12")),
        "credit_score": draw(st.none() | st.sampled_from(["600", "700"])),
    }
    lead = solar_lead(
        draw(st.sampled_from(Kind)),
        draw(st.sampled_from([Mode.LIVE, Mode.LIVE, Mode.TEST])),
        **{name: text for name, text in sent.items() if text is not None},
    )
    return lead._replace(
        seller_id=draw(st.sampled_from(["sl_1", "sl_2"])),
        tracking=draw(st.sampled_from([{}, {"sub_id1": "a"}, {"sub_id1": "c", "sub_id4": "b"}])),
        grade=draw(st.sampled_from([None, "A", "B", "C", "F"])),
        fraud=draw(st.sampled_from([None, 0, 40, 41])),
        test_outcome=draw(st.sampled_from([None, "sold"])),
        consent=lead.consent._replace(jornaya_leadid=draw(st.sampled_from([None, "made-up"]))),
    )


@st.composite
def markets(draw: st.DrawFn) -> tuple[list[Contract], list[Buyer], Lead, Facts]:
    names = ("by_1", "by_2", "by_3")
    owners = [draw(buyers(name)) for name in names]
    book = [draw(contracts(f"ct_{number:02d}", names)) for number in range(draw(st.integers(0, 8)))]
    keys = [cap_key(each, cap) for each in book for cap in each.caps] + [budget_key(each) for each in book]
    used = draw(st.lists(st.sampled_from([*keys, "x"]), max_size=6))
    some_names = st.lists(st.sampled_from(names), max_size=2, unique=True)
    some_ids = st.lists(st.sampled_from([each.id for each in book] or ["ct_x"]), max_size=3, unique=True)
    facts = Facts(
        time_left_ms=rarely(draw, st.sampled_from([0, 500]), None),
        reserve=rarely(draw, money, usd("7")),
        tier_open=rarely(draw, st.sampled_from([1, 2]), None),
        cap_use={key: draw(st.integers(0, 4) | st.just(200_000)) for key in used},
        available={name: rarely(draw, money, usd("100")) for name in names},
        bought={name: NOW - draw(st.sampled_from([0, 29, 30, 31])) * DAY_MS for name in draw(some_names)},
        broken=dict.fromkeys(rarely(draw, some_names, []), "Breaker open."),
        latency_ms={name: draw(st.integers(1, 900)) for name in draw(some_ids)},
        over_rate=frozenset(rarely(draw, some_ids, [])),
        taken_groups=rarely(draw, st.just({"west": "by_1"}), {}),
        taken_legs=rarely(draw, st.just(frozenset({"two"})), frozenset()),
    )
    if draw(st.booleans()):
        facts = replace(facts, available={})
    return book, owners, draw(leads()), facts


def names_of(checks: list[str]) -> list[str]:
    return ["source" if name.startswith("source") else name for name in checks]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets())
def test_every_verdict_is_that_of_the_slow_way(market: tuple[list[Contract], list[Buyer], Lead, Facts]) -> None:
    book, owners, lead, facts = market
    judgement = judge(compile_book(book, owners, SOLAR, PLACES), lead, facts, NOW)
    by_id = {owner.id: owner for owner in owners}
    slow = {
        each.id: names_of(failed_checks(each, by_id[each.buyer_id], SOLAR, PLACES, lead, facts, NOW)) for each in book
    }
    first: dict[str, str] = {}
    for each in sorted(book, key=lambda each: (each.tier, each.priority, each.id)):
        group = by_id[each.buyer_id].group
        if not slow[each.id] and group and first.setdefault(group, each.buyer_id) != each.buyer_id:
            slow[each.id] = ["conflict"]

    assert slow == {verdict.contract_id: [check.name for check in verdict.failed] for verdict in judgement.verdicts}
    assert [each.id for each in book if not slow[each.id]] == [each.id for each in judgement.eligible]


def _narrow_geo(each: Contract) -> Contract:
    return replace(each, geo=replace(each.geo, states_except=(*each.geo.states_except, "AZ")))


def _narrow_filter(each: Contract) -> Contract:
    more = Clause("homeowner", "equals", ("yes",))
    return replace(each, filters=Group("all", (each.filters, more) if each.filters else (more,)))


def _block_seller(each: Contract) -> Contract:
    return replace(each, sources=replace(each.sources, sellers_except=each.sources.sellers_except | {"sl_1"}))


NARROWER: tuple[Callable[[Contract], Contract], ...] = (
    _narrow_geo,
    _narrow_filter,
    _block_seller,
    lambda each: replace(each, caps=(*each.caps, Cap(Window.MONTH, "count", 1, (5,)))),
    lambda each: replace(each, min_grade="A"),
    lambda each: replace(each, max_fraud=0),
    lambda each: replace(each, consent=("jornaya_leadid",)),
    lambda each: replace(each, state=State.PAUSED),
    lambda each: replace(each, budget=usd("7") if each.budget is None else each.budget),
    lambda each: replace(each, duplicate_days=365),
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets(), st.sampled_from(NARROWER))
def test_one_more_check_on_a_contract_never_makes_it_eligible(
    market: tuple[list[Contract], list[Buyer], Lead, Facts], narrow: Callable[[Contract], Contract]
) -> None:
    book, owners, lead, facts = market
    for each in book:
        alone = judge(compile_book([each], owners, SOLAR, PLACES), lead, facts, NOW)
        narrower = judge(compile_book([narrow(each)], owners, SOLAR, PLACES), lead, facts, NOW)

        assert {each.id for each in narrower.eligible} <= {each.id for each in alone.eligible}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets(), st.sets(st.sampled_from([f"ct_{number:02d}" for number in range(14)])))
def test_judging_some_contracts_says_of_them_what_judging_only_them_says(
    market: tuple[list[Contract], list[Buyer], Lead, Facts], only: set[str]
) -> None:
    book, owners, lead, facts = market
    part = judge(compile_book(book, owners, SOLAR, PLACES), lead, facts, NOW, only)
    alone = judge(compile_book([each for each in book if each.id in only], owners, SOLAR, PLACES), lead, facts, NOW)

    assert alone.verdicts == part.verdicts
    assert alone.eligible == part.eligible


def test_a_buyer_that_is_nobody_in_the_group_is_named_by_its_id() -> None:
    book = compile_book([contract()], [buyer(group="west")], SOLAR, PLACES)
    facts = Facts(available={"by_1": usd("100")}, taken_groups={"west": "by_9"})

    assert "by_9" == judge(book, solar_lead(), facts, NOW).verdicts[0].failed[0].got
