"""One import on one page: how its columns are understood, what a dry run found, its start, and how far it has come.

The console and the portal of sellers show the same; who looks decides which imports are there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from exchange.flows import import_desk as desk
from exchange.flows.import_files import FileGone
from exchange.flows.imports import opens
from exchange.flows.market import Market
from exchange.intake.batch import BadFile
from exchange.intake.bring_file import BadColumns, check_columns, fields_given, guess
from exchange.intake.columns import missing_fields
from exchange.model.batch import Columns, Guess
from exchange.model.hours import read_hours
from exchange.model.importing import FILE, SORTS, ImportRow
from exchange.model.money import Money
from exchange.model.party import Campaign
from exchange.model.rights import Right, may
from exchange.storage.imports import find_import
from exchange.vault import VaultError
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.listed.import_rows import Shown, result_response, shown
from exchange.web.pages import Page, see_other
from exchange.web.render import address, notice, page
from exchange.web.render import as_json as json_response
from exchange.web.words import duration, money

_ID = "/{import_id:imp_[A-Za-z0-9]{1,40}}"
_LEAVE_OUT = "-"
_TO_MAP = ("new", "checked")
_MOST_CONSTANTS = 20
_GOES = ("tracking", "consent", "control", "contact")
_Act = Callable[[web.Request, ImportRow], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where such pages are, and whose imports they show: `own` says which campaigns' are there, `fields` what programs
    are told of one. Values of a file are seen, and its result taken, by those with the right; None: by all let in.
    """

    base: str
    template: str
    own: Callable[[web.Request, Campaign], bool]
    fields: Callable[[Shown], Mapping[str, object]]
    sees: Right | None
    takes: Right | None

    def at(self, row: ImportRow) -> str:
        return address(f"{self.base}/{row.id}", mode="test" if row.mode == "test" else None)


@dataclass(frozen=True, slots=True)
class ColumnShown:
    """A column with its samples, and the field it gives now ("" for none)."""

    number: int
    guess: Guess
    field: str


@dataclass(frozen=True, slots=True)
class Speed:
    """Rows a second since it began, and how long the rest takes at that."""

    rows: str
    left: str


def import_pages(place: Place) -> tuple[Page, ...]:
    one = place.base + _ID

    async def show(request: web.Request) -> web.StreamResponse:
        row = await _row(request, place)
        return await _page(request, place, row) if row is not None else await _missing(request, place)

    async def as_json(request: web.Request) -> web.StreamResponse:
        row = await _row(request, place)
        if row is None:
            return json_response({"status": "error", "message": "There is no such import."}, 404)
        return json_response(place.fields(shown(request.app[MARKET], row)))

    async def result(request: web.Request) -> web.StreamResponse:
        return await _result(request, place)

    return (
        Page("GET", one, show),
        Page("GET", f"{one}.json", as_json),
        Page("GET", f"{one}/result", result, place.takes),
        Page("POST", f"{one}/columns", _acting(place, _set_columns)),
        Page("POST", f"{one}/check", _acting(place, _check)),
        Page("POST", f"{one}/start", _acting(place, _start)),
        Page("POST", f"{one}/pause", _acting(place, _pause)),
        Page("POST", f"{one}/cancel", _acting(place, _cancel)),
    )


async def _result(request: web.Request, place: Place) -> web.StreamResponse:
    """The file with what became of each row. The people in it are in it: whoever takes it is noted first."""
    row = await _row(request, place)
    if row is None:
        return await _missing(request, place)
    try:
        response = result_response(request.app[MARKET], row)
        await desk.note_taken(request.app[MARKET], row, actor_of(request))
        return response
    except (FileGone, VaultError, OSError) as error:
        told = str(error) if isinstance(error, FileGone) else "The result cannot be opened."
        return await notice(request, "There is no result to download", told, http_status=404)


