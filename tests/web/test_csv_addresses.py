"""The CSV addresses of a contract, in the console: shown once, changed, taken back, and who did it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from exchange.flows.documents import save_document
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from tests.flows.lab import post
from tests.market import buying, usd
from tests.web.served import Served
from tests.web.visitor import OPERATOR, Page, Visitor, later, signed_in, stranger

PLACE = "/console/connectors/linden"


async def sheet(served: Served, name: str = "linden", connector: str = "csv_url") -> None:
    await save_document(served.exchange.market, CONNECTION, name, {"connection": name, "connector": connector}, SYSTEM)
    await served.exchange.add(*buying(name, price=usd("30")))


def address_in(page: Page) -> str:
    found = re.search(r"https?://\S+/c/cu_(live|test)_[A-Za-z0-9_-]+\.csv", page.part("address"))
    assert found is not None, page.text
    return urlsplit(found[0]).path


async def status(visitor: Visitor, path: str) -> int:
    return (await visitor.open(path)).http_status


async def test_an_address_is_made_shown_once_changed_and_taken_back_and_the_log_says_by_whom(served: Served) -> None:
    await sheet(served)
    await post(served.exchange)
    async with signed_in(served) as operator, stranger(served) as sheet_program:
        assert "None yet" in (await operator.open(PLACE)).part("addresses")
        first = address_in(await operator.submit(f"{PLACE}/addresses", contract="linden-solar", mode="live"))
        listed = await operator.open(PLACE)
        (key,) = listed.attributes("rotate", "value")
        assert "6029580142" in (await sheet_program.open(first)).source
        second = address_in(await operator.submit(f"{PLACE}/addresses/rotate", key=key))
        (other,) = (await operator.open(PLACE)).attributes("revoke", "value")
        told = [await status(sheet_program, first), await status(sheet_program, second)]
        again = await operator.submit(f"{PLACE}/addresses/rotate", key=key)
        empty = await operator.submit(f"{PLACE}/addresses/revoke", key=other)
        gone = await status(sheet_program, second)

    assert first not in listed.source and f"{first[-8:-4]}.csv" in listed.part("csv-address")
    assert OPERATOR in listed.part("csv-address")
    assert ([404, 200], 404, 404) == (told, again.http_status, gone)
    assert "None yet" in empty.part("addresses")
    rows = await served.exchange.rows(
        "SELECT action, subject, after_json FROM audit_lines WHERE action LIKE 'key.%' AND actor = :name", name=OPERATOR
    )
    done = {(row["action"], row["subject"]) for row in rows}
    contract = "csv:linden-solar"
    assert {("key.created", contract), ("key.rotated", contract), ("key.revoked", f"key:{other}")} == done
    secrets = [path.removeprefix("/c/").removesuffix(".csv") for path in (first, second)]
    assert not [row for row in rows for secret in secrets if secret in (row["after_json"] or "")]


async def test_only_contracts_of_the_connection_have_addresses_on_its_page(served: Served) -> None:
    await sheet(served)
    await sheet(served, "maple", "pull")
    async with signed_in(served) as operator:
        made = await operator.submit(f"{PLACE}/addresses", contract="linden-solar", mode="test")
        (key,) = (await operator.open(PLACE)).attributes("rotate", "value")
        refused = [
            await operator.submit(f"{PLACE}/addresses", contract="maple-solar"),
            await operator.submit(f"{PLACE}/addresses", contract="nothing"),
            await operator.submit("/console/connectors/maple/addresses", contract="maple-solar"),
            await operator.submit("/console/connectors/maple/addresses/rotate", key=key),
            await operator.submit("/console/connectors/maple/addresses/revoke", key=key),
            await operator.submit("/console/connectors/nothing/addresses/revoke", key=key),
        ]
        wrong = await operator.submit(f"{PLACE}/addresses", contract="linden-solar", mode="both")
        bare = await operator.send(f"{PLACE}/addresses", contract="linden-solar")
        assert "CSV addresses" not in (await operator.open("/console/connectors/maple")).text
        assert [key] == (await operator.open(PLACE)).attributes("rotate", "value")
        later(served, 1)

    assert "cu_test_" in address_in(made)
    assert [404] * 6 == [page.http_status for page in refused]
    assert (422, 403) == (wrong.http_status, bare.http_status)


async def test_a_seller_may_make_none(served: Served) -> None:
    await sheet(served)
    async with signed_in(served, "ann@cedar.example", "seller", "cedar") as seller:
        refused = await seller.send(f"{PLACE}/addresses", contract="linden-solar", csrf="x")

    assert 403 == refused.http_status
    assert [] == await served.exchange.rows("SELECT id FROM api_keys WHERE kind = 'csv'")


async def test_the_key_in_an_address_opens_nothing_else(served: Served) -> None:
    """It lies in sheets of others: with it nobody may call as an operator."""
    await sheet(served)
    async with signed_in(served) as operator:
        path = address_in(await operator.submit(f"{PLACE}/addresses", contract="linden-solar", mode="live"))
    key = path.removeprefix("/c/").removesuffix(".csv")

    hook = {"kind": "webhook", "url": "https://hooks.example/x", "events": "lead.*"}
    tried = [
        await served.send("webhooks", hook, key=key),
        await served.get("webhooks", key=key),
        await served.get("suppression", key=key),
        await served.get("returns", key=key),
        await served.get("deliveries", key=key),
        await served.get("buyer/balance", key=key),
    ]

    assert [401] * 6 == [heard.http_status for heard in tried]
