"""Phones, e-mail addresses, names and streets: what people and forms really send."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from exchange.fields import field_types
from exchange.model.lead import Problem
from tests.fields.values import CORPORA, clean, code, read, spec, value


@pytest.mark.parametrize(
    "raw",
    (
        "6025550142",
        "(602)555-0142",
        "602.555.0142",
        "602 555 0142 ",
        "1-602-555-0142",
        "+1 (602) 555-0142",
        "tel:+16025550142",
        "0016025550142",
        "+16025550142",
        "602–555–0142",
        "６０２５５５０１４２",
        "602-555-0142 x12",
    ),
)
def test_every_way_to_write_a_us_phone_gives_one_number(raw: str) -> None:
    assert clean("phone", raw) == "+16025550142"


@pytest.mark.parametrize(
    ("raw", "why"),
    (
        ("501958261", "nine digits"),
        ("706959095177", "twelve digits"),
        ("1519591358", "nine digits after the country"),
        ("4119583965", "a service code"),
        ("1459583636", "area codes start with 2 to 9"),
        ("9010000000", "no exchange starts with 0"),
        ("6029110142", "a service code as exchange"),
        ("5555555555", "no such area"),
        ("2222222222", "one digit ten times"),
        ("+5109585296", "a plus and no such country number"),
        ("maria@consumer.example", "no phone at all"),
        ("none", "no phone at all"),
    ),
)
def test_what_cannot_be_called_is_no_phone(raw: str, why: str) -> None:
    assert code("phone", raw) == "pattern", why


def test_fictional_numbers_are_read_and_marked() -> None:
    assert value("phone", "6025550142").parts["fictional"] is True
    assert value("phone", "6025551142").parts["fictional"] is False
    assert value("phone", "6029580142").parts["fictional"] is False


def test_a_phone_gives_its_parts_and_hides_its_middle() -> None:
    found = value("phone", "(602) 555-0142")
    assert found.parts["area"] == "602"
    assert found.parts["exchange"] == "555"
    assert found.parts["line"] == "0142"
    assert found.parts["national"] == "6025550142"
    assert found.parts["dashed"] == "602-555-0142"
    assert found.masked == "(602) •••-0142"


def test_foreign_numbers_are_read_when_they_say_so() -> None:
    assert clean("phone", "+44 20 7946 0018") == "+442079460018"


def test_phones_are_filtered_by_area_code() -> None:
    phone = field_types()["phone"]
    west = phone.compile("in_area_codes", ("602", "480"), spec("phone"))
    assert west(value("phone", "6025550142"))
    assert not west(value("phone", "3125550142"))
    assert not west(value("phone", "+442079460018"))
    with pytest.raises(ValueError, match="3 digits"):
        phone.compile("in_area_codes", ("60",), spec("phone"))


@pytest.mark.parametrize(
    ("raw", "address"),
    (
        ("Maria.Sandoval@Consumer.EXAMPLE", "Maria.Sandoval@consumer.example"),
        ("maria+solar@mail.consumer.example\xa0", "maria+solar@mail.consumer.example"),
        ("o'brien@consumer.example", "o'brien@consumer.example"),
        ("maria@bücher.example", "maria@xn--bcher-kva.example"),
    ),
)
def test_email_addresses_keep_their_local_part_and_lower_their_domain(raw: str, address: str) -> None:
    assert clean("email", raw) == address


@pytest.mark.parametrize(
    "raw",
    (
        "none",
        "@consumer.example",
        "maria@@consumer.example",
        "maria sandoval@consumer.example",
        "maria.consumer.example",
        "maria@consumer",
        "maria@localhost.localhost",
        "maria@192.0.2.1",
        ".maria@consumer.example",
        "maria.@consumer.example",
        "ma..ria@consumer.example",
        "maria@-consumer.example",
        "maria@consumer..example",
        f"{'m' * 65}@consumer.example",
        "maria@consumer.example>",
        '"maria"@consumer.example',
    ),
)
def test_what_takes_no_mail_is_no_email_address(raw: str) -> None:
    assert code("email", raw) == "pattern"


def test_an_email_gives_its_parts_and_hides_its_name() -> None:
    found = value("email", "Maria.S@Consumer.example")
    assert found.parts == {"local": "Maria.S", "domain": "consumer.example", "folded": "maria.s@consumer.example"}
    assert found.masked == "M•••••@consumer.example"


@pytest.mark.parametrize(
    ("raw", "name"),
    (
        ("Maria", "Maria"),
        (" maria ", "Maria"),
        ("CAROL", "Carol"),
        ("van-der-berg", "Van-Der-Berg"),
        ("O'BRIEN", "O'Brien"),
        ("McDonald", "McDonald"),
        ("AJ", "AJ"),
        ("de la  Cruz", "de la Cruz"),
        ("ChloÃ©", "Chloé"),
        ("BjÃ¶rn", "Björn"),
        (" Ã\x81ngel ", "Ángel"),
        ("Zoë", "Zoë"),
        ("fisher\u200b", "Fisher"),
        ("王伟", "王伟"),
        ("Null", "Null"),
    ),
)
def test_names_are_cleaned_and_never_guessed_at(raw: str, name: str) -> None:
    assert clean("first_name", raw) == name
    assert value("first_name", raw).raw == raw


@pytest.mark.parametrize("raw", ("<b>Maria</b>", "maria@consumer.example", "http://spam.example", "{{42*42}}", "=1+1"))
def test_code_and_addresses_are_no_names(raw: str) -> None:
    assert code("name", raw) == "pattern"


def test_a_last_name_of_two_letters_is_a_name_and_a_first_name_may_be_initials() -> None:
    assert clean("name", "WU") == "Wu"
    assert clean("first_name", "AJ") == "AJ"


def test_last_names_are_masked_and_first_names_are_not() -> None:
    assert value("name", "Sandoval").masked == "S•••••"
    assert value("first_name", "Maria").masked == "Maria"


def test_a_street_gives_its_number_and_unit() -> None:
    found = value("street", "3196  Lake Ct Apt 4B")
    assert found.clean == "3196 Lake Ct Apt 4B"
    assert (found.parts["number"], found.parts["unit"], found.parts["po_box"]) == ("3196", "4B", False)
    assert value("street", "P.O. Box 77").parts["po_box"] is True
    assert "Lake" not in found.masked


def test_labelled_addresses_are_all_read() -> None:
    lines = ["674 Park Pl", "1/2 Elm St", "N6W23001 BLUEMOUND ROAD"]
    path = CORPORA / "address" / "us50_test_tagged.xml"
    if path.exists():
        lines += [" ".join(row.itertext()) for row in ElementTree.parse(path).getroot()][:300]
    assert [line for line in lines if isinstance(read("street", line), Problem)] == []
