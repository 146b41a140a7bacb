"""From the global flags to an opened exchange: settings, database, market. Each refusal says what to do."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from exchange.catalog import CatalogError
from exchange.clock import Clock
from exchange.commands.terminal import Exit, Stop, Terminal
from exchange.courier.dkim import BadKey
from exchange.flows.market import Market
from exchange.model.actor import Actor, Role
from exchange.settings import Settings, load_settings
from exchange.storage.database import Db, StorageError
from exchange.storage.engine import open_database
from exchange.storage.migrate import require_current
from exchange.vault import ENVIRONMENT, VaultError

CONFIG_FILE = "exchange.toml"
CONFIG_FOLDER = "config"
T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a command's work on a loop of its own."""
    import asyncio

    return asyncio.run(coroutine)


def config_file(terminal: Terminal) -> Path | None:
    """The settings file meant by --config, EXCHANGE_CONFIG, --data or the current folder; None when there is none."""
    named = terminal.config or (Path(os.environ["EXCHANGE_CONFIG"]) if os.environ.get("EXCHANGE_CONFIG") else None)
    if named is not None:
        if not named.is_file():
            raise Stop(Exit.UNREACHABLE, f"There is no settings file {named}.")
        return named.absolute()
    found = (terminal.data or Path.cwd()) / CONFIG_FILE
    return found.absolute() if found.is_file() else None


def settings_of(terminal: Terminal) -> Settings:
    """The settings as they hold. Without a file the environment must name the database."""
    file = config_file(terminal)
    if file is None and not os.environ.get("EXCHANGE_DATABASE_URL"):
        folder = terminal.data or Path.cwd()
        raise Stop(Exit.UNREACHABLE, f"There is no {CONFIG_FILE} in {folder}. `exchange init` makes one.")
    try:
        settings = load_settings(file)
    except ValidationError as error:
        raise Stop(Exit.UNREACHABLE, f"{file or 'The environment'} cannot be used:", setting_problems(error)) from error
    except ValueError as error:  # no TOML at all
        raise Stop(Exit.UNREACHABLE, f"{file} cannot be read: {error}.") from error
    if file is None and terminal.data is not None:
        settings = settings.model_copy(update={"key_file": terminal.data / settings.key_file})
    return settings


def setting_problems(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]


def zone_of(terminal: Terminal, default: str) -> str:
    """The zone times are shown in."""
    if terminal.zone is None:
        return default
    try:
        ZoneInfo(terminal.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Stop(Exit.USAGE, f"No time zone is called {terminal.zone}.") from None
    return terminal.zone


def is_file(settings: Settings) -> bool:
    """Whether the database is a SQLite file."""
    return not settings.database_url.startswith(("postgresql://", "postgres://"))


def database_file(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


def require_parts(settings: Settings) -> None:
    """Refuse to make a database or a master key where there should be one already."""
    if is_file(settings) and not database_file(settings).is_file():
        where = database_file(settings)
        raise Stop(Exit.UNREACHABLE, f"There is no database at {where}. `exchange init` makes one.")
    if not settings.key_file.is_file() and not os.environ.get(ENVIRONMENT):
        raise Stop(
            Exit.UNREACHABLE,
            f"There is no master key at {settings.key_file}: put it back from its copy, or set {ENVIRONMENT}.",
        )


@asynccontextmanager
async def opened_database(settings: Settings) -> AsyncIterator[Db]:
    """The database beside whoever else works on it. It must exist and have this program's schema."""
    require_parts(settings)
    with reached():
        db = await open_database(settings.database_url, process=False, size=2)
        try:
            await require_current(db)
            yield db
        finally:
            await db.close()


@asynccontextmanager
async def opened_market(settings: Settings, *, writer: bool = False) -> AsyncIterator[Market]:
    """The market beside whoever else works on it. `writer` gives it a writing process, for long work."""
    from exchange.bootstrap import open_market
    from exchange.commands.place import as_reached

    require_parts(settings)
    settings = as_reached(settings)
    with reached():
        db = await open_database(settings.database_url, process=writer, exclusive=False, size=4)
        try:
            await require_current(db)
            async with open_market(settings, db=db, clock=clock_of(settings)) as market:
                yield market
        finally:
            await db.close()


def clock_of(settings: Settings) -> Clock:
    """The system's clock; in a frozen demo the one that stands still with it."""
    from exchange.clock import FrozenClock, SystemClock
    from exchange.demo.folder import FROZEN_AT

    return FrozenClock(FROZEN_AT) if settings.frozen else SystemClock()


class reached:
    """Tells what could not be reached, or what the configuration says wrongly, as exit 5."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, CatalogError):
            raise Stop(Exit.UNREACHABLE, "The configuration cannot be used:", error.problems) from error
        if isinstance(error, StorageError | VaultError | BadKey):
            raise Stop(Exit.UNREACHABLE, sentence_of(error)) from error


def sentence_of(error: Exception) -> str:
    """An error's own words as a sentence."""
    text = str(error).strip() or type(error).__name__
    return text[0].upper() + text[1:] + ("" if text.endswith((".", ":")) else ".")


def operator() -> Actor:
    """Who acts: somebody with a shell on the machine is an operator, named by the account they use."""
    import getpass

    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "somebody"
    return Actor(Role.OPERATOR, f"{name} (command line)")
