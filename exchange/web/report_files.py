"""Files of dispositions on pages: brought, looked at before anything is written, recorded. A buyer brings its own; an
operator brings one for a buyer. Both see the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import web

from exchange import limits
from exchange.flows.disposition_files import Look, bring, look, name_columns, record_file
from exchange.flows.dispositions import Told
from exchange.flows.small_files import CannotRead
from exchange.intake.batch import BadFile
from exchange.intake.upload import NoFile
from exchange.model.actor import Role
from exchange.stages.dispositions import Verdict
from exchange.stages.report_columns import MEANINGS
from exchange.storage.disposition_files import ReportFile, files_of, read_file
from exchange.web.auth import FORM, actor_of, without_token
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, notice, page
from exchange.web.uploads import HeldTooLarge, NotFromHere, closed, receive_held

LISTED = 50
SHOWN = 100
_FILE = "/{file_id:dsf_[0-9A-Z]{26}}"
_COLUMN = "column."

VERDICTS: Mapping[Verdict, tuple[str, str]] = MappingProxyType(
    {
        Verdict.NOT_FOUND: ("not matched", "No lead of the buyer has this id, reference, phone or email."),
        Verdict.INVALID: ("wrong", "A cell of the row cannot be read."),
        Verdict.WAITING: ("with an unmapped word", "Nobody knows the word yet: they wait until somebody maps it."),
        Verdict.RECORDED: ("changed", "They say something new."),
        Verdict.UNCHANGED: ("unchanged", "It is known already, or something later is."),
        Verdict.IGNORED: ("left out", "Their word was said to mean nothing."),
    }
)
"""What becomes of rows, worst first: in a word, and in a sentence."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where these pages are, and the rail's entry they belong to."""

    base: str
    here: str
    title: str


def pages(place: Place, *, list_page: bool = True) -> tuple[Page, ...]:
    one = place.base + _FILE
    found = (
        Page("GET", one, _at(place, _show)),
        Page("GET", one + ".json", _at(place, _show_json)),
        Page("POST", one + "/columns", _at(place, _columns)),
        Page("POST", one + "/record", _at(place, _record)),
    )
    return (Page("GET", place.base, _at(place, _list)), *found) if list_page else found


def uploads(place: Place) -> tuple[Page, ...]:
    return (Page("POST", place.base, _at(place, _take)),)


