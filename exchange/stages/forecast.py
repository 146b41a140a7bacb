"""How long money lasts: what leads cost of late, at the pace at which contracts will buy them (`burn.py`).

Money is whole units; what a lead costs is a fraction of them. Hours are an estimate and no money.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from exchange.stages.burn import Burn, Line
from exchange.stages.burn import Spent as Spent
from exchange.stages.pace import HOUR_MS

WEEKS = 4
FURTHEST_HOURS = 24 * 90
_FEWEST = 5


class Forecast(NamedTuple):
    """How many leads and hours what is available lasts. `hours` None: beyond three months, or nothing is bought."""

    leads: int
    hours: Fraction | None


def forecast(lines: Sequence[Line], available_units: int, zone: str, now: int) -> Forecast | None:
    """None while too little was bought to tell. Of each line `spent` are the hours of the last weeks, oldest first."""
    known = [each for each in lines if any(part.leads and part.hour <= now for part in each.spent)]
    if sum(part.leads for each in known for part in each.spent if part.hour <= now) < _FEWEST:
        return None
    burns = [Burn(each, zone, now) for each in known]
    if available_units <= 0:
        return Forecast(0, Fraction(0))
    return _walk(float(available_units), burns, known, now)


def _walk(money: float, burns: Sequence[Burn], lines: Sequence[Line], now: int) -> Forecast:
    """Hour by hour from now until the money is spent."""
    start, left, leads = now, money, 0.0
    while start - now < FURTHEST_HOURS * HOUR_MS:
        end = start - start % HOUR_MS + HOUR_MS
        taken = [(each.take(start, end), float(each.price)) for each in burns]
        cost = sum(sold * price for sold, price in taken)
        if cost and cost >= left:
            share = left / cost
            leads += share * sum(sold for sold, _ in taken)
            return Forecast(int(leads + _NEARLY), Fraction(start - now + round((end - start) * share), HOUR_MS))
        leads, left, start = leads + sum(sold for sold, _ in taken), left - cost, end
    return Forecast(int(leads + left / _usual(burns, lines)), None)


_NEARLY = 1e-6  # of a lead: what adding up hours rounds off


def _usual(burns: Sequence[Burn], lines: Sequence[Line]) -> float:
    """What a lead of all of them costs."""
    counts = [sum(part.leads for part in each.spent) for each in lines]
    cost = sum(float(burn.price) * count for burn, count in zip(burns, counts, strict=True))
    return cost / sum(counts) or 1.0


def in_words(hours: Fraction | None) -> str:
    """`about 5 hours`, `about 3 days`, `more than three months`."""
    if hours is None:
        return "more than three months"
    if hours < 1:
        return "less than an hour"
    if hours < 48:
        whole = round(hours)
        return f"about {whole} hour{'' if whole == 1 else 's'}"
    return f"about {round(hours / 24)} days"
