"""The schemas of what buyers report."""

from __future__ import annotations

from exchange import limits
from exchange.stages.dispositions import Verdict
from exchange.stages.report_columns import MEANINGS
from exchange.web.api.answer_schemas import Schema, ends, many, moment, record, text


def reporting_schemas(words: tuple[str, ...]) -> dict[str, Schema]:
    """By name. `words` are the dispositions of all verticals."""
    known = ", ".join(f"`{word}`" for word in words)
    said: dict[str, Schema] = {
        "disposition": text(
            f"A word of the lead's vertical, or your own once the exchange knows it. Of all verticals: {known}.",
            maxLength=limits.DISPOSITION_CHARACTERS,
        ),
        "at": {"oneOf": [moment("When it became so; now unless said."), {"type": "integer"}]},
        "note": text(maxLength=limits.NOTE_CHARACTERS),
        "value": text("What it was worth to you, as decimal text in the currency of the sale."),
    }
    one = record(
        ("disposition",),
        lead_id=text("Our id, or use `reference`."),
        reference=text("Our reference of the post, or your own."),
        **said,
    )
    list_of: Schema = {
        "type": "object",
        "description": "Either `dispositions`, or `lead_ids` with one `disposition` for all of them.",
        "properties": {
            "dispositions": {**many("Disposition"), "maxItems": limits.DISPOSITIONS_AT_ONCE},
            "lead_ids": {"type": "array", "items": text(), "maxItems": limits.DISPOSITIONS_AT_ONCE},
            **said,
        },
    }
    told: dict[str, Schema] = {
        "status": text("`waiting`: nobody knows the word yet.", enum=[each.value for each in Verdict]),
        "disposition_id": text(),
        "lead_id": text(),
        "reference": text("What you sent, when you bought no such lead."),
        "disposition": text("The word it counts as."),
        "field": text("What is wrong."),
        "message": text("One sentence."),
        "allowed": {"type": "array", "items": text()},
        "closest": text("What was probably meant."),
    }
    counts = record((), **{each.value: {"type": "integer"} for each in Verdict})
    return {
        "Disposition": one,
        "Dispositions": list_of,
        "Recorded": record(("status",), **told, **ends()),
        "Told": record(("status",), **told),
        "RecordedMany": record(
            ("status", "counts", "results"),
            status=text(enum=["ok"]),
            counts=counts,
            results=many("Told", "In the order they were sent."),
            **ends(),
        ),
        **_files(),
    }


def _files() -> dict[str, Schema]:
    file = record(
        ("file",),
        record=text("`no`: nothing is written, it is only said what would be.", enum=["yes", "no"]),
        columns=text(
            'Your columns to what they are, as JSON: `{"Ergebnis": "disposition", "Nr": "reference"}`; others are '
            f"guessed. A column is one of {', '.join(MEANINGS)}, or nothing (an empty text)."
        ),
        file={"type": "string", "format": "binary", "description": "The file itself, the only one in the form."},
    )
    row = {"type": "integer", "description": "The data row, from 1."}
    file_told = record(
        ("status", "file_id", "rows", "recorded", "columns", "counts"),
        status=text("`queued`: it is long, and a job records it.", enum=["ok", "queued"]),
        file_id=text(),
        rows={"type": "integer"},
        rows_done={"type": "integer", "description": "Of a file that a job records, or recorded."},
        recorded={"type": "boolean", "description": "Whether it was written."},
        columns={"type": "object", "additionalProperties": text(), "description": "How its columns are understood."},
        missing=text("What it cannot do without, if that is so."),
        counts=record((), **{each.value: {"type": "integer"} for each in Verdict}),
        not_matched={"type": "array", "items": row, "description": "The first 200."},
        waiting={"type": "array", "items": record(("row", "word"), row=row, word=text())},
        wrong={"type": "array", "items": record(("row", "field", "message"), row=row, field=text(), message=text())},
        **ends(),
    )
    return {"DispositionFile": file, "DispositionFileTold": file_told}
