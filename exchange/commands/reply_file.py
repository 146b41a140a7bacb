"""What the commands that try a connection have in common: a reply in a file, and a request that cannot be made."""

from __future__ import annotations

import re
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


def cannot_make(why: str) -> Stop:
    """The end of a command whose request cannot be made: why, and how a secret that is missing is given."""
    missing = re.search(r"the secret (\w+) is not set", why)
    told = []
    if missing is not None:
        told = [f"EXCHANGE_SECRET_{missing[1].upper()} in the environment gives it, or its page in the console."]
    return Stop(Exit.FAILED, f"The request cannot be made: {why}.", told)
