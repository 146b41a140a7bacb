"""Which lines are asked for, of lists whose lines are all at hand."""

from __future__ import annotations

from exchange.web.listed.periods import period_of
from exchange.web.lists.shape import Asked


def fits(asked: Asked, at: int, **values: str) -> bool:
    """Whether a line with these values, by the names of its filters, and of this moment (epoch ms) is asked for."""
    since, until = period_of(asked.given.get("period"), asked.times)
    timely = (since is None or at >= since) and (until is None or at < until)
    return timely and all(asked.given.get(name) in (None, value) for name, value in values.items())
