"""Files of leads by program: a campaign's key brings one, starts it, follows it and takes its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

from exchange.flows import import_desk as desk
from exchange.flows.import_files import FileGone
from exchange.intake.batch import BadFile
from exchange.intake.bring_file import BadColumns, bring_file, fields_given, guess
from exchange.intake.columns import missing_fields
from exchange.intake.upload import NoFile, Sent, receive
from exchange.model.batch import Columns
from exchange.model.hours import read_hours
from exchange.model.importing import SORTS, ImportRow
from exchange.model.lead import Mode, Problem
from exchange.model.reason import Reason
from exchange.storage.imports import find_import, imports_of_campaign
from exchange.vault import VaultError
from exchange.web.api.access import Caller
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told, refused
from exchange.web.api.pages import wrong
from exchange.web.listed.import_rows import import_fields, result_response, shown

OPTIONS = ("name", "start", "rate", "stop_percent", "again", "order", "hours", "columns", "constants")
LISTED = 200
_YES_NO = ("yes", "no")


async def bring(call: Call) -> Told:
    """Take a file, as a part of a form or as the body itself, and start it unless that is not wanted."""
    caller = _caller(call)
    assert caller.campaign is not None
    spools: list[desk.Spool] = []

    def begin(sent: Sent) -> desk.Spool:
        _Asked(sent.fields)  # what is wrong before the file is told before it is read
        spools.append(desk.Spool(call.market))
        return spools[0]

    try:
        await desk.check_room(call.market, caller.campaign, Mode(caller.key.mode))
        sent = await receive(call.request, begin)
        _check_options(sent.fields)
        asked = _Asked(sent.fields)
        bringing = desk.Bringing(caller.campaign, Mode(caller.key.mode), sent.name or "leads", caller.actor)
        row = await bring_file(call.market, spools[0], bringing, asked.columns)
    except BaseException as error:
        for spool in spools:
            spool.drop()
        raise _stop(error) or error from None
    if asked.start:
        await _begin(call, row, caller, asked)
    return Told({**_fields(call, await _found(call, row.id)), **await _columns(call, row, asked.columns)})


async def many(call: Call) -> Told:
    """The campaign's imports, newest first."""
    caller = _caller(call)
    assert caller.campaign is not None
    rows = await call.market.db.read(imports_of_campaign, caller.campaign.id, caller.key.mode, LISTED)
    return Told({"status": "ok", "imports": [_plain(call, row) for row in rows]})


async def one(call: Call) -> Told:
    return Told(_fields(call, await _own(call)))


async def result(call: Call) -> web.Response:
    """The result so far, unsealed block by block."""
    row = await _own(call)
    try:
        return result_response(call.market, row)
    except FileGone as error:
        raise Stop(Reason.NOT_FOUND, 404, str(error)) from None
    except (VaultError, OSError):
        raise Stop(Reason.NOT_FOUND, 404, "The result cannot be opened.") from None


async def check(call: Call) -> Told:
    return await _act(call, desk.check)


async def start(call: Call) -> Told:
    row = await _own(call)
    caller = _caller(call)
    await _begin(call, row, caller, _Asked(sent_fields(await call.read_fields()) if call.request.body_exists else {}))
    return Told(_fields(call, await _found(call, row.id)))


async def pause(call: Call) -> Told:
    return await _act(call, lambda market, row: desk.pause(market, row, _caller(call).actor))


async def cancel(call: Call) -> Told:
    return await _act(call, lambda market, row: desk.cancel(market, row, _caller(call).actor))


def _check_options(fields: Mapping[str, str]) -> None:
    """A word that nobody knows may be `start=no` mistyped: better nothing begins."""
    for name in fields:
        if name not in OPTIONS:
            told = f"{name} is no option of an import; there are {', '.join(OPTIONS)}"
            raise wrong(name, "not_allowed", told, fields[name], OPTIONS)


