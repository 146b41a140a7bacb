"""Every page of the portals and every call of the API against what belongs to somebody else: never found, never told.

The walk is made from the tables of routes, so that a new page is in it as soon as it is there.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from exchange.flows.campaign_state import ask_for
from exchange.flows.endpoints import Wanted, save
from exchange.flows.returns import Asked, Asking, ask_return, find_returnable
from exchange.model.actor import Actor, Role
from exchange.model.endpoint import EndpointKind
from exchange.storage.users import UserRow, add_user
from exchange.web import buyer_portal, seller_portal
from exchange.web.api.route import KeyKind
from exchange.web.api.route import Route as Call
from exchange.web.api.routes import routes
from exchange.web.pages import Page as Route
from tests.flows.lab import person, post
from tests.market import OPERATOR_KEY, buyer_key, buying, live_key, open_exchange, operator, selling, usd
from tests.web.served import Served, serve_exchange
from tests.web.test_rights import PART, example
from tests.web.visitor import Page, Visitor, signed_in, stranger

MARK = "foreign-secret"
"""Stands in everything of the others: in no answer to somebody else may it be read."""


@dataclass(frozen=True)
class Theirs:
    """What belongs to the seller `dell` and the buyer `birch`, by the names that parts of addresses have."""

    ids: Mapping[str, str]

    def path(self, pattern: str, after: str) -> str:
        """The address with what is theirs in it. What nobody has an example of is something that is not there."""

        def part(found: re.Match[str]) -> str:
            name = found[0][1:].partition(":")[0].rstrip("}")
            own = self.ids.get(f"{after}.{name}") or self.ids.get(name)
            return own if own and re.fullmatch(found[1] or "[^/]+", own) else example_of(found)

        return PART.sub(part, pattern)


@asynccontextmanager
async def two_of_each(folder: Path) -> AsyncIterator[tuple[Served, Theirs]]:
    async with open_exchange(folder) as exchange, serve_exchange(exchange) as served:
        await exchange.add(operator(), *selling("cedar"), *buying("acme", price=usd("5")))
        await exchange.add(*selling("dell"), *buying("birch", price=usd("30")))
        yield served, Theirs(await _of_others(served))


async def _of_others(served: Served) -> dict[str, str]:
    """A lead of dell that birch bought and asks its money back for, and all that both have beside it."""
    exchange, market = served.exchange, served.exchange.market
    dell = Actor(Role.SELLER, "dee@dell.example", "dell")
    birch = Actor(Role.BUYER, "bob@birch.example", "birch")
    heard = await post(exchange, {**person(1), "seller_lead_id": MARK, "sub_id1": MARK}, seller="dell")
    lead_id = str(heard["lead_id"])
    found = await find_returnable(market, birch, lead_id)
    assert found is not None
    asked = await ask_return(market, birch, found, Asking("wrong_person", note=MARK))
    assert isinstance(asked, Asked)
    for number, (name, role, party) in enumerate((("dee", "seller", "dell"), ("bob", "buyer", "birch"))):
        user = UserRow(f"usr_theirs{number}", f"{name}@{MARK}.example", role, party)
        await market.db.write(add_user, user, market.clock.now())
    hooks = {}
    for actor in (dell, birch):
        wanted = Wanted(EndpointKind.SIGNED, f"https://hooks.example/{MARK}")
        hooks[actor.role.value] = (await save(market, wanted, actor, (), party=None)).endpoint.id
    await ask_for(market, "dell-solar", MARK, dell)
    [sale] = await exchange.rows("SELECT id FROM sales")
    [key] = await exchange.rows("SELECT id FROM api_keys WHERE party_id = 'dell-solar' AND mode = 'live'")
    return {
        "lead_id": lead_id,
        "return_id": str(asked.request["id"]),
        "sale_id": str(sale["id"]),
        "campaign_id": "dell-solar",
        "key_id": str(key["id"]),
        "user_id": "usr_theirs0",
        "agent_id": "usr_theirs1",
        "seller.id": hooks["seller"],
        "seller.endpoint_id": hooks["seller"],
        "buyer.id": hooks["buyer"],
        "buyer.endpoint_id": hooks["buyer"],
        "contract_id": "birch-solar",
        "contract": "birch-solar",
    }


def example_of(part: re.Match[str]) -> str:
    """Something that is not there."""
    rule = part[1] or "[^/]+"
    return "PO-2026-00001" if re.fullmatch(rule, "PO-2026-00001") and "PO-" in rule else example(part)


def portal(role: str) -> Iterator[Route]:
    for module in seller_portal.modules() if role == "seller" else buyer_portal.modules():
        yield from module.pages()


def calls(kind: KeyKind) -> Iterator[Call]:
    yield from (each for each in routes() if each.key in (kind, KeyKind.ANY))


PARTIES = {"seller": ("cedar", "ana@cedar.example"), "buyer": ("acme", "ann@acme.example")}
SHARED = ("/claim", "/store/{lead_id")
"""What is on offer to every buyer belongs to nobody yet."""


def is_shared(path: str) -> bool:
    return any(part in path for part in SHARED)


async def open_any(visitor: Visitor, path: str) -> Page:
    """A page, or a file of whatever bytes."""
    async with visitor.session.get(visitor.served.address + path, allow_redirects=False) as response:
        return Page(response.status, response.headers, (await response.read()).decode("latin-1"))


async def everything(served: Served) -> list[object]:
    """What nobody else may change, as it stands."""
    exchange = served.exchange
    rows: list[object] = [
        sorted(exchange.market.deals.campaigns.items()),
        sorted(exchange.market.deals.contracts.items()),
    ]
    for table in ("return_requests", "webhook_endpoints", "campaign_wishes", "sales", "dispositions"):
        rows += await exchange.rows(f"SELECT * FROM {table} ORDER BY 1")
    rows += await exchange.rows("SELECT id, state FROM users WHERE id LIKE 'usr_theirs%' ORDER BY id")
    rows += await exchange.rows(
        "SELECT id, revoked_at FROM api_keys WHERE party_id IN ('dell-solar', 'birch') ORDER BY id"
    )
    return rows


@pytest.mark.parametrize("role", ["seller", "buyer"])
async def test_a_portal_shows_and_changes_nothing_of_another(tmp_path: Path, role: str) -> None:
    party, email = PARTIES[role]
    async with two_of_each(tmp_path) as (served, theirs):
        before, walked = await everything(served), 0
        async with signed_in(served, email, role, party) as visitor:
            token = (await visitor.open("/seller/keys" if role == "seller" else "/buyer/returns")).token
            for route in portal(role):
                path = theirs.path(route.path, role)
                if route.method == "GET":
                    told = await open_any(visitor, path)
                elif "{" in route.path:
                    told = await visitor.send(path, follow=False, csrf=token, text="x", message="x", act="confirm")
                else:
                    continue
                assert MARK not in told.source, path
                foreign = path != PART.sub(example_of, route.path) and not is_shared(route.path)
                assert 404 == told.http_status or not foreign, (path, told.http_status)
                walked += foreign
        assert before == await everything(served)
    assert walked >= 5


@pytest.mark.parametrize("role", ["seller", "buyer"])
async def test_the_api_tells_and_changes_nothing_of_another(tmp_path: Path, role: str) -> None:
    key = live_key("cedar") if role == "seller" else buyer_key("acme")
    async with two_of_each(tmp_path) as (served, theirs):
        before, walked = await everything(served), 0
        for call in calls(KeyKind.SELLER if role == "seller" else KeyKind.BUYER):
            path = theirs.path(call.path, role)
            if call.method == "POST" and "{" not in call.path:
                continue
            fields = {"disposition": "contacted", "reason": "wrong_person", "message": "x", "state": "disabled",
                      "kind": "webhook", "url": "https://hooks.example/x", "events": "lead.sold"}  # fmt: skip
            if call.method == "GET":
                told = await served.get(path + ("" if "{" in call.path else "?since=0"), key=key)
            else:
                told = await served.send(path.removeprefix("/api/v1/"), fields, key=key)
            assert MARK.encode() not in told.body, path
            foreign = path != PART.sub(example_of, call.path) and not is_shared(call.path)
            assert 404 == told.http_status or not foreign, (path, told.told)
            walked += foreign
        assert before == await everything(served)
    assert walked >= 4


@pytest.mark.parametrize("role", ["seller", "buyer", "operator", "nobody"])
async def test_nobody_of_another_role_enters_a_portal(tmp_path: Path, role: str) -> None:
    async with two_of_each(tmp_path) as (served, theirs):
        async with _as(served, role) as visitor:
            for other in {"seller", "buyer"} - {role}:
                for route in portal(other):
                    path = theirs.path(route.path, other)
                    told = await (
                        visitor.open(path, follow=False) if route.method == "GET" else visitor.send(path, follow=False)
                    )
                    assert MARK not in told.source, path
                    assert told.http_status in ((403,) if role != "nobody" else (303, 401)), (path, told.http_status)
        if role != "nobody":
            wrong = {"seller": live_key("cedar"), "buyer": buyer_key("acme"), "operator": OPERATOR_KEY}[role]
            for call in routes():
                if call.key.value in (role.replace("seller", "campaign"), "any") or "{" not in call.path or call.also:
                    continue
                told_api = await served.get(theirs.path(call.path, "seller"), key=wrong, method=call.method)
                assert told_api.http_status in (401, 403, 404), (call.path, told_api.told)
                assert MARK.encode() not in told_api.body


@asynccontextmanager
async def _as(served: Served, role: str) -> AsyncIterator[Visitor]:
    if role == "nobody":
        async with stranger(served) as visitor:
            yield visitor
        return
    party, email = PARTIES.get(role, (None, "olive@operator.example"))
    async with signed_in(served, email, role, party) as visitor:
        yield visitor
