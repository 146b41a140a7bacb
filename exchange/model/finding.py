"""What a check of a lead found. Every check says something about every lead: nothing is silent."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from exchange.model.reason import Reason


class Outcome(Enum):
    """`FLAGGED` counts against a lead and keeps it; `HELD` leaves the decision to a person; `SKIPPED` was not run."""

    PASSED = "passed"
    FIXED = "fixed"
    FLAGGED = "flagged"
    REFUSED = "refused"
    HELD = "held"
    SKIPPED = "skipped"


class Finding(NamedTuple):
    """One line of a lead's timeline. `sentence` and `facts` hold no personal value: they are kept in clear, for ever.

    `check` is a name with an optional part behind a colon: `scrub:email`, `suppression`, `verifier:line_type`.
    `reason` is what the seller hears when the outcome is REFUSED or HELD, and None otherwise.
    """

    check: str
    outcome: Outcome
    sentence: str
    reason: Reason | None = None
    facts: tuple[str, ...] = ()
