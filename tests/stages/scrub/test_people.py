"""Names: what is made up is told, and nobody is hurt for what they are called."""

from __future__ import annotations

import pytest

from tests.stages.scrub.scrubbed import doubted, refused, scrubbed, told


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("Amy", "Null"),
        ("Kelly", "Test"),
        ("Helen", "Butts"),
        ("Ng", "Ruiz"),
        ("Wei", "Wu"),
        ("Priya", "Strzelczyk"),
        ("Krzysztof", "Krzyzewski"),
        ("Siobhan", "O'Brien"),
        ("Xiu", "Hsu"),
        ("Mickey", "Wu"),
        ("Dick", "Cheney"),
        ("Fanny", "Smith"),
        ("Jose", "Van-Der-Berg"),
        ("Zbigniew", "Brzezinski"),
        ("Ljubov", "Ivanov"),
        ("Tiina", "Liiv"),
        ("Xochitl", "Quetzalcoatl"),
        ("Nguyet", "Phuong"),
        ("Jeff", "Alkadafe"),
        ("Q", "X"),
        ("Jo", "Li"),
        ("An", "Vo"),
        ("Ada", "Sedaka"),
        ("Chloé", "Peña"),
        ("李", "小龍"),
        ("Θάνος", "Παπα"),
        ("Jesse", "Wade"),
        ("Test", "Smith"),
        ("Mary Jo", "Null"),
        ("Çağla", "Yıldırım"),
        ("Aja", "Dell"),
        ("Guadalupe", "Washington"),
        ("Nguyen", "West"),
    ],
)
def test_real_names_are_never_held_against_anybody(first: str, last: str) -> None:
    found = scrubbed(first_name=first, last_name=last)

    assert [] == told(found)
    assert (first, last) == (found.lead.text("first_name"), found.lead.text("last_name"))


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("Seymour", "Butts", "name_joke"),
        ("MICKEY", "MOUSE", "name_joke"),
        ("John", "Doe", "name_joke"),
        ("Firstname", "Lastname", "name_placeholder"),
        ("Test", "Test", "name_placeholder"),
        ("Null", "Null", "name_placeholder"),
        ("test", "user", "name_placeholder"),
        ("N/A", "N/A", "name_placeholder"),
        ("asdf", "asdfgh", "name_placeholder"),
        ("kkwsdw", "eadwsa", "name_gibberish"),
        ("123", "456", "name_gibberish"),
        ("wdfaadd", "wsfe", "name_gibberish"),
        ("qwertyu", "lkjhgf", "name_gibberish"),
        ("aaaaa", "zzzzz", "name_gibberish"),
        ("Fuck", "You", "name_profane"),
    ],
)
def test_made_up_names_are_refused(first: str, last: str, code: str) -> None:
    found = scrubbed(first_name=first, last_name=last)

    assert ("name_refused", [code]) == (refused(found), doubted(found))
    assert first not in str(found.findings)


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("asdfg", "Sandoval", "name_doubtful"),
        ("Harry", "Potter", "name_doubtful"),
        ("Maria2", "Sandoval", "name_digits"),
    ],
)
def test_what_may_be_true_is_flagged_and_sold(first: str, last: str, code: str) -> None:
    found = scrubbed(first_name=first, last_name=last)

    assert (None, [code]) == (refused(found), doubted(found))
    assert ("scrub:first_name", "flagged") in told(found)


def test_exchanged_names_are_put_back_when_that_is_sure() -> None:
    found = scrubbed(first_name="Strickland", last_name="Jennifer")

    assert ("Jennifer", "Strickland") == (found.lead.text("first_name"), found.lead.text("last_name"))
    assert ("Strickland", "Jennifer") == tuple(found.lead.values[name].raw for name in ("first_name", "last_name"))
    assert [("scrub:first_name", "fixed"), ("scrub:last_name", "fixed")] == told(found)
    assert ["first_name", "last_name"] == [each.field for each in found.corrected]


@pytest.mark.parametrize(("first", "last"), [("James", "Kelly"), ("Jordan", "Ng"), ("Scott", "Lee"), ("Nguyen", "Kim")])
def test_names_that_are_both_are_left_alone(first: str, last: str) -> None:
    assert (first, last) == tuple(
        scrubbed(first_name=first, last_name=last).lead.text(name) for name in ("first_name", "last_name")
    )


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  priya ", "Priya"),
        ("CAROL", "Carol"),
        ("ChloÃ©", "Chloé"),
        ("o'brien", "O'Brien"),
        ("van-der-berg", "Van-Der-Berg"),
        ("MCDONALD", "McDonald"),
        ("mcallister", "McAllister"),
        ("MACY", "Macy"),
        ("Zoe\u0308", "Zoë"),
        ("Ｍａｒｉａ", "Maria"),
        ("Mary  Jo", "Mary Jo"),
        ("Ma\u200bria", "Maria"),
    ],
)
def test_spaces_case_and_letters_are_put_right_and_told(raw: str, clean: str) -> None:
    found = scrubbed(first_name=raw)

    assert (clean, raw) == (found.lead.text("first_name"), found.lead.values["first_name"].raw)
    assert [("scrub:first_name", "fixed")] == told(found)


def test_two_names_in_one_field_are_parted_and_the_seller_hears_of_it() -> None:
    found = scrubbed(first_name="jacob wood", last_name="")

    assert ("Jacob", "Wood") == (found.lead.text("first_name"), found.lead.text("last_name"))
    assert ["first_name: both names stood in one field."] == [each.message for each in found.corrected][:1]
