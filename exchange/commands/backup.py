"""`exchange backup` and `exchange restore`: one file with everything but the master key, proved by opening it."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exchange.commands.terminal import Exit, Stop, Terminal
from exchange.model.size import size_text

if TYPE_CHECKING:
    from exchange.flows.backups import Made
    from exchange.flows.books import Proved
    from exchange.settings import Settings

PLACES = ("database_url", "key_file", "files_dir", "backup_dir", "config_dir")
"""Settings that say where an exchange is. A restored one is where it was restored to."""


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    made = "2026-11-20T143200.backup"
    return (
        ("backup", backup, "exchange backup --to backups --keep 14", "exchange backup --json"),
        (
            "restore",
            restore,
            f"exchange restore backups/{made} --to restored --check",
            f"exchange restore {made} --to restored --database postgresql://localhost/restored",
        ),
    )


def backup(
    context: typer.Context,
    to: Annotated[Path, typer.Option(help="The folder of the backups, made when missing.")] = Path("backups"),
    keep: Annotated[int, typer.Option(min=0, help="Remove all but so many of them there; 0 keeps all.")] = 0,
) -> None:
    """Copy everything but the master key into one file while the exchange runs, and prove the copy by its ledger."""
    from exchange.commands.opening import run

    run(_backup(context.obj, to.absolute(), keep))


async def _backup(terminal: Terminal, folder: Path, keep: int) -> None:
    from exchange import __version__
    from exchange.clock import SystemClock
    from exchange.commands.opening import config_file, opened_database, operator, settings_of
    from exchange.commands.progress import finished, progress
    from exchange.flows.backups import make_backup, note_failed
    from exchange.ids import SystemIds
    from exchange.model.watched import Parts
    from exchange.storage.archive import thin_out

    clock, settings = SystemClock(), settings_of(terminal)
    parts = Parts(settings.database_url, settings.files_dir, settings.config_dir, config_file(terminal))
    began = clock.monotonic()
    async with opened_database(settings) as db:
        try:
            with progress(terminal, "Snapshot", None, clock):
                made = await make_backup(db, parts, folder, __version__, operator(), clock, SystemIds())
            removed = thin_out(folder, keep)
        except OSError as error:
            await note_failed(db, f"{error.strerror or error}.", operator(), clock, SystemIds())
            raise Stop(Exit.FAILED, f"No backup was made in {folder}: {error.strerror or error}.") from error
    packed = made.packed
    told = f"{size_text(made.database_bytes)} -> {size_text(packed.bytes)}   {clock.monotonic() - began:.1f} s"
    finished(terminal, "Snapshot", f"{told}   sha256 {packed.sha256[:6]}…")
    _tell(terminal, settings, made, [path.name for path in removed])


def _tell(terminal: Terminal, settings: Settings, made: Made, removed: list[str]) -> None:
    document: dict[str, object] = {
        "file": str(made.packed.file),
        "bytes": made.packed.bytes,
        "sha256": made.packed.sha256,
        "database_bytes": made.database_bytes,
        "proved": made.proved.sound if made.proved is not None else None,
        "removed": removed,
    }
    lines = [f"  Backup      {made.packed.file}"]
    if made.proved is None:
        lines.append("  Read back whole; `exchange restore … --database … --check` proves its books")
    elif made.proved.sound:
        lines.append("  Verified by opening the copy and running ledger verify")
    else:
        lines += [f"  FAIL        {flaw.sentence}" for flaw in made.proved.flaws]
    lines += [f"  Removed     {name}" for name in removed]
    terminal.result(document, lines)
    terminal.remark(f"  The master key is not in it: keep a copy of {settings.key_file} elsewhere.")
    if made.proved is not None and not made.proved.sound:
        raise Stop(Exit.CHECK_FAILED, "The copy is kept, but its books are not sound.")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The backup.")],
    to: Annotated[
        Path | None,
        typer.Option(help="A folder for the exchange; nothing of one may be in it. Only --check needs none."),
    ] = None,
    database: Annotated[str, typer.Option(help="An empty database, for a backup of PostgreSQL.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Prove its books, as ledger verify does.")] = False,
) -> None:
    """Make an exchange of a backup in a folder of its own. What runs now is not touched."""
    from exchange.commands.opening import run

    if to is not None:
        run(_restore(context.obj, file, to.absolute(), database, check))
        return
    if not check:
        raise Stop(Exit.USAGE, "Say --to with a folder for the exchange, or --check to prove the backup alone.")
    with tempfile.TemporaryDirectory(prefix="exchange-") as place:
        run(_restore(context.obj, file, Path(place) / "restored", database, check, keep=False))


async def _restore(
    terminal: Terminal, file: Path, folder: Path, database: str, check: bool, *, keep: bool = True
) -> None:
    """`keep` false: nobody is told of the folder, which is not there for long."""
    from exchange.clock import SystemClock
    from exchange.commands.opening import reached
    from exchange.commands.progress import progress
    from exchange.storage.archive import BadBackup, unpack

    if not file.is_file():
        raise Stop(Exit.UNREACHABLE, f"There is no backup {file}.")
    if folder.exists() and any(folder.iterdir()):
        raise Stop(Exit.REFUSED, f"{folder} is not empty. Nothing was touched: name a new folder.")
    clock = SystemClock()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as name,
        progress(terminal, "Restoring", None, clock),
        reached(),
    ):
        part = Path(name) / "part"
        part.mkdir(mode=0o700)
        try:
            manifest = unpack(file, part)
        except BadBackup as bad:
            raise Stop(Exit.CHECK_FAILED, f"{bad}. Nothing was restored.") from bad
        address = await _put_database(part, database)
        _write_settings(part, address)
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
        proved = await _proved(address or str(folder / "exchange.db"), clock.now()) if check else None
    _tell_restored(terminal, folder if keep else None, manifest, proved)


async def _put_database(part: Path, database: str) -> str:
    """The address of a database of PostgreSQL that was filled; empty where a file came with the backup."""
    from exchange.storage.engine import is_postgres
    from exchange.storage.snapshot import POSTGRES_MEMBER, put_back

    dump = part / POSTGRES_MEMBER
    if not dump.is_file():
        if database:
            raise Stop(Exit.USAGE, "This backup holds a SQLite file: leave --database out.")
        return ""
    if not is_postgres(database):
        raise Stop(Exit.USAGE, "This backup is of PostgreSQL: say --database postgresql://… of an empty database.")
    await put_back(dump, database)
    dump.unlink()
    return database


def _write_settings(part: Path, address: str) -> None:
    """The settings as they were, but for where things are: the restored exchange never meets the one backed up."""
    from exchange.settings import settings_document
    from exchange.storage.archive import SETTINGS_FILE

    place = part / SETTINGS_FILE
    before: dict[str, Any] = tomllib.loads(place.read_text("utf-8")) if place.is_file() else {}
    kept = {name: value for name, value in before.items() if name not in PLACES}
    if (part / "config").is_dir():
        kept["config_dir"] = "config"
    if address:
        kept["database_url"] = address
    place.write_text(settings_document(kept), "utf-8")
    place.chmod(0o600)


async def _proved(address: str, now: int) -> Proved:
    from exchange.flows.books import prove
    from exchange.storage.engine import open_database

    db = await open_database(address, process=False)
    try:
        return await prove(db, now)
    finally:
        await db.close()


def _tell_restored(terminal: Terminal, folder: Path | None, manifest: Any, proved: Proved | None) -> None:
    made_at, version = manifest.get("made_at"), manifest.get("exchange")
    document = {"folder": str(folder) if folder is not None else None, "made_at": made_at, "exchange": version}
    told = f"Restored    {folder}, as it was" if folder is not None else f"Opened      the backup of {made_at}, made"
    lines = [f"  {told} under exchange {version}"]
    if proved is not None:
        document["sound"] = proved.sound
        lines += (
            ["  Verified by ledger verify"] if proved.sound else [f"  FAIL  {each.sentence}" for each in proved.flaws]
        )
    terminal.result(document, lines)
    if folder is not None:
        terminal.remark(
            f"  Next        put the master key at {folder / 'exchange.key'}, then exchange --data {folder} migrate",
            "              What was told to sellers and buyers after the backup is not in it: see docs/operating.md.",
        )
    if proved is not None and not proved.sound:
        raise Stop(Exit.CHECK_FAILED, "The books of the backup are not sound.")
