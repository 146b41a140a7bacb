"""A newer table is in use at once and on every node; a bad one changes nothing."""

from __future__ import annotations

import pytest

from exchange.fields.area_codes import AREAS
from exchange.fields.disposable import DISPOSABLE
from exchange.fields.networks import REGIONS, read_address
from exchange.fields.places import ZIPS
from exchange.fields.table import BadTable, packaged, written
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.flows.tables import reset_table, update_table
from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.table import StoredTable, TableHead
from exchange.storage.tables import put_table
from tests.flows.lab import post
from tests.market import Exchange, consumer, selling

PAT = Actor(Role.OPERATOR, "pat")
HEAD = TableHead("disposable_domains", "2026-12-24", "a list of ours", "CC0-1.0")
LIST = written(HEAD, ["throwaway.example"])


def loaded(market: Market) -> AuditLine:
    return audit_line(market.ids, market.clock.now(), PAT, "table.loaded", "table:disposable_domains")


def domains(market: Market) -> frozenset[str]:
    return market.tables.value(DISPOSABLE)


async def test_a_loaded_table_is_in_use_and_its_loading_is_in_the_audit_log(either: Exchange) -> None:
    market = either.market
    assert "mailinator.com" in domains(market)

    table = await update_table(market, LIST, PAT, smaller=True)

    assert frozenset({"throwaway.example"}) == domains(market) == table.value
    assert ("pat", "2026-12-24") == (table.loaded_by, market.tables["disposable_domains"].head.version)
    (line,) = await either.rows("SELECT subject, after_json FROM audit_lines WHERE action = 'table.loaded'")
    assert "table:disposable_domains" == line["subject"] and "a list of ours" in line["after_json"]


async def test_another_node_takes_it_up_at_its_next_look(exchange: Exchange) -> None:
    market = exchange.market
    stored = StoredTable(HEAD, 1, "0" * 64, LIST, market.clock.now(), "ann")
    await market.db.write(put_table, stored, loaded(market))
    assert "mailinator.com" in domains(market)

    await refresh(market)

    assert frozenset({"throwaway.example"}) == domains(market)
    held = market.tables
    await refresh(market)
    assert held is market.tables


async def test_the_packaged_table_comes_back(either: Exchange) -> None:
    market = either.market
    assert not await reset_table(market, "disposable_domains", PAT)
    await update_table(market, LIST, PAT, smaller=True)

    assert await reset_table(market, "disposable_domains", PAT)

    assert packaged(DISPOSABLE) is market.tables["disposable_domains"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (LIST, "The file has 1 rows, the table in use"),
        (written(HEAD._replace(name="stars"), ["a"]), "There is no table called stars: there are area_codes"),
        (written(HEAD, ["not a domain"]), "Line 5 must be a domain"),
        (b"mailinator.com\n", "The file does not say its table"),
    ],
)
async def test_a_table_that_does_not_fit_changes_nothing(exchange: Exchange, content: bytes, told: str) -> None:
    before = exchange.market.tables

    with pytest.raises(BadTable) as refused:
        await update_table(exchange.market, content, PAT)

    assert str(refused.value).startswith(told)
    assert before is exchange.market.tables
    assert 0 == await exchange.count("data_tables")


async def test_an_older_table_than_the_packaged_one_is_refused_and_gives_way_after_an_upgrade(
    exchange: Exchange,
) -> None:
    market = exchange.market
    old = HEAD._replace(version="2020-01-01")
    with pytest.raises(BadTable, match="is newer and stays"):
        await update_table(market, written(old, ["throwaway.example"]), PAT, smaller=True)

    content = written(old, ["throwaway.example"])
    await market.db.write(put_table, StoredTable(old, 1, "1" * 64, content, 1, "ann"), loaded(market))
    await refresh(market)

    assert packaged(DISPOSABLE) is market.tables["disposable_domains"]


async def test_zip_codes_are_known_by_the_loaded_table(exchange: Exchange) -> None:
    market = exchange.market
    row = "85016,NV,Newtown,Clark County,America/Los_Angeles,361700,-1151400,702"
    await update_table(market, written(TableHead("zips", "2027-01-01", "ours", "MIT"), [row]), PAT, smaller=True)

    assert ("NV", 1) == (market.places.state_of("85016"), len(market.tables.value(ZIPS)))


async def test_a_loaded_list_of_addresses_takes_the_place_of_a_newer_packaged_one(either: Exchange) -> None:
    head = TableHead("ip_regions", "2025-01-01", "a list of ours", "ours")
    address = read_address("198.51.100.7")
    assert address is not None and either.market.tables.value(REGIONS).of(address) is None

    await update_table(either.market, written(head, ["198.51.100.0/24,US,AZ"]), PAT, smaller=True)
    await refresh(either.market)

    assert ("US", "AZ") == either.market.tables.value(REGIONS).of(address)


async def test_a_new_area_code_and_a_new_crawler_are_known_to_the_next_lead(either: Exchange) -> None:
    await either.add(*selling("cedar"))
    lead = {**consumer(1), "phone": "2212220001"}
    assert ("rejected", "phone_refused") == (await post(either, lead)).told
    areas = [f"{code},,{kind}" for code, kind in packaged(AREAS).value.kinds.items()]

    await update_table(either.market, written(TableHead("area_codes", "2026-12-01", "s", "l"), [*areas, "221,AZ"]), PAT)
    crawlers = written(TableHead("crawler_agents", "2026-12-01", "s", "l"), ["BrandNew/"])
    await update_table(either.market, crawlers, PAT, smaller=True)

    assert "unsold" == (await post(either, lead))["status"]
    refused = await post(either, {**consumer(2), "user_agent": "BrandNew/1.0"})
    assert ("rejected", "robot") == refused.told
