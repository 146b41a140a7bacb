"""What of the machine is watched: folders whose disk may fill up, and certificates that end."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Watched(NamedTuple):
    """`disks` are folders, `certificates` files by what they are for. `ours_to_back_up`: by `exchange backup`."""

    disks: tuple[Path, ...] = ()
    certificates: tuple[tuple[str, Path], ...] = ()
    ours_to_back_up: bool = False
