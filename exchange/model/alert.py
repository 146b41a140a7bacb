"""Alerts: something that needs a person, as it was found, and the rules that look for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

UNTIL_OVER = -1
"""Muted for as long as the cause lasts."""


class Act(NamedTuple):
    """What can be done about it: a link, or with `post` a form whose button says `word`."""

    word: str
    path: str
    post: bool = False
    fields: tuple[tuple[str, str], ...] = ()


class Stake(NamedTuple):
    """What an hour of it costs, as far as that is known."""

    units: int = 0
    currency: str = ""
    leads: int = 0


class Told(NamedTuple):
    """What the people of a party hear of it: nothing that is somebody else's."""

    role: str
    party_id: str
    title: str
    text: str
    path: str


class Found(NamedTuple):
    """What a rule found wrong. `about` names the thing within the rule's kind of cause."""

    rule: str
    about: str
    title: str
    effect: str
    likely: str
    acts: tuple[Act, ...]
    stake: Stake = Stake()
    level: int = 1
    told: Told | None = None

    @property
    def cause(self) -> str:
        return f"{RULES[self.rule].cause}:{self.about}"


class Number(NamedTuple):
    """A threshold: what it counts, what it is at install, and what it may be."""

    word: str
    usual: int
    least: int
    most: int


class Rule(NamedTuple):
    """`cause` is shared by rules that see one trouble. `ours` is the event operators hear of it by, `theirs` the one
    for the people of the party. `weight` ranks open alerts. `says` is the rule in a sentence.
    """

    title: str
    says: str
    cause: str
    weight: int
    ours: str
    theirs: str = ""
    first: Number | None = None
    second: Number | None = None


class Setting(NamedTuple):
    """A rule as it is set now."""

    active: bool
    first: int
    second: int


class Alert(NamedTuple):
    """One cause as long as it lasts, and afterwards. Times are epoch ms."""

    id: str
    cause: str
    rule: str
    about: str
    level: int
    weight: int
    title: str
    effect: str
    likely: str
    acts: tuple[Act, ...]
    stake: Stake
    opened_at: int
    seen_at: int
    times: int
    owner: str
    muted_until: int
    closed_at: int | None
    closed_by: str
    note: str

    def muted(self, now: int) -> bool:
        return self.muted_until == UNTIL_OVER or self.muted_until > now

    def lasted_ms(self, now: int) -> int:
        return (self.closed_at if self.closed_at is not None else now) - self.opened_at


MONEY, OTHER, FAILING = "alert.money", "alert.other", "buyer.failing"
CAP, BALANCE, SUPPLY, BACKUP = "cap.near", "balance.low", "supply.bad", "backup.old"

_SHARE = "percent"

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "ledger": Rule(
            "Ledger check failed", "The books did not prove sound when they were checked last.", "ledger", 100, MONEY
        ),
        "disk": Rule(
            "Disk nearly full", "Less than {first}% of the disk is free.", "disk", 95, MONEY,
            first=Number("percent free", 10, 1, 50),
        ),
        "breaker": Rule(
            "Buyer left alone", "A buyer did not answer several times in a row, so nothing is sent to it for a while.",
            "unanswered", 90, MONEY, FAILING,
        ),
        "queue": Rule(
            "Jobs wait", "A job that is due was not begun for {first} seconds.", "queue", 85, MONEY,
            first=Number("seconds", 60, 10, 86_400),
        ),
        "timeouts": Rule(
            "Buyer times out", "More than {first}% of a buyer's last {second} requests timed out.",
            "unanswered", 80, FAILING, FAILING,
            Number(_SHARE, 10, 1, 90), Number("requests", 20, 5, 20),
        ),
        "accepts": Rule(
            "Accept rate collapsed",
            "A buyer takes far fewer posts than it usually does, over {first} posts or more.", "accepts", 78, MONEY,
            first=Number("posts", 10, 5, 200),
        ),
        "unclear": Rule(
            "Post unclear", "Nobody has said for {first} minutes whether a post was taken.", "unclear", 75, OTHER,
            first=Number("minutes", 15, 1, 1_440),
        ),
        "sold_rate": Rule(
            "Fewer leads sold",
            "The share of leads sold is {first}% below the same hour's median of four weeks.", "sold_rate", 74, MONEY,
            first=Number("percent below", 30, 5, 95),
        ),
        "fraud": Rule(
            "Fraud burst", "The screen sees a burst, a farm or a rotten source.", "fraud", 70, SUPPLY, SUPPLY
        ),
        "proof": Rule(
            "Proof of consent missing", "A vendor keeps no proof of leads that were sold.", "proof", 68, OTHER
        ),
        "clock": Rule(
            "Clock off", "This machine's clock is off by {first} seconds or more.", "clock", 66, OTHER,
            first=Number("seconds", 2, 1, 600),
        ),
        "unmapped": Rule(
            "Answers not understood", "More than {first} answers of a buyer in an hour fit no rule.",
            "unmapped", 60, OTHER,
            first=Number("answers an hour", 5, 1, 10_000),
        ),
        "balance": Rule(
            "Balance low", "A buyer's money is good for fewer than {first} leads.", "balance", 58, BALANCE, BALANCE,
            Number("leads", 6, 1, 10_000),
        ),
        "cap": Rule(
            "Cap nearly used", "A cap is used to {first}% and again when it is full.", "cap", 30, CAP, CAP,
            Number("percent used", 90, 10, 99),
        ),
        "rejects": Rule(
            "Reject rate high", "More than {first}% of a seller's last {second} leads were refused.",
            "rejects", 55, SUPPLY, SUPPLY,
            Number(_SHARE, 40, 5, 99), Number("leads", 50, 20, 500),
        ),
        "silent": Rule(
            "Seller silent", "Nothing comes from a seller for {first} times its usual gap.", "silent", 54, OTHER,
            first=Number("times", 3, 2, 50),
        ),
        "margin": Rule(
            "Margin under target", "Less than {first}% of the day's revenue stays with the exchange.", "margin", 52,
            OTHER,
            first=Number(_SHARE, 10, 1, 90),
        ),
        "returns": Rule(
            "Return rate high", "More than {first}% of what a buyer bought in four weeks was given back.",
            "returns", 50, OTHER,
            first=Number(_SHARE, 15, 1, 90),
        ),
        "postback": Rule(
            "Postback failing", "An address that is told of events has failed for {first} minutes.", "postback", 45,
            OTHER,
            first=Number("minutes", 10, 1, 1_440),
        ),
        "backup": Rule(
            "Backup old", "The last backup is older than {first} hours.", "backup", 40, BACKUP,
            first=Number("hours", 26, 1, 720),
        ),
        "expiry": Rule(
            "Certificate ends", "A certificate or key ends within {first} days.", "expiry", 38, OTHER,
            first=Number("days", 14, 1, 90),
        ),
    }
)  # fmt: skip
"""Every rule by its name, as it is at install: all are on."""


def usual(rule: Rule) -> Setting:
    first, second = rule.first, rule.second
    return Setting(True, first.usual if first is not None else 0, second.usual if second is not None else 0)


def in_words(rule: Rule, setting: Setting) -> str:
    return rule.says.format(first=setting.first, second=setting.second)
