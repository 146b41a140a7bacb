"""City, county, street and birthday: slips put right by the ZIP code, contradictions told."""

from __future__ import annotations

import pytest

from exchange.fields.street_form import standard_form
from tests.stages.scrub.scrubbed import doubted, refused, scrubbed, told


@pytest.mark.parametrize("city", ["Phoneix", "phoenx", "PHOENIXX"])
def test_a_slip_of_the_city_is_put_right_by_the_zip_code(city: str) -> None:
    found = scrubbed(city=city)

    assert "Phoenix" == found.lead.text("city")
    assert ("scrub:city", "fixed") in told(found)
    assert ["city: the city's name was put right by the ZIP code."] == [each.message for each in found.corrected]


@pytest.mark.parametrize("city", ["Scottsdale", "Phoenix", "PHOENIX", "Ahwatukee Foothills Village"])
def test_another_city_of_the_state_and_an_unknown_one_are_left(city: str) -> None:
    assert [] == doubted(scrubbed(city=city))
    assert None is refused(scrubbed(city=city))


def test_a_city_of_another_state_is_flagged() -> None:
    found = scrubbed(city="Chicago")

    assert (["city_elsewhere"], "Chicago") == (doubted(found), found.lead.text("city"))


def test_saint_is_saint_however_it_is_written() -> None:
    found = scrubbed(zip="63101", state="MO", city="St. Louis")

    assert [] == doubted(found) and "St. Louis" == found.lead.text("city")


def test_a_lost_zero_is_put_back_and_told() -> None:
    found = scrubbed(zip="2747", state="MA", city="North Dartmouth")
    assert "02747" == found.lead.text("zip")
    assert ["zip: the zero before it was put back."] == [each.message for each in found.corrected]


def test_a_zip_of_another_state_cannot_be_taken() -> None:
    found = scrubbed(zip="10001")

    assert ("invalid", "Zip: could not be taken (mismatch).") == (refused(found), found.findings[0].sentence)


@pytest.mark.parametrize(
    ("address", "code"), [("N/A", "address_filler"), ("unknown", "address_filler"), ("asdf", "address_filler")]
)
def test_a_street_that_says_there_is_none_is_flagged(address: str, code: str) -> None:
    assert [code] == doubted(scrubbed(address=address))


def test_a_box_and_a_street_without_number_are_facts() -> None:
    assert ("Address: the address is a post office box",) == scrubbed(address="PO Box 12", phone="6029614101").findings[
        -1
    ].facts
    assert ("Address: the street address has no number",) == scrubbed(
        address="Lake Court", phone="6029614101"
    ).findings[-1].facts


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("3196 Lake Ct Apt 4", "3196 LAKE CT APT 4"),
        ("12 north Main Street, Apt. 4", "12 N MAIN ST APT 4"),
        ("500 Avenue B", "500 AVENUE B"),
        ("1 Street Road", "1 STREET RD"),
        ("77 Court Street #5", "77 COURT ST APT 5"),
        ("9 Lot Ln", "9 LOT LN"),
        ("410 Parkway Boulevard Northwest", "410 PARKWAY BLVD NW"),
        ("p.o. box 12", "PO BOX 12"),
        ("123 NORTH ST", "123 NORTH ST"),
        ("8 W. 4th Ave, Suite 200", "8 W 4TH AVE STE 200"),
        ("", ""),
        ("4", "4"),
        ("County Road 12", "COUNTY ROAD 12"),
        ("#", "#"),
        ("12 Main St Unit # 5B", "12 MAIN ST UNIT 5B"),
    ],
)
def test_a_street_is_written_as_the_post_office_does(line: str, form: str) -> None:
    assert form == standard_form(line)


def test_the_form_is_a_part_beside_what_the_consumer_wrote() -> None:
    value = scrubbed(address="3196 Lake Court").lead.values["address"]

    assert ("3196 Lake Court", "3196 LAKE CT") == (value.clean, value.parts["standard"])
