"""The reading rules of one stage as people write them. Every problem of a document is told at once, with its path."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from buyers.reading.patterns import compile_pattern
from buyers.reading.where import compile_where

OUTCOMES_MOST = 40
Meaning = Literal["accepted", "rejected", "duplicate", "no_bid", "queued", "error"]


def _place(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a place in a reply is text, like json:status")
    compile_where(value)
    return value


def _scalar(value: Any) -> str:
    """YAML's numbers and booleans as the text a reply would carry; a fraction must be quoted, or its zeros are lost."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return str(value)
    raise ValueError("write this value in quotes")


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _pattern(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a pattern is text")
    compile_pattern(value)
    return value


Place = Annotated[str, BeforeValidator(_place)]
Places = Annotated[list[Place], BeforeValidator(_listed), Field(min_length=1, max_length=10)]
Scalar = Annotated[str, BeforeValidator(_scalar)]
PatternText = Annotated[str, BeforeValidator(_pattern)]


class Rules(BaseModel):
    """Unknown keys are refused everywhere; documents are frozen once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


TESTS = (
    "equals",
    "one_of",
    "present",
    "absent",
    "empty",
    "contains",
    "matches",
    "above",
    "at_least",
    "below",
    "at_most",
)


class Condition(Rules):
    """One test on a place, or a group: `all`, `any`, `not`.

    Texts are compared whole, trimmed, without regard to case. `of` says which hits count when a place yields several:
    the first (default), any, or all of them. `contains` looks for whole words and must say in `unlike` what it may
    not match.
    """

    where: Places | None = None
    of: Literal["first", "any", "all"] = "first"
    equals: Scalar | None = None
    one_of: list[Scalar] | None = Field(default=None, alias="in", min_length=1)
    present: Literal[True] | None = None
    absent: Literal[True] | None = None
    empty: Literal[True] | None = None
    contains: str | None = Field(default=None, min_length=2)
    unlike: list[str] = Field(default_factory=list)
    matches: PatternText | None = None
    above: Scalar | None = None
    at_least: Scalar | None = None
    below: Scalar | None = None
    at_most: Scalar | None = None
    all_of: list[Condition] | None = Field(default=None, alias="all", min_length=1)
    any_of: list[Condition] | None = Field(default=None, alias="any", min_length=1)
    none_of: Condition | None = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _one_meaning(self) -> Condition:
        tests = [name for name in TESTS if getattr(self, name) is not None]
        groups = [group for group in (self.all_of, self.any_of, self.none_of) if group is not None]
        if self.where is None and (len(groups) != 1 or tests):
            raise ValueError("a condition has a `where` with one test, or is one group: all, any or not")
        if self.where is not None and (len(tests) != 1 or groups):
            raise ValueError("a `where` takes exactly one test: equals, in, present, contains, matches, above …")
        if self.contains is not None and not self.unlike:
            raise ValueError("`contains` needs `unlike`: texts that it must not match")
        return self


class Carry(Rules):
    """Where a value stands: the first place that has one. `text` is a constant; `ignore` lists values meaning none."""

    where: Places | None = None
    text: str | None = None
    prefix: str = ""
    ignore: list[Scalar] = Field(default_factory=list)
    join: str = "; "

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"where": value} if isinstance(value, (str, list)) else value

    @model_validator(mode="after")
    def _has_source(self) -> Carry:
        if (self.where is None) == (self.text is None):
            raise ValueError("say `where` the value stands, or give it as `text`")
        return self


class PriceCarry(Carry):
    """`take` chooses among several; `decimals` declares the fraction's sign; `hundredths`: it counts cents."""

    take: Literal["first", "highest", "lowest", "sum"] = "first"
    decimals: Literal["auto", "point", "comma"] = "auto"
    hundredths: bool = False


class ExpiresCarry(Carry):
    """How long the bid holds: `seconds` from now, an `epoch` in seconds, `epoch_ms`, or an ISO 8601 `timestamp`."""

    unit: Literal["seconds", "epoch", "epoch_ms", "timestamp"] = Field(alias="as")


class EchoCarry(Carry):
    """An id that the reply repeats: ours (`reference`) or the one their ping gave (`ping_reference`)."""

    of: Literal["reference", "ping_reference"] = "reference"


class Legs(Rules):
    """Several bids in one reply. Places inside are relative to each item of `each`.

    `leg` is the end company's lasting identity (default: its name, else its reference).
    """

    each: Places
    price: PriceCarry | None = None
    reference: Carry | None = None
    name: Carry | None = None
    leg: Carry | None = None
    valid: Condition | None = None


class Carries(Rules):
    price: PriceCarry | None = None
    shared_price: PriceCarry | None = None
    currency: Carry | None = None
    reference: Carry | None = None
    expires: ExpiresCarry | None = None
    reason: Carry | None = None
    redirect: Carry | None = None
    echo: EchoCarry | None = None
    legs: Legs | None = None


class Outcome(Rules):
    """One rule: what it `means` `when` its condition holds, on replies with one of `statuses`.

    `statuses` are numbers or classes (`2xx`); by default an acceptance needs 2xx, everything else 2xx or 4xx.
    `final` (with rejected) says whether this buyer, nobody, or everyone is closed to the lead. `status_alone` admits
    an acceptance that rests on nothing but the HTTP status. `carries` overrides the stage's, name by name.
    """

    means: Meaning
    when: Condition
    statuses: list[Scalar] | None = Field(default=None, min_length=1)
    final: Literal["buyer", "again", "everyone"] = "buyer"
    status_alone: bool = False
    carries: Carries = Carries()

    @model_validator(mode="after")
    def _rests_on_something(self) -> Outcome:
        if self.means == "accepted" and not self.status_alone and not rests_on_words(self.when):
            raise ValueError("an acceptance must rest on something the buyer says, not on what is missing")
        for status in self.statuses or []:
            if not (len(status) == 3 and status[0] in "12345" and (status[1:] == "xx" or status[1:].isdigit())):
                raise ValueError(f"{status!r} is not an HTTP status: 200 or 2xx")
        if self.final != "buyer" and self.means != "rejected":
            raise ValueError("`final` goes with `means: rejected`")
        return self


def rests_on_words(condition: Condition) -> bool:
    """Whether the condition can only hold because something stands in the reply's body or headers."""
    if condition.all_of is not None:
        return any(rests_on_words(inner) for inner in condition.all_of)
    if condition.any_of is not None:
        return all(rests_on_words(inner) for inner in condition.any_of)
    if condition.none_of is not None or condition.absent or condition.empty:
        return False
    return all(place != "status" for place in condition.where or [])


class StageRules(Rules):
    """How the replies of one stage are read. Outcomes are tried in order; what none matches is unmapped."""

    kind: Literal["auto", "json", "xml", "form", "text", "html", "csv"] = Field(default="auto", alias="as")
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    header: bool = False
    columns: int | None = Field(default=None, ge=1, le=100)
    pair_separator: str | None = Field(default=None, min_length=1, max_length=2)
    pair_sign: str = Field(default="=", min_length=1, max_length=2)
    outcomes: list[Outcome] = Field(min_length=1, max_length=OUTCOMES_MOST)
    carries: Carries = Carries()
