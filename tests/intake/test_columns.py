"""What the columns of files as sellers send them are taken for."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import pytest

from exchange.intake.batch import look_through
from exchange.intake.columns import as_mapping, guess_columns, missing_fields
from exchange.model.batch import Guess, LeadFile
from exchange.stages.field_names import Names, compile_names
from tests.market import NOW, campaign, read_once

PEOPLE = [
    ("Maria", "Sandoval", "(602) 958-0142", "maria@consumer.example", "85016", "AZ", "yes"),
    ("Ada", "Okafor", "(602) 958-0143", "ada@consumer.example", "85017", "AZ", "no"),
    ("Lin", "Chen", "(702) 555-0144", "lin@consumer.example", "89101", "NV", "yes"),
    ("Omar", "Haddad", "(512) 555-0145", "omar@consumer.example", "73301", "TX", "yes"),
]
FIELDS = ("first_name", "last_name", "phone", "email", "zip", "state", "homeowner")
WHOLE = dict(zip(FIELDS, FIELDS, strict=True))

HEADERS: dict[str, Sequence[str]] = {
    "our own": FIELDS,
    "a form builder": ("First Name", "Last Name", "Phone", "Email", "Zip", "State", "Homeowner"),
    "a lead system": ("first", "last", "phone1", "email_address", "zip_code", "st", "own_home"),
    "a call centre": ("FNAME", "LNAME", "PHONE NUMBER", "E-Mail", "Postal Code", "Province", "Home Owner"),
    "typing errors": ("Frist Name", "Last Nmae", "Phone Nunber", "Emial Address", "Zip Cdoe", "Stat", "Homeowner?"),
    "nothing but letters": ("A", "B", "C", "D", "E", "F", "Homeowner"),
}


@pytest.fixture(scope="module")
def names() -> Names:
    catalog, places = read_once()
    return compile_names(catalog.verticals["solar"], campaign("cedar"), places)


def file_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> LeadFile:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return LeadFile("leads.csv", lambda: io.BytesIO(text.getvalue().encode()))


def guessed(header: Sequence[str], names: Names, rows: Sequence[Sequence[str]] = PEOPLE) -> Mapping[str, Guess]:
    file = file_of(header, rows)
    return {guess.column: guess for guess in guess_columns(file, look_through(file).layout, names, NOW)}


@pytest.mark.parametrize("who", [name for name in HEADERS if name not in ("nothing but letters",)])
def test_usual_headers_are_understood_whole(who: str, names: Names) -> None:
    found = guessed(HEADERS[who], names)

    assert list(FIELDS) == [found[column].field for column in HEADERS[who]]


def test_columns_without_a_name_are_known_by_what_stands_in_them(names: Names) -> None:
    found = guessed(HEADERS["nothing but letters"], names)

    assert {"C": "phone", "D": "email", "E": "zip", "F": "state"} == {
        column: guess.field for column, guess in found.items() if guess.how == "content"
    }
    assert ("", "", ("Maria", "Ada", "Lin")) == (found["A"].field, found["A"].how, found["A"].samples)


def test_a_field_is_given_once_and_its_own_name_goes_first(names: Names) -> None:
    found = guessed(("mobile", "phone", "Contact"), names, [(row[2], row[2], row[2]) for row in PEOPLE])

    assert ("phone", "name") == (found["phone"].field, found["phone"].how)
    assert "" == found["mobile"].field
    assert ("phone2", "content") == (found["Contact"].field, found["Contact"].how)


def test_a_name_that_is_alike_counts_only_when_the_values_can_be_read(names: Names) -> None:
    found = guessed(("phome", "zip"), names, [("call me", row[4]) for row in PEOPLE])

    assert "" == found["phome"].field


def test_samples_are_three_different_values_and_the_share_that_fits_is_told(names: Names) -> None:
    rows = [("85016",), ("85016",), ("",), ("85017",), ("nowhere",), ("85018",)]
    guess = guessed(("zip",), names, [*rows])["zip"]

    assert (("85016", "85017", "nowhere"), 0.8) == (guess.samples, guess.fits)


def test_required_fields_that_no_column_gives_are_told_unless_the_line_makes_them(names: Names) -> None:
    solar = read_once()[0].verticals["solar"]
    made = {"full_name", "zip", "phone", "email", "homeowner", "monthly_bill", "tcpa_consent"}

    assert ("monthly_bill", "tcpa_consent") == tuple(sorted(missing_fields(WHOLE, names, solar)))
    assert () == missing_fields(made, names, solar)


def test_only_what_the_line_would_not_understand_is_put_into_a_mapping(names: Names) -> None:
    header = ("first", "Last Name", "Telefon", "Emial Address", "zip", "state", "homeowner")

    assert {"Telefon": "phone", "Emial Address": "email"} == as_mapping(guessed(header, names).values())


def test_json_lines_are_guessed_by_the_names_in_their_first_lines(names: Names) -> None:
    lines = b'{"Vorname": "Maria", "Mail adress": "maria@consumer.example"}\n{"zip": "85016"}\n'
    file = LeadFile("leads.jsonl", lambda: io.BytesIO(lines))
    found = guess_columns(file, look_through(file).layout, names, NOW)

    assert [("Vorname", ""), ("Mail adress", "email"), ("zip", "zip")] == [(each.column, each.field) for each in found]
