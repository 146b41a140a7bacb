"""`exchange data`: the tables in use are listed with their age, and newer ones taken into use."""

from __future__ import annotations

from pathlib import Path

from exchange.fields.table import written
from exchange.model.table import TableHead
from tests.cli.home import Home

HEAD = TableHead("disposable_domains", "2026-12-24", "a list of ours", "CC0-1.0")


def file(folder: Path, content: bytes) -> Path:
    made = folder / "list.txt"
    made.write_bytes(content)
    return made


def test_every_table_is_listed_with_its_version_age_rows_and_licence(market_home: Home) -> None:
    told = market_home.run("data")
    assert 0 == told.code
    assert ["table", "version", "age", "rows", "from", "licence"] == told.out.splitlines()[0].split()

    tables = {row["name"]: row for row in market_home.run("data", "--json").json}
    assert {"zips", "disposable_domains"} <= tables.keys()
    assert "MIT" == tables["zips"]["licence"] and tables["zips"]["rows"] > 40_000
    assert tables["zips"]["age_days"] > 0 and tables["zips"]["loaded_by"] is None


def test_a_newer_table_is_taken_into_use_and_given_back(market_home: Home, tmp_path: Path) -> None:
    newer = file(tmp_path, written(HEAD, ["throwaway.example"]))
    refused = market_home.run("data", "update", newer)
    assert 4 == refused.code and "Pass --smaller if it is whole." in refused.err

    assert "in use: 1 rows" in market_home.run("data", "update", newer, "--smaller").out
    (row,) = [each for each in market_home.run("data", "--json").json if each["name"] == HEAD.name]
    assert ("2026-12-24", 1, True) == (row["version"], row["rows"], "(command line)" in row["loaded_by"])
    assert "loaded by" in market_home.run("data").out

    assert "in use again" in market_home.run("data", "reset", HEAD.name).out
    assert "in use already" in market_home.run("data", "reset", HEAD.name).out


def test_a_bad_file_is_refused_with_its_line(market_home: Home, tmp_path: Path) -> None:
    ran = market_home.run("data", "update", file(tmp_path, written(HEAD, ["fine.example", "two words"])))

    assert 4 == ran.code
    assert "Line 6 must be a domain in small letters" in ran.err
    assert 5 == market_home.run("data", "update", tmp_path / "nothing.txt").code
    assert 2 == market_home.run("data", "reset", "stars").code