class _Asked:
    """What is said with a file; raises with the first thing that is wrong."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.rate = fields.get("rate", "").strip()
        if self.rate and desk.parse_rate(self.rate) is None:
            raise wrong("rate", "type", "rate must be rows in a time: 20/s, 600/min or 5000/h", self.rate)
        self.start = _yes(fields, "start", True)
        self.again = _yes(fields, "again", False)
        percent = (fields.get("stop_percent") or fields.get("stoppercent") or "").strip()
        if percent and not (percent.isascii() and percent.isdigit() and 1 <= int(percent[:4]) <= 100):
            raise wrong("stop_percent", "range", "stop_percent must be 1 to 100", percent)
        self.stop_percent = int(percent) if percent else None
        self.sort = fields.get("order", "").strip().lower() or None
        if self.sort is not None and self.sort not in SORTS:
            raise wrong("order", "not_allowed", f"order must be one of {', '.join(SORTS)}", self.sort, SORTS)
        hours = fields.get("hours", "").strip()
        read = read_hours(hours)
        if hours and hours != "any" and read is None:
            raise wrong(
                "hours", "type", "hours must be such as 09:00-17:30, with a zone behind it if it is another", hours
            )
        self.hours = read.text if read is not None else ("" if hours else None)
        self.columns = Columns(_words(fields, "columns"), _words(fields, "constants"))


def _yes(fields: Mapping[str, str], name: str, unless_said: bool) -> bool:
    word = fields.get(name, "").strip().lower()
    if word and word not in _YES_NO:
        raise wrong(name, "not_allowed", f"{name} must be yes or no", word, _YES_NO)
    return word == "yes" if word else unless_said


def _words(fields: Mapping[str, str], name: str) -> dict[str, str]:
    text = fields.get(name, "").strip()
    try:
        found = orjson.loads(text) if text else {}
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise wrong(name, "type", f"{name} must be a JSON object of texts", text)
    return found


async def _begin(call: Call, row: ImportRow, caller: Caller, asked: _Asked) -> None:
    try:
        await desk.start(
            call.market,
            row,
            caller.actor,
            rate=asked.rate or None,
            stop_percent=asked.stop_percent,
            again=asked.again,
            sort=asked.sort,
            hours=asked.hours,
        )
    except desk.NotNow as error:
        raise Stop(Reason.IMPORT_NOT_NOW, 409, str(error)) from None
    except desk.SameFile as same:
        told = (
            f"The same file was imported before, as {same.earlier.id}. It waits as {row.id}: start it with again=yes."
        )
        raise Stop(Reason.SAME_FILE, 409, told) from None


async def _act(call: Call, do: Callable[..., Awaitable[None]]) -> Told:
    row = await _own(call)
    try:
        await do(call.market, row)
    except desk.NotNow as error:
        raise Stop(Reason.IMPORT_NOT_NOW, 409, str(error)) from None
    return Told(_fields(call, await _found(call, row.id)))


def _caller(call: Call) -> Caller:
    caller = call.caller or call.admit_by_header("campaign")
    if caller.blocked:
        raise Stop(Reason.CAMPAIGN_PAUSED, 403, "The seller's account is paused.")
    return caller


async def _own(call: Call) -> ImportRow:
    """The import of the path, when it is the campaign's own and of the key's mode."""
    caller = _caller(call)
    row = await call.market.db.read(find_import, call.request.match_info["import_id"])
    assert caller.campaign is not None
    if row is None or not row.held or (row.campaign_id, row.mode) != (caller.campaign.id, caller.key.mode):
        raise Stop(Reason.NOT_FOUND, 404, "There is no such import.")
    return row


async def _found(call: Call, import_id: str) -> ImportRow:
    row = await call.market.db.read(find_import, import_id)
    assert row is not None
    return row


def _stop(error: BaseException) -> Stop | None:
    """What went wrong with a file as an answer; None for what is not the sender's doing."""
    match error:
        case NoFile():
            return refused(error.refused)
        case desk.TooMany():
            return Stop(Reason.IMPORT_NOT_NOW, 409, str(error), closes=True)
        case desk.TooLarge():
            return Stop(Reason.TOO_LARGE, 413, str(error), closes=True)
        case BadFile():
            return Stop(Reason.INVALID, 422, str(error), problems=(Problem("file", "type", str(error)),))
        case BadColumns():
            return Stop(Reason.INVALID, 422, problems=(Problem("columns", "unknown_key", str(error)),))
        case OSError():
            return Stop(Reason.STORAGE_DOWN, 503, headers=(("Retry-After", "5"),), closes=True)
        case Stop():
            return Stop(error.reason, error.http_status, error.message, problems=error.problems, closes=True)
        case _:
            return None


def _fields(call: Call, row: ImportRow) -> dict[str, Any]:
    return {"status": "ok", **_plain(call, row)}


def _plain(call: Call, row: ImportRow) -> dict[str, Any]:
    """As its seller may see it: what buyers would pay is not told, and nobody's name."""
    fields = import_fields(shown(call.market, row))
    for name in ("made_by", "source"):
        fields.pop(name)
    report = fields["report"]
    if report is not None:
        earn = report["would_earn"]
        told = {name: earn[name] for name in ("payout", "currency")} if earn is not None else None
        fields["report"] = {name: value for name, value in {**report, "would_earn": told}.items() if value is not None}
    return {name: value for name, value in fields.items() if value is not None}


async def _columns(call: Call, row: ImportRow, given: Columns) -> dict[str, Any]:
    """How its columns are understood, and what is missing."""
    market = call.market
    row = await _found(call, row.id)
    guesses = await guess(market, row)
    fields = fields_given(market, row, guesses)
    campaign = market.deals.campaigns[row.campaign_id]
    names, vertical = market.deals.intakes[campaign.id].names, market.verticals[campaign.vertical]
    missing = missing_fields({*fields.values(), *given.constants}, names, vertical)
    columns = [
        {
            "column": each.column,
            "field": fields.get(each.column, ""),
            "known_by": "given" if each.column in given.columns else each.how if each.column in fields else "",
        }
        for each in guesses
    ]
    return {"columns": columns, "missing": list(missing)}
