"""JSON schemas of the calls about files of leads."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from exchange.model.importing import SORTS
from exchange.web.api.answer_schemas import Schema, ends, many, moment, money, record, text

FILE_TYPES = (
    "text/csv",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
)
RESULT_TYPES = ("text/csv", "application/x-ndjson")
STATES = ("new", "checking", "checked", "running", "paused", "done", "cancelled")
_COUNT: Schema = MappingProxyType({"type": "integer", "minimum": 0})  # type: ignore[assignment]  # read, never changed


def import_schemas() -> dict[str, Schema]:
    count = dict(_COUNT)
    words = {"type": "object", "additionalProperties": {"type": "string"}}
    counts = {"type": "object", "additionalProperties": count}
    fields: dict[str, Any] = {
        "import_id": text(),
        "state": text(enum=list(STATES)),
        "file": text("Its name as it was sent."),
        "campaign_id": text(),
        "channel": text("How it came: `import`, `ftp`, `sftp`."),
        "test": {"type": "boolean"},
        "rows": count,
        "done": count,
        "counts": {**counts, "description": "Rows that are done, by the status a post is answered with."},
        "payout": money("What its leads earned you so far."),
        "currency": text(),
        "checked": {**count, "description": "Rows that a dry run has read."},
        "report": {"$ref": "#/components/schemas/ImportReport"},
        "problem": text("Why it stands still, when nobody asked it to."),
        "rate": text("At most so many rows: `20/s`, `600/min`, `5000/h`."),
        "order": text("In which order its rows are sold.", enum=list(SORTS)),
        "hours": text("At which hours, such as `09:00-17:30`, with a zone if it is not the exchange's."),
        "made_at": moment("When it came."),
        "changed_at": moment("When it last moved."),
    }
    needed = ("import_id", "state", "file", "campaign_id", "done", "counts", "payout", "currency", "made_at")
    return {
        "ImportFile": _sent(),
        "Import": record(("status", *needed), status=text(), **fields, **ends()),
        "ImportBrought": record(
            ("status", *needed, "columns", "missing"),
            status=text(),
            **fields,
            columns=many("ImportColumn", "How its columns are understood."),
            missing={"type": "array", "items": text(), "description": "Required fields that no column gives."},
            **ends(),
        ),
        "ImportColumn": record(
            ("column", "field"),
            column=text(),
            field=text("The field it gives; empty when it is left out."),
            known_by=text(enum=["name", "alias", "like", "content", "given", ""]),
        ),
        "ImportReport": record(
            ("rows", "valid", "invalid", "duplicate_in_file", "in_exchange", "no_consent"),
            rows=count,
            valid=count,
            invalid=count,
            invalid_by=counts,
            rejected=count,
            rejected_by=counts,
            duplicate_in_file=count,
            in_exchange=count,
            no_consent=count,
            would_earn={**words, "description": "`payout` and `currency`: what you would earn at current prices."},
        ),
        "Imports": record(("status", "imports"), status=text(), imports=many("Import"), **ends()),
        "ImportResult": {"type": "string", "description": "The file with what became of each row."},
    }


def _sent() -> Schema:
    return record(
        ("file",),
        start=text("`no` only brings the file. Unless said, it is sold at once.", enum=["yes", "no"]),
        rate=text("At most so many rows: `20/s`, `600/min`, `5000/h`."),
        stop_percent=text("Stop once more than so many percent of the rows were refused, 1 to 100."),
        order=text(
            "`file` as they stand, `best` what would earn most first, `newest` the newest consent first.",
            enum=list(SORTS),
        ),
        hours=text("Sell only between: `09:00-17:30`, with a zone if it is not the exchange's; or `any`."),
        again=text("`yes`: it is meant, although the same file was imported before.", enum=["yes", "no"]),
        columns=text('Your columns to our fields, as JSON: `{"Telefon": "phone", "Notes": ""}`. Others are guessed.'),
        constants=text('Values for every row, as JSON: `{"sub_id1": "list-7"}`.'),
        file={"type": "string", "format": "binary", "description": "The file itself, the only one in the form."},
    )
