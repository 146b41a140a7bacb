"""Who may have a lead, and the sentence for everyone who may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.fields.places import Places
from exchange.model.lead import Kind, Lead, Mode
from exchange.model.ledger import Billing
from exchange.model.party import Cap, Clause, Contract, Geo, Group, Hours, SaleMode, Sources, State, Window
from exchange.stages.caps import budget_key, cap_key
from exchange.stages.eligible import BadBook, Book, Facts, compile_book, contract_problems, judge
from exchange.stages.reasons import sentences
from tests.stages.samples import NOW, buyer, contract, usd
from tests.stages.solar import SOLAR, solar_lead

PLACES = Places.load()
PAID = Facts(available={"by_1": usd("500"), "by_2": usd("500")})
PHOENIX = "America/Phoenix"
DAY_MS = 86_400_000


def book_of(*contracts: Contract) -> Book:
    return compile_book(contracts, [buyer(), buyer("by_2", name="Brightroof")], SOLAR, PLACES)


def why(wanted: Contract, lead: Lead | None = None, facts: Facts = PAID) -> tuple[str, ...]:
    """The sentences of one contract's verdict."""
    (verdict,) = judge(book_of(wanted), lead or solar_lead(zip="85016"), facts, NOW).verdicts
    return sentences(verdict)


@pytest.mark.parametrize(
    ("key", "used", "told"),
    [
        ("ct_1:day:count", 24, ()),
        ("ct_1:day:count", 25, ("Pacing allows 25 by now, 25 used.",)),
        ("ct_1:day:count", 40, ("Daily cap 40 of 40.",)),
        ("ct_1:month:money", 3_200_000, ()),
        ("ct_1:month:money", 3_370_000, ("Pacing allows $343.45 by now, $337.00 used.",)),
    ],
)
def test_a_spread_cap_tells_what_its_pace_allows_by_now(key: str, used: int, told: tuple[str, ...]) -> None:
    caps = (Cap(Window.DAY, "count", 40), Cap(Window.MONTH, "money", usd("500").units))
    wanted = replace(contract(price="7"), caps=caps, even=True, zone="UTC")

    assert told == why(wanted, facts=replace(PAID, cap_use={key: used}))
    facts = replace(PAID, cap_use={key: used if used == 40 else 0})
    assert (("Daily cap 40 of 40.",) if used == 40 else ()) == why(replace(wanted, even=False), facts=facts)


def test_a_contract_that_wants_nothing_special_may_have_the_lead() -> None:
    judgement = judge(book_of(contract()), solar_lead(), PAID, NOW)

    assert (contract(),) == judgement.eligible
    assert [("ct_1", 3, ())] == [(v.contract_id, v.contract_version, v.failed) for v in judgement.verdicts]


def test_every_contract_of_the_vertical_has_one_verdict_and_no_other_contract_any() -> None:
    contracts = [contract("ct_2"), contract("ct_1"), replace(contract("ct_3"), vertical="auto")]

    assert ["ct_1", "ct_2"] == [v.contract_id for v in judge(book_of(*contracts), solar_lead(), PAID, NOW).verdicts]


def test_an_empty_book_judges_nobody() -> None:
    judgement = judge(book_of(), solar_lead(), PAID, NOW)

    assert ((), ()) == (judgement.eligible, judgement.verdicts)


def test_a_contract_with_three_problems_is_told_three_in_the_order_of_the_checks() -> None:
    wanted = replace(contract(), geo=Geo(states=("NV",)), caps=(Cap(Window.DAY, "count", 40),), min_grade="B")
    facts = replace(PAID, cap_use={"ct_1:day:count": 40})

    assert (
        "State AZ is not in NV.",
        "Needs B or better, lead has no grade.",
        "Daily cap 40 of 40.",
    ) == why(wanted, facts=facts)


