"""The page of a fax: one, whatever a lead holds, and what is shown is what is sent."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buyers.fax.page import CUT, HEIGHT, MARGIN, WIDTH, Rule, wrap
from tests.buyers.faxes import REFERENCE, by_telnyx, connector_of, posted, text_of_page

MARIA = {
    "first_name": "Maria",
    "last_name": "Nguyễn",
    "phone": "+16029580142",
    "email": "maria@consumer.example",
    "address": "3196 Lake Ct",
    "city": "Phoenix",
    "state": "AZ",
    "zip": "85016",
    "monthly_bill": "101-150",
    "homeowner": "yes",
    "ip_address": "198.51.100.7",
    "property_type": "single_family",
    "tcpa_consent": "yes",
}
FAX = connector_of(by_telnyx())
NOTE = "The roof is two years old and the dog is friendly. "


def page_of(values: Mapping[str, str]) -> str:
    return text_of_page(FAX.pdf(*posted(values)))


def picture_of(values: Mapping[str, str]) -> list[str]:
    """The lines of the preview, from top to bottom, as a reader of XML finds them."""
    (shown,) = FAX.preview(*posted(values))
    assert "image/svg+xml" == shown.content_type
    return [each.text or "" for each in ElementTree.fromstring(shown.content).iter() if each.tag.endswith("}text")]


def test_whom_to_call_stands_first_and_everything_else_below() -> None:
    lines = page_of(MARIA).split("\n")

    assert ["New case lead", "Received 2026-11-18 11:06 UTC", "Maria Nguyễn", "(602) 958-0142"] == lines[:4]
    assert ["maria@consumer.example", "3196 Lake Ct", "Phoenix, AZ 85016"] == lines[4:7]
    assert {"Monthly bill", "101-150", "Homeowner", "yes", "IP address", "single family"} <= set(lines)
    assert {f"Reference {REFERENCE}, 12.50 USD", "Page 1 of 1"} <= set(lines)


@pytest.mark.parametrize("name", ["Nguyễn", "Nguye\u0302\u0303n", "Łukasz Żółć", "Ελένη", "Наталья", "O'Brien-Ñuñez"])
def test_a_name_is_printed_as_it_is_written(name: str) -> None:
    page = page_of({**MARIA, "last_name": name})

    assert f"Maria {name.replace(chr(0x65) + chr(0x302) + chr(0x303), 'ễ')}" in page
    assert "■" not in page and "?" not in page


def test_what_no_font_has_is_a_question_mark_and_the_page_says_so() -> None:
    page = page_of({**MARIA, "first_name": "李"})

    assert "? Nguyễn" in page
    assert "A character that a fax cannot print is shown as ?." in page


@pytest.mark.parametrize(
    "value", ["<b>Maria</b>", "</text><script>alert(1)</script>", "A & B", "]]>", "{{42*42}}", "%s"]
)
def test_what_looks_like_markup_is_text(value: str) -> None:
    values = {**MARIA, "comments": value}

    assert value in page_of(values)
    assert value in picture_of(values)


def test_a_long_note_is_cut_and_says_where_the_rest_is() -> None:
    page = page_of({**MARIA, "comments": NOTE * 300})

    assert 20 < page.count("dog") < 60
    assert CUT in page
    assert "Page 1 of 1" in page


def test_a_note_of_a_few_lines_is_there_whole() -> None:
    page = page_of({**MARIA, "comments": NOTE * 8})

    assert (8, False) == (page.count("dog"), CUT in page)


def test_sixty_fields_are_all_there() -> None:
    answers = ("yes", "101-150", "between_3_and_6_months", "A house of two storeys with a roof of 2019")
    page = page_of({**MARIA, **{f"question_number_{number}": answers[number % 4] for number in range(60)}})

    assert (60, 15) == (page.count("Question number "), page.count("2019"))
    assert "no room" not in page and CUT not in page


def test_fields_without_room_are_counted() -> None:
    page = page_of({**MARIA, **{f"answer_{number}": "yes" for number in range(120)}})

    found = page.count("Answer ")
    assert 70 < found < 120
    assert (
        f"{120 - found + 1} more fields have no room here: ask us, by the reference below." in page
    )  # the consent too


def test_whom_to_call_is_whole_however_long_it_is() -> None:
    last = "Fernández-Villaverde y Rodríguez de la Concepción Montemayor"
    email = f"{'maria.fernandez.' * 4}@{'mail.' * 20}consumer.example"
    street = "12345 North Saint Bartholomew the Apostle Memorial Boulevard, Building 17, Apartment 2204-B"
    page = page_of({**MARIA, "last_name": last, "email": email, "address": street})

    spread = "".join(page.split())
    assert all("".join(text.split()) in spread for text in (f"Maria {last}", email, street))
    assert "…" not in page


def test_only_the_fields_that_were_asked_for_are_in_the_table() -> None:
    fax = connector_of(by_telnyx(heading="Solar", fields=["homeowner"]))
    page = text_of_page(fax.pdf(*posted(MARIA)))

    assert ("Solar", True, False) == (page.split("\n")[0], "Homeowner" in page, "Monthly bill" in page)


@settings(max_examples=25)
@given(st.dictionaries(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), st.text(max_size=400), max_size=40))
def test_any_lead_is_one_page_within_its_margins(values: dict[str, str]) -> None:
    steps = FAX.steps(*posted({**MARIA, **values}))

    assert "Page 1 of 1" in text_of_page(FAX.pdf(*posted({**MARIA, **values})))
    for step in steps:
        assert MARGIN <= step.y <= HEIGHT - MARGIN + 10
        if not isinstance(step, Rule):
            assert step.x + step.width <= WIDTH - MARGIN + 0.01


def test_the_preview_has_each_line_where_the_page_has_it() -> None:
    printed = page_of(MARIA).splitlines()

    assert sorted(printed) == sorted(picture_of(MARIA))


def test_the_same_lead_is_the_same_fax() -> None:
    assert FAX.pdf(*posted(MARIA)) == FAX.pdf(*posted(MARIA))


def test_a_word_wider_than_the_line_is_broken() -> None:
    lines = wrap("x" * 500, 11.0, 200.0)

    assert "x" * 500 == "".join(lines)
    assert len(lines) > 5
