"""What the pages of a module need of those who look at them or change something there, and whose leads they tell of."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.rights import Right


class Rights(NamedTuple):
    """To be looked at, and to change something. `live_only`: the pages tell of money, which test leads never move."""

    look: Right = Right.SEE
    change: Right = Right.EDIT
    live_only: bool = False


MONEY = Rights(Right.BOOKS_SEE, Right.BOOKS, live_only=True)
PAYING = Rights(Right.BOOKS_SEE, Right.PAYOUTS, live_only=True)
DECIDING = Rights(change=Right.RETURNS)
WATCHING = Rights(change=Right.PAUSE)
SETTING = Rights(change=Right.SETTINGS)
SEEING = Rights(change=Right.SEE)