OFFICE = replace(contract(), zone=PHOENIX, hours=(Hours((0, 1, 2, 3, 4), 480, 1020),))
BILL = replace(contract(), filters=Group("all", (Clause("monthly_bill", "at_least", ("150",)),)))
CAPPED = replace(contract(), caps=(Cap(Window.MONTH, "money", usd("500").units),), budget=usd("1000"))
SOLD_TO_HELIO = replace(PAID, taken_legs=frozenset({"Helio One"}))
BUSY = replace(PAID, over_rate=frozenset({"ct_1"}))


def used(units: int) -> Facts:
    return replace(PAID, cap_use={"ct_1:month:money": units})


@pytest.mark.parametrize(
    ("expected", "wanted", "facts"),
    [
        ('Paused: "CRM migration".', replace(contract(), state=State.PAUSED, paused_reason="CRM migration"), PAID),
        ("Deleted.", replace(contract(), state=State.DELETED), PAID),
        ("Opens Mon 23 Nov, 08:00 MST. Lead came at 07:34 MST.", OFFICE, PAID),
        ("monthly_bill must be $150 or more, lead has no monthly_bill.", BILL, PAID),
        ("Blocks Cedar Digital.", replace(contract(), sources=Sources(sellers_except=frozenset({"sl_1"}))), PAID),
        ("Does not list Cedar Digital.", replace(contract(), sources=Sources(sellers=frozenset({"sl_2"}))), PAID),
        (
            "Takes listed sub IDs only, none was sent.",
            replace(contract(), sources=Sources(sub_ids=frozenset({"*:good"}))),
            PAID,
        ),
        ("Requires jornaya_leadid, none was sent.", replace(contract(), consent=("jornaya_leadid",)), PAID),
        (
            "Requires tcpa_consent and trustedform_url, none was sent.",
            replace(contract(), consent=("tcpa_consent", "trustedform_url")),
            PAID,
        ),
        (
            "Bought this phone on 2 Nov; window 30 days.",
            replace(contract(), duplicate_days=30),
            replace(PAID, bought={"by_1": NOW - 19 * DAY_MS}),
        ),
        (
            "Helio One already has this lead.",
            replace(contract(), leg="Helio One"),
            replace(PAID, taken_legs=frozenset({"Helio One"})),
        ),
        (
            "Monthly cap $480.00 of $500.00, needs $25.00.",
            CAPPED,
            used(4_800_000),
        ),
        ("Monthly cap $500.00 of $500.00.", CAPPED, used(5_000_000)),
        (
            "Monthly cap $500.00 of $500.00, reached Fri 20 Nov, 09:34:08 EST.",
            CAPPED,
            replace(used(5_000_000), reached={"ct_1:month:money": NOW - DAY_MS}),
        ),
        ("Budget $1,000.00 of $1,000.00 spent.", CAPPED, replace(PAID, cap_use={"ct_1:budget": 10_000_000})),
        ("Balance $12.40, needs $25.00.", contract(), Facts(available={"by_1": usd("12.40")})),
        ("Balance $0.00, needs $25.00.", contract(), Facts()),
        ("Balance $7.99, needs $8.00.", contract(price=None), Facts(available={"by_1": usd("7.99")}, reserve=usd("8"))),
        ("Fixed price $7.00 is under the floor $8.00.", contract(price="7"), replace(PAID, reserve=usd("8"))),
        ("Highest bid $60.00 is under the floor $61.00.", contract(price=None), replace(PAID, reserve=usd("61"))),
        (
            "Breaker open since 14:20 EST after 15 of 20 timeouts.",
            contract(),
            replace(PAID, broken={"by_1": "Breaker open since 14:20 EST after 15 of 20 timeouts."}),
        ),
        (
            "20 a second limit reached.",
            replace(contract(), per_second=20.0),
            replace(PAID, over_rate=frozenset({"ct_1"})),
        ),
        ("Tier 2 runs only when tier 1 does not sell.", replace(contract(), tier=2), replace(PAID, tier_open=1)),
        (
            "Tier 2 runs only when the exclusive auction does not sell.",
            replace(contract(), tier=2),
            replace(PAID, tier_open=1, tier_name="Exclusive", tier_last=2),
        ),
        (
            "It stands in tier 2, and this campaign's tree ends with tier 1.",
            replace(contract(), tier=2),
            replace(PAID, tier_open=1, tier_name="Exclusive", tier_last=1),
        ),
        (
            "140 ms left to answer the seller; this buyer's p50 is 412 ms.",
            contract(),
            replace(PAID, time_left_ms=140, latency_ms={"ct_1": 412}),
        ),
    ],
)
def test_each_check_alone_keeps_the_lead_away_and_says_why(expected: str, wanted: Contract, facts: Facts) -> None:
    assert (expected,) == why(wanted, facts=replace(facts, seller_name="Cedar Digital"))


