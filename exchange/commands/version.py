"""`exchange version`."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import typer

from exchange import __version__
from exchange.commands.terminal import Terminal

TOLD = ("aiohttp", "aiosqlite", "asyncpg", "orjson", "pydantic", "cryptography")


def tell_version(context: typer.Context) -> None:
    """The version of the exchange, of Python, and of what it stands on."""
    terminal: Terminal = context.obj
    parts = {"exchange": __version__, "python": platform.python_version()} | {name: _installed(name) for name in TOLD}
    terminal.result(
        parts,
        [
            f"exchange {__version__}",
            f"  Python {parts['python']}, {', '.join(f'{name} {parts[name]}' for name in TOLD if parts[name])}",
        ],
    )


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
