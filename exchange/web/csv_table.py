"""What a contract bought, as CSV at an address that only its buyer knows: for a spreadsheet's IMPORTDATA.

An answer is kept for a minute: a spreadsheet that many look at asks often.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256

from aiohttp import web

from exchange.flows.connection import Connection
from exchange.flows.csv_addresses import KIND
from exchange.flows.fetching import table
from exchange.flows.market import Market
from exchange.intake.body import client_ip
from exchange.model.party import Contract, State
from exchange.storage.parties import KeyRow
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page
from exchange.web.public._addresses import ADDRESSES

KEPT_MS = 60_000
_KEPT_MOST = 1_000
_PATH = "/c/{token:[A-Za-z0-9_-]{8,100}}.csv"
_NO_SUCH = "There is nothing at this address. It may have been taken back: ask whoever gave it to you.\n"


@dataclass(slots=True)
class _Kept:
    """The answer of one address. The lock lets one request at a time make it anew."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    body: bytes = b""
    tag: str = ""
    until: int = 0


class Tables:
    """The answers that are kept, by their keys. The one that was asked for longest ago is forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def of(self, key_id: str) -> _Kept:
        kept = self._kept.setdefault(key_id, _Kept())
        self._kept.move_to_end(key_id)
        if len(self._kept) > _KEPT_MOST:
            self._kept.popitem(last=False)
        return kept


TABLES: web.AppKey[Tables] = web.AppKey("tables", Tables)


def pages() -> tuple[Page, ...]:
    return (Page("GET", _PATH, show),)


async def show(request: web.Request) -> web.StreamResponse:
    """Leads that are in it for the first time are delivered by that."""
    market = request.app[MARKET]
    if request.method != "GET":  # nothing was fetched by asking for the head
        raise web.HTTPMethodNotAllowed(request.method, ["GET"])
    found = _found(market, request.match_info["token"])
    if found is None:
        return _nothing_here(request, market)
    kept = await _fresh(request, market, *found)
    told = {"ETag": f'"{kept.tag}"', "Cache-Control": "private, max-age=60", "X-Robots-Tag": "noindex"}
    if any(tag.value in (kept.tag, "*") for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=told)
    return web.Response(body=kept.body, headers={**told, "Content-Type": "text/csv; charset=utf-8"})


def _nothing_here(request: web.Request, market: Market) -> web.Response:
    """Who guesses is slowed down; who has an address is not, though many spreadsheets ask from one place."""
    client = client_ip(request, request.app[SETTINGS].trusted_proxies)
    if seconds := request.app[ADDRESSES].wait_seconds(client, market.clock.now()):
        return web.Response(status=429, text=f"Wait {seconds} s.\n", headers={"Retry-After": str(seconds)})
    return web.Response(status=404, text=_NO_SUCH, headers={"Cache-Control": "no-store"})


def _found(market: Market, token: str) -> tuple[KeyRow, Contract, Connection] | None:
    """The contract of an address and how its table is written; None when nothing is there, or not any more."""
    key = market.deals.key(token, market.clock.now())
    contract = market.deals.contracts.get(key.party_id) if key is not None and key.kind == KIND else None
    if key is None or contract is None:
        return None
    buyer, connection = market.deals.buyers.get(contract.buyer_id), market.connections.get(contract.connection)
    if buyer is None or buyer.state is State.DELETED or connection is None or connection.tables is None:
        return None
    return key, contract, connection


async def _fresh(
    request: web.Request, market: Market, key: KeyRow, contract: Contract, connection: Connection
) -> _Kept:
    kept = request.app[TABLES].of(key.id)
    async with kept.lock:
        if market.clock.now() >= kept.until:
            kept.body = (await table(market, contract, connection, key.mode)).encode()
            kept.tag = sha256(kept.body).hexdigest()[:32]
            kept.until = market.clock.now() + KEPT_MS
    return kept
