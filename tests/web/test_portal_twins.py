"""Every list of both portals is there as JSON and CSV too, of the same rows; and a buyer's admins manage its people."""

from __future__ import annotations

import asyncio
import csv
import io
import re

import pytest

from exchange.web import buyer_portal, seller_portal
from tests.market import buying, selling
from tests.web.served import Served
from tests.web.test_store import stocked
from tests.web.visitor import Visitor, signed_in, stranger

LISTS = {
    "seller": ("leads", "imports", "campaigns", "returns", "quality", "statements", "postbacks", "keys", "users"),
    "buyer": ("leads", "returns", "store", "contracts", "deliveries", "pings", "quality", "billing", "webhooks",
              "keys", "users", "agents", "follow-up"),
}  # fmt: skip
SOME = ("campaigns", "contracts", "store", "users", "keys")
"""Of which there is something in this test's exchange."""


@pytest.mark.parametrize("role", ["seller", "buyer"])
def test_no_list_is_without_its_twins(role: str) -> None:
    modules = seller_portal.modules() if role == "seller" else buyer_portal.modules()
    paths = {page.path for module in modules for page in module.pages() if page.method == "GET"}
    missing = [name for name in LISTS[role] for twin in (".json", ".csv") if f"/{role}/{name}{twin}" not in paths]
    assert not missing
    lone = [path for path in paths if re.fullmatch(rf"/{role}/[a-z-]+\.json", path) and path[:-4] + "csv" not in paths]
    assert not lone


async def rows_of(visitor: Visitor, path: str) -> tuple[list[dict[str, object]], list[dict[str, str]]]:
    """What both twins of a list hold."""
    told = (await visitor.open(f"{path}.json")).fields
    table = csv.DictReader(io.StringIO((await visitor.open(f"{path}.csv")).source))
    (many,) = [name for name, value in told.items() if isinstance(value, list)]
    assert told["count"] == len(told[many]) and {"mode", "filters"} <= set(told)
    return told[many], list(table)


async def test_both_twins_hold_the_rows_of_the_page_and_none_of_anothers(served: Served) -> None:
    lead_ids = await stocked(served, "acme", numbers=2)
    await served.exchange.add(*selling("dell"), *buying("birch"))
    async with (
        signed_in(served, "ann@acme.example", "buyer", "acme") as ann,
        signed_in(served, "dee@cedar.example", "seller", "cedar") as dee,
    ):
        token = (await ann.open("/buyer/keys")).token
        made = await ann.send("/buyer/keys", csrf=token, name="CRM", mode="live")
        (secret,) = re.findall(r'id="secret">([^<]+)<', made.source)
        for role, visitor in (("buyer", ann), ("seller", dee)):
            for name in (each for each in SOME if each in LISTS[role]):
                told, table = await rows_of(visitor, f"/{role}/{name}")
                assert told and len(told) == len(table), name
                assert set(told[0]) == set(table[0]), name
                assert not [row for row in told for value in row.values() if value in ("birch", "dell", secret)]
        store, _ = await rows_of(ann, "/buyer/store")
        assert set(lead_ids) == {row["lead_id"] for row in store}
        assert [] == (await ann.open("/buyer/store.json?states=NV")).fields["leads"]
        assert 422 == (await ann.open("/buyer/store.csv?most=cheap")).http_status


async def test_an_admin_of_a_buyer_lets_its_people_in_and_out(served: Served) -> None:
    async with signed_in(served, "ann@acme.example", "buyer", "acme") as ann:
        token = (await ann.open("/buyer/users")).token
        invited = await ann.send("/buyer/users", csrf=token, email="fay@acme.example", duty="finance")
        (link,) = re.findall(r"/login/[\w-]{20,}", invited.source)
        strange = await ann.send("/buyer/users", csrf=token, email="kay@acme.example", duty="owner")
        again = await ann.send("/buyer/users", csrf=token, email="fay@acme.example", duty="agent")
        people = (await ann.open("/buyer/users.json")).fields["users"]
        ids = {each["email"]: each["user_id"] for each in people}
        async with stranger(served) as fay:
            await fay.open(link)
            assert 200 == (await fay.open("/buyer/billing")).http_status
            assert 403 == (await fay.open("/buyer/users")).http_status
            assert 403 == (await fay.open("/buyer/users.json")).http_status
            await ann.send(f"/buyer/users/{ids['fay@acme.example']}/shut-out", csrf=token)
            assert 200 != (await fay.open("/buyer/billing", follow=False)).http_status
        own = await ann.send(f"/buyer/users/{ids['ann@acme.example']}/shut-out", csrf=token)
        page = await ann.open("/buyer/users")
        invited = await ann.send("/buyer/users", csrf=token, email="bea@acme.example", duty="admin")
        people = (await ann.open("/buyer/users.json")).fields["users"]
        ids = {each["email"].partition("@")[0]: each["user_id"] for each in people}
        async with stranger(served) as bea:
            await bea.open(re.findall(r"/login/[\w-]{20,}", invited.source)[0])
            hers = (await bea.open("/buyer/users")).token
            await asyncio.gather(
                ann.send(f"/buyer/users/{ids['bea']}/shut-out", csrf=token),
                bea.send(f"/buyer/users/{ids['ann']}/shut-out", csrf=hers),
            )
    sql = "SELECT email FROM users WHERE party_id = 'acme' AND duty <> 'finance' AND state = 'active'"

    assert 1 == len(await served.exchange.rows(sql))  # who was first
    assert (422, 422, 422) == (strange.http_status, again.http_status, own.http_status)
    assert ["admin", "admin", "finance"] == sorted(each["duty"] for each in people)
    assert "fay@acme.example shut out" in page.part("people") and "Let in again" in page.part("people")
