"""Lists of people who must not be sold: what there is, files on their way, a new file, single values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from exchange import limits
from exchange.flows import list_desk as desk
from exchange.flows.drop import EVERY_DAYS
from exchange.flows.import_desk import TooLarge
from exchange.flows.market import Market
from exchange.intake.upload import NoFile, Sent, receive
from exchange.model.suppression import ListRow, LoadRow, Purpose
from exchange.model.vertical import REGISTRY_DAYS
from exchange.stages.suppression.rows import Mode
from exchange.storage.drop import last_drop
from exchange.storage.suppression import recent_loads
from exchange.web.auth import FORM, actor_of, without_token
from exchange.web.keys import MARKET
from exchange.web.list_fields import load_fields, options_of, wish_of
from exchange.web.listed.suppression import PATH, SUPPRESSION, owners
from exchange.web.lists.query import Query
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page
from exchange.web.uploads import NotFromHere, closed, require_token

HOME = PATH
_DAY_MS = 86_400_000
_LIST = HOME + "/{list_id:sup_[A-Za-z0-9]{1,40}}"


@dataclass(frozen=True, slots=True)
class Brought:
    """A file that was brought, with the name of its list."""

    load: LoadRow
    name: str


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(SUPPRESSION, show, _files),
        Page("POST", f"{HOME}/check", check),
        Page("POST", f"{_LIST}/entry", entry),
        Page("POST", f"{_LIST}/remove", remove),
    )


def uploads() -> tuple[Page, ...]:
    return (Page("POST", HOME, take),)


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def _files(request: web.Request, _: Query) -> Mapping[str, object]:
    return {"loads": [load_fields(each.load) for each in await _loads(request.app[MARKET])]}


async def take(request: web.Request) -> web.StreamResponse:
    """A form with a file. It waits sealed for the worker, so its fields come before it."""
    market, actor = request.app[MARKET], actor_of(request)
    uploads: list[desk.Upload] = []

    def begin(sent: Sent) -> desk.Upload:
        require_token(request, sent)
        wish_of(_owned(sent.fields), actor, sent.name)
        options_of(sent.fields)
        uploads.append(desk.Upload(market))
        return uploads[0]

    try:
        sent = await receive(request, begin)
        row = await desk.make_list(market, wish_of(_owned(sent.fields), actor, sent.name), actor)
        await desk.bring_later(market, row, sent.name or "list", options_of(sent.fields), uploads[0], actor)
    except NotFromHere:
        return closed(await without_token(request))
    except (desk.BadWish, NoFile, TooLarge) as error:
        for upload in uploads:
            upload.drop()
        return closed(await _page(request, problem=str(error), http_status=422))
    except BaseException:
        for upload in uploads:
            upload.drop()
        raise
    return see_other(HOME)


def _owned(fields: Mapping[str, str]) -> dict[str, str]:
    """Whose list it is comes as one word: `vertical:solar`, `buyer:acme`, or nothing for everybody's."""
    kind, _, party = fields.get("owner", "").partition(":")
    return {**fields, "vertical": party if kind == "vertical" else "", "buyer": party if kind == "buyer" else ""}


async def check(request: web.Request) -> web.StreamResponse:
    """Where somebody stands. What was asked is not shown again, and kept nowhere."""
    found = desk.ask(request.app[MARKET], request[FORM].get("value", "").strip())
    if found is None:
        return await _page(request, problem="That is no phone, no email address and no hash of one.", http_status=422)
    return await _page(request, hits=found.hits, asked=found.asked)


async def entry(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    row = _row(market, request)
    known = desk.plain_value(request[FORM].get("value", "").strip())
    action = request[FORM].get("action", "")
    if row is None:
        return await notice(request, "No such list", "It was removed meanwhile.", http_status=404)
    if known is None or known[0] != row.kind or action not in ("add", "remove"):
        told = f"{row.name} holds {row.kind}s: write one."
        return await _page(request, problem=told, http_status=422)
    await desk.change_values(market, [row], dict([known]), action == "add", actor_of(request))
    return see_other(HOME)


async def remove(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    row = _row(market, request)
    if row is None or not await desk.remove(market, row, actor_of(request)):
        return await notice(request, "No such list", "It was removed meanwhile.", http_status=404)
    return see_other(HOME)


def _row(market: Market, request: web.Request) -> ListRow | None:
    found = market.lists.get(request.match_info["list_id"])
    return found.row if found is not None else None


async def _page(
    request: web.Request,
    problem: str = "",
    http_status: int = 200,
    hits: tuple[ListRow, ...] | None = None,
    asked: int = 0,
) -> web.Response:
    market = request.app[MARKET]
    dropped = await market.db.read(last_drop)
    return await page(
        request,
        "console/checks/suppression.html",
        title="Suppression",
        here="suppression",
        view=await view_of(request, SUPPRESSION),
        loads=await _loads(market),
        owners=[("", told) if value == "everybody" else (value, told) for value, told in owners(market)],
        purposes=[(each.value, each.title) for each in Purpose if each is not Purpose.REVOKED],
        modes=[each.value for each in Mode],
        most_gb=limits.LIST_BYTES // 1024**3,
        registry_days=REGISTRY_DAYS,
        drop_days=(market.clock.now() - dropped) // _DAY_MS if dropped is not None else None,
        drop_every=EVERY_DAYS,
        problem=problem,
        hits=hits,
        asked=asked,
        http_status=http_status,
    )


async def _loads(market: Market) -> list[Brought]:
    loads = await market.db.read(recent_loads, None, 20)
    names = {each.row.id: each.row.name for each in market.lists}
    return [Brought(load, names.get(load.list_id, "removed")) for load in loads]
