"""`exchange doctor`: what is fine, what is wrong, and where each is mended."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from exchange.model.health import ABOUT
from tests.cli.home import Home, LeadBuyer, Ran
from tests.cli.leads import people, write_csv
from tests.cli.test_serve import free_port


def found(ran: Ran) -> dict[str, Any]:
    return {each["check"]: each for each in ran.json["checks"]}


def word_of(home: Home, check: str) -> tuple[int, str]:
    ran = home.run("--json", "doctor")
    return ran.code, found(ran)[check]["word"]


def change(home: Home, sql: str) -> None:
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute(sql)
        connection.commit()


def test_a_sound_exchange_has_no_failure_and_is_told_of_its_missing_backup(market_home: Home, tmp_path: Path) -> None:
    plain, before = market_home.run("doctor"), market_home.run("--json", "doctor")
    market_home.run("backup", "--to", tmp_path / "kept")

    assert (0, 0) == (plain.code, before.code)
    assert set(ABOUT) == set(found(before))
    assert ("warn", "exchange backup --to …") == (found(before)["backup"]["word"], found(before)["backup"]["fix"])
    assert (0, "ok") == word_of(market_home, "backup")
    assert f"{len(ABOUT)} checks: " in plain.out and ", 0 failures" in plain.out


def test_a_mail_server_that_does_not_let_us_in_is_a_failure(home: Home) -> None:
    with (home.folder / "exchange.toml").open("a", encoding="utf-8") as file:
        file.write(f'\nmail_host = "127.0.0.1"\nmail_port = {free_port()}\nmail_security = "plain"\n')
    ran = home.run("--json", "doctor")

    assert (4, "FAIL") == (ran.code, found(ran)["email"]["word"])
    assert "refused the connection" in found(ran)["email"]["told"]
    assert "exchange.toml; Settings > Providers" in found(ran)["email"]["fix"]


def test_a_newer_release_is_told_by_a_file_of_ours_alone(home: Home) -> None:
    with (home.folder / "exchange.toml").open("a", encoding="utf-8") as file:
        file.write('\nrelease_file = "newest"\n')
    missing = found(home.run("--json", "doctor"))["version"]
    (home.folder / "newest").write_text("99.1.0\n", "utf-8")
    newer = found(home.run("--json", "doctor"))["version"]
    (home.folder / "newest").write_text("0.0.1\n", "utf-8")

    assert ("warn", True) == (missing["word"], "cannot be read" in missing["told"])
    assert ("warn", True) == (newer["word"], "99.1.0 is out" in newer["told"])
    assert (0, "ok") == word_of(home, "version")


def test_a_buyer_that_is_down_is_named_and_no_failure_of_ours(market_home: Home, lead_buyer: LeadBuyer) -> None:
    up = word_of(market_home, "outbound")
    lead_buyer.close()
    down = market_home.run("--json", "doctor")

    assert (0, "ok") == up
    assert (0, "warn", True) == (
        down.code,
        found(down)["outbound"]["word"],
        "no connection to Acme" in found(down)["outbound"]["told"],
    )


def test_a_damaged_page_is_a_failure(home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sales_time'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with home.database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))

    assert (4, "FAIL") == word_of(home, "database")


def test_a_clock_behind_the_newest_lead_is_a_failure(market_home: Home, tmp_path: Path) -> None:
    market_home.run("import", write_csv(tmp_path / "leads.csv", people(1)), "--campaign", "cedar-solar")
    change(market_home, "UPDATE leads SET received_at = received_at + 3600000")

    assert (4, "FAIL") == word_of(market_home, "clock")


def test_a_key_that_others_may_read_is_a_failure(home: Home) -> None:
    (home.folder / "exchange.key").chmod(0o644)

    assert (4, "FAIL") == word_of(home, "master key")


def test_books_that_were_found_unsound_are_a_failure(home: Home) -> None:
    change(home, "INSERT INTO ledger_checks (at, entries, documents, took_ms, sound, sums, flaws)"
                 " VALUES (1, 1, 0, 1, 0, '{}', 'Entry 1 was edited.')")  # fmt: skip
    ran = home.run("--json", "doctor")

    assert (4, "Entry 1 was edited.") == (ran.code, found(ran)["ledger"]["told"])
