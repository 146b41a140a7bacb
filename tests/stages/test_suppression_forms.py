"""In which forms a consumer stands on a list, and that a lead is found in each."""

from __future__ import annotations

import base64
import hashlib

import pytest

from exchange.stages.suppression.forms import (
    EMAIL,
    MD5,
    PHONE,
    PLAIN,
    SHA1,
    SHA256,
    drop_hash,
    drop_name,
    drop_person,
    drop_zip,
    hash_named,
    plain_email,
    plain_phone,
    reader,
    spellings,
    values_of,
)
from tests.stages.samples import lead, value


@pytest.mark.parametrize(
    "text",
    ("6025550142", "16025550142", "+16025550142", "(602) 555-0142", "602.555.0142", "+1 602-555-0142", "602 555 0142"),
)
def test_a_phone_is_ten_digits_however_it_is_written(text: str) -> None:
    assert "6025550142" == plain_phone(text)


@pytest.mark.parametrize("text", ("", "602555014", "0025550142", "60255501421", "phone", "602555014²", "+1602555", "+"))
def test_what_is_no_phone_is_none(text: str) -> None:
    assert plain_phone(text) is None


def test_a_phone_abroad_keeps_its_country() -> None:
    assert "442071838750" == plain_phone("+44 20 7183 8750")


def test_an_email_is_in_lower_case_and_keeps_its_dots_and_plus() -> None:
    assert "m.s+a@consumer.example" == plain_email("  M.S+a@Consumer.Example ")
    assert [None] * 5 == [plain_email(text) for text in ("", "a@b", "@b.example", "a@b@c.example", "nobody")]


@pytest.mark.parametrize("name", (MD5, SHA1, SHA256))
@pytest.mark.parametrize("form", ("6025550142", "16025550142", "+16025550142", "602-555-0142"))
def test_a_hashed_phone_is_found_in_every_form_that_vendors_hash(name: str, form: str) -> None:
    digest = hashlib.new(name, form.encode())

    for written in (digest.hexdigest(), digest.hexdigest().upper(), base64.b64encode(digest.digest()).decode()):
        assert name == hash_named(written)
        assert reader(PHONE, name)(written) in spellings(PHONE, name, "6025550142")


@pytest.mark.parametrize("form", ("maria@consumer.example", "MARIA@CONSUMER.EXAMPLE"))
def test_a_hashed_email_is_found_in_lower_and_upper_case(form: str) -> None:
    digest = hashlib.md5(form.encode()).hexdigest()

    assert reader(EMAIL, MD5)(digest) in spellings(EMAIL, MD5, "maria@consumer.example")
    assert ("maria@consumer.example",) == spellings(EMAIL, PLAIN, "maria@consumer.example")


def test_a_digest_of_another_hash_is_none() -> None:
    assert reader(PHONE, SHA256)(hashlib.md5(b"6025550142").hexdigest()) is None
    assert hash_named("z" * 32) is None


# The vectors of California's own documents.
DROP = (
    ("+1(415)555-9317", "vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E="),
    ("+84(90)123 4567", "ptzVkgbv9DonwvPCHmXmJ2SEOaolSh37z3ZzY/Gmm+U="),
)


def test_a_phone_is_looked_for_as_drop_hashes_it() -> None:
    for raw, hashed in DROP:
        digits = plain_phone(raw)
        assert digits is not None
        assert base64.b64decode(hashed).hex() in spellings(PHONE, SHA256, digits)


@pytest.mark.parametrize(
    ("name", "expected"),
    (
        ("José", "jose"),
        ("O'Brien-Smith", "obriensmith"),
        ("Nuñez 3rd", "nunez3rd"),
        ("Åse", "ase"),
        ("Łukasz", "lukasz"),
    ),
)
def test_names_are_folded_as_drop_folds_them(name: str, expected: str) -> None:
    assert expected == drop_name(name)


def test_a_zip_loses_its_plus_four_and_its_zeros() -> None:
    assert ["85016", "85016", "2139", "501"] == [drop_zip(each) for each in ("85016", "85016-1234", "02139", "00501")]


def test_a_person_is_the_hash_of_the_hashes_of_the_parts() -> None:
    parts = "".join(drop_hash(each) for each in ("maria", "sandoval", "19800229", "85016"))
    expected = hashlib.sha256(parts.encode()).hexdigest()

    assert expected == drop_person("María", "Sandoval", "1980-02-29", "85016-0001")
    known = lead(
        phone=value("+16025550142"), first_name=value("Maria"), last_name=value("Sandoval"), dob=value("1980-02-29"),
        zip=value("85016"),
    )  # fmt: skip
    assert {"phone": "6025550142", "person": expected} == values_of(known)
    assert {"phone": "6025550142"} == values_of(known, {PHONE, EMAIL})
