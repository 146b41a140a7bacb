"""What of the machine is watched, and how the exchange itself sends texts."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from exchange.model.wire import PhoneAccount


class Texting(NamedTuple):
    """How the exchange itself sends texts: through which account, and from which of its numbers (E.164)."""

    account: PhoneAccount
    sender: str


class Parts(NamedTuple):
    """Where an exchange's parts are. `settings_file` is None when the environment alone says everything."""

    address: str
    files_dir: Path
    config_dir: Path | None
    settings_file: Path | None


class Watched(NamedTuple):
    """`disks` are folders, `certificates` files by what they are for. `ours_to_back_up`: by `exchange backup`."""

    disks: tuple[Path, ...] = ()
    certificates: tuple[tuple[str, Path], ...] = ()
    ours_to_back_up: bool = False
