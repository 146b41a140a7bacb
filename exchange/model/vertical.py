"""A vertical: one industry and the fields its leads carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from exchange.model.follow import Stage
from exchange.model.scrub import Action
from exchange.model.verification import VerifierRule


class Presence(Enum):
    """Whether a field belongs in a ping or a post."""

    ABSENT = "absent"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a vertical. `type` names a module of `exchange.fields`; `options` are that type's settings.

    A change that would break posts has a grace period: until `required_from` (epoch ms) a required field is asked for
    by a warning only, and a value under `until` is read, with a warning, before its moment.
    """

    name: str
    type: str
    label: str
    ping: Presence
    post: Presence
    personal: bool = False
    aliases: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    pattern: str | None = None
    example: str = ""
    help: str = ""
    required_from: int | None = None
    until: tuple[tuple[str, int], ...] = ()
    money: bool = False  # its numbers are amounts, told with the currency's sign

    def allowed_at(self, now: int) -> tuple[str, ...]:
        """The values that are read at this moment."""
        over = {value for value, ends in self.until if ends <= now}
        return tuple(value for value in self.allowed if value not in over)

    def ends_of(self, value: str) -> int | None:
        """When a value is read no more; None when it stays."""
        return next((ends for name, ends in self.until if name == value), None)


class ConsentPolicy(Enum):
    """How consent must have been given: in any way, in writing, or in writing to companies named one by one."""

    ANY = "any"
    WRITTEN = "written"
    NAMED_SELLER = "named_seller"
    AUTHORIZATION = "authorization"  # a signed authorization that names who buys and is good for a year


class Unnamed(Enum):
    """Who is asked about a ping whose consumer has named no company yet, where companies must be named."""

    EVERYBODY = "everybody"
    FIXED_PRICE = "fixed_price"  # contracts that are not asked at all, since their price is known: nobody outside hears


class When(Enum):
    """What becomes of a lead that a rule is against."""

    REFUSE = "refuse"
    HOLD = "hold"
    FLAG = "flag"


CONSENT_DAYS = 30
"""How old a consent may be unless its vertical says otherwise."""


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """What consent a post must carry. `required` are names of consent fields (`tcpa_consent` …), all of them.

    `states` says where another policy holds; `unnamed_pings` who hears of a consumer that named nobody yet. A consent
    older than `max_age_days` is stale; 0: none is too old.
    """

    required: tuple[str, ...] = ()
    policy: ConsentPolicy = ConsentPolicy.ANY
    states: tuple[tuple[str, ConsentPolicy], ...] = ()
    max_age_days: int = CONSENT_DAYS
    when_missing: When = When.REFUSE
    when_stale: When = When.REFUSE
    unnamed_pings: Unnamed = Unnamed.FIXED_PRICE

    @property
    def by_name(self) -> bool:
        """Whether companies must be named one by one in every state. A form learns their names by asking for prices."""
        return (
            self.policy in (ConsentPolicy.NAMED_SELLER, ConsentPolicy.AUTHORIZATION)
            or "consented_buyers" in self.required
        )

    def policy_in(self, state: str | None) -> ConsentPolicy:
        """What holds for a consumer of this state; None: nobody knows it."""
        return next((policy for name, policy in self.states if name == state), self.policy)


REGISTRY_DAYS = 31
"""How old a do-not-call registry may be when a phone is looked for on it: what the law allows."""


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """What national and state do-not-call lists mean for a vertical's leads."""

    consent_exempts: bool = True  # written consent, of a consumer who asked to be called
    when_listed: When = When.REFUSE
    when_old: When = When.REFUSE  # a list is older than `max_age_days`, or cannot be read
    max_age_days: int = REGISTRY_DAYS


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """What the conversion score of a vertical learns from, and what it may look at.

    `converted` and `lost` name dispositions: those that are a conversion, and those after which none comes. Without
    `converted` nothing is learned. `allow` turns protected fields on, each with a note that says why the law allows it.
    `crosses` are pairs of fields that mean more together. `par` is the chance a lead of middling grade has.
    """

    converted: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    allow: tuple[tuple[str, str], ...] = ()
    crosses: tuple[tuple[str, str], ...] = ()
    par: float = 0.12


@dataclass(frozen=True, slots=True)
class Vertical:
    """An industry's field list and its rules. `version` changes with the file it was read from.

    `no_filters` are the fields no contract may choose leads by, each with the law that says so.
    """

    name: str
    title: str
    version: str
    fields: tuple[FieldSpec, ...]
    consent: ConsentRule = ConsentRule()
    duplicate_days: int = 30  # how long a sold lead keeps its consumer taken; 0: not at all
    dispositions: tuple[str, ...] = ()
    no_filters: tuple[tuple[str, str], ...] = ()
    verifiers: tuple[VerifierRule, ...] = ()
    do_not_call: DoNotCall = DoNotCall()
    score: ScoreRule = ScoreRule()
    duplicate_pending_days: int | None = None  # while it may be sold; None: as long as a sold one
    duplicate_unsold_days: int = 0
    duplicate_refused_days: int = 0
    scrub: tuple[tuple[str, Action], ...] = ()  # by code, where it is not the usual action
    stages: tuple[tuple[str, Stage], ...] = ()  # what a disposition means, where it is not the usual stage
    by_name: Mapping[str, FieldSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {spec.name: spec for spec in self.fields})

    def why_no_filter(self, name: str) -> str | None:
        """The law that keeps contracts from choosing by this field; None when none does."""
        return next((law for field, law in self.no_filters if field == name), None)
