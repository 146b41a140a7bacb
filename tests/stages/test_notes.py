"""What may be written down in clear about a decision."""

from __future__ import annotations

import pytest

from exchange import limits
from exchange.stages.notes import note_problem


@pytest.mark.parametrize("note", ["I called them.", "Lead ld_01KAG4Q9 at 14:02, 3 of 400 came back", "Ticket 20261120"])
def test_a_note_about_a_lead_is_kept(note: str) -> None:
    assert note_problem(note) is None


@pytest.mark.parametrize(
    ("note", "code"),
    [
        ("", "missing"),
        ("  ", "missing"),
        ("x" * (limits.NOTE_CHARACTERS + 1), "length"),
        ("Spoke to 602-555-0142", "personal"),
        ("(602) 555 0142 is dead", "personal"),
        ("wrote to maria.s@consumer.example", "personal"),
    ],
)
def test_a_note_that_names_somebody_is_not(note: str, code: str) -> None:
    problem = note_problem(note)

    assert problem is not None and ("note", code) == (problem.field, problem.code)
    assert "602" not in problem.message and "maria" not in problem.message
