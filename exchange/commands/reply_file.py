"""A reply in a file, as `--reply` and `--status` give it to the commands that try a connection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from exchange.commands.terminal import Exit, Stop

if TYPE_CHECKING:
    from exchange.model.wire import Reply


def read_reply(file: Path | None, status: int) -> Reply | None:
    """The reply that the file holds; None without a file. Rules look at so many bytes and no more."""
    from exchange.limits import RULE_INPUT_CHARACTERS
    from exchange.model.wire import Reply

    if file is None:
        return None
    try:
        body = file.read_bytes()
    except OSError as error:
        raise Stop(Exit.USAGE, f"{file} cannot be read: {error.strerror}.") from error
    if len(body) > RULE_INPUT_CHARACTERS:
        raise Stop(Exit.USAGE, f"{file} is longer than the {RULE_INPUT_CHARACTERS} bytes that rules look at.")
    return Reply(status, {}, body)
