"""What the pages of a module need of those who look at them or change something there."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.rights import Right


class Rights(NamedTuple):
    """To be looked at, and to change something."""

    look: Right = Right.SEE
    change: Right = Right.EDIT


MONEY = Rights(Right.BOOKS_SEE, Right.BOOKS)
PAYING = Rights(Right.BOOKS_SEE, Right.PAYOUTS)
DECIDING = Rights(change=Right.RETURNS)
WATCHING = Rights(change=Right.PAUSE)
SETTING = Rights(change=Right.SETTINGS)
SEEING = Rights(change=Right.SEE)
