"""All keys: whose each is, what it may do, when it was used last. None is shown again once it was made."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

from exchange.flows.key_desk import CannotKey, make_operator_key, revoke_any
from exchange.model.rights import Staff, staff_of
from exchange.storage.by_hand import list_keys
from exchange.storage.database import Row
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, page
from exchange.web.words import utc

HOME = "/console/keys"
_KINDS = {"campaign": ("ck", "seller"), "buyer": ("bk", "buyer"), "csv": ("cu", "spreadsheet"), "operator": ("ok", "")}
STATES = ("in use", "expired", "revoked")


class Key(NamedTuple):
    """`shown` is how it begins and its last four characters. Times are epoch ms; None: never."""

    id: str
    shown: str
    kind: str
    whose: str
    name: str
    role: str
    state: str
    made_at: int
    made_by: str
    used_at: int | None
    expires_at: int | None

    def fields(self) -> dict[str, object]:
        told = self._asdict()
        times = {
            name: utc(told[name]) if told[name] is not None else None for name in ("made_at", "used_at", "expires_at")
        }
        return {**told, **times}


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("POST", HOME, make),
        Page("POST", f"{HOME}/{{key_id:key_[A-Za-z0-9_]{{1,80}}}}/revoke", revoke),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def show_json(request: web.Request) -> web.StreamResponse:
    return as_json({"keys": [each.fields() for each in await _keys(request)]})


async def make(request: web.Request) -> web.StreamResponse:
    """The secret is on the page this once."""
    form = request[FORM]
    values = (form.get("name", ""), form.get("role", ""), form.get("expires", ""))
    try:
        made = await make_operator_key(request.app[MARKET], *values, actor_of(request), ip_of(request))
    except CannotKey as error:
        return await _page(request, problem=str(error), http_status=422)
    return await _page(request, secret=made.secret)


async def revoke(request: web.Request) -> web.StreamResponse:
    try:
        await revoke_any(request.app[MARKET], request.match_info["key_id"], actor_of(request), ip_of(request))
    except CannotKey as error:
        return await _page(request, problem=str(error), http_status=409)
    return see_other(HOME)


async def _keys(request: web.Request) -> list[Key]:
    market = request.app[MARKET]
    rows, used, now = await market.db.read(list_keys), market.live.keys_used, market.clock.now()
    return [_key(row, used.get(row["id"]), now) for row in rows]


def _key(row: Row, used_at: int | None, now: int) -> Key:
    prefix, word = _KINDS.get(row["kind"], (row["kind"], row["kind"]))
    state = (
        "revoked" if row["revoked_at"] else "expired" if row["expires_at"] and row["expires_at"] <= now else "in use"
    )
    return Key(
        row["id"],
        f"{prefix}_{row['mode']}_…{row['last4']}",
        row["kind"],
        f"{word} {row['party_id']}" if word else "a program of ours",
        row["name"],
        staff_of(row["duty"]).value if row["kind"] == "operator" else "",
        state,
        row["made_at"],
        row["made_by"],
        used_at or row["used_at"],
        row["expires_at"],
    )


async def _page(
    request: web.Request, problem: str = "", secret: str = "", http_status: int = 200
) -> web.StreamResponse:
    chosen = request.query.get("state", STATES[0])
    found = await _keys(request)
    return await page(
        request,
        "console/settings/keys.html",
        title="Keys",
        here="keys",
        keys=[each for each in found if each.state == chosen],
        states=[(state, sum(each.state == state for each in found)) for state in STATES],
        chosen=chosen,
        roles=[each.value for each in Staff],
        problem=problem,
        secret=secret,
        http_status=http_status,
    )
