"""The sentences people read about a check that failed."""

from __future__ import annotations

import pytest

from exchange.model.money import Money
from exchange.model.verdict import Check, Verdict
from exchange.stages.reasons import (
    alike,
    sentence,
    sentences,
    show_duration,
    show_exact,
    show_money,
    show_time,
    show_weekday,
)
from tests.stages.samples import NOW


@pytest.mark.parametrize(
    ("expected", "name", "got", "required"),
    [
        ('Paused: "CRM migration".', "contract_active", "paused: CRM migration", "active"),
        ("Deleted.", "contract_active", "deleted", "active"),
        ("Buyer is on vacation until Mon 23 Nov.", "buyer_active", "on vacation until Mon 23 Nov", "active"),
        ("Test lead; contract takes live leads only.", "mode", "test", "live"),
        ("Live lead; contract takes test leads only.", "mode", "live", "test"),
        ("Opens 08:00 MST. Lead came at 07:14 MST.", "schedule", "07:14 MST", "08:00 MST"),
        ("Never opens. Lead came at 07:14 MST.", "schedule", "07:14 MST", "never"),
        (
            "monthly_bill must be $150 or more, lead has $101 to $150.",
            "filter:monthly_bill",
            "$101 to $150",
            "$150 or more",
        ),
        (
            "Needs monthly_bill $150 or more, or homeowner yes; lead has no monthly_bill, homeowner no.",
            "filter:monthly_bill|homeowner",
            "no monthly_bill; homeowner no",
            "monthly_bill $150 or more, or homeowner yes",
        ),
        ("ZIP 85016 is not in its 212 ZIPs.", "geo", "ZIP 85016", "in its 212 ZIPs"),
        (
            "State CA is in its excluded states. Lead has no ZIP, must be in its 3 ZIPs.",
            "geo",
            "state CA; no ZIP",
            "not in its excluded states; in its 3 ZIPs",
        ),
        ("Blocks sub ID pop-19.", "source", "sub ID pop-19", "not blocked"),
        ("Does not list Cedar Digital.", "source", "Cedar Digital", "listed"),
        ("Takes listed sub IDs only, none was sent.", "source", "none", "listed"),
        ("Needs B or better, lead is C (55).", "grade", "C (55)", "B"),
        ("Needs B or better, lead has no grade.", "grade", "none", "B"),
        ("Requires jornaya_leadid, none was sent.", "consent", "none", "jornaya_leadid"),
        ("Bought this phone on 2 Nov; window 30 days.", "duplicate_buyer", "phone on 2 Nov", "30 days"),
        ("Same group as Helio One, already in this auction.", "conflict", "Helio One", "another group"),
        ("Helio One already has this lead.", "conflict", "Helio One", "another company"),
        ("Daily cap 40 of 40.", "cap:day", "40", "40"),
        ("Daily cap 40 of 40, reached 09:02:51 EST.", "cap:day", "40 at 09:02:51 EST", "40"),
        ("Monthly cap $480.00 of $500.00, needs $25.00.", "cap:month", "$480.00 + $25.00", "$500.00"),
        ("Budget $500.00 of $500.00 spent.", "budget", "$500.00", "$500.00"),
        ("Budget $480.00 of $500.00 spent, needs $25.00.", "budget", "$480.00 + $25.00", "$500.00"),
        ("Balance $12.40, needs $25.00.", "balance", "$12.40", "$25.00"),
        ("Fixed price $7.00 is under the floor $8.00.", "price", "fixed $7.00", "$8.00"),
        ("Highest bid CHF 7.00 is under the floor CHF 8.00.", "price", "bid CHF 7.00", "CHF 8.00"),
        ("Pays in EUR, the campaign sells in USD.", "price", "EUR", "USD"),
        (
            "Breaker open since 14:20 EST after 15 of 20 timeouts.",
            "health",
            "Breaker open since 14:20 EST after 15 of 20 timeouts.",
            "in health",
        ),
        ("20 a second limit reached.", "rate", "reached", "20 a second"),
        ("Tier 2 runs only when tier 1 does not sell.", "tier", "1", "2"),
        ("Tier 2 runs only when the exclusive auction does not sell.", "tier", "1, Exclusive", "2"),
        ("Tier 3 runs only when the VIP auction does not sell.", "tier", "2, VIP auction", "3"),
        ("140 ms left to answer the seller; this buyer's p50 is 412 ms.", "deadline", "140 ms", "412 ms"),
        ("astrology: needs Leo, lead has Virgo.", "astrology", "Virgo", "Leo"),
    ],
)
def test_every_check_has_its_sentence(expected: str, name: str, got: str, required: str) -> None:
    assert expected == sentence(Check(name, got, required))


def test_a_cap_or_a_grade_that_failed_alike_is_no_change() -> None:
    assert alike(Check("cap:day", "40", "40"), Check("cap:day", "40 at 09:02:51 EST", "40"))
    assert alike(Check("grade", "C (55)", "B"), Check("grade", "C", "B"))
    assert not alike(Check("grade", "C (55)", "B"), Check("grade", "D (31)", "B"))
    assert not alike(Check("schedule", "07:14 MST", "08:00 MST"), Check("schedule", "07:15 MST", "08:00 MST"))


def test_a_verdict_is_told_in_the_order_of_its_checks() -> None:
    verdict = Verdict("ct_1", 3, (Check("cap:day", "40", "40"), Check("balance", "$12.40", "$25.00")))

    assert ("Daily cap 40 of 40.", "Balance $12.40, needs $25.00.") == sentences(verdict)


@pytest.mark.parametrize(
    ("expected", "units", "currency"),
    [
        ("$1,234.50", 12_345_000, "USD"),
        ("$12.35", 123_450, "USD"),
        ("−$12.35", -123_450, "USD"),
        ("$0.00", 35, "USD"),
        ("−€3.00", -30_000, "EUR"),
        ("CHF 7.00", 70_000, "CHF"),
    ],
)
def test_people_read_whole_cents(expected: str, units: int, currency: str) -> None:
    assert expected == show_money(Money(units, currency))


@pytest.mark.parametrize(
    ("expected", "units"), [("$12.34", 123_400), ("$12.3450", 123_450), ("−$0.0035", -35), ("$1,000.10", 10_001_000)]
)
def test_books_have_two_decimals_or_four(expected: str, units: int) -> None:
    assert expected == show_exact(Money(units, "USD"))


def test_times_name_their_zone_and_another_day_its_date() -> None:
    assert "07:34 MST" == show_time(NOW, "America/Phoenix", NOW)
    assert "Sun 22 Nov, 07:34 MST" == show_time(NOW + 86_400_000, "America/Phoenix", NOW)
    assert "20:19 UTC+05:45" == show_time(NOW, "Asia/Kathmandu")
    assert "Sun 22 Nov" == show_weekday(NOW, "Pacific/Auckland")


def test_durations() -> None:
    assert ("140 ms", "1.24 s") == (show_duration(140), show_duration(1_249))
