"""Pairs of leads, and what they are to each other: as people in the trade would say it."""

from __future__ import annotations

import pytest

from exchange.model.work import LeadState
from exchange.stages.duplicates.decide import Asking, Earlier, Origin, Verdict, agreeing, decide, span
from exchange.stages.duplicates.judge import Kind, judge
from exchange.stages.duplicates.person import keys_of, person_of, without_examples
from exchange.stages.duplicates.windows import DAY_MS, Windows, scope_key, taken_until, windows_of
from tests.market import campaign, read_once

REBECCA = {
    "first_name": "Rebecca",
    "last_name": "Ruiz",
    "email": "rebecca.ruiz25@gmail.com",
    "phone": "+12019597946",
    "address": "4100 Cedar Rd",
    "zip": "07845",
}
OTHER_PHONE, NEAR_PHONE = {"phone": "2019588414"}, {"phone": "2019597964"}
OTHER_MAIL = {"email": "bruiz@yahoo.com"}
OTHER_HOUSE = {"address": "12 Mill Ln"}
HUSBAND = {"first_name": "Carlos", "email": "carlos.r@yahoo.com"}
STRANGER = {
    "first_name": "Dmitri",
    "last_name": "Vance",
    "email": "dv@icloud.com",
    "address": "7 Elm St",
    "zip": "60610",
}


@pytest.mark.parametrize(
    "differs",
    [
        {},
        {"first_name": "Becky", "last_name": "RUIZ", **OTHER_PHONE, **OTHER_HOUSE},
        {"first_name": "R.", "last_name": "Riuz", **OTHER_MAIL, **OTHER_PHONE},
        {"email": "rebeccaruiz25+quotes@googlemail.com", **OTHER_PHONE},
        {"email": "r.e.becca.ruiz25@gmail.com", **NEAR_PHONE, **OTHER_HOUSE},
        {**NEAR_PHONE, **OTHER_MAIL, **OTHER_HOUSE},
        {"address": "4100 North Cedar Road Apt 3", **OTHER_MAIL, **OTHER_PHONE},
        {"first_name": "Rebeca", "last_name": "Ruiz-Ortega", **OTHER_MAIL, **OTHER_HOUSE},
        {"first_name": "Ruiz", "last_name": "Rebecca", **OTHER_MAIL, **OTHER_PHONE},
        {"first_name": "Rebecca Ruiz", "last_name": "", **OTHER_MAIL, **OTHER_PHONE},
        {"last_name": "Ortega", **OTHER_MAIL, **OTHER_HOUSE},  # married, and keeps her number
        {"first_name": "", "last_name": "", "address": "", **OTHER_MAIL},
        {**HUSBAND, "email": REBECCA["email"], **OTHER_HOUSE},  # both the number and the mailbox
    ],
)
def test_one_person(differs: dict[str, str]) -> None:
    assert Kind.SAME is judge(person_of(REBECCA), person_of(REBECCA | differs)).kind
    assert Kind.SAME is judge(person_of(REBECCA | differs), person_of(REBECCA)).kind


@pytest.mark.parametrize(
    ("differs", "kind"),
    [
        (HUSBAND, Kind.HOUSEHOLD),  # one landline
        ({**HUSBAND, **NEAR_PHONE}, Kind.HOUSEHOLD),  # numbers in a row
        ({**HUSBAND, **OTHER_PHONE, "email": REBECCA["email"]}, Kind.HOUSEHOLD),  # one mailbox
        ({"first_name": "Joan", **HUSBAND, **OTHER_PHONE}, Kind.HOUSEHOLD),
        ({**STRANGER}, Kind.SHARED),  # the number went to somebody else
        ({**STRANGER, **OTHER_PHONE, "email": REBECCA["email"]}, Kind.SHARED),
        ({**STRANGER, **NEAR_PHONE}, Kind.OTHER),
        ({**OTHER_PHONE, **OTHER_MAIL, **OTHER_HOUSE}, Kind.OTHER),  # a namesake in town
        ({**OTHER_PHONE, **OTHER_HOUSE, "email": "noemail@gmail.com"}, Kind.OTHER),
    ],
)
def test_other_people(differs: dict[str, str], kind: Kind) -> None:
    assert kind is judge(person_of(REBECCA), person_of(REBECCA | differs)).kind


