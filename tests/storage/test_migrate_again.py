"""Our own migrations on a database in use: what an upgrade adds to a table that holds rows, on both engines."""

from __future__ import annotations

from exchange.storage.database import Db
from exchange.storage.migrate import migrate, migrations, require_current
from tests.storage import units
from tests.storage.conftest import NOW

SALE = """INSERT INTO sales (id, month, lead_id, attempt_id, campaign_id, seller_id, buyer_id, contract_id,
    contract_version, leg, currency, price_units, payout_units, mode, accepted_at)
    VALUES ('sale_1', '2026-11', 'ld_1', 'dlv_1', 'cedar', 'cedar', 'acme', 'acme-solar', 1, 'acme', 'USD', 400000,
        300000, 'live', 1)"""
UNDONE = "UPDATE sales SET reversed_at = 2, reversed_why = 'returned' WHERE reversed_at IS NULL"
BUYER = "INSERT INTO buyers (id, name, document, changed_at) VALUES ('acme', 'Acme', '{}', 1)"
TIERS = (1, 2, 12, 13, 99)
CONTRACT = """INSERT INTO contracts (id, version, buyer_id, vertical, document, current, made_at, made_by)
    VALUES ('old-{tier}', 1, 'acme', 'solar', '{{"id":"old-{tier}","tier":{tier},"price_rules":[]}}', 1, 1, 'told')"""
ASK = "SELECT id, price_units, reversed_at, reversed_why FROM sales"


async def test_a_table_that_holds_rows_gets_columns_of_which_they_have_none(empty: Db) -> None:
    before = [each for each in migrations() if each.number < 6]
    await migrate(empty, NOW, before)
    await empty.write(units.tell, SALE)

    assert tuple(each.number for each in migrations() if each.number >= 6) == await migrate(empty, NOW)

    await require_current(empty)
    kept = {"id": "sale_1", "price_units": 400_000, "reversed_at": None, "reversed_why": None}
    assert [kept] == await empty.read(units.ask, ASK)
    assert 1 == await empty.write(units.tell, UNDONE)
    assert [kept | {"reversed_at": 2, "reversed_why": "returned"}] == await empty.read(units.ask, ASK)
    await empty.close()


async def test_contracts_made_before_their_tiers_were_a_column_stand_in_the_tier_they_say(empty: Db) -> None:
    await migrate(empty, NOW, [each for each in migrations() if each.number < 81])
    await empty.write(units.tell, BUYER)
    for tier in TIERS:
        await empty.write(units.tell, CONTRACT.format(tier=tier))
    await empty.write(units.tell, CONTRACT.format(tier=0).replace('"tier":0,', ""))

    await migrate(empty, NOW)

    found = await empty.read(units.ask, "SELECT id, tier FROM contracts ORDER BY tier, id")
    assert [("old-0", 1), *((f"old-{tier}", tier) for tier in TIERS)] == [(row["id"], row["tier"]) for row in found]
    await empty.close()
