"""Files of dispositions by program: looked at with `record=no`, else recorded. The same file again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson

from exchange import limits
from exchange.flows.disposition_files import Look, bring, look, name_columns, record_file
from exchange.flows.small_files import CannotRead
from exchange.intake.batch import BadFile
from exchange.intake.upload import NoFile, Sent, receive
from exchange.model.lead import Problem
from exchange.model.reason import Reason
from exchange.stages.dispositions import Verdict
from exchange.storage.disposition_files import ReportFile, read_file
from exchange.web.api.call import Call, Stop, Told, refused
from exchange.web.api.pages import wrong
from exchange.web.uploads import Held, HeldTooLarge

OPTIONS = ("name", "record", "columns")
LISTED = 200
_YES_NO = ("yes", "no")


async def bring_reports(call: Call) -> Told:
    """Take a file, as a part of a form or as the body itself, and record its rows unless that is not wanted."""
    caller = call.admit_live("buyer")
    assert caller.actor.party_id is not None
    own = (caller.actor.party_id,)
    held, asked = Held(limits.DISPOSITION_FILE_BYTES), _Asked()

    def begin(sent: Sent) -> Held:
        asked.read(sent.fields)
        return held

    with file_refused():
        sent = await receive(call.request, begin)
        asked.read(sent.fields)
        name = sent.name or "dispositions"
        file_id = await bring(call.market, caller.actor.party_id, name, bytes(held.data), caller.actor)
        found = await _looked(call, own, file_id)
        if found.file.under_way and not asked.columns:
            return _recorded(found.file)
        if asked.columns:
            await name_columns(call.market, found.file, {**found.file.columns, **asked.columns})
            found = await _looked(call, own, file_id)
        done = asked.record and await record_file(call.market, found.file, caller.actor) is not None
    queued = asked.record and not done
    return Told(_fields(found, "queued" if queued else "ok", recorded=done), 202 if queued else 200)


@contextmanager
def file_refused() -> Iterator[None]:
    """What is wrong with a file, as the refusal of the call that brings it."""
    try:
        yield
    except NoFile as error:
        raise refused(error.refused) from None
    except HeldTooLarge as error:
        raise Stop(Reason.TOO_LARGE, 413, str(error), closes=True) from None
    except (BadFile, CannotRead) as error:
        raise Stop(Reason.INVALID, 422, str(error), problems=(Problem("file", "type", str(error)),)) from None


async def one_file(call: Call) -> Told:
    """A file that came before: what its rows became, how far its job is, or what they would become."""
    caller = call.admit_live("buyer")
    assert caller.actor.party_id is not None
    file = await call.market.db.read(read_file, (caller.actor.party_id,), call.request.match_info["file_id"])
    if file is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such file of yours.")
    if file.under_way or file.recorded_at is not None:
        return _recorded(file)
    found = await look(call.market, (caller.actor.party_id,), file.id)
    if found is None:
        raise Stop(Reason.NOT_FOUND, 404, "It is no longer kept. Send it again.")
    return Told(_fields(found, "ok", recorded=False))


def _recorded(file: ReportFile) -> Told:
    """What became of its rows, or of those that are done so far."""
    rows, done = (file.rows_all, file.rows_done) if file.under_way else (sum(file.counts.values()),) * 2
    fields = {
        "status": "queued" if file.under_way else "ok",
        "file_id": file.id,
        "rows": rows,
        "rows_done": done,
        "recorded": not file.under_way,
        "columns": dict(file.columns),
        "counts": {verdict.value: file.counts.get(verdict.value, 0) for verdict in Verdict},
    }
    return Told(fields, 202 if file.under_way else 200)


class _Asked:
    """What is said with a file; raises with the first thing that is wrong."""

    def __init__(self) -> None:
        self.record = True
        self.columns: Mapping[str, str] = {}

    def read(self, fields: Mapping[str, str]) -> None:
        word = fields.get("record", "").strip().lower()
        if word and word not in _YES_NO:
            raise wrong("record", "not_allowed", "record must be yes or no", word, _YES_NO)
        self.record = word != "no"
        self.columns = said_columns(fields)


def said_columns(fields: Mapping[str, str]) -> Mapping[str, str]:
    """What was said of columns, by their names: a JSON object in one field."""
    text = fields.get("columns", "").strip()
    try:
        found = orjson.loads(text) if text else {}
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise wrong("columns", "type", "columns must be a JSON object of texts", text)
    return found


async def _looked(call: Call, own: tuple[str, ...], file_id: str) -> Look:
    found = await look(call.market, own, file_id)
    assert found is not None, "it was brought just now"
    return found


def _fields(found: Look, status: str, *, recorded: bool) -> dict[str, Any]:
    """What its rows were, or would be; `recorded` counts those that say something new."""
    return {
        "status": status,
        "file_id": found.file.id,
        "rows": len(found.told),
        "recorded": recorded,
        "columns": dict(found.file.columns),
        "missing": found.missing,
        "counts": {verdict.value: count for verdict, count in found.counts.items()},
        "not_matched": [number for number, _ in found.of(Verdict.NOT_FOUND)][:LISTED],
        "waiting": [{"row": number, "word": told.report.word} for number, told in found.of(Verdict.WAITING)[:LISTED]],
        "wrong": [
            {"row": number, "field": told.problem.field, "message": told.problem.message}
            for number, told in found.of(Verdict.INVALID)[:LISTED]
            if told.problem is not None
        ],
    }
