"""A note of a person's that is kept in clear, in the audit log and a timeline: it names no consumer. Pure."""

from __future__ import annotations

from exchange import limits
from exchange.model.lead import Problem
from exchange.stages.personal import looks_personal


def note_problem(note: str) -> Problem | None:
    """What is wrong with it, for the field `note`; None when it may be kept."""
    if not note.strip():
        return Problem("note", "missing", "note is required: it is kept in the audit log.")
    if len(note) > limits.NOTE_CHARACTERS:
        return Problem("note", "length", f"note must have at most {limits.NOTE_CHARACTERS} characters.")
    if looks_personal(note):
        told = "note must hold no phone number and no email address: it is kept in clear. Name the lead by its id."
        return Problem("note", "personal", told)
    return None
