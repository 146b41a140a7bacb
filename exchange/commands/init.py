"""`exchange init`: a new exchange in a folder, and the link that lets its first operator in."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from exchange.commands.terminal import Exit, Stop, Terminal

SHAPES = ("verticals", "connections", "presets", "verifiers", "sources")
FILES = ("exchange.toml", "exchange.db", "exchange.key")  # the first is written last: with it an exchange is whole
BEGUN, BEGUN_TOML = ".exchange-init", ".exchange-init.toml"
"""While an exchange is made this file says what is being made: what a killed one left is known by it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The five answers."""

    name: str
    zone: str
    currency: str
    email: str
    vertical: str


def init(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="What the exchange is called.")] = "",
    currency: Annotated[str, typer.Option(help="Currency of new accounts, such as USD.")] = "",
    email: Annotated[str, typer.Option(help="The first operator's address.")] = "",
    vertical: Annotated[str, typer.Option(help="The vertical to begin with, or all.")] = "",
) -> None:
    """Make a new exchange in --data (the current folder). Asks for what no flag says; the zone is --tz."""
    from exchange.commands.opening import run

    terminal: Terminal = context.obj
    folder = (terminal.data or Path.cwd()).absolute()
    there = [file for file in FILES if (folder / file).exists()]
    if FILES[0] in there or (there and not (folder / BEGUN).exists()):
        raise Stop(Exit.REFUSED, f"{folder} holds an exchange already: {', '.join(there)}. Nothing was touched.")
    wanted = _asked(terminal, name, currency, email, vertical)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _beginning(folder) as planned:
            link = run(_make(folder, wanted, planned))
    except OSError as error:
        raise Stop(Exit.UNREACHABLE, f"{folder} cannot be written: {error.strerror or error}.") from error
    _tell(terminal, folder, wanted, link)


@contextmanager
def _beginning(folder: Path) -> Iterator[list[Path]]:
    """What is about to be made, which is undone unless it comes to its end. What a killed one left goes first."""
    with (folder / BEGUN).open("a+", encoding="utf-8") as begun:
        try:
            fcntl.flock(begun, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop(Exit.REFUSED, f"Another init is at work in {folder}. Nothing was touched.") from None
        begun.seek(0)
        left = set(begun.read().splitlines())
        _undo([path for path in _all(folder) if str(path.relative_to(folder)) in left])
        planned = _planned(folder)
        begun.truncate(0)
        begun.write("\n".join(str(path.relative_to(folder)) for path in planned))
        begun.flush()
        try:
            yield planned
        except BaseException:
            _undo(planned)
            raise
        finally:
            (folder / BEGUN).unlink()


def _all(folder: Path) -> list[Path]:
    """Everything that is made in a folder."""
    from exchange.commands.opening import CONFIG_FOLDER

    shapes = [folder / CONFIG_FOLDER / shape for shape in SHAPES]
    return [*shapes, *(folder / file for file in (*FILES, "exchange.db-wal", "exchange.db-shm", BEGUN_TOML))]


def _planned(folder: Path) -> list[Path]:
    """What is not there yet. Where somebody has verticals of their own, all their files stay as they are."""
    verticals, *_ = paths = _all(folder)
    return [
        path for path in paths if not path.exists() and not (verticals.is_dir() and path.parent == verticals.parent)
    ]


def _asked(terminal: Terminal, name: str, currency: str, email: str, vertical: str) -> Wanted:
    wanted = Wanted(
        name or terminal.ask("Name of the exchange", "Lead Exchange", "--name"),
        terminal.zone or terminal.ask("Time zone", "America/New_York", "--tz"),
        (currency or terminal.ask("Currency", "USD", "--currency")).upper(),
        email or terminal.ask("Your email address", "", "--email"),
        vertical or terminal.ask(f"Vertical ({', '.join(_verticals())})", "solar", "--vertical"),
    )
    if problems := list(_problems(wanted)):
        raise Stop(Exit.USAGE, "Nothing was made:", problems)
    return wanted


def _verticals() -> list[str]:
    from exchange.catalog import default_config

    return sorted(path.stem for path in (default_config() / "verticals").glob("*.yaml"))


def _problems(wanted: Wanted) -> list[str]:
    from email_validator import EmailNotValidError, validate_email

    problems = []
    try:
        ZoneInfo(wanted.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems.append(f"--tz: no time zone is called {wanted.zone}")
    if not (len(wanted.currency) == 3 and wanted.currency.isascii() and wanted.currency.isalpha()):
        problems.append(f"--currency: {wanted.currency} is no code of three letters")
    try:
        validate_email(wanted.email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        problems.append(f"--email: {error}")
    if wanted.vertical != "all" and wanted.vertical not in _verticals():
        problems.append(f"--vertical: there are {', '.join(_verticals())}, and all")
    return problems


async def _make(folder: Path, wanted: Wanted, planned: Collection[Path]) -> str:
    """Everything on disk, what is `planned` and no more; the operator's link."""
    from exchange.bootstrap import open_market
    from exchange.commands.opening import CONFIG_FOLDER, operator
    from exchange.flows.by_hand import invite
    from exchange.flows.sign_in import make_login_link
    from exchange.settings import load_settings, settings_document

    _copy_shapes(folder / CONFIG_FOLDER, wanted.vertical, planned)
    chosen = {"name": wanted.name, "zone": wanted.zone, "currency": wanted.currency, "config_dir": CONFIG_FOLDER}
    settings = load_settings(
        None,
        name=wanted.name,
        zone=wanted.zone,
        currency=wanted.currency,
        database_url=str(folder / "exchange.db"),
        config_dir=folder / CONFIG_FOLDER,
        key_file=folder / "exchange.key",
    )
    async with open_market(settings, process=False) as market:
        await invite(market.db, market.clock, market.ids, wanted.email, "operator", None, operator())
        link = await make_login_link(market, wanted.email)
    (folder / BEGUN_TOML).touch(mode=0o600)
    (folder / BEGUN_TOML).write_text(settings_document(chosen), "utf-8")
    (folder / BEGUN_TOML).rename(folder / FILES[0])
    return f"{settings.public_url}/login/{link}"


