"""Outside checks: what a vendor is asked about a lead, what its answer says, and what a campaign makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from exchange.model.ledger import Transaction
from exchange.model.money import Money

DAY_MS = 86_400_000
CACHE_DAYS_MOST = 400
BUDGET_MS = 800
BUDGET_MS_MOST = 10_000
HOUSE_VERIFICATION = "house:verification:"
_AGE = re.compile(r"([0-9]{1,4})([mhd])")


def age_ms(text: str) -> int:
    """Milliseconds of `30d`, `12h` or `5m`; 0 is none. Raises `ValueError`."""
    if text == "0":
        return 0
    found = _AGE.fullmatch(text)
    age = int(found[1]) * {"m": 60_000, "h": 3_600_000, "d": DAY_MS}[found[2]] if found is not None else 0
    if found is None or age > CACHE_DAYS_MOST * DAY_MS:
        raise ValueError(f"an age such as 30d, 12h or 5m, of {CACHE_DAYS_MOST}d at most; 0 for none")
    return age


class Verdict(Enum):
    """What a vendor says of what it was asked about. UNKNOWN: it answered, and does not know."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


class Checks(Enum):
    """What is looked at. It decides which reason a seller hears."""

    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    IDENTITY = "identity"
    CERTIFICATE = "certificate"
    LEADID = "leadid"
    DO_NOT_CALL = "do_not_call"
    IP = "ip"
    PROPERTY = "property"
    CREDIT = "credit"


class Action(Enum):
    """What becomes of a lead by a verdict, or by a vendor that is away."""

    PASS = "pass"
    FLAG = "flag"
    HOLD = "hold"
    REFUSE = "refuse"


class Stage(Enum):
    """When a vendor is asked: BEFORE buyers are looked for, or AFTER one would take the lead."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Card:
    """A verifier by its name. `needs` are the fields without which there is nothing to ask about."""

    name: str
    title: str
    vendor: str
    checks: Checks
    needs: tuple[str, ...]
    cost: Money
    charged: frozenset[Verdict]
    cache_ms: int = 0
    appends: tuple[str, ...] = ()
    retains: bool = False
    retain_cost: Money | None = None


class Asking(NamedTuple):
    """Whether a lead can be asked about. `unfit` says why what it carries is bad without any question.

    `about` are the values that the answer is about: the same again, within the cache's age, need not be asked.
    """

    about: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unfit: str = ""


class Verified(NamedTuple):
    """A vendor's answer. `said` is its own word for it; `facts` hold nothing personal, `appends` may."""

    verdict: Verdict
    said: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    appends: tuple[tuple[str, str], ...] = ()


class Kept(NamedTuple):
    """What a vendor says to keeping a proof. `until` is epoch milliseconds; `reference` is the vendor's own."""

    kept: bool
    detail: str = ""
    reference: str | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class VerifierRule:
    """How a vertical or a campaign uses a verifier.

    `on` is ping, post or both. `sample` is the share of leads asked about, in hundredths of a percent. None for the
    cache and the cost takes the verifier's own; `cache_ms` 0 asks each time. `settings` are read by its document.
    """

    verifier: str
    on: str = "post"
    stage: Stage = Stage.BEFORE
    sample_bp: int = 10_000
    cache_ms: int | None = None
    budget_ms: int = BUDGET_MS
    when_away: Action = Action.PASS
    good: Action = Action.PASS
    bad: Action = Action.REFUSE
    unknown: Action = Action.PASS
    cost: Money | None = None
    settings: tuple[tuple[str, str], ...] = ()

    def action(self, verdict: Verdict) -> Action:
        return {Verdict.GOOD: self.good, Verdict.BAD: self.bad, Verdict.UNKNOWN: self.unknown}[verdict]


class VerifiedRow(NamedTuple):
    """What one verifier did about one lead in one request, as kept.

    `source`: asked | cached | unfit | away. `action` is what came of it. `appended` is sealed with the key of the
    request `subject`.
    """

    lead_id: str
    request_id: str
    verifier: str
    vendor: str
    month: str
    at: int
    stage: str
    source: str
    verdict: str | None
    action: str
    cost_units: int
    currency: str
    took_ms: int
    appended: bytes | None = None


class CachedRow(NamedTuple):
    """An answer that serves again. `about` is a keyed hash; `sealed` opens only for who knows what was asked."""

    verifier: str
    about: bytes
    verdict: str
    asked_at: int
    sealed: bytes


class Verification(NamedTuple):
    """Everything one round of verifiers leaves behind, in one unit of work."""

    lead_id: str
    rows: tuple[VerifiedRow, ...]
    cached: tuple[CachedRow, ...]
    costs: tuple[Transaction, ...]


class ProofRow(NamedTuple):
    """A proof that came with a post, to be kept by its vendor if the lead is sold. `subject` is the post."""

    lead_id: str
    verifier: str
    month: str
    subject: str
    made_at: int


class ProofEnd(NamedTuple):
    """What came of keeping a proof. `state` is kept or refused; the receipt is sealed with the key of the post."""

    lead_id: str
    verifier: str
    month: str
    state: str
    at: int
    until: int | None
    detail: str
    sentence: str
    receipt: bytes | None