def test_a_placeholder_is_nobodys_mailbox() -> None:
    one, other = (
        person_of({**each, "email": "none@gmail.com"}) for each in (REBECCA, REBECCA | STRANGER | OTHER_PHONE)
    )

    assert Kind.OTHER is judge(one, other).kind


def test_dates_of_birth_and_generations_tell_fathers_from_sons() -> None:
    father = REBECCA | {"first_name": "John", "dob": "1951-04-03"}

    assert Kind.SAME is judge(person_of(father), person_of(father | {"dob": "1951-03-04"} | OTHER_MAIL)).kind
    assert Kind.HOUSEHOLD is judge(person_of(father), person_of(father | {"dob": "1984-11-20"} | OTHER_MAIL)).kind
    junior = {"last_name": "Ruiz Jr.", "dob": "", **OTHER_MAIL, **OTHER_PHONE}
    assert Kind.HOUSEHOLD is judge(person_of(father | {"last_name": "Ruiz Sr"}), person_of(father | junior)).kind


def test_two_flats_of_one_house_are_two_addresses() -> None:
    mine = REBECCA | {"address": "4100 Cedar Rd Apt 3"}
    same = judge(person_of(mine), person_of(REBECCA | {"address": "4100 Cedar Road", "address2": "Unit 3"}))
    other = judge(person_of(mine), person_of(REBECCA | {"address2": "#8"}))

    assert ("street address" in same.agreeing, "street address" in other.agreeing) == (True, False)


def test_what_is_looked_up_outlives_a_slip() -> None:
    mine, theirs = keys_of(person_of(REBECCA)), keys_of(person_of(REBECCA | {"last_name": "Riuz"} | NEAR_PHONE))

    assert (mine.phone == theirs.phone, mine.email == theirs.email, mine.place == theirs.place) == (False, True, True)
    assert mine.name == theirs.name == "07845|iruz"
    assert ("", "", "", "", "") == keys_of(person_of({}))


def test_the_example_of_the_posting_page_is_nobody() -> None:
    solar = read_once()[0].verticals["solar"]
    example = {"first_name": "Maria", "last_name": "Sandoval", "address": "3196 Lake Ct", "phone": "6025550142"}

    assert {"phone": "6025550142"} == without_examples(example, solar)
    assert {**example, "last_name": "Lopez", "address": "1 A St"} == without_examples(
        {**example, "last_name": "Lopez", "address": "1 A St"}, solar
    )


ASKING = Asking("cedar", "cedar-solar", "solar", "vertical", Windows(30, 30, 0, 0), 100 * DAY_MS)


def earlier(days: float, state: LeadState, lead_id: str = "ld_1", **origin: str) -> Earlier:
    whose = {"seller_id": "birch", "campaign_id": "birch-solar", "vertical": "solar", **origin}
    at = ASKING.now - int(days * DAY_MS)
    return Earlier(
        Origin(lead_id, whose["seller_id"], whose["campaign_id"], whose["vertical"], at, state),
        judge(person_of(REBECCA), person_of(REBECCA)),
    )


