"""A postback's URL: every macro is filled and encoded, and a wrong one is found when it is saved."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.stages.macros import EXAMPLE, MACROS, fill, macros_of, wrong_macros

ALL = "https://t.example/p?" + "&".join(f"{name}={{{name}}}" for name in MACROS)


def test_the_macros_are_those_of_the_documentation() -> None:
    told = "lead_id seller_lead_id status reason price currency sub_id1 sub_id2 sub_id3 sub_id4 sub_id5 sub_id6 sub_id7"
    told += " sub_id8 sub_id9 sub_id10 click_id disposition returned_amount timestamp test"

    assert tuple(told.split()) == MACROS
    assert set(MACROS) == set(EXAMPLE)
    assert (None, MACROS) == (wrong_macros(ALL), macros_of(ALL))


@given(st.fixed_dictionaries({name: st.text(max_size=20) for name in MACROS}))
def test_every_macro_arrives_as_it_was_whatever_it_holds(values: dict[str, str]) -> None:
    url = fill(ALL, values)

    asked = parse_qs(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)
    assert url.isascii() and url.isprintable() and " " not in url
    assert {name: [value] for name, value in values.items()} == asked


@given(st.text(max_size=40))
def test_no_value_leaves_its_place_in_a_path(value: str) -> None:
    parts = urlsplit(fill("https://t.example/a/{sub_id1}/b?x={click_id}", {"sub_id1": value, "click_id": value}))

    assert ("https", "t.example", "") == (parts.scheme, parts.netloc, parts.fragment)
    assert 3 == parts.path.count("/")


def test_what_an_event_does_not_know_is_empty() -> None:
    assert "https://t.example/?r=&s=a%20b%26c" == fill("https://t.example/?r={reason}&s={status}", {"status": "a b&c"})


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("https://t.example/?a={leadid}", "There is no macro {leadid}"),
        ("https://t.example/?a={sub_id11}&b={Price}", "{sub_id11}, {Price}"),
        ("https://t.example/?a={}", "There is no macro {}"),
        ("https://t.example/?a={lead_id", "A brace stands alone"),
        ("https://t.example/?a=lead_id}", "A brace stands alone"),
        ("https://{lead_id}.example/", "name of the host"),
    ],
)
def test_a_wrong_template_is_told_with_the_fix(template: str, told: str) -> None:
    assert told in (wrong_macros(template) or "")
