"""Buyers tell what became of the leads they bought, one by one or many in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exchange import limits
from exchange.fields.instant import read_instant
from exchange.flows.dispositions import Teller, record_reports, teller_of
from exchange.flows.dispositions import Told as Outcome
from exchange.intake.flat import Unreadable
from exchange.intake.json_in import read_json
from exchange.intake.trees import plain, text, whole
from exchange.log import logger
from exchange.model.feedback import Report
from exchange.model.lead import Mode, Problem
from exchange.model.reason import Reason
from exchange.stages.dispositions import Verdict
from exchange.stages.field_names import fold
from exchange.storage.feedback import names_of_others
from exchange.web.api.access import Caller
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told, media_type, refused

_ONCE = ("disposition", "note", "value", "at")  # said once for all leads of `lead_ids`
_WAITS = 202

_LOG = logger(__name__)


async def disposition(call: Call) -> Told:
    """Record what became of a bought lead. The same again changes nothing; a word that nobody knows waits (202)."""
    return await _one(call, {})


async def of_lead(call: Call) -> Told:
    return await _one(call, {"leadid": call.request.match_info["lead_id"]})


async def _one(call: Call, named: Mapping[str, str]) -> Told:
    caller = call.admit_by_header("buyer")
    problems: list[Problem] = []
    report = _report({**sent_fields(await call.read_fields()), **named}, problems)
    if problems:
        raise Stop(Reason.INVALID, 422, problems=tuple(problems))
    (told,) = await record_reports(call.market, _teller(caller), (report,))
    if told.sale is None:
        await _note_others(call, caller, (told,))
        raise Stop(Reason.NOT_FOUND, 404, "You bought no lead with this id.")
    if told.verdict is Verdict.INVALID and told.problem is not None:
        raise Stop(Reason.INVALID, 422, problems=(told.problem,))
    status = _WAITS if told.verdict is Verdict.WAITING else 200
    return Told(_fields(told), status, told.sale["lead_id"])


def _teller(caller: Caller) -> Teller:
    return teller_of(caller.actor, tests_only=caller.key.mode == Mode.TEST.value)


async def many(call: Call) -> Told:
    """Record what became of many leads. Each has its own answer, in the order they were sent; none stops another."""
    caller = call.admit_by_header("buyer")
    sent = _object(call, await call.read())
    problems: list[Problem] = []
    reports = [_report(each, problems, f"{place}.") for place, each in _sent_reports(sent)]
    if problems:
        raise Stop(Reason.INVALID, 422, problems=tuple(problems[: limits.PROBLEMS_TOLD]))
    outcomes = await record_reports(call.market, _teller(caller), reports)
    await _note_others(call, caller, outcomes)
    counts = {verdict.value: 0 for verdict in Verdict}
    for outcome in outcomes:
        counts[outcome.verdict.value] += 1
    return Told({"status": "ok", "counts": counts, "results": [_fields(outcome) for outcome in outcomes]})


async def _note_others(call: Call, caller: Caller, outcomes: Sequence[Outcome]) -> None:
    """Who speaks of leads that others bought hears what one does that made them up; here it is noted."""
    unknown = [told.report.reference for told in outcomes if told.sale is None]
    count = await call.market.db.read(names_of_others, unknown) if unknown else 0
    if count:
        _LOG.warning("A buyer spoke of leads that it did not buy", buyer=caller.actor.party_id, count=count)


def _fields(told: Outcome) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "status": told.verdict.value,
        "disposition_id": told.disposition_id,
        "lead_id": told.sale["lead_id"] if told.sale is not None else None,
        "reference": told.report.reference if told.sale is None else None,
        "disposition": told.kind or None,
    }
    if told.problem is not None:
        fields |= {"field": told.problem.field, "message": f"{told.problem.message.rstrip('.')}."}
        fields |= {"allowed": list(told.problem.allowed) or None, "closest": told.problem.closest}
    return {name: value for name, value in fields.items() if value is not None}


def _object(call: Call, body: bytes) -> Mapping[str, Any]:
    if media_type(call.request) != "application/json":
        raise Stop(Reason.MEDIA_TYPE, 415, "Send JSON: Content-Type: application/json.")
    try:
        found: Mapping[str, Any] = whole(plain(read_json(body.decode("utf-8"))))
    except UnicodeDecodeError:
        raise Stop(Reason.BAD_REQUEST, 400, "The body is not UTF-8.") from None
    except Unreadable as error:
        raise refused(error.refused) from None
    return found


def _sent_reports(sent: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, str]]]:
    """Where each report stands in what was sent, and what it says by folded name."""
    given = {fold(name): value for name, value in sent.items()}
    if isinstance(given.get("leadids"), list):
        once = {name: text(given[name]) for name in _ONCE if name in given}
        found = [
            (f"lead_ids[{number}]", {**once, "leadid": text(each)}) for number, each in enumerate(given["leadids"])
        ]
    elif isinstance(given.get("dispositions"), list):
        found = [
            (f"dispositions[{number}]", {fold(name): text(value) for name, value in each.items()})
            if isinstance(each, dict)
            else (f"dispositions[{number}]", {})
            for number, each in enumerate(given["dispositions"])
        ]
    else:
        told = "Send dispositions (a list of objects), or lead_ids (a list) with one disposition."
        raise Stop(Reason.INVALID, 422, problems=(Problem("dispositions", "missing", told),))
    if not 1 <= len(found) <= limits.DISPOSITIONS_AT_ONCE:
        told = f"The list must have 1 to {limits.DISPOSITIONS_AT_ONCE} entries; a longer one is a file."
        raise Stop(Reason.INVALID, 422, problems=(Problem("dispositions", "range", told, str(len(found))),))
    return [(place, {name: value.strip() for name, value in each.items() if value.strip()}) for place, each in found]


def _report(sent: Mapping[str, str], problems: list[Problem], place: str = "") -> Report:
    """The report as sent; what is wrong with it is added to the problems."""
    reference = sent.get("leadid") or sent.get("reference") or ""
    if not reference:
        problems.append(Problem(f"{place}lead_id", "missing", "lead_id (or reference) is required."))
    word = sent.get("disposition", "")
    if not word:
        problems.append(Problem(f"{place}disposition", "missing", "disposition is required."))
    note = sent.get("note", "")
    if len(note) > limits.NOTE_CHARACTERS:
        told = f"note must have at most {limits.NOTE_CHARACTERS} characters."
        problems.append(Problem(f"{place}note", "length", told))
    at = None
    if "at" in sent:
        at = read_instant(sent["at"])
        if at is None:
            told = "at must be a time such as 2026-11-20T14:14:22Z, or seconds since 1970."
            problems.append(Problem(f"{place}at", "type", told, sent["at"]))
    return Report(reference, word, note, sent.get("value"), at)
