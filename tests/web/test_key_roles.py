"""Keys of operators' programs have a role; all keys are listed by their last four characters, and end."""

from __future__ import annotations

import re

import pytest

from exchange.flows.key_desk import note_keys
from exchange.flows.market import refresh
from exchange.model.rights import WHO, Right, Staff
from exchange.web.api.rights import NEEDS, right_of
from exchange.web.api.route import KeyKind
from exchange.web.api.routes import routes
from tests.web.served import Served
from tests.web.test_rights import visiting
from tests.web.visitor import Visitor, later, signed_in

SECRET = re.compile(r"ok_live_[\w-]{20,}")
OF_OPERATORS = [route for route in routes() if KeyKind.OPERATOR in (route.key, route.also) or route.key is KeyKind.ANY]


async def key_for(owner: Visitor, role: str, expires: str = "") -> str:
    token = (await owner.open("/console/keys")).token
    made = await owner.send("/console/keys", csrf=token, name=f"{role} script", role=role, expires=expires)
    found = SECRET.search(made.source)
    assert found is not None, made.text
    return found[0]


def test_every_call_that_changes_something_for_operators_says_what_it_needs() -> None:
    known = {route.name for route in routes()}

    assert [] == [route.name for route in OF_OPERATORS if route.method == "POST" and route.name not in NEEDS]
    assert set() == set(NEEDS) - known
    assert Right.SETTINGS is right_of("something_new", "POST")


@pytest.mark.parametrize("staff", [Staff.OWNER, Staff.FINANCE, Staff.QUALITY, Staff.ANALYST])
async def test_a_key_may_do_what_its_role_may_and_no_more(served: Served, staff: Staff) -> None:
    async with signed_in(served) as owner:
        key = await key_for(owner, staff.value)
    for route in OF_OPERATORS:
        path = re.sub(r"\{[^}]+\}", "none", route.path).removeprefix("/api/v1/")
        if route.method == "POST":
            heard = await served.send(path, {}, key=key)
        else:
            heard = await served.get(path, key=key)
        allowed = staff in WHO[right_of(route.name, route.method)]
        assert allowed == (heard.get("reason") != "role_needed"), (route.name, heard.told)
        if not allowed:
            assert 403 == heard.http_status and f"role {staff.value}" in heard["message"]


async def test_keys_are_shown_once_used_ended_and_noted(served: Served) -> None:
    exchange = served.exchange
    async with signed_in(served) as owner:
        key, short = await key_for(owner, "finance"), await key_for(owner, "analyst", "1")
        later(served, 60)
        assert [200, 200] == [(await served.get("deliveries", key=each)).http_status for each in (key, short)]
        await note_keys(exchange.market)
        page = await owner.open("/console/keys")
        listed = {each["name"]: each for each in (await owner.open("/console/keys.json")).fields["keys"]}
        later(served, 86_400)
        assert [200, 401] == [(await served.get("deliveries", key=each)).http_status for each in (key, short)]
    async with signed_in(served) as owner:  # a day later
        token = (await owner.open("/console/keys")).token
        own = listed["finance script"]["id"]
        revoked = await owner.send(f"/console/keys/{own}/revoke", csrf=token)
        again = await owner.send(f"/console/keys/{own}/revoke", csrf=token)
        ended = await owner.open("/console/keys?state=expired")
    assert (200, 409, 401) == (
        revoked.http_status,
        again.http_status,
        (await served.get("deliveries", key=key)).http_status,
    )
    assert "analyst script" in ended.part("all-keys")
    assert key not in page.source and key[:-4] not in str(listed) and f"ok_live_…{key[-4:]}" in page.text
    told = listed["finance script"]
    assert ("finance", "olive@operator.example", "in use") == (told["role"], told["made_by"], told["state"])
    assert told["used_at"] and told["expires_at"] is None and listed["analyst script"]["expires_at"]
    rows = await exchange.rows("SELECT * FROM api_keys WHERE kind = 'operator'")
    assert key not in str(rows) and all(row["used_at"] for row in rows)


async def test_nobody_makes_a_key_that_may_do_more_than_themselves(served: Served) -> None:
    async with signed_in(served) as owner:
        await visiting(served, Staff.ADMIN, owner)
        token = (await owner.open("/console/keys")).token
        forms = (
            {"role": "owner"},
            {"role": "king"},
            {"role": "admin", "name": " "},
            {"role": "admin", "expires": "soon"},
        )
        refused = [
            await owner.send("/console/keys", csrf=token, name=form.get("name", "x"), role=form["role"],
                             expires=form.get("expires", ""))
            for form in forms
        ]  # fmt: skip
    await refresh(served.exchange.market)

    assert [422] * 4 == [each.http_status for each in refused]
    assert "only an owner makes a key" in refused[0].text and "whole number of days" in refused[3].text
    assert [] == await served.exchange.rows("SELECT id FROM api_keys WHERE kind = 'operator'")
