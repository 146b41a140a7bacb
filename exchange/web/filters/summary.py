"""The sentence under a filter that is being changed: what it would have taken lately, and what it would have won."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.flows.matching import Matches
from exchange.stages.reasons import show_money
from exchange.web.words import plural

SMALL = 30
"""Below so many leads a share is no figure: the count is told instead."""


def summary(found: Matches) -> str:
    """`Matches 214 of the last 7 days' 1,204 leads, about 31 a day; at $28.00 it would win 62.0% (133 of 214).`"""
    reach = f"the last {plural(found.days, 'day')}' " if found.whole else "the newest "
    if not found.leads:
        return f"No lead of this vertical came in {reach.strip(chr(39) + ' ')}, so there is nothing to count."
    told = f"Matches {found.matched:,} of {reach}{plural(found.leads, 'lead')}"
    if not found.whole:
        told += f", which came within {_span(found.span_ms)}: there are too many to count them all"
    told += f", about {_rate(found.per_day)} a day"
    return f"{told}; {_wins(found)}." if found.price is not None and found.played else f"{told}."


def _wins(found: Matches) -> str:
    assert found.price is not None
    sample = "" if found.played == found.matched else f" of the newest {found.played:,}"
    told = f"at {show_money(found.price)} it would win "
    if found.played < SMALL:
        return f"{told}{found.won:,} of {found.played:,}"
    return f"{told}{found.won / found.played:.1%} ({found.won:,} of {found.played:,}){sample and ','}{sample}"


def _rate(per_day: float) -> str:
    return f"{per_day:,.0f}" if per_day >= 10 or per_day == int(per_day) else f"{per_day:.1f}"


def _span(span_ms: int) -> str:
    hours = span_ms / 3_600_000
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} hours"


def as_fields(found: Matches) -> Mapping[str, object]:
    """The same for programs."""
    return {
        "leads": found.leads,
        "matched": found.matched,
        "per_day": round(found.per_day, 2),
        "days": found.days,
        "whole": found.whole,
        "price": found.price.text if found.price is not None else None,
        "won": found.won,
        "played": found.played,
        "told": summary(found),
    }