@pytest.mark.parametrize(
    ("expected", "geo"),
    [
        ("ZIP 85016 is not in its 212 ZIPs.", Geo(zips=frozenset(str(10_000 + each) for each in range(212)))),
        ("ZIP 85016 is not in 90210.", Geo(zips=frozenset({"90210"}))),
        ("ZIP 85016 is in its excluded ZIPs.", Geo(zips_except=frozenset({"85016"}))),
        ("ZIP 85016 is not within 25 miles of 90210.", Geo(center_zip="90210", radius_miles=25)),
        (
            "ZIP 85016 is not in 10001 or within 1 mile of 90210.",
            Geo(zips=frozenset({"10001"}), center_zip="90210", radius_miles=1),
        ),
        ("State AZ is not in CA. ZIP 85016 is not in 90210.", Geo(states=("CA",), zips=frozenset({"90210"}))),
        ("State AZ is in its excluded states.", Geo(states_except=("CA", "AZ"))),
        (
            "State AZ is not in its 7 states.",
            Geo(states=("CA", "NV", "UT", "CO", "NM", "TX", "OK")),
        ),
    ],
)
def test_places_are_told_with_what_the_lead_has(expected: str, geo: Geo) -> None:
    assert (expected,) == why(replace(contract(), geo=geo))


def test_a_zip_passes_when_it_is_listed_or_in_the_circle() -> None:
    both = replace(contract(), geo=Geo(zips=frozenset({"90210"}), center_zip="85016", radius_miles=5))

    assert () == why(both) == why(both, solar_lead(zip="90210"))
    assert ("Lead has no ZIP, must be in 90210 or within 5 miles of 85016.",) == why(both, solar_lead())


def test_what_a_lead_leaves_out_is_not_excluded() -> None:
    wary = replace(contract(), geo=Geo(states_except=("CA",), zips_except=frozenset({"90210"})))

    assert () == why(wary, solar_lead())


def test_the_zips_that_choose_a_test_outcome_pass_every_geography() -> None:
    local = replace(contract(), mode=Mode.TEST, geo=Geo(states=("NV",)))
    magic = solar_lead(mode=Mode.TEST, zip="00001")._replace(test_outcome="sold")

    assert () == why(local, magic)
    assert ("State AZ is not in NV.",) == why(local, solar_lead(mode=Mode.TEST, zip="85016"))


def test_test_leads_go_to_test_and_simulated_contracts_only_and_cost_nothing() -> None:
    test_lead, broke = solar_lead(mode=Mode.TEST), Facts()
    capped = (Cap(Window.DAY, "count", 0),)

    assert ("Test lead; contract takes live leads only.",) == why(contract(), test_lead, broke)
    assert () == why(replace(contract(), mode=Mode.TEST, caps=capped), test_lead, broke)
    assert () == why(replace(contract(), connection="simulated", caps=capped), test_lead, broke)
    assert ("Live lead; contract takes test leads only.",) == why(replace(contract(), mode=Mode.TEST))