def _at(
    place: Place, show: Callable[[web.Request, Place], Awaitable[web.StreamResponse]]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def shown(request: web.Request) -> web.StreamResponse:
        return await show(request, place)

    return shown


async def _list(request: web.Request, place: Place) -> web.StreamResponse:
    return await list_page(request, place)


async def list_page(
    request: web.Request, place: Place, problem: str = "", http_status: int = 200
) -> web.StreamResponse:
    """The form that brings a file, and the files that came."""
    market, own = request.app[MARKET], _own(request)
    files = await market.db.read(files_of, own[0] if own is not None else None, LISTED)
    return await page(
        request,
        "_report_files.html",
        title=place.title,
        here=place.here,
        place=place,
        files=files,
        buyers=_buyers(request),
        names={buyer.id: buyer.name for buyer in market.deals.buyers.values()},
        total=_total,
        most_mb=limits.DISPOSITION_FILE_BYTES // 1024 // 1024,
        most_rows=limits.DISPOSITION_ROWS,
        problem=problem,
        http_status=http_status,
    )


async def _take(request: web.Request, place: Place) -> web.StreamResponse:
    """A form with a file. Its token comes before it."""
    market, actor = request.app[MARKET], actor_of(request)
    try:
        sent, data = await receive_held(request, limits.DISPOSITION_FILE_BYTES)
        buyer_id = actor.party_id if actor.role is Role.BUYER else sent.fields.get("buyer", "")
        if not buyer_id or buyer_id not in market.deals.buyers:
            raise CannotRead("Choose the buyer whose leads the file is about.")
        file_id = await bring(market, buyer_id, sent.name, data, actor)
    except NotFromHere:
        return closed(await without_token(request))
    except (BadFile, CannotRead, HeldTooLarge, NoFile) as error:
        return closed(await list_page(request, place, str(error), 422))
    return see_other(f"{place.base}/{file_id}")


async def _show(request: web.Request, place: Place) -> web.StreamResponse:
    return await _preview(request, place)


async def _preview(request: web.Request, place: Place, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    """What would become of each row. Nothing is written by looking."""
    found = await _looked(request)
    if found is None:
        return await _gone(request)
    if found.file.under_way:
        return await page(
            request,
            "_report_file_going.html",
            title=found.file.name,
            here=place.here,
            place=place,
            file=found.file,
            verdicts=[(words[0], found.file.counts.get(verdict.value, 0)) for verdict, words in VERDICTS.items()],
            problem=problem,
            http_status=http_status,
        )
    groups = [
        (verdict, *words, found.counts[verdict], found.of(verdict)[:SHOWN])
        for verdict, words in VERDICTS.items()
        if found.counts[verdict]
    ]
    return await page(
        request,
        "_report_file.html",
        title=found.file.name,
        here=place.here,
        place=place,
        look=found,
        groups=groups,
        matched=len(found.told) - found.counts[Verdict.NOT_FOUND],
        meanings=MEANINGS,
        name_of=_named,
        shown=SHOWN,
        at_once=limits.DISPOSITION_ROWS_AT_ONCE,
        problem=problem,
        http_status=http_status,
    )


async def _show_json(request: web.Request, place: Place) -> web.StreamResponse:
    found = await _looked(request)
    if found is None:
        return as_json({"status": "error", "message": "There is no such file."}, 404)
    return as_json(
        {
            "file_id": found.file.id,
            "name": found.file.name,
            "columns": dict(found.file.columns),
            "missing": found.missing,
            "counts": {verdict.value: count for verdict, count in found.counts.items()},
            "recorded": found.file.recorded_at is not None and not found.file.under_way,
            **(_progress(found.file) if found.file.under_way else {}),
            "rows": [
                {"row": number, "status": told.verdict.value, "lead_id": told.sale["lead_id"] if told.sale else None}
                for number, told in found.told
            ],
        }
    )


def _progress(file: ReportFile) -> dict[str, object]:
    return {"rows_done": file.rows_done, "rows_all": file.rows_all, "counts": dict(file.counts)}


async def _columns(request: web.Request, place: Place) -> web.StreamResponse:
    """Say what the columns are, in their order on the page."""
    found = await _looked(request)
    if found is None:
        return await _gone(request)
    form = request[FORM]
    given = {name: form.get(f"{_COLUMN}{number}", "") for number, name in enumerate(found.samples)}
    try:
        await name_columns(request.app[MARKET], found.file, given)
    except CannotRead as error:
        return await _preview(request, place, str(error), 422)
    return _to(place, found.file)


async def _record(request: web.Request, place: Place) -> web.StreamResponse:
    market = request.app[MARKET]
    file = await market.db.read(read_file, _own(request), request.match_info["file_id"])
    if file is None:
        return await _gone(request)
    try:
        await record_file(market, file, actor_of(request))
    except CannotRead as error:
        return await _preview(request, place, str(error), 422)
    return _to(place, file)


async def _looked(request: web.Request) -> Look | None:
    return await look(request.app[MARKET], _own(request), request.match_info["file_id"])


def _own(request: web.Request) -> tuple[str, ...] | None:
    """Whose files somebody sees: a buyer its own, an operator all."""
    actor = actor_of(request)
    return None if actor.role is Role.OPERATOR else (actor.party_id or "",)


def _buyers(request: web.Request) -> list[tuple[str, str]]:
    """Whom an operator may bring a file for."""
    if actor_of(request).role is not Role.OPERATOR:
        return []
    buyers = request.app[MARKET].deals.buyers.values()
    return sorted(((buyer.id, buyer.name) for buyer in buyers), key=lambda pair: pair[1].lower())


def _named(told: Told) -> str:
    """What the row said in place of a lead, without its consumer: a phone or an email is told by its end."""
    text = told.report.reference
    local, at, domain = text.partition("@")
    if at:
        return f"{local[:1]}…@{domain}"
    digits = "".join(filter(str.isdecimal, text))
    return f"…{digits[-4:]}" if len(digits) >= 10 and len(digits) >= len(text) - 8 else text[:40]


def _total(file: ReportFile) -> int:
    return sum(file.counts.values())


def _to(place: Place, file: ReportFile) -> web.Response:
    return see_other(f"{place.base}/{file.id}")


async def _gone(request: web.Request) -> web.StreamResponse:
    return await notice(
        request, "There is no such file", "It is another's, or it is no longer kept. Upload it again.", http_status=404
    )
