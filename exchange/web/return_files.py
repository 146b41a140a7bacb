"""The pages of files of returns, for buyers and operators: brought, looked at, done, and how far that is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from exchange import limits
from exchange.flows.return_bulk import OUTCOMES, BulkLook, bring_returns, do_file, look_at_file
from exchange.flows.return_files import RowTold
from exchange.flows.small_files import CannotRead
from exchange.intake.upload import NoFile
from exchange.model.actor import Actor, Role
from exchange.model.money import Money
from exchange.stages.returns.files import BadReturns
from exchange.storage.disposition_files import RECORD, ReportFile, files_of, read_file
from exchange.web.auth import actor_of, without_token
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, notice, page
from exchange.web.uploads import HeldTooLarge, NotFromHere, closed, receive_held

SHOWN, LISTED = 200, 50
_FILE = "/{file_id:dsf_[0-9A-Z]{26}}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pages are, what stands on them, and the kind of their files."""

    path: str
    template: str
    title: str
    kind: str


Show = Callable[[web.Request, Place], Awaitable[web.StreamResponse]]


def pages(place: Place) -> tuple[Page, ...]:
    one = place.path + _FILE
    return (
        Page("GET", place.path, _at(place, _bring)),
        Page("GET", one, _at(place, _one)),
        Page("GET", one + ".json", _at(place, _one_json)),
        Page("POST", one + "/do", _at(place, _do)),
    )


def uploads(place: Place) -> tuple[Page, ...]:
    return (Page("POST", place.path, _at(place, _take)),)


def _at(place: Place, show: Show) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def shown(request: web.Request) -> web.StreamResponse:
        return await show(request, place)

    return shown


async def _bring(request: web.Request, place: Place) -> web.StreamResponse:
    return await _page(request, place, None)


async def _take(request: web.Request, place: Place) -> web.StreamResponse:
    """A form with a file. Its token comes before it."""
    try:
        sent, data = await receive_held(request, limits.DISPOSITION_FILE_BYTES)
        file = await bring_returns(request.app[MARKET], place.kind, sent.name, data, actor_of(request))
    except NotFromHere:
        return closed(await without_token(request))
    except (BadReturns, HeldTooLarge, NoFile) as error:
        return closed(await _page(request, place, None, str(error), 422))
    return see_other(f"{place.path}/{file.id}")


async def _one(request: web.Request, place: Place) -> web.StreamResponse:
    file = await _file(request, place)
    if file is None:
        return await _gone(request)
    try:
        return await _page(request, place, await look_at_file(request.app[MARKET], file, actor_of(request)))
    except CannotRead:
        return await _page(request, place, BulkLook(file, {}))


async def _one_json(request: web.Request, place: Place) -> web.StreamResponse:
    file = await _file(request, place)
    if file is None:
        return as_json({"status": "error", "message": "There is no such file."}, 404)
    try:
        found = await look_at_file(request.app[MARKET], file, actor_of(request))
    except CannotRead:
        found = BulkLook(file, {})
    return as_json({"name": file.name, **told_fields(found)})


def told_fields(found: BulkLook) -> dict[str, object]:
    """A file as programs read it: how far it is, what became of its rows or would, and the rows themselves."""
    file = found.file
    fields: dict[str, object] = {
        "file_id": file.id,
        "doing": file.aim if file.under_way else None,
        "done": file.recorded_at is not None,
        "counts": _every(file.counts),
        "would": _every(found.counts) if not (file.under_way and file.aim == RECORD) else _every({}),
        "rows": row_fields(found.told),
    }
    if file.under_way:
        fields |= {"rows_done": file.rows_done, "rows_all": file.rows_all}
    return fields


def row_fields(told: tuple[RowTold, ...] | list[RowTold]) -> list[dict[str, object]]:
    return [
        {"line": each.number, "lead_id": each.name, "outcome": each.verdict, "message": each.sentence} for each in told
    ]


def _every(counts: Mapping[str, int]) -> dict[str, int]:
    return {outcome: counts.get(outcome, 0) for outcome in OUTCOMES}


async def _do(request: web.Request, place: Place) -> web.StreamResponse:
    file = await _file(request, place)
    if file is None:
        return await _gone(request)
    try:
        await do_file(request.app[MARKET], file, actor_of(request))
    except CannotRead as error:
        return await _page(request, place, BulkLook(file, {}), str(error), 422)
    return see_other(f"{place.path}/{file.id}")


async def _file(request: web.Request, place: Place) -> ReportFile | None:
    file_id = request.match_info["file_id"]
    return await request.app[MARKET].db.read(read_file, (_own(actor_of(request)),), file_id, place.kind)


def _own(actor: Actor) -> str:
    """Whose files somebody sees: a buyer its own, operators those of all operators."""
    return actor.party_id or "" if actor.role is Role.BUYER else ""


async def _page(
    request: web.Request, place: Place, found: BulkLook | None, problem: str = "", http_status: int = 200
) -> web.Response:
    files = await request.app[MARKET].db.read(files_of, _own(actor_of(request)), LISTED, place.kind)
    return await page(
        request,
        place.template,
        title=place.title,
        here="returns",
        path_here=place.path,
        found=found,
        counts=_every(found.counts) if found is not None else {},
        recorded=_every(found.file.counts) if found is not None else {},
        shown=found.told[:SHOWN] if found is not None else (),
        sums=_sums(found.told) if found is not None else [],
        files=files,
        problem=problem,
        most=limits.RETURN_ROWS,
        most_mb=limits.DISPOSITION_FILE_BYTES // 1024**2,
        http_status=http_status,
    )


def _sums(told: tuple[RowTold, ...]) -> list[tuple[Money, Money]]:
    """Credit and debit in all, by currency."""
    found: dict[str, tuple[Money, Money]] = {}
    for each in told:
        if each.credit is None or each.debit is None:
            continue
        credit, debit = found.get(each.credit.currency, (Money.zero(each.credit.currency),) * 2)
        found[each.credit.currency] = (credit + each.credit, debit + each.debit)
    return list(found.values())


async def _gone(request: web.Request) -> web.StreamResponse:
    return await notice(
        request, "There is no such file", "It is another's, or it is no longer kept. Bring it again.", http_status=404
    )
