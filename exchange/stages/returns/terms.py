"""The terms of returns applied: windows, periods, allowances, what has to come with a reason, and what is no return."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from exchange.model.party import Contract, Window
from exchange.model.return_terms import RETURN_REASONS, ReturnTerms
from exchange.stages.schedule import window_end, window_start

DAY_MS = 86_400_000
_RESELL_DAYS_MOST = 90
NO_RETURNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "no_answer": ("no_answer", "attempted"),
        "not_interested": ("not_interested", "lost"),
        "already_bought": ("already_customer", "lost_to_other_lender", "has_attorney", "not_interested", "lost"),
        "price_too_high": ("lost_on_price", "not_interested", "lost"),
    }
)
"""What people ask money back for although it is a disposition, and the words that verticals may have for it."""
_ALSO = MappingProxyType(
    {
        "voicemail": "no_answer",
        "no_contact": "no_answer",
        "busy": "no_answer",
        "already_customer": "already_bought",
        "too_expensive": "price_too_high",
        "lost_on_price": "price_too_high",
    }
)


class Allowance(NamedTuple):
    """Of `bought` leads of one period `most` may come back; `used` were asked for and not declined."""

    used: int
    bought: int
    most: int
    cap_bp: int
    begins: int
    ends: int
    period: str

    @property
    def over(self) -> bool:
        """Whether one more is too many."""
        return self.used >= self.most


def closes_at(contract: Contract, sold_at: int) -> int:
    """When a lead can no more be given back (epoch ms)."""
    return sold_at + contract.return_days * DAY_MS


def period_at(contract: Contract, at: int) -> tuple[int, int]:
    """The first instant of the period a moment is in, and of the one after it."""
    window = Window.WEEK if contract.returns.period == "week" else Window.MONTH
    return window_start(window, contract.zone, at), window_end(window, contract.zone, at)


def allowance(contract: Contract, bought: int, used: int, begins: int, ends: int) -> Allowance:
    """A share of what was bought, rounded down; one lead is always allowed unless the contract takes nothing back."""
    terms = contract.returns
    most = max(bought * terms.cap_bp // 10_000, 1) if terms.cap_bp else 0
    return Allowance(used, bought, most, terms.cap_bp, begins, ends, terms.period)


def reason_in(text: str) -> str:
    """A reason as it is stored: `Wrong number` is `wrong_number`."""
    folded = "_".join(text.strip().lower().replace("-", " ").replace("/", " ").split())
    return _ALSO.get(folded, folded)


def disposition_for(reason: str, known: tuple[str, ...]) -> str | None:
    """The vertical's word for what is no return; None when it has none. Without a list every word is known."""
    words = NO_RETURNS[reason]
    return words[0] if not known else next((word for word in words if word in known), None)


def missing(terms: ReturnTerms, reason: str, *, note: bool, file: bool) -> str | None:
    """`note` or `file`, when the contract wants one with this reason and it did not come."""
    wanted = {what for of, what in terms.evidence if of in ("*", reason)}
    if "note" in wanted and not note:
        return "note"
    return "file" if "file" in wanted and not file else None


def term_problems(terms: ReturnTerms) -> tuple[str, ...]:
    """What is wrong with terms, one sentence each."""
    found = [f"There is no reason {each!r} to return a lead." for each in terms.reasons if each not in RETURN_REASONS]
    if not 0 <= terms.cap_bp <= 10_000:
        found.append("The share that may come back is 0 to 100 percent.")
    if terms.period not in ("week", "month"):
        found.append("The period of an allowance is week or month.")
    if terms.over_cap not in ("queue", "decline"):
        found.append("A return over the allowance is queued or declined.")
    if not 0 <= terms.resell_days <= _RESELL_DAYS_MOST:
        found.append(f"What came back may be sold again for 0 to {_RESELL_DAYS_MOST} days.")
    for reason, what in terms.evidence:
        if reason != "*" and reason not in RETURN_REASONS:
            found.append(f"Evidence is asked for {reason!r}, which is no reason to return a lead.")
        if what not in ("note", "file"):
            found.append(f"Evidence is a note or a file, not {what!r}.")
    return tuple(found)