@pytest.mark.parametrize(
    ("days", "state", "windows", "verdict"),
    [
        (29, LeadState.SOLD, Windows(30, 30, 0, 0), Verdict.DUPLICATE),
        (31, LeadState.SOLD, Windows(30, 30, 0, 0), Verdict.COMES_AGAIN),
        (1, LeadState.UNSOLD, Windows(30, 30, 0, 0), Verdict.COMES_AGAIN),
        (1, LeadState.UNSOLD, Windows(30, 30, 2, 0), Verdict.DUPLICATE),
        (3, LeadState.UNSOLD, Windows(30, 30, 2, 0), Verdict.COMES_AGAIN),
        (1, LeadState.REJECTED, Windows(30, 30, 0, 7), Verdict.DUPLICATE),
        (1, LeadState.UNCLEAR, Windows(0, 2, 0, 0), Verdict.DUPLICATE),
        (0, LeadState.SELLING, Windows(30, 30, 0, 0), Verdict.DUPLICATE),
    ],
)
def test_the_outcome_of_the_earlier_lead_decides_how_long(
    days: float, state: LeadState, windows: Windows, verdict: Verdict
) -> None:
    assert verdict is decide(ASKING._replace(windows=windows), [earlier(days, state)]).verdict


@pytest.mark.parametrize(
    ("scope", "origin", "verdict"),
    [
        ("vertical", {}, Verdict.DUPLICATE),
        ("vertical", {"vertical": "auto_insurance"}, Verdict.COMES_AGAIN),
        ("exchange", {"vertical": "auto_insurance"}, Verdict.DUPLICATE),
        ("seller", {}, Verdict.COMES_AGAIN),
        ("seller", {"seller_id": "cedar"}, Verdict.DUPLICATE),
        ("campaign", {"seller_id": "cedar"}, Verdict.COMES_AGAIN),
        ("campaign", {"campaign_id": "cedar-solar"}, Verdict.DUPLICATE),
    ],
)
def test_the_scope_says_among_whose_leads(scope: str, origin: dict[str, str], verdict: Verdict) -> None:
    assert verdict is decide(ASKING._replace(scope=scope), [earlier(1, LeadState.SOLD, **origin)]).verdict


def test_a_duplicate_of_a_duplicate_is_paired_with_the_first() -> None:
    first = earlier(5, LeadState.SOLD, "ld_first").origin
    again = earlier(2, LeadState.DUPLICATE, "ld_again")._replace(first=first)

    decision = decide(ASKING, [again])

    assert (Verdict.DUPLICATE, first) == (decision.verdict, decision.earlier and decision.earlier.counts_as)


def test_by_contact_a_shared_number_is_enough() -> None:
    other = earlier(1, LeadState.SOLD)._replace(match=judge(person_of(REBECCA), person_of(REBECCA | STRANGER)))

    assert Verdict.SHARED is decide(ASKING, [other]).verdict
    assert Verdict.DUPLICATE is decide(ASKING._replace(by_contact=True), [other]).verdict


def test_a_campaign_without_days_of_its_own_has_its_verticals() -> None:
    solar = read_once()[0].verticals["solar"]

    assert Windows(30, 30, 0, 0) == windows_of(campaign("cedar"), solar)
    own = campaign("cedar", duplicate_days=60, duplicate_unsold_days=1, duplicate_pending_days=5)
    assert Windows(60, 5, 1, 0) == windows_of(own, solar)
    assert (None, 1_000 + 60 * DAY_MS) == (
        taken_until(windows_of(own, solar), LeadState.INVALID, 1_000),
        taken_until(windows_of(own, solar), LeadState.SOLD, 1_000),
    )


def test_words() -> None:
    near = judge(person_of(REBECCA), person_of(REBECCA | {"first_name": "R.", **NEAR_PHONE, **OTHER_MAIL}))

    assert "phone but for one digit, street address, initial of the first name and last name" == agreeing(near)
    assert ["20 s", "75 min", "3 h", "4 days"] == [span(ms) for ms in (20_000, 4_500_000, 10_800_000, 4 * DAY_MS)]
    scopes = [
        scope_key(scope, "live", "solar", "cedar", "c1") for scope in ("exchange", "vertical", "seller", "campaign")
    ]
    assert ["live", "live:solar", "live:solar:cedar", "live:solar:cedar:c1"] == scopes
