"""A request made on the posting page: the real call with the page's test key, and which of its lines are wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlencode

import orjson
from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.specs import sample_secret
from exchange.intake.decode import Flat, Refused, decode
from exchange.model.lead import Kind, Problem
from exchange.model.party import Campaign
from exchange.stages.field_names import Names
from exchange.stages.formats import FORMATS
from exchange.stages.magic import OUTCOMES
from exchange.stages.normalize import normalize
from exchange.web.api.call import Call, Stop, refused, work
from exchange.web.api.selling import answer, format_of, submission_of

CALLS: Mapping[str, Kind] = MappingProxyType({"ping": Kind.PING, "post": Kind.POST, "pingpost": Kind.DIRECT})
_TYPES: Mapping[str, str] = MappingProxyType(
    {"json": "application/json", "xml": "application/xml", "nvp": "application/x-www-form-urlencoded"}
)
_LINE = re.compile(r"\bline ([0-9]{1,6})\b")


class Wanted(NamedTuple):
    """What the form asks for: the call, how the body is written, an outcome or none, and the body."""

    call: str
    form: str
    outcome: str
    body: str


class Mark(NamedTuple):
    """A problem or a warning, and the line of the body that caused it, counted from 1; None for what is not there."""

    problem: Problem
    line: int | None
    warns: bool


class Tried(NamedTuple):
    """How it was answered. `status` is the answer's own word, empty when it has none we know."""

    http_status: int
    status: str
    took_ms: int
    request_id: str
    body: str
    marks: tuple[Mark, ...]
    message: str
    lead_id: str

    def tone(self, line: int) -> str:
        """How a line of the body is shown: bad, warn or nothing."""
        found = [mark.warns for mark in self.marks if mark.line == line]
        return "" if not found else "warn" if all(found) else "bad"


def wanted_of(form: Mapping[str, str], body: str) -> Wanted:
    """What was chosen, each the first choice where it is none of those there are. `body` is taken when none came."""
    call, written, outcome = form.get("call", ""), form.get("format", ""), form.get("outcome", "")
    return Wanted(
        call if call in CALLS else "ping",
        written if written in FORMATS else "json",
        outcome if outcome in OUTCOMES else "",
        form.get("body", body).replace("\r\n", "\n"),
    )


async def run(request: web.Request, market: Market, campaign: Campaign, wanted: Wanted) -> Tried:
    """Make the call. Whatever the body says of keys, it is made with the page's own, which only sells tests."""
    call = Call(request, wanted.call)
    call.format, call.content_type = wanted.form, _TYPES[wanted.form]
    marks: list[Mark] = []

    async def do(call: Call) -> web.Response:
        caller = call.admit(sample_secret(market, campaign.id), "campaign")
        flat = _read(call, wanted)
        call.format = format_of(flat, None)
        kind = CALLS[wanted.call]
        names = market.deals.intakes[campaign.id].names
        submission = submission_of(call, caller, flat, kind)
        vertical = market.verticals[campaign.vertical]
        found = normalize(submission, campaign, vertical, names, "", call.received_at)
        marks.extend(_marks(found.problems, flat, names, wanted, warns=False))
        marks.extend(_marks(found.warnings, flat, names, wanted, warns=True))
        return await answer(call, caller, flat, kind)

    async def do_or_tell(call: Call) -> web.Response:
        try:
            return await do(call)
        except Stop as stop:
            marks.extend(_refusal(stop))
            raise

    response = await work(call, do_or_tell)
    return _tried(call, response, tuple(marks))


def _read(call: Call, wanted: Wanted) -> Flat:
    text = wanted.body
    if wanted.form == "nvp":
        text = "".join(text.split("\n"))  # shown with a field a line
    call.raw = text.encode("utf-8", "replace")
    query = urlencode({"test_outcome": wanted.outcome}) if wanted.outcome else ""
    flat = decode(call.raw, call.content_type, query)
    if isinstance(flat, Refused):
        raise refused(flat)
    return flat


def _refusal(stop: Stop) -> Iterator[Mark]:
    """What could not be read at all, at the line its sentence names."""
    said = stop.message or stop.reason.sentence
    place = _LINE.search(said)
    line = int(place[1]) if place is not None else None
    for problem in stop.problems or (Problem("body", stop.reason.slug, said),):
        yield Mark(problem, line, warns=False)


def _marks(problems: tuple[Problem, ...], flat: Flat, names: Names, wanted: Wanted, *, warns: bool) -> Iterator[Mark]:
    sent = {(names.canonical(name) or name): name for name in flat.fields}
    for problem in problems:
        name = sent.get(problem.field, problem.field)
        yield Mark(problem, _line_of(name.rpartition(".")[2], wanted), warns)


def _line_of(name: str, wanted: Wanted) -> int | None:
    """The first line of the body that gives the field a value."""
    quoted = re.escape(name)
    if wanted.form == "json":
        found = re.search(rf'"{quoted}"\s*:', wanted.body)
    elif wanted.form == "xml":
        found = re.search(rf"<(?:[\w-]+:)?{quoted}[\s/>]", wanted.body)
    else:
        found = re.search(rf"(?:^|[&\n]){quoted}=", wanted.body)
    if found is None:
        return None
    return wanted.body.count("\n", 0, found.end()) + 1


def _tried(call: Call, response: web.Response, marks: tuple[Mark, ...]) -> Tried:
    body = response.body if isinstance(response.body, bytes) else b""
    text, status, message, lead_id = body.decode("utf-8", "replace"), "", "", ""
    if response.content_type == "application/json":
        fields = orjson.loads(body)
        text = orjson.dumps(fields, option=orjson.OPT_INDENT_2).decode()
        status, message = str(fields.get("status", "")), str(fields.get("message", ""))
        lead_id = str(fields.get("lead_id") or "")
    return Tried(response.status, status, call.took_ms, call.id, text, marks, message, lead_id)
