"""Whether a consent is good enough: who must have been named, how it was given, and how long ago."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exchange.fields.places import Places
from exchange.model.finding import Outcome
from exchange.model.lead import Consent, Kind, Lead
from exchange.model.reason import Reason
from exchange.model.vertical import ConsentPolicy, ConsentRule, Unnamed, Vertical, When
from exchange.stages.consent_policy import company_key, judge_consent
from exchange.stages.eligible import Facts, compile_book, judge
from exchange.stages.reasons import sentences
from tests.stages.samples import NOW, buyer, contract, usd
from tests.stages.solar import SOLAR, solar_lead

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
EARLY = "It is 07:34 where they are, and nobody is called there at that time."
LATE = EARLY.replace("07:34", "23:34")
CERTIFICATE = "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567"


def vertical(**rule: Any) -> Vertical:
    return replace(SOLAR, consent=ConsentRule(**rule))


def agreed(kind: Kind = Kind.POST, days: float | None = 0.5, state: str = "AZ", **parts: Any) -> Lead:
    """A solar lead whose consumer said yes so many days before."""
    lead = solar_lead(kind=kind, state=state)
    at = None if days is None else NOW - int(days * DAY_MS)
    given = Consent(True, "I agree.", at, None, None, (), None, None, NOW)
    return lead._replace(consent=given._replace(**parts))


def outcome(lead: Lead, **rule: Any) -> tuple[Outcome, Reason | None]:
    found = judge_consent(lead, vertical(**rule))
    return found.outcome, found.reason


@pytest.mark.parametrize(
    ("days", "most", "expected"),
    (
        (30, 30, (Outcome.PASSED, None)),
        (30.1, 30, (Outcome.REFUSED, Reason.CONSENT_STALE)),
        (200, 365, (Outcome.PASSED, None)),
        (3_000, 0, (Outcome.PASSED, None)),
        (None, 30, (Outcome.PASSED, None)),
    ),
)
def test_a_consent_is_good_for_as_many_days_as_its_vertical_says(days: Any, most: int, expected: Any) -> None:
    assert expected == outcome(agreed(days=days), max_age_days=most)


def test_a_stale_consent_is_refused_held_or_flagged_as_the_vertical_says() -> None:
    old = agreed(days=213)

    assert (Outcome.REFUSED, Reason.CONSENT_STALE) == outcome(old)
    assert (Outcome.HELD, Reason.HELD_FOR_REVIEW) == outcome(old, when_stale=When.HOLD)
    assert (Outcome.FLAGGED, None) == outcome(old, when_stale=When.FLAG)
    assert "The consent was given 213 days before; it is good for 30 days." == judge_consent(old, SOLAR).sentence


def test_a_ping_is_not_asked_for_consent_but_refused_for_one_that_is_too_old() -> None:
    assert (Outcome.SKIPPED, None) == outcome(agreed(Kind.PING, days=None, given=False), required=("tcpa_consent",))
    assert (Outcome.REFUSED, Reason.CONSENT_STALE) == outcome(agreed(Kind.PING, days=60))


def test_a_part_that_is_missing_is_named() -> None:
    found = judge_consent(agreed(), vertical(required=("jornaya_leadid",)))

    assert (Outcome.REFUSED, Reason.CONSENT_MISSING) == (found.outcome, found.reason)
    assert "Requires jornaya_leadid, none was sent." == found.sentence
    assert (Outcome.FLAGGED, None) == outcome(agreed(), required=("jornaya_leadid",), when_missing=When.FLAG)


def test_written_consent_is_not_oral_and_leaves_a_proof() -> None:
    policy = ConsentPolicy.WRITTEN

    assert (Outcome.PASSED, None) == outcome(agreed(), policy=policy)
    assert (Outcome.PASSED, None) == outcome(agreed(text=None, trustedform_url=CERTIFICATE), policy=policy)
    assert (Outcome.REFUSED, Reason.CONSENT_INVALID) == outcome(agreed(text=None), policy=policy)
    assert (Outcome.REFUSED, Reason.CONSENT_INVALID) == outcome(agreed(method="oral"), policy=policy)
    assert (Outcome.PASSED, None) == outcome(agreed(method="oral"), policy=ConsentPolicy.ANY)


def test_a_state_may_ask_for_more_than_its_vertical() -> None:
    rule = {"states": (("WA", ConsentPolicy.NAMED_SELLER),)}

    assert (Outcome.PASSED, None) == outcome(agreed(state="AZ"), **rule)
    assert (Outcome.REFUSED, Reason.CONSENT_MISSING) == outcome(agreed(state="WA"), **rule)
    assert (Outcome.PASSED, None) == outcome(agreed(state="WA", buyers=("Helio One",)), **rule)


def test_health_data_is_sold_on_an_authorization_of_the_last_year_alone() -> None:
    rule = {"states": (("WA", ConsentPolicy.AUTHORIZATION),)}
    here: dict[str, Any] = {"state": "WA", "buyers": ("Helio One",)}
    year = 365 * DAY_MS

    assert (Outcome.REFUSED, Reason.CONSENT_MISSING) == outcome(agreed(**here), **rule)
    assert (Outcome.REFUSED, Reason.CONSENT_MISSING) == outcome(agreed(state="WA", authorized_at=NOW - 1), **rule)
    assert (Outcome.PASSED, None) == outcome(agreed(**here, authorized_at=NOW - year), **rule)
    assert (Outcome.REFUSED, Reason.CONSENT_STALE) == outcome(agreed(**here, authorized_at=NOW - year - 1), **rule)
    assert (Outcome.PASSED, None) == outcome(agreed(state="OR"), **rule)


@pytest.mark.parametrize("name", ("Helio One", "HELIO ONE, Inc.", "helio-one llc", "Helio One Co., Ltd."))
def test_a_company_is_known_by_its_name_whatever_its_legal_form(name: str) -> None:
    assert "helioone" == company_key(name)


def test_only_companies_that_the_consumer_named_may_have_the_lead() -> None:
    named = vertical(policy=ConsentPolicy.NAMED_SELLER)
    contracts = [
        contract("ct_1", "by_1"),
        contract("ct_2", "by_2"),
        replace(contract("ct_3", "by_2"), leg="Dune Roofs"),
    ]
    book = compile_book(contracts, [buyer(), buyer("by_2", name="Brightroof")], named, Places.load())
    paid = {"by_1": usd("500"), "by_2": usd("500")}

    def asked(lead: Lead, **facts: Any) -> list[str]:
        judgement = judge(book, lead, Facts(available=paid, **facts), NOW)
        return [each.id for each in judgement.eligible]

    assert ["ct_1", "ct_3"] == asked(agreed(buyers=("Helio One LLC", "dune roofs")))
    assert ["ct_2", "ct_3"] == asked(agreed(buyers=("Sunworks",)), named=frozenset({"ct_2", "ct_3"}))
    assert [] == asked(agreed())
    assert ["ct_1", "ct_2", "ct_3"] == asked(agreed(Kind.PING)), "their price is known: nobody outside hears"
    assert ["ct_2", "ct_3"] == asked(agreed(Kind.PING, buyers=("Brightroof",)))
    told = judge(book, agreed(buyers=("Sunworks", "Dune Roofs")), Facts(available=paid), NOW).verdicts
    assert ("The consent names 2 companies, not Helio One.",) == sentences(told[0])


@pytest.mark.parametrize(("unnamed", "ids"), [(Unnamed.FIXED_PRICE, ["ct_2"]), (Unnamed.EVERYBODY, ["ct_1", "ct_2"])])
def test_a_ping_that_names_nobody_is_priced_by_who_need_not_be_asked(unnamed: Unnamed, ids: list[str]) -> None:
    named = vertical(policy=ConsentPolicy.NAMED_SELLER, unnamed_pings=unnamed)
    contracts = [replace(contract("ct_1"), price=None, max_bid=usd("60")), contract("ct_2")]
    book = compile_book(contracts, [buyer()], named, Places.load())

    judgement = judge(book, agreed(Kind.PING), Facts(available={"by_1": usd("500")}), NOW)

    assert ids == [each.id for each in judgement.eligible]
    if unnamed is Unnamed.FIXED_PRICE:
        assert "names no company yet" in sentences(judgement.verdicts[0])[0]


def test_a_list_of_its_own_keeps_a_buyer_from_a_consumer() -> None:
    contracts = [contract("ct_1", "by_1"), contract("ct_2", "by_2")]
    book = compile_book(contracts, [buyer(), buyer("by_2", name="Brightroof")], SOLAR, Places.load())
    facts = Facts(available={"by_1": usd("500"), "by_2": usd("500")}, suppressed={"by_1": "customers.csv"})

    judgement = judge(book, solar_lead(), facts, NOW)

    assert ["ct_2"] == [each.id for each in judgement.eligible]
    assert ('On the buyer\'s suppression list "customers.csv".',) == sentences(judgement.verdicts[0])


@pytest.mark.parametrize(
    ("now", "zip_code", "phone", "told"),
    (
        (NOW, "85016", "6025550142", (EARLY,)),
        (NOW + 4 * HOUR_MS, "85016", "6025550142", ()),
        (NOW + 4 * HOUR_MS, "85016", None, ()),
        (NOW + 16 * HOUR_MS, "85016", "6025550142", (LATE,)),
        (NOW + 4 * HOUR_MS, None, None, ("Nobody knows what time it is where they are.",)),
    ),
)
def test_who_calls_on_arrival_is_asked_in_calling_hours_only(
    now: int, zip_code: str | None, phone: str | None, told: tuple[str, ...]
) -> None:
    calling = replace(contract("ct_2"), calls_at_once=True)
    book = compile_book([contract("ct_1"), calling], [buyer()], SOLAR, Places.load())
    sent: dict[str, Any] = {"zip": zip_code, "phone": phone}
    lead = solar_lead(**{name: value for name, value in sent.items() if value is not None})

    one, two = judge(book, lead, Facts(available={"by_1": usd("500")}), now).verdicts

    assert ((), told) == (sentences(one), sentences(two))