def test_a_ping_is_not_held_to_what_only_the_post_tells() -> None:
    strict = replace(
        contract(),
        consent=("jornaya_leadid",),
        filters=Group("all", (Clause("credit_score", "at_least", ("650",)), Clause("roof", "equals", ("tile",)))),
    )

    assert () == why(strict, solar_lead(Kind.PING, roof="tile"))
    assert ("roof must be tile, lead has flat.",) == why(strict, solar_lead(Kind.PING, roof="flat"))
    assert (
        "credit_score must be 650 or more, lead has no credit_score.",
        "Requires jornaya_leadid, none was sent.",
    ) == why(strict, solar_lead(Kind.POST, roof="tile"))


def test_a_buyer_on_vacation_says_until_when() -> None:
    away = buyer(away_until=NOW + 2 * DAY_MS)
    book = compile_book([replace(contract(), zone=PHOENIX)], [away], SOLAR, PLACES)

    assert ("Buyer is on vacation until Mon 23 Nov.",) == sentences(judge(book, solar_lead(), PAID, NOW).verdicts[0])
    assert () == judge(book, solar_lead(), PAID, NOW + 2 * DAY_MS).verdicts[0].failed


def test_a_blocked_sub_id_is_blocked_wherever_the_seller_put_it() -> None:
    wary = replace(contract(), sources=Sources(sub_ids_except=frozenset({"*:pop-19", "sl_2:other"})))
    sent = solar_lead()._replace(tracking={"sub_id1": "clean", "sub_id7": "pop-19"})

    assert ("Blocks sub ID pop-19.",) == why(wary, sent)
    assert () == why(wary, sent._replace(tracking={"sub_id1": "other"}))


def test_buyers_of_one_group_do_not_meet_and_the_first_in_the_tree_stays() -> None:
    group = [buyer(group="west"), buyer("by_2", name="Brightroof", group="west")]
    first, second = replace(contract("ct_2"), priority=10), contract("ct_1", "by_2")
    judgement = judge(compile_book([second, first, contract("ct_3")], group, SOLAR, PLACES), solar_lead(), PAID, NOW)

    assert ["ct_2", "ct_3"] == [each.id for each in judgement.eligible]
    assert ("Same group as Helio One, already in this auction.",) == sentences(judgement.verdicts[0])


def test_a_group_taken_in_an_earlier_tier_keeps_its_rivals_out_but_not_itself() -> None:
    group = [buyer(group="west"), buyer("by_2", name="Brightroof", group="west")]
    book = compile_book([contract("ct_1"), contract("ct_2", "by_2")], group, SOLAR, PLACES)
    facts = replace(PAID, taken_groups={"west": "by_2"})

    assert ["ct_2"] == [each.id for each in judge(book, solar_lead(), facts, NOW).eligible]
    assert ("Same group as Brightroof, already in this auction.",) == sentences(
        judge(book, solar_lead(), facts, NOW).verdicts[0]
    )


def test_a_buyer_on_credit_may_spend_its_limit_before_its_first_entry() -> None:
    on_credit = replace(buyer(), billing=Billing.CREDIT, limit=usd("25"))

    assert (contract(),) == judge(
        compile_book([contract()], [on_credit], SOLAR, PLACES), solar_lead(), Facts(), NOW
    ).eligible


def test_a_contract_that_also_shares_is_asked_for_its_lower_price_and_measured_by_its_higher() -> None:
    either = replace(contract(price="25"), sale_mode=SaleMode.EITHER, shared_price=usd("11"))
    facts = Facts(available={"by_1": usd("11")}, reserve=usd("20"))

    assert () == why(either, facts=facts)


def test_money_of_another_currency_is_no_price() -> None:
    euro = replace(contract(price=None), max_bid=replace(usd("60"), currency="EUR"))

    assert ("Pays in EUR, the campaign sells in USD.",) == why(euro, facts=replace(PAID, reserve=usd("8")))


def test_a_cap_of_another_weekday_does_not_hold_today() -> None:
    sunday = Cap(Window.DAY, "count", 1, (6,))
    wanted = replace(contract(), caps=(sunday,))

    assert () == why(wanted, facts=replace(PAID, cap_use={cap_key(wanted, sunday): 1}))