def _copy_shapes(target: Path, vertical: str, planned: Collection[Path]) -> None:
    """The chosen vertical, all presets and verifiers, the simulated buyers."""
    from exchange.catalog import default_config

    source = default_config()
    names = _verticals() if vertical == "all" else [vertical]
    parts = {
        "verticals": [f"verticals/{name}.yaml" for name in names],
        "connections": ["connections/simulated"],
        "presets": ["presets"],
        "verifiers": ["verifiers"],
        "sources": ["sources/presets"],
    }
    for shape in SHAPES:
        for part in parts[shape] if target / shape in planned else ():
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (source / part).is_dir() else shutil.copyfile
            copy(source / part, target / part)


def _undo(made: list[Path]) -> None:
    for path in made:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _tell(terminal: Terminal, folder: Path, wanted: Wanted, link: str) -> None:
    from exchange.catalog import load_verticals
    from exchange.commands.opening import CONFIG_FOLDER

    verticals = load_verticals(folder / CONFIG_FOLDER)
    told = [f"{vertical.title} ({len(vertical.fields)} fields)" for vertical in verticals.values()]
    document = {"data": str(folder), "operator": wanted.email, "verticals": list(verticals), "sign_in": link}
    terminal.result(
        document,
        [
            "  Wrote exchange.toml and exchange.db",
            f"  Vertical     {', '.join(told)}",
            f"  Operator     {wanted.email}",
            f"  Sign in      {link}   (once, 15 minutes, after exchange serve)",
            f"  Key          {folder / 'exchange.key'}: keep a copy apart from the database",
            f"  Next         exchange serve{'' if folder == Path.cwd() else f' --data {folder}'}",
        ],
    )
