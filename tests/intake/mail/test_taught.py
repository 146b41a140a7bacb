"""A format is taught by marking values in one mail; the next mails of its kind are then read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.sources.taught import CannotTeach, Mark, TaughtFormat, read_taught, teach

SAMPLE = """Good news! Somebody asked for an offer.

Ana Sandoval of 85016 Phoenix wants panels (urgent).
You reach Ana under

   (602) 958-0142
   ana@consumer.example

They wrote
  Please call after five,
  my roof is flat.

Yours, the portal team. Lead 2231-A of today."""


def marks(text: str, **values: str) -> list[Mark]:
    return [Mark(name, text.index(value), text.index(value) + len(value)) for name, value in values.items()]


@pytest.fixture
def taught() -> TaughtFormat:
    comment = "Please call after five,\n  my roof is flat."
    who = {"full_name": "Ana Sandoval", "zip": "85016", "city": "Phoenix"}
    found = marks(SAMPLE, **who, phone="(602) 958-0142", email="ana@consumer.example", comments=comment, ref="2231-A")
    return teach(SAMPLE, found)


def test_the_sample_is_read_by_its_own_format(taught: TaughtFormat) -> None:
    assert read_taught(taught, SAMPLE) == {
        "full_name": "Ana Sandoval",
        "zip": "85016",
        "city": "Phoenix",
        "phone": "(602) 958-0142",
        "email": "ana@consumer.example",
        "comments": "Please call after five, my roof is flat.",
        "ref": "2231-A",
    }


def test_the_next_mail_is_read_whatever_its_blanks(taught: TaughtFormat) -> None:
    text = SAMPLE.replace("Ana Sandoval", "Bo van der Meer").replace("(602) 958-0142", "602 958 0199")
    text = text.replace("85016 Phoenix", "02139   Cambridge").replace("  my roof is flat.", "  thanks\n  a lot").upper()

    assert read_taught(taught, text) is None  # another kind of mail: its fixed words are written otherwise

    found = read_taught(taught, SAMPLE.replace("Ana Sandoval", "Bo  van der Meer").replace("\n\n", "\n \n\n"))
    assert found is not None
    assert "Bo van der Meer" == found["full_name"]


def test_a_value_that_is_missing_is_left_out(taught: TaughtFormat) -> None:
    found = read_taught(taught, SAMPLE.replace(" Lead 2231-A of today.", ""))

    assert found is not None
    assert "ref" not in found
    assert "Ana Sandoval" == found["full_name"]


def test_another_kind_of_mail_is_not_read(taught: TaughtFormat) -> None:
    assert read_taught(taught, "Name: Ana\nZIP: 85016") is None


def test_values_below_one_another_are_told_apart_by_the_line_above() -> None:
    text = "New request\nAna\nSandoval\n85016\n"
    taught = teach(text, marks(text, first_name="Ana", last_name="Sandoval", zip="85016"))

    assert read_taught(taught, "New request\nBo\nMeer\n02139\n") == {
        "first_name": "Bo",
        "last_name": "Meer",
        "zip": "02139",
    }


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ([], "at least one"),
        ([Mark("zip", 0, 3), Mark("zip", 10, 12)], "once"),
        ([Mark("zip", 0, 3), Mark("phone", 3, 9)], "touch"),
        ([Mark("zip", 39, 40)], "nothing but blanks"),
    ],
)
def test_marks_that_are_no_format_are_refused(wrong: list[Mark], told: str) -> None:
    with pytest.raises(CannotTeach, match=told):
        teach(SAMPLE, wrong)


WORDS = st.text(alphabet="abcdefgh", min_size=1, max_size=8)


@given(labels=st.lists(WORDS, min_size=1, max_size=6, unique=True), data=st.data())
def test_what_is_taught_is_read_again_with_other_values(labels: list[str], data: st.DataObject) -> None:
    def mail(values: list[str]) -> str:
        return "\n".join(f"{label}: {value}" for label, value in zip(labels, values, strict=True))

    values = [data.draw(WORDS) for _ in labels]
    text = mail(values)
    at, found = 0, list[Mark]()
    for label, value in zip(labels, values, strict=True):
        start = at + len(label) + 2
        found.append(Mark(label, start, start + len(value)))
        at = start + len(value) + 1
    others = [data.draw(WORDS) for _ in labels]

    assert read_taught(teach(text, found), mail(others)) == dict(zip(labels, others, strict=True))
