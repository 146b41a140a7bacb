"""The configuration: what ships is sound, and whatever is wrong is told at once with file and path."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.catalog import CONTROL_FIELDS, CatalogError, default_config, load_verticals, read_vertical
from exchange.fields import field_types
from exchange.stages.standard_fields import Goes, standard_fields

SHIPPED = load_verticals(default_config())
GOOD = """
title: Boats
fields:
  - {name: zip, type: postal_code, label: ZIP, ping: required, post: required, example: "85016"}
"""


def problems_of(text: str, name: str = "boats") -> list[str]:
    problems: list[str] = []
    vertical = read_vertical(name, text.encode(), f"verticals/{name}.yaml", problems)
    assert (vertical is None) == bool(problems)
    return problems


def with_field(entry: str, kind: str = "text") -> str:
    return f"{GOOD}  - {{label: X, type: {kind}, ping: absent, post: absent, {entry}}}\n"


def test_solar_has_the_bill_brackets_buyers_price_by() -> None:
    bill = SHIPPED["solar"].by_name["monthly_bill"]
    assert bill.allowed == ("0-50", "51-100", "101-150", "151-200", "201-300", "301+")
    assert len(SHIPPED["solar"].fields) == 31


def test_a_sound_file_becomes_a_vertical_whose_version_follows_its_content() -> None:
    problems: list[str] = []
    first = read_vertical("boats", GOOD.encode(), "verticals/boats.yaml", problems)
    second = read_vertical("boats", GOOD.replace("Boats", "Yachts").encode(), "verticals/boats.yaml", problems)
    assert problems == []
    assert first is not None and second is not None
    assert first.by_name["zip"].type == "postal_code"
    assert first.version != second.version


@pytest.mark.parametrize(
    ("text", "told"),
    (
        ("", "verticals/boats.yaml: is empty."),
        ("title: [", "line 1"),
        ("title: A\ntitle: B\nfields: []", "title"),
        ("fields: 3", "verticals/boats.yaml: title: Field required."),
        ("- a\n- b", "verticals/boats.yaml: document:"),
        (GOOD + "colour: red\n", "verticals/boats.yaml: colour: is not a known key."),
        (f"{GOOD}  - {{name: x, type: text, label: X, ping: never, post: required}}", "fields[x].ping:"),
        (with_field("name: x, typ: y"), "fields[x].typ: is not a known"),
        (with_field("name: Xy"), "fields[Xy].name:"),
        (with_field("name: x", "txt"), "fields[x]: type: 'txt' is not one of"),
        (with_field("name: x", "choice"), "a choice needs its values"),
        (with_field("name: x, allowed: [a]"), "has no list of values"),
        (with_field("name: x, least: 9, most: 3", "integer"), "9 is above most"),
        (with_field("name: x, pattern: '(a'"), "not a regular expression"),
        (with_field("name: x, pattern: '(a)\\1'"), "not a regular expression"),
        (with_field("name: x, example: '123'", "phone"), "example: x must be"),
        (f"{GOOD}  - {{name: x, type: text, label: X, ping: required, post: required, personal: true}}", "must not be"),
        (with_field("name: test"), "a field of the exchange itself"),
        (with_field("name: z_ip"), "is read the same as zip"),
        (with_field("name: x, aliases: [Z-I-P]"), "already means zip"),
        (GOOD + "consent: {required: [handshake]}\n", "'handshake' is not one of"),
        (GOOD + "no_filters: {age: ECOA.}\n", "no_filters: there is no field age."),
        (GOOD + "no_filters: {zip: ''}\n", "no_filters.zip:"),
        (with_field("name: x", "ssn"), "a ssn must be personal, and absent in a ping"),
        (with_field("name: x, personal: true", "ssn").replace("absent, post", "optional, post"), "absent in a ping"),
    ),
)  # fmt: skip
def test_every_slip_is_told_with_its_place(text: str, told: str) -> None:
    problems = problems_of(text)
    assert any(told in problem for problem in problems), problems
    assert all(problem.startswith("verticals/boats.yaml:") for problem in problems)


def test_the_problems_of_all_files_come_together(tmp_path: Path) -> None:
    folder = tmp_path / "verticals"
    folder.mkdir()
    (folder / "a.yaml").write_text("title: A\nfields: []\nx: 1\n")
    (folder / "b.yaml").write_bytes(b"title: \xff")
    (folder / "good.yaml").write_text(GOOD)
    with pytest.raises(CatalogError) as caught:
        load_verticals(tmp_path)
    assert {problem.partition(":")[0] for problem in caught.value.problems} == {"verticals/a.yaml", "verticals/b.yaml"}
    assert len(caught.value.problems) == 3


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"no \.yaml file"):
        load_verticals(tmp_path)


@given(text=st.text(alphabet="titlefields: -[]{}\n\"'&*!|>#,zip0", max_size=120))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert problems_of(text)


def test_the_exchanges_own_fields_are_the_same_in_both_places() -> None:
    control = {name for name, (_, goes) in standard_fields().items() if goes in (Goes.CONTROL, Goes.IGNORED)}
    assert control == set(CONTROL_FIELDS)


def test_standard_fields_use_known_types_and_no_name_twice() -> None:
    spelled: dict[str, str] = {}
    for name, (spec, _) in standard_fields().items():
        assert spec.type in field_types() or spec.type in ("line", "trap")
        for word in (name, *spec.aliases):
            folded = "".join(char for char in word.lower() if char not in "-_. ")
            assert spelled.setdefault(folded, name) == name