def test_a_cap_of_nothing_takes_nothing_though_nothing_was_used() -> None:
    assert ("Daily cap 0 of 0.",) == why(replace(contract(), caps=(Cap(Window.DAY, "count", 0),)))


def test_the_last_place_of_a_cap_and_the_last_money_of_a_budget_are_given() -> None:
    wanted = replace(contract(), caps=(Cap(Window.DAY, "count", 40),), budget=usd("50"))
    used = {cap_key(wanted, wanted.caps[0]): 39, budget_key(wanted): usd("25").units}

    assert () == why(wanted, facts=replace(PAID, cap_use=used))


def test_a_verdict_stays_what_it_was_when_the_contract_changes() -> None:
    wanted = replace(contract(), filters=Group("all", (Clause("roof", "equals", ("tile",)),)))
    before = judge(book_of(wanted), solar_lead(roof="flat"), PAID, NOW)
    after = judge(book_of(replace(wanted, version=4, filters=None)), solar_lead(roof="flat"), PAID, NOW)

    assert (3, ("roof must be tile, lead has flat.",)) == (
        before.verdicts[0].contract_version,
        sentences(before.verdicts[0]),
    )
    assert (4, ()) == (after.verdicts[0].contract_version, sentences(after.verdicts[0]))


def test_personal_values_are_masked_in_what_is_kept() -> None:
    wanted = replace(contract(), filters=Group("all", (Clause("phone", "in_area_codes", ("480",)),)))
    (verdict,) = judge(book_of(wanted), solar_lead(phone="6029580142"), PAID, NOW).verdicts

    assert ("phone must be in area codes 480, lead has (602) •••-0142.",) == sentences(verdict)


def test_a_book_tells_everything_that_is_wrong_with_every_contract() -> None:
    lost = replace(contract("ct_1", "by_9"), zone="Mars/Olympus", min_grade="S", consent=("astrology",))
    odd = replace(
        contract("ct_2"),
        filters=Group("any", (Clause("colour", "equals", ("red",)), Clause("roof", "at_best", ("tile",)))),
        geo=Geo(center_zip="00000", radius_miles=5),
        hours=(Hours((7,), 0, 1_441),),
        caps=(Cap(Window.DAY, "leads", -1),),
        budget=replace(usd("5"), currency="EUR"),
    )
    with pytest.raises(BadBook) as caught:
        book_of(lost, odd)

    told = "\n".join(caught.value.problems)
    for part in (
        "ct_1: There is no buyer 'by_9'.", "Mars/Olympus", "not 'S'", "'astrology'", "'colour'",
        "'at_best'", "'00000'", "1441", "Weekdays", "'leads'", "EUR, USD",
    ):  # fmt: skip
        assert part in told
    assert len(caught.value.problems) == 11


def test_a_contract_is_checked_by_itself_before_it_is_saved() -> None:
    no_places = replace(SOLAR, fields=(SOLAR.by_name["roof"],))
    local = replace(contract(), geo=Geo(states=("AZ",), zips=frozenset({"85016"}), radius_miles=30_000))

    assert () == contract_problems(contract(), SOLAR, PLACES)
    assert 3 == len(contract_problems(local, no_places, PLACES))


def test_a_book_made_again_after_a_change_judges_as_a_new_one() -> None:
    circle = replace(contract("ct_1"), geo=Geo(center_zip="85016", radius_miles=10))
    old = book_of(circle)
    moved = [replace(circle, geo=Geo(center_zip="90210", radius_miles=10)), replace(circle, id="ct_2")]
    owners = [buyer()]
    again, new = (compile_book(moved, owners, SOLAR, PLACES, previous) for previous in (old, None))
    lead = solar_lead(zip="85016")

    assert ["ct_2"] == [each.id for each in judge(again, lead, PAID, NOW).eligible]
    assert judge(new, lead, PAID, NOW).verdicts == judge(again, lead, PAID, NOW).verdicts
