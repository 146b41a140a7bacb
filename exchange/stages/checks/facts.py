"""What the checks know: the lead, the moment, and the state of the market as a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from exchange.model.lead import Lead
from exchange.model.money import Money
from exchange.model.verdict import Check


@dataclass(frozen=True, slots=True)
class Facts:
    """The state of the market when a lead is judged. The mappings must not change afterwards: words are made later.

    `cap_use` gives by cap key what the window of now has used, in sales or money units; keys that miss have used none.
    `reached` gives by cap key when its last was taken (epoch ms), of those used up. `tier_name` is that of `tier_open`;
    `tier_last` is the number of the tree's last tier.
    `available` gives by buyer the balance, or the credit left; a buyer that misses has no entry in the books yet: a
    prepaid one has nothing, one on credit its whole limit. `bought` tells when (epoch ms) a buyer last bought this
    consumer, `same` what was the same. `broken` gives by buyer a sentence on why it is not asked. `latency_ms` gives
    by contract how long its answers usually take. `taken_groups` gives by group the buyer id already in this auction;
    `taken_legs` are companies that have the lead, or may have it. `named` are contracts whose bid told a brand that the
    consumer agreed to hear from; `suppressed` gives by buyer the list of its own that the consumer is on. None means
    unknown or without limit.
    """

    time_left_ms: int | None = None
    reserve: Money | None = None
    tier_open: int | None = None
    tier_name: str = ""
    tier_last: int | None = None
    cap_use: Mapping[str, int] = field(default_factory=dict)
    reached: Mapping[str, int] = field(default_factory=dict)
    available: Mapping[str, Money] = field(default_factory=dict)
    bought: Mapping[str, int] = field(default_factory=dict)
    same: str = "phone"
    broken: Mapping[str, str] = field(default_factory=dict)
    latency_ms: Mapping[str, int] = field(default_factory=dict)
    over_rate: frozenset[str] = frozenset()
    taken_groups: Mapping[str, str] = field(default_factory=dict)
    taken_legs: frozenset[str] = frozenset()
    seller_name: str = ""
    named: frozenset[str] = frozenset()
    suppressed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One lead to be judged at one moment (epoch ms)."""

    lead: Lead
    facts: Facts
    now: int


Told = Iterable[tuple[Iterable[int], Check]]  # places of contracts, and the check that all of them failed alike


class Rule(Protocol):
    """One check over all contracts of a book."""

    def failing(self, case: Case) -> int:
        """The mask of contracts that fail. Called for every lead: it makes no text."""
        ...

    def tell(self, case: Case, failed: int) -> Told:
        """Why those in `failed`, a part of what `failing` gave, fail. Called after the answer went out."""
        ...
