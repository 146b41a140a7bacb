"""Accounts at advertising platforms: who is told of conversions, how that went, and files for those told by hand."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.advert_files import events_in, make_file
from exchange.flows.adverts import BY_FILE, STATES, CannotAdvertise, keep_account
from exchange.flows.jobs import CONVERT
from exchange.model.advert import FILE_CLICKS, NAMES, PLATFORMS, SECRETS, AdAccount, ConversionRow
from exchange.model.money import Money
from exchange.stages.adverts.files import csv_of, documents_of
from exchange.storage.adverts import ad_accounts, conversions_of, count_conversions, files_of, read_account
from exchange.storage.queues import resting_queues
from exchange.web.auth import FORM, actor_of
from exchange.web.csv_rows import csv_file
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, notice, page
from exchange.web.words import utc

HOME = "/console/ad-accounts"
_ID = HOME + "/{account_id:ada_[A-Za-z0-9]{1,40}}"
_SHOWN, _LISTED, _FILES = 20, 1_000, 10
_COLUMNS = ("lead_id", "number", "kind", "state", "why", "value", "currency", "happened_at", "made_at", "ended_at")


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("POST", HOME, add),
        Page("GET", _ID + ".json", words_json),
        Page("GET", _ID + ".csv", words_csv),
        Page("POST", _ID, change),
        Page("POST", _ID + "/file", new_file),
        Page("GET", _ID + "/file/{at:[0-9]{1,15}}.{kind:csv|changes.csv|json}", file),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def show_json(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    counts = await market.db.read(count_conversions)
    return as_json(
        {
            "accounts": [
                {
                    "account_id": each.id,
                    "platform": each.platform,
                    "name": each.name,
                    "state": each.state,
                    "verticals": list(each.terms.verticals),
                    "hashed": each.terms.hashed,
                    "told": {state: n for (account, state), n in counts.items() if account == each.id},
                }
                for each in await market.db.read(ad_accounts)
            ]
        }
    )


async def add(request: web.Request) -> web.StreamResponse:
    return await _keep(request, "")


async def change(request: web.Request) -> web.StreamResponse:
    return await _keep(request, request.match_info["account_id"])


async def _keep(request: web.Request, account_id: str) -> web.StreamResponse:
    allowed = request.app[SETTINGS].allowed_networks
    try:
        await keep_account(request.app[MARKET], request[FORM], actor_of(request), tuple(allowed), account_id)
    except CannotAdvertise as error:
        return await _page(request, str(error), 422)
    return see_other(HOME)


async def words_json(request: web.Request) -> web.StreamResponse:
    account = await _account(request)
    if account is None:
        return as_json({"status": "error", "message": "There is no such account."}, 404)
    words = await request.app[MARKET].db.read(conversions_of, account.id, _before(request), _LISTED)
    last = words[-1] if len(words) == _LISTED else None
    return as_json(
        {
            "conversions": [dict(zip(_COLUMNS, _told(word), strict=True)) for word in words],
            "before": f"{last.made_at}_{last.lead_id}_{last.number}" if last is not None else None,
        }
    )


async def words_csv(request: web.Request) -> web.StreamResponse:
    account = await _account(request)
    if account is None:
        return await _gone(request)
    words = await request.app[MARKET].db.read(conversions_of, account.id, _before(request), _LISTED)
    return csv_file("conversions", [list(_COLUMNS), *(_told(word) for word in words)])


async def new_file(request: web.Request) -> web.StreamResponse:
    """What waits goes into one file, once. It can be fetched again by its address."""
    account = await _account(request)
    if account is None or account.state != BY_FILE:
        return await notice(request, "It is not told by files", "Choose so in its terms first.", http_status=409)
    made_at = await make_file(request.app[MARKET], account, actor_of(request))
    if made_at is None:
        return await _page(request, told="Nothing waits that may be told.")
    return await _page(request, told="The file is made: fetch it below.")


async def file(request: web.Request) -> web.StreamResponse:
    market, account = request.app[MARKET], await _account(request)
    kind = request.match_info["kind"]
    if account is None or (kind != "json" and account.platform not in FILE_CLICKS):
        return await _gone(request)
    events = await events_in(market, account, int(request.match_info["at"]))
    if not events:
        return await _gone(request)
    if kind == "json":
        return as_json(documents_of(account, events))
    return csv_file(account.platform, csv_of(account, events, market.zone, changed=kind == "changes.csv"))


def _told(word: ConversionRow) -> list[object]:
    ended = utc(word.ended_at) if word.ended_at is not None else None
    money = Money(word.units, word.currency).text
    return [
        word.lead_id, word.number, word.kind, word.state, word.why, money, word.currency, utc(word.happened_at),
        utc(word.made_at), ended,
    ]  # fmt: skip


def _before(request: web.Request) -> tuple[int, str, int]:
    at, _, rest = request.query.get("before", "").partition("_")
    lead, _, number = rest.rpartition("_")
    right = all(text.isascii() and text.isdigit() and len(text) < 16 for text in (at, number))
    return (int(at), lead[:60], int(number)) if right else (2**62, "", 0)


async def _account(request: web.Request) -> AdAccount | None:
    found = await request.app[MARKET].db.read(read_account, request.match_info["account_id"])
    return found[0] if found is not None else None


async def _gone(request: web.Request) -> web.Response:
    return await notice(
        request, "There is nothing here", "No such account, or nothing of it may be told.", http_status=404
    )


async def _page(request: web.Request, problem: str = "", http_status: int = 200, told: str = "") -> web.Response:
    market = request.app[MARKET]
    accounts = await market.db.read(ad_accounts)
    counts = await market.db.read(count_conversions)
    resting = {row["queue"]: row for row in await market.db.read(resting_queues, actor_of(request), _LISTED)}
    shown = []
    for each in accounts:
        words = await market.db.read(conversions_of, each.id, (2**62, "", 0), _SHOWN)
        files = await market.db.read(files_of, each.id, _FILES) if each.state == BY_FILE else []
        told_counts = {state: n for (account, state), n in counts.items() if account == each.id}
        shown.append((each, words, files, told_counts))
    return await page(
        request,
        "console/settings/ad_accounts.html",
        title="Ad accounts",
        here="attribution",
        accounts=shown,
        platforms=PLATFORMS,
        names=NAMES,
        resting={each.id: resting[queue] for each in accounts if (queue := f"{CONVERT}:{each.id}") in resting},
        states=STATES,
        secrets=SECRETS,
        as_csv=FILE_CLICKS,
        by_file=BY_FILE,
        money=Money,
        problem=problem,
        told=told,
        http_status=http_status,
    )
