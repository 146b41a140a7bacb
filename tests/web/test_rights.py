"""Who of the exchange may do what: every page against every role, and how people are let in and changed."""

from __future__ import annotations

import re

import pytest

from exchange.flows.sign_in import make_login_link
from exchange.model.actor import Actor, Role
from exchange.model.rights import WHO, Right, Staff, may
from exchange.storage.users import UserRow, add_user
from exchange.web.console import modules, right_of
from exchange.web.pages import Page as Route
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.visitor import OPERATOR, Visitor, signed_in

NOT_FROM_HERE = "The form was not sent from here"


def routes() -> list[tuple[Route, Right]]:
    """Every page of the console with what it needs."""
    found = []
    for module, needs in modules().items():
        own = [*module.pages(), *(module.uploads() if hasattr(module, "uploads") else ())]
        found += [(page, right_of(page, needs)) for page in own]
    return found


PART = re.compile(r"\{\w+(?::((?:[^{}]|\{[^}]*\})*))?\}")
EXAMPLES = ("none123", "0", "USD", "INV-2026-00001")


def example(part: re.Match[str]) -> str:
    """Something a part of an address may be: one of its words, an id with its prefix, or anything."""
    rule = part[1] or "[^/]+"
    prefix = re.match(r"[a-z]{2,4}_", rule)
    likely = [f"{prefix[0]}{'0' * 26}"] if prefix else []
    words = [each for each in rule.split("|") if "[" not in each]
    return next(each for each in (*words, *likely, *EXAMPLES) if re.fullmatch(rule, each))


def address_of(route: Route) -> str:
    """An address its pattern matches, of something that is not there."""
    return PART.sub(example, route.path)


async def let_in(served: Served, staff: Staff) -> str:
    """The email of somebody new with this role."""
    email = f"{staff.value}@operator.example"
    market = served.exchange.market
    user = UserRow(market.ids.new("usr", market.clock.now()), email, "operator", None, staff.value)
    await market.db.write(add_user, user, market.clock.now())
    return email


async def visiting(served: Served, staff: Staff, visitor: Visitor) -> None:
    secret = await make_login_link(served.exchange.market, await let_in(served, staff))
    await visitor.open(f"/login/{secret}")


@pytest.mark.parametrize("staff", [each for each in Staff if each is not Staff.OWNER])
async def test_who_lacks_a_right_is_told_whose_it_is_on_every_page_that_needs_it(served: Served, staff: Staff) -> None:
    async with signed_in(served) as visitor:
        await visiting(served, staff, visitor)
        seen = 0
        for route, right in routes():
            if staff in WHO[right] and route.method == "GET":
                continue
            path = address_of(route)
            told = await (visitor.open(path) if route.method == "GET" else visitor.send(path))
            assert told.http_status != 404 or staff in WHO[right], (route.path, path)
            if staff not in WHO[right]:
                assert (403, True) == (told.http_status, f"whose role is {staff.value}" in told.text
                                       or f"yours is {staff.value}" in told.source), path  # fmt: skip
                assert WHO[right][0].value in told.source
                seen += 1
            else:
                assert f"whose role is {staff.value}" not in told.text, path
    assert seen or staff is Staff.OWNER


def test_each_role_has_the_rights_of_the_table() -> None:
    actors = {staff: Actor(Role.OPERATOR, "x", None, staff.value) for staff in Staff}

    assert {right: tuple(staff for staff in Staff if may(actors[staff], right)) for right in Right} == dict(WHO)
    assert may(Actor(Role.OPERATOR, "first"), Right.EXPORT)
    assert not may(Actor(Role.SELLER, "s", "cedar"), Right.SEE)


async def test_the_side_shows_what_a_role_can_open(served: Served) -> None:
    async with signed_in(served) as visitor:
        owner = (await visitor.open("/console")).source
        await visiting(served, Staff.ANALYST, visitor)
        analyst = (await visitor.open("/console")).source

    for entry in ("ledger", "payouts", "users"):
        assert f'data-testid="nav-{entry}"' in owner and f'data-testid="nav-{entry}"' not in analyst
    assert 'data-testid="nav-leads"' in analyst


async def test_somebody_is_invited_changed_and_shut_out_and_every_step_is_noted(served: Served) -> None:
    async with signed_in(served) as owner:
        token = (await owner.open("/console/users")).token
        invited = await owner.send("/console/users", csrf=token, email="Fay@operator.example", role="finance")
        again = await owner.send("/console/users", csrf=token, email="fay@operator.example", role="finance")
        link = re.search(r"/login/[\w-]+", invited.source)
        assert link is not None
        [fay] = [each for each in (await owner.open("/console/users.json")).fields["users"] if "fay" in each["email"]]
        async with signed_in(served) as visitor:
            await visitor.open(link[0])
            before = await visitor.open("/console/ledger")
            await owner.send(f"/console/users/{fay['id']}/role", csrf=token, role="analyst")
            demoted = await visitor.open("/console/ledger")
            await owner.send(f"/console/users/{fay['id']}/shut-out", csrf=token)
            out = await visitor.open("/console/leads", follow=False)

    assert (422, True) == (again.http_status, "signs in here already" in again.text)
    assert (200, 403, 303) == (before.http_status, demoted.http_status, out.http_status)
    lines = await served.exchange.rows("SELECT action FROM audit_lines WHERE action LIKE 'user.%' ORDER BY at, id")
    assert {"user.added", "user.role_changed", "user.shut_out"} == {line["action"] for line in lines}


async def test_there_is_always_an_owner_and_admins_make_none(served: Served) -> None:
    async with signed_in(served) as owner:
        token = (await owner.open("/console/users")).token
        people = (await owner.open("/console/users.json")).fields["users"]
        [own] = [each["id"] for each in people if each["email"] == OPERATOR]
        myself = await owner.send(f"/console/users/{own}/role", csrf=token, role="analyst")
        await visiting(served, Staff.ADMIN, owner)
        token = (await owner.open("/console/users")).token
        raised = await owner.send("/console/users", csrf=token, email="eve@operator.example", role="owner")
        toppled = await owner.send(f"/console/users/{own}/shut-out", csrf=token)

    assert "Nobody changes what they are themselves" in myself.text
    assert "Only an owner makes an owner" in raised.text
    assert "Only an owner changes an owner" in toppled.text


async def test_revealing_is_refused_where_it_happens_too(served: Served) -> None:
    lead = await sell(served, 1)
    async with signed_in(served) as visitor:
        await visiting(served, Staff.ANALYST, visitor)
        shown = await visitor.open(f"/console/leads/{lead['lead_id']}")
        refused = await visitor.send(f"/console/leads/{lead['lead_id']}/reveal", csrf=shown.token, why="curious")

    assert (403, True) == (refused.http_status, "owner, admin, operator or quality" in refused.text)
