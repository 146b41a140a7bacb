"""Telephones: what nobody can have is refused, by the numbering plan alone."""

from __future__ import annotations

import pytest

from exchange.fields.area_codes import AREAS
from exchange.fields.table import packaged
from exchange.model.lead import Mode
from exchange.model.reason import Reason
from exchange.model.scrub import Action
from tests.stages.scrub.scrubbed import doubted, refused, scrubbed, told


@pytest.mark.parametrize(
    ("phone", "code"),
    [
        ("6025550142", "phone_fictional"),
        ("(212) 555-0199", "phone_fictional"),
        ("2345678901", "phone_repeated"),
        ("6022222222", "phone_repeated"),
        ("6025551212", "phone_service"),
        ("6025557788", "phone_unassigned"),
        ("2213334444", "phone_unassigned"),
        ("9002345678", "phone_service"),
        ("5002345678", "phone_service"),
        ("6029762345", "phone_service"),
        ("6029502345", "phone_service"),
    ],
)
def test_numbers_that_no_consumer_has_are_refused(phone: str, code: str) -> None:
    found = scrubbed(phone=phone)

    assert ("phone_refused", [code]) == (refused(found), doubted(found))


@pytest.mark.parametrize(
    ("phone", "code"),
    [("8002345678", "phone_toll_free"), ("4162345678", "phone_abroad"), ("+442079460958", "phone_abroad")],
)
def test_unusual_numbers_are_flagged(phone: str, code: str) -> None:
    assert (None, [code]) == (refused(scrubbed(phone=phone)), doubted(scrubbed(phone=phone)))


@pytest.mark.parametrize("phone", ["6029584101", "(480) 961-2345", "tel:+16029584101", "0016029584101", "9288881234"])
def test_a_good_number_passes_in_its_international_form(phone: str) -> None:
    found = scrubbed(phone=phone)

    assert (None, []) == (refused(found), doubted(found))
    assert str(found.lead.text("phone")).startswith("+1")
    assert {("scrub:phone", "fixed")} >= set(told(found))


def test_a_number_of_another_state_is_a_fact_and_no_doubt() -> None:
    found = scrubbed(phone="2069614101")

    (passed,) = found.findings
    assert ("scrub", ("Phone: area code of WA",)) == (passed.check, passed.facts)


def test_a_test_lead_may_have_the_number_of_a_story() -> None:
    assert None is refused(scrubbed(Mode.TEST, phone="6025550142"))


def test_a_bad_second_number_is_flagged_and_the_lead_goes_on() -> None:
    found = scrubbed(phone2="6025550142")
    assert refused(found) is None and "phone_fictional" in doubted(found)


def test_a_campaign_says_what_becomes_of_a_rule() -> None:
    assert "phone_refused" == refused(scrubbed(actions=(("phone_area", Action.REFUSE),), phone="2129614101"))
    assert None is refused(scrubbed(actions=(("phone_fictional", Action.FLAG),), phone="6025550142"))
    held = scrubbed(actions=(("phone_toll_free", Action.HOLD),), phone="8002345678")
    assert [("scrub:phone", "held")] == told(held) and Reason.HELD_FOR_REVIEW is held.findings[0].reason


def test_every_area_code_has_a_kind() -> None:
    codes = packaged(AREAS).value

    assert ("geographic", "toll_free", "premium", "abroad", "unassigned") == tuple(
        codes.kind_of(area) for area in ("602", "888", "900", "876", "221")
    )
    assert {"200", "221", "411"}.isdisjoint(codes.kinds)
