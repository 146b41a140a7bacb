"""Shapes made while the exchange runs: checked whole, in force at once, refused when they would break something."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from buyers import connectors
from exchange.bootstrap import Catalog, workshop_of
from exchange.flows.documents import remove_document, save_document, save_secret
from exchange.flows.market import refresh
from exchange.flows.shapes import CONNECTION, VERTICAL, DocumentProblems, compile_shapes
from exchange.flows.stored_shapes import read_shapes
from exchange.model.actor import SYSTEM
from exchange.model.batch import Columns, LeadFile
from exchange.model.party import Clause, Group
from exchange.storage.documents import DocumentRow, read_documents
from tests.flows.doom import started_again
from tests.flows.lab import post
from tests.market import SOLD, Exchange, buying, consumer, read_once, selling, usd

KNOWN = ", ".join(sorted(connectors()))


def connection(name: str = "late", host: str = "acme.buyer.example", secret: str = "") -> dict[str, Any]:
    outcomes = [{"means": "accepted", "when": {"where": "json:status", "equals": "sold"}}]
    headers = {"headers": {"X-Key": {"secret": secret}}} if secret else {}
    stage = {"url": f"http://{host}/post", "body": {"id": {"term": "reference"}}, "reading": {"outcomes": outcomes}}
    return {"connection": name, "connector": "json_http", "post": {**stage, **headers}}


def vertical(*fields: str) -> dict[str, Any]:
    """A vertical of texts."""
    shown = [{"name": name, "type": "text", "label": name, "ping": "optional", "post": "optional"} for name in fields]
    return {"title": "Boats", "fields": shown}


async def problems(exchange: Exchange, kind: str, name: str, document: Mapping[str, Any]) -> str:
    """Why it cannot be saved."""
    with pytest.raises(DocumentProblems) as refused:
        await save_document(exchange.market, kind, name, document, SYSTEM)
    assert () == await exchange.market.db.read(read_documents)
    return "\n".join(refused.value.problems)


async def test_a_connection_made_now_sells_the_next_lead(either: Exchange) -> None:
    await either.add(*buying("acme", connection="late", price=usd("20")), *selling("cedar"))
    unknown = await post(either)

    assert 1 == await save_document(either.market, CONNECTION, "late", connection(), SYSTEM)
    either.buyers.answers_posts("acme", SOLD)
    sold = await post(either, consumer(2))

    assert ("unsold", "accepted") == (unknown["status"], sold["status"])


async def test_another_process_takes_a_document_up_when_it_refreshes(exchange: Exchange) -> None:
    other = await started_again(exchange)
    await save_document(exchange.market, CONNECTION, "late", connection(), SYSTEM)

    assert "late" not in other.market.connections
    assert await refresh(other.market)
    assert "late" in other.market.connections


async def test_what_did_not_change_is_not_compiled_again(exchange: Exchange) -> None:
    await save_document(exchange.market, CONNECTION, "late", connection(), SYSTEM)
    before = exchange.market.connections
    await save_document(exchange.market, CONNECTION, "later", connection("later"), SYSTEM)

    after = exchange.market.connections
    assert before["late"].connector is after["late"].connector
    assert before["acme"].connector is after["acme"].connector


async def test_a_secret_is_read_from_the_store_where_the_environment_has_none(exchange: Exchange) -> None:
    await save_document(exchange.market, CONNECTION, "late", connection(secret="late_key"), SYSTEM)
    none = exchange.market.connections["late"].secrets
    await save_secret(exchange.market, "late_key", "k-0123456789", SYSTEM)

    assert ({"late_key": ""}, {"late_key": "k-0123456789"}) == (none, exchange.market.connections["late"].secrets)
    assert [("late_key", "6789")] == [
        (row["name"], row["last4"]) for row in await exchange.rows("SELECT name, last4 FROM secrets")
    ]
    assert [] == await exchange.rows("SELECT 1 FROM audit_lines WHERE after_json LIKE '%0123456789%'")


def test_the_environment_goes_before_the_store() -> None:
    catalog, _ = read_once()
    workshop = workshop_of(catalog, {"EXCHANGE_SECRET_LATE_KEY": "from outside"})
    row = DocumentRow(CONNECTION, "late", 1, connection(secret="late_key"), 0, "ann")

    shapes = compile_shapes(workshop, (row,), {"late_key": "kept"})

    assert {"late_key": "from outside"} == shapes.connections["late"].secrets


@pytest.mark.parametrize(
    ("name", "document", "said"),
    [
        ("acme", connection("acme"), "a file has the name acme"),
        ("late", connection("other"), "the document's name is 'late'"),
        ("late", {**connection(), "colour": "blue"}, "colour: "),
        ("late", {**connection(), "connector": "pigeon"}, f"connector: 'pigeon' is not one of {KNOWN}"),
        ("late", {"connection": "late", "preset": "nothing"}, "preset: 'nothing' is not one of"),
        ("late", connection(host="10.0.0.1"), "post.url: The address 10.0.0.1 is a private network"),
    ],
)
async def test_a_connection_that_cannot_be_used_is_refused_whole(
    exchange: Exchange, name: str, document: Mapping[str, Any], said: str
) -> None:
    assert said in await problems(exchange, CONNECTION, name, document)


async def test_there_is_no_other_kind_of_document(exchange: Exchange) -> None:
    assert "not one of connection, form, source, verifier, vertical" in await problems(exchange, "poem", "a", {})


async def test_a_vertical_lies_over_its_file_until_it_is_removed(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"))
    title = exchange.market.verticals["solar"].title
    document = vertical("zip", "state", "monthly_bill", "homeowner")
    await save_document(exchange.market, VERTICAL, "solar", document, SYSTEM)
    over = exchange.market.verticals["solar"].title

    assert await remove_document(exchange.market, VERTICAL, "solar", SYSTEM)
    assert ("Boats", title) == (over, exchange.market.verticals["solar"].title)
    assert not await remove_document(exchange.market, VERTICAL, "solar", SYSTEM)


async def test_a_vertical_keeps_the_fields_that_contracts_filter_on(exchange: Exchange) -> None:
    filters = Group("all", (Clause("homeowner", "equals", ("yes",)),))
    await exchange.add(*buying("acme", filters=filters), *selling("cedar"))

    said = await problems(exchange, VERTICAL, "solar", vertical("zip", "state"))

    assert "solar has no field 'homeowner'" in said
    assert "solar" in exchange.market.deals.books


async def test_a_vertical_with_a_mistake_is_refused(exchange: Exchange) -> None:
    assert "lower snake case" in await problems(exchange, VERTICAL, "My Boats", vertical("length"))
    assert "fields" in await problems(exchange, VERTICAL, "boats", {"title": "Boats"})


async def test_what_somebody_needs_is_not_removed(exchange: Exchange) -> None:
    await save_document(exchange.market, CONNECTION, "late", connection(), SYSTEM)
    await save_document(exchange.market, VERTICAL, "boats", vertical("length", "zip"), SYSTEM)
    await exchange.add(*buying("acme", connection="late", vertical="boats"), *selling("cedar", vertical="boats"))

    with pytest.raises(DocumentProblems, match="contract acme-solar uses it"):
        await remove_document(exchange.market, CONNECTION, "late", SYSTEM)
    with pytest.raises(DocumentProblems, match=r"campaign cedar-solar is of it[\s\S]*contract acme-solar buys it"):
        await remove_document(exchange.market, VERTICAL, "boats", SYSTEM)


async def test_a_request_at_work_goes_on_with_the_shapes_it_began_with(exchange: Exchange) -> None:
    await save_document(exchange.market, CONNECTION, "late", connection(), SYSTEM)
    before = exchange.market.deals
    await remove_document(exchange.market, CONNECTION, "late", SYSTEM)

    assert "late" in before.shapes.connections and "late" not in exchange.market.connections


async def test_a_stored_document_that_this_release_cannot_use_is_told_and_left_out(exchange: Exchange) -> None:
    await save_document(exchange.market, CONNECTION, "late", connection(), SYSTEM)
    catalog, _ = read_once()
    workshop = replace(workshop_of(catalog, os.environ), connection=_refuses)

    shapes = await read_shapes(exchange.market.db, exchange.market.vault, workshop)

    assert ("connection late: connector: is gone",) == shapes.problems
    assert "late" not in shapes.connections


def _refuses(name: str, document: Mapping[str, Any]) -> Callable[..., Any]:
    raise DocumentProblems(["connector: is gone"])


async def test_the_doors_read_a_file_of_leads_and_write_answers(exchange: Exchange, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("Phone,City\n6029580142,Phoenix\n6029580143,Mesa\n", "utf-8")
    doors = exchange.market.doors

    batch = doors.look_through(LeadFile(file.name, lambda: file.open("rb")))
    found = list(doors.records(batch.file, batch.layout, Columns({"Phone": "phone", "City": ""}), 1))

    assert (2, [{"phone": "6029580143"}]) == (batch.rows, [record.fields for record in found])
    assert b'{"status":"sold"}' == doors.write({"status": "sold"}, "json")[0]


def test_a_catalog_holds_the_presets_for_documents_made_later() -> None:
    catalog, _ = read_once()

    assert isinstance(catalog, Catalog) and "phonexa" in catalog.presets
