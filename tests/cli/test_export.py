"""`exchange export leads`: what is written, what is masked, and the line that stays."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from exchange.storage.engine import open_database
from exchange.storage.erase import erase_lead
from tests.cli.home import NOW, Home, LeadBuyer
from tests.cli.leads import people, write_csv

COLUMNS = "lead_id,seller,status,revenue"


@pytest.fixture
def sold(market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path) -> Home:
    """Three leads that Acme bought for 20 dollars each."""
    market_home.run("import", write_csv(tmp_path / "leads.csv", people(3)), "--campaign", "cedar-solar")
    assert 3 == len(lead_buyer.posts)
    return market_home


def test_columns_formats_and_filters(sold: Home) -> None:
    table = sold.run("export", "leads", "--columns", COLUMNS)
    said = sold.run("export", "leads", "--columns", "received,price")
    lines = sold.run("export", "leads", "--columns", COLUMNS, "--format", "jsonl", "--status", "sold")
    document = sold.run("--json", "export", "leads", "--columns", COLUMNS)
    nothing = sold.run("--json", "export", "leads", "--to", "2020-01-01")
    rows = list(csv.DictReader(io.StringIO(table.out)))

    assert COLUMNS.split(",") == list(rows[0])
    assert ["received_at", "revenue"] == said.out.splitlines()[0].split(",")  # as the screen calls them
    assert [("sold", "20.00")] * 3 == [(row["status"], row["revenue"]) for row in rows]
    assert rows == document.json == [json.loads(line) for line in lines.out.splitlines()]
    assert [] == nothing.json
    assert "3 rows, personal data masked" in table.err


def test_personal_values_are_there_for_a_reason_only_and_every_export_is_noted(sold: Home) -> None:
    phones = {person["phone"] for person in people(3)}
    masked = sold.run("export", "leads")
    unsaid = sold.run("export", "leads", "--reveal")
    hidden = sold.run("export", "leads", "--columns", "phone")
    shown = sold.run("export", "leads", "--columns", "phone", "--reveal", "--reason", "asked for by their lawyer")
    noted = sold.rows("SELECT after_json FROM audit_lines WHERE action = 'leads.exported' ORDER BY at, id")

    assert not [phone for phone in phones if phone in masked.out]
    assert (2, 2) == (unsaid.code, hidden.code)
    assert "--reveal" in hidden.err
    assert phones == {row["phone"].removeprefix("+1") for row in csv.DictReader(io.StringIO(shown.out))}
    assert ["asked for by their lawyer" in line["after_json"] for line in noted] == [False, True]


async def erase(file: Path, lead_id: str) -> None:
    db = await open_database(str(file), process=False)
    assert await db.write(erase_lead, lead_id, ("ev_1", "2026-11", NOW, "Erased."))
    await db.close()


def test_who_was_erased_is_exported_without_a_value(sold: Home) -> None:
    erased = sold.rows("SELECT id FROM leads ORDER BY id")[0]["id"]
    asyncio.run(erase(sold.database, erased))
    why = ("--reveal", "--reason", "asked for by their lawyer")
    shown = sold.run("--json", "export", "leads", "--columns", "lead_id,phone,revenue", *why).json

    assert {"lead_id": erased, "phone": None, "revenue": "20.00"} in shown
    assert 2 == len([row for row in shown if row["phone"]])


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--from", "yesterday"), "--from is a day"),
        (("--status", "nice"), "--status is one of"),
        (("--columns", "color"), "No column is called color"),
    ],
)
def test_wrong_usage_is_told_and_nothing_is_noted(home: Home, flags: tuple[str, ...], told: str) -> None:
    refused = home.run("export", "leads", *flags)

    assert (2, True) == (refused.code, told in refused.err)
    assert [] == home.rows("SELECT id FROM audit_lines WHERE action = 'leads.exported'")
