"""What somebody who watches traffic does not want to see of it. It is sold and counted as before."""

from __future__ import annotations

from typing import NamedTuple


class Muted(NamedTuple):
    """Ids of sellers; sources as (seller, sub id); and outcomes, in the words of what is watched."""

    sellers: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    outcomes: tuple[str, ...] = ()


NOTHING = Muted()
