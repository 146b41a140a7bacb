"""`exchange why` tells what a delivery became, also when no record of the decision was kept or things went on since."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.home import Home, LeadBuyer
from tests.cli.leads import people, write_csv


@pytest.fixture
def unclear(market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path) -> str:
    """A lead whose buyer took it and hung up."""
    lead_buyer.hangs_up = True
    assert 0 == market_home.run("import", write_csv(tmp_path / "u.csv", people(1)), "--campaign", "cedar-solar").code
    lead_id: str = market_home.rows("SELECT id FROM leads")[0]["id"]
    return lead_id


def test_a_delivery_that_was_settled_since_is_told_as_it_is_now(market_home: Home, unclear: str) -> None:
    assert 0 == market_home.run("settle", unclear, "accepted", "--yes").code
    contract = market_home.run("--json", "why", unclear).json["contracts"][0]

    assert ("acme-solar", "Bought $20.00") == (contract["contract"], contract["verdict"])
    assert ["Accepted the post."] == contract["sentences"]


def test_a_delivery_of_a_process_that_stopped_is_told_without_its_record(market_home: Home, unclear: str) -> None:
    with closing(sqlite3.connect(market_home.database)) as database, database:
        database.execute("DELETE FROM trails")
    contract = market_home.run("--json", "why", unclear).json["contracts"][0]

    assert ("acme-solar", "Unclear") == (contract["contract"], contract["verdict"])
    assert contract["sentences"][0].startswith("Won at $20.00, then: The buyer's answer to the post could not be read.")
