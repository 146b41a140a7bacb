"""What earlier leads of one person mean for a new one: a duplicate, or one that may come again, and why."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from exchange.model.work import LeadState
from exchange.stages.duplicates.judge import Kind, Match
from exchange.stages.duplicates.windows import DAY_MS, Windows

_HOUR_MS, _MINUTE_MS = 3_600_000, 60_000


class Origin(NamedTuple):
    """Whose a lead is, and what became of it."""

    lead_id: str
    seller_id: str
    campaign_id: str
    vertical: str
    received_at: int
    state: LeadState


class Earlier(NamedTuple):
    """An earlier lead that was compared. A duplicate stands for the lead that it repeats (`first`)."""

    origin: Origin
    match: Match
    first: Origin | None = None

    @property
    def counts_as(self) -> Origin:
        return self.first if self.first is not None else self.origin


class Verdict(Enum):
    DUPLICATE = "duplicate"
    COMES_AGAIN = "comes again"  # the same person, of whom nothing is taken
    HOUSEHOLD = "household"
    SHARED = "shared"
    NEW = "new"


class Decision(NamedTuple):
    """`earlier` is the lead that it is about; None for somebody new."""

    verdict: Verdict
    earlier: Earlier | None = None


class Asking(NamedTuple):
    """Who asks, when, and under which rules."""

    seller_id: str
    campaign_id: str
    vertical: str
    scope: str
    windows: Windows
    now: int
    by_contact: bool = False  # a shared telephone or mailbox alone makes a duplicate


def decide(asking: Asking, found: Iterable[Earlier]) -> Decision:
    """The one that agrees most decides; of several alike the one that was first."""
    ordered = sorted(found, key=lambda each: (-each.match.points, each.counts_as.received_at, each.counts_as.lead_id))
    same = [each for each in ordered if each.match.kind is Kind.SAME]
    like = [each for each in ordered if each.match.contact] if asking.by_contact else []
    taken = next((each for each in (*same, *like) if _is_taken(asking, each.counts_as)), None)
    if taken is not None:
        first = (each for each in ordered if each.origin.lead_id == taken.counts_as.lead_id)
        return Decision(Verdict.DUPLICATE, next(first, taken))
    if same:
        return Decision(Verdict.COMES_AGAIN, same[0])
    for verdict, kind in ((Verdict.HOUSEHOLD, Kind.HOUSEHOLD), (Verdict.SHARED, Kind.SHARED)):
        other = next((each for each in ordered if each.match.kind is kind), None)
        if other is not None:
            return Decision(verdict, other)
    return Decision(Verdict.NEW)


def _is_taken(asking: Asking, origin: Origin) -> bool:
    among = {
        "exchange": True,
        "vertical": origin.vertical == asking.vertical,
        "seller": (origin.vertical, origin.seller_id) == (asking.vertical, asking.seller_id),
        "campaign": origin.campaign_id == asking.campaign_id,
    }
    return among[asking.scope] and asking.now - origin.received_at < asking.windows.of(origin.state) * DAY_MS


def agreeing(match: Match) -> str:
    """`phone, ZIP code and last name`"""
    *most, last = [words for words in match.agreeing if not words.startswith("both ")] or ["nothing"]
    return f"{', '.join(most)} and {last}" if most else last


def span(ms: int) -> str:
    """How long before, as people say it: `20 min`, `3 h`, `4 days`."""
    if ms < _MINUTE_MS:
        return f"{max(ms, 0) // 1000} s"
    if ms < 2 * _HOUR_MS:
        return f"{ms // _MINUTE_MS} min"
    return f"{ms // _HOUR_MS} h" if ms < 2 * DAY_MS else f"{ms // DAY_MS} days"
