"""An advertising platform on this machine, as strict as the four it stands for: what lacks a field is refused.

It remembers what it was told, so that a repeat counts once, as at theirs.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson
from aiohttp import web

from exchange.demo.peers import Peer, Site
from exchange.demo.peers.serving import serving

PORT = 8184
NAME = "adverts"
_HASH = re.compile(r"[0-9a-f]{64}")
_GOOGLE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_MICROSOFT_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")
_BEARER = "at-of-the-demo"


@dataclass(slots=True)
class Platforms:
    """Four platforms at once. `told` is what each took: by platform, what tells a word apart, its document."""

    told: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"google": {}, "meta": {}, "microsoft": {}, "tiktok": {}}
    )
    heard: int = 0  # calls, repeats too

    def routes(self) -> tuple[web.RouteDef, ...]:
        return (
            web.post("/token", self.token),
            web.post("/google/events:ingest", self.google),
            web.post("/meta/{pixel}/events", self.meta),
            web.post("/microsoft/{what}/Apply", self.microsoft),
            web.post("/tiktok/event/track/", self.tiktok),
        )

    async def token(self, request: web.Request) -> web.Response:
        form = parse_qs((await request.read()).decode())
        if form.get("grant_type") != ["refresh_token"] or not form.get("refresh_token"):
            return _json({"error": "invalid_grant"}, 400)
        return _json({"access_token": _BEARER, "expires_in": 3599, "token_type": "Bearer"})

    async def google(self, request: web.Request) -> web.Response:
        self.heard += 1
        if _unknown(request):
            return _json({"error": {"code": 401, "message": "Request had invalid credentials."}}, 401)
        body = orjson.loads(await request.read())
        (to,), (each,) = body["destinations"], body["events"]
        clicks, people = each.get("adIdentifiers", {}), each.get("userData", {}).get("userIdentifiers", [])
        hashes = [value for one in people for value in one.values()]
        wrong = not (clicks or people) or len(clicks) > 1 or not set(clicks) <= {"gclid", "gbraid", "wbraid"}
        wrong = wrong or not all(_HASH.fullmatch(value) for value in hashes) or (people and body["encoding"] != "HEX")
        wrong = wrong or not _GOOGLE_TIME.fullmatch(each.get("eventTimestamp", "")) or each.get("eventSource") != "WEB"
        account = to.get("operatingAccount", {})
        wrong = wrong or account.get("accountType") != "GOOGLE_ADS" or not account.get("accountId", "").isdigit()
        if wrong or not to.get("productDestinationId", "").isdigit() or not each.get("transactionId"):
            return _json({"error": {"code": 400, "message": "There was a problem with the request."}}, 400)
        self.told["google"][f"{each['transactionId']} {each.get('lastUpdatedTimestamp', '')}"] = each
        return _json({"requestId": f"demo-{self.heard}"})

    async def meta(self, request: web.Request) -> web.Response:
        self.heard += 1
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return _json({"error": {"message": "Invalid OAuth access token.", "code": 190}}, 401)
        (each,) = orjson.loads(await request.read())["data"]
        user = each.get("user_data") or {}
        hashes = [value for name, values in user.items() if isinstance(values, list) for value in values]
        wrong = not user or not all(_HASH.fullmatch(value) for value in hashes)
        if wrong or not {"event_name", "event_time", "event_id", "action_source"} <= set(each):
            return _json({"error": {"message": "Invalid parameter", "code": 100}}, 400)
        self.told["meta"][f"{each['event_name']} {each['event_id']}"] = each
        return _json({"events_received": 1, "messages": [], "fbtrace_id": "demo"})

    async def microsoft(self, request: web.Request) -> web.Response:
        self.heard += 1
        if (
            _unknown(request)
            or not request.headers.get("DeveloperToken")
            or not request.headers.get("CustomerAccountId")
        ):
            return _json({"Errors": [{"Message": "Authentication failed."}]}, 401)
        what = request.match_info["what"]
        (each,) = orjson.loads(await request.read())[what]
        moments = [each.get("ConversionTime", ""), *([each.get("AdjustmentTime", "")] if "Adjust" in what else [])]
        if not each.get("MicrosoftClickId") or not all(_MICROSOFT_TIME.fullmatch(each) for each in moments):
            return _json({"PartialErrors": [{"Code": 5309, "Message": "The click or a time is not valid."}]})
        self.told["microsoft"][f"{what} {each['MicrosoftClickId']} {' '.join(moments)}"] = each
        return _json({"PartialErrors": []})

    async def tiktok(self, request: web.Request) -> web.Response:
        self.heard += 1
        if not request.headers.get("Access-Token"):
            return _json({"code": 40105, "message": "Access token is incorrect or has been revoked."})
        body = orjson.loads(await request.read())
        (each,) = body["data"]
        hashes = [each["user"].get(name) for name in ("email", "phone")]
        if body.get("event_source") != "web" or any(value and not _HASH.fullmatch(value) for value in hashes):
            return _json({"code": 40002, "message": "Invalid parameter."})
        self.told["tiktok"][f"{each['event']} {each['event_id']}"] = each
        return _json({"code": 0, "message": "OK", "data": {}})


def _unknown(request: web.Request) -> bool:
    return request.headers.get("Authorization") != f"Bearer {_BEARER}"


def _json(fields: object, http_status: int = 200) -> web.Response:
    return web.Response(status=http_status, body=orjson.dumps(fields), content_type="application/json")


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    async with serving(site.ports[PORT], Platforms().routes()):
        yield {}


def adverts() -> Peer:
    return Peer(NAME, (PORT,), listening)