def _acting(place: Place, act: _Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Something is done to an import; then its page is shown, or shown again with what was wrong."""

    async def handle(request: web.Request) -> web.StreamResponse:
        row = await _row(request, place)
        if row is None:
            return await _missing(request, place)
        try:
            problem = await act(request, row)
        except desk.NotNow as error:
            return await _page(request, place, await _row(request, place) or row, str(error), 409)
        if problem is not None:
            return await _page(request, place, row, problem, 422)
        return see_other(place.at(row))

    return handle


async def _set_columns(request: web.Request, row: ImportRow) -> str | None:
    market, form = request.app[MARKET], request[FORM]
    try:
        guesses = await guess(market, row)
        columns = Columns(_chosen(form, guesses), _constants(form.get("constants", "")))
        check_columns(market, row.campaign_id, columns)
    except (BadColumns, FileGone) as error:
        return str(error)
    twice = [field for field in columns.columns.values() if field and _count(columns, field) > 1]
    if twice:
        return f"Two columns are said to be {twice[0]}. Leave one of them out."
    await desk.set_columns(market, row, columns)
    return None


def _count(columns: Columns, field: str) -> int:
    return list(columns.columns.values()).count(field)


def _chosen(form: Mapping[str, str], guesses: tuple[Guess, ...]) -> dict[str, str]:
    """Every column as it was chosen: what is left out is named too, so that no name is read by itself."""
    chosen = ((each.column, form.get(f"column{number}", _LEAVE_OUT)) for number, each in enumerate(guesses))
    return {column: "" if field == _LEAVE_OUT else field for column, field in chosen}


def _constants(text: str) -> dict[str, str]:
    """`sub_id1 = list-7`, one a line. Raises `BadColumns`."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not equals or not name or not value or len(found) >= _MOST_CONSTANTS:
            raise BadColumns(f"A value for every row is written as name = value, at most {_MOST_CONSTANTS} of them.")
        found[name] = value
    return found


async def _check(request: web.Request, row: ImportRow) -> str | None:
    await desk.check(request.app[MARKET], row)
    return None


async def _start(request: web.Request, row: ImportRow) -> str | None:
    form = request[FORM]
    rate = form.get("rate", "").strip()
    if rate and desk.parse_rate(rate) is None:
        return f"{rate[:20]} is no rate: say 20/s, 600/min or 5000/h."
    stop = form.get("stop_percent", "").strip().rstrip("%").strip()
    if stop and not (stop.isascii() and stop.isdigit() and 1 <= int(stop[:4]) <= 100):
        return "The share of refused rows at which it stops is a whole number from 1 to 100."
    sort, hours = form.get("order", "") or None, form.get("hours", "").strip()
    if sort is not None and sort not in SORTS:
        return f"The order is one of {', '.join(SORTS)}."
    if hours and (read := read_hours(hours)) is None:
        return f"{hours[:40]} are no hours: say 09:00-17:30, or with a zone 09:00-17:30 America/Phoenix."
    try:
        await desk.start(
            request.app[MARKET],
            row,
            actor_of(request),
            rate=rate,
            stop_percent=int(stop) if stop else None,
            again=form.get("again") == "yes",
            sort=sort,
            hours=read.text if hours and read is not None else hours,
        )
    except desk.SameFile as same:
        return f"The same file went into this campaign before, as {same.earlier.id}. Say that it is meant."
    return None


async def _pause(request: web.Request, row: ImportRow) -> str | None:
    await desk.pause(request.app[MARKET], row, actor_of(request))
    return None


async def _cancel(request: web.Request, row: ImportRow) -> str | None:
    await desk.cancel(request.app[MARKET], row, actor_of(request))
    return None


async def _row(request: web.Request, place: Place) -> ImportRow | None:
    """None for one of somebody else's campaign, as for one that is not there."""
    market = request.app[MARKET]
    row = await market.db.read(find_import, request.match_info["import_id"])
    campaign = market.deals.campaigns.get(row.campaign_id) if row is not None else None
    return row if campaign is not None and place.own(request, campaign) else None


async def _missing(request: web.Request, place: Place) -> web.StreamResponse:
    links = [("All imports", place.base)]
    told = "Check that the id is whole."
    return await notice(request, "There is no such import", told, http_status=404, links=links)


async def _page(
    request: web.Request, place: Place, row: ImportRow, problem: str = "", http_status: int = 200
) -> web.Response:
    market, actor = request.app[MARKET], actor_of(request)
    columns, missing = await _columns(market, row)
    earlier = await desk.before(market, row) if row.started_at is None else []
    constants = desk.columns_of(row).constants
    return await page(
        request,
        place.template,
        title=f"Import {shown(market, row).file}",
        here="imports",
        mode=row.mode,
        base=place.base,
        each=shown(market, row),
        row=row,
        columns=columns,
        missing=missing,
        constants="\n".join(f"{name} = {value}" for name, value in constants.items()),
        fields=_fields(market, row),
        sees=place.sees is None or may(actor, place.sees),
        takes=place.takes is None or may(actor, place.takes),
        to_map=row.state in _TO_MAP and row.held,
        earlier=earlier,
        speed=_speed(row),
        earn=_earn(row),
        counts=sorted(row.counts.items(), key=lambda item: -item[1]),
        moving=row.state in ("running", "checking"),
        sorting=row.state == "running" and row.sort != FILE and not row.done_rows,
        waits_until=_waits_until(market, row),
        problem=problem,
        http_status=http_status,
    )


def _waits_until(market: Market, row: ImportRow) -> int | None:
    """When its hours begin, for one that runs outside of them."""
    until = opens(market, row)
    return until if row.state == "running" and until > market.clock.now() else None


async def _columns(market: Market, row: ImportRow) -> tuple[list[ColumnShown], tuple[str, ...]]:
    """Its columns as they are mapped now, and the required fields that none of them gives."""
    if not row.held or row.layout is None:
        return [], ()
    try:
        guesses = await guess(market, row)
    except (FileGone, BadFile, VaultError, OSError):
        return [], ()
    given = fields_given(market, row, guesses)
    campaign = market.deals.campaigns[row.campaign_id]
    constants = desk.columns_of(row).constants
    missing = missing_fields(
        {*given.values(), *constants}, market.deals.intakes[campaign.id].names, market.verticals[campaign.vertical]
    )
    return [ColumnShown(number, each, given.get(each.column, "")) for number, each in enumerate(guesses)], missing


def _fields(market: Market, row: ImportRow) -> list[tuple[str, bool]]:
    """Every field of the campaign that a column may give, and whether it is required."""
    names = market.deals.intakes[row.campaign_id].names
    needed = set(missing_fields((), names, market.verticals[market.deals.campaigns[row.campaign_id].vertical]))
    usable = [name for name, known in names.known.items() if known.declared or known.goes.value in _GOES]
    return sorted(((name, name in needed) for name in usable), key=lambda item: (not item[1], item[0]))


def _earn(row: ImportRow) -> dict[str, str]:
    """What a dry run says that the file would earn, as money is shown."""
    told = (row.report or {}).get("would_earn") or {}
    return {name: money(Money.parse(told[name], told["currency"])) for name in told if name != "currency"}


def _speed(row: ImportRow) -> Speed | None:
    if row.started_at is None or row.state != "running" or not row.done_rows or row.changed_at <= row.started_at:
        return None
    a_second = row.done_rows * 1000 / (row.changed_at - row.started_at)
    left = ((row.rows_total or 0) - row.done_rows) / a_second
    return Speed(f"{a_second:,.1f}", duration(max(left, 0.0) * 1000))
