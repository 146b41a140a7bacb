"""Where a server is reached: a free port when none was named, and the address of the one that runs now."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exchange.settings import Settings

NOTE = "exchange.url"  # beside the database; it says something only while a process holds that


def free_port(host: str) -> int:
    """A port of this address that nobody has. Links are made with it before the server listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        bound.bind((host, 0))
        return int(bound.getsockname()[1])


def note(settings: Settings) -> None:
    """A server serves now: other commands make links that lead to it, also where it was told another port."""
    from exchange.commands.opening import is_file

    if is_file(settings):
        with suppress(OSError):
            _note(settings).write_text(f"{os.getpid()} {settings.public_url}", encoding="utf-8")


def forget(settings: Settings) -> None:
    """This process, if it was the one that noted where it serves, does so no more."""
    from exchange.commands.opening import is_file

    if is_file(settings) and _noted(settings)[0] == str(os.getpid()):
        _note(settings).unlink(missing_ok=True)


def as_reached(settings: Settings) -> Settings:
    """The settings with the address of the server that runs on this database; as they are when none does."""
    from exchange.commands.opening import database_file, is_file
    from exchange.storage.file_lock import is_held

    if not is_file(settings) or not is_held(database_file(settings)):
        return settings
    url = _noted(settings)[1]
    return settings.model_copy(update={"public_url": url}) if url else settings


def _noted(settings: Settings) -> tuple[str, str]:
    """The process that noted it, and the address; empty when nothing is noted."""
    try:
        process, _, url = _note(settings).read_text("utf-8").partition(" ")
    except OSError:
        return "", ""
    return process, url


def _note(settings: Settings) -> Path:
    from exchange.commands.opening import database_file

    return database_file(settings).with_name(NOTE)
