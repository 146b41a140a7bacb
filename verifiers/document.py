"""A verifier as people write it: what it looks at, what it costs, what is asked, and how the answer is read."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from buyers.family import Problem
from buyers.mapping.document import Request, Step, Value
from buyers.reading.rules import Carry, Condition, ExpiresCarry, Outcome, PatternText, Rules, Scalar, StageRules
from exchange import limits
from exchange.model.verification import Checks, Verdict, age_ms

ENCODINGS = ("form", "json", "xml", "soap")
STAGES = ("verify", "retain")
MEANS = {"good": "accepted", "bad": "rejected", "unknown": "no_bid", "error": "error"}
"""What an outcome is called in the rules that buyers' replies are read by, where an acceptance has the strictest."""
_NAME = r"^[a-z][a-z0-9_]{0,59}$"
_MONEY = r"^[0-9]{1,6}(\.[0-9]{1,4})?$"

Name = Annotated[str, Field(pattern=_NAME)]


class VerifierProblems(ValueError):
    """Everything wrong with one document. `problems` begin with their place in it."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        super().__init__(f"verifier {name}: {len(problems)} problem(s)")
        self.name = name
        self.problems = tuple(problems)

    @classmethod
    def of(cls, name: str, error: ValidationError) -> VerifierProblems:
        def problem(item: Any) -> Problem:
            path = ".".join(str(part) for part in item["loc"]) or "document"
            return Problem(path, str(item["msg"]).removeprefix("Value error, "))

        return cls(name, [problem(item) for item in error.errors(include_url=False)])


def _age(value: str) -> str:
    age_ms(value)
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", value):
        raise ValueError("a host name, such as cert.vendor.example")
    return value


class Token(Rules):
    """A vendor's own id that came with the lead, available as `kept: token` and as `{token}` in a path.

    With `hosts` it is an https address of one of these and `matches` is said of the last part of its path; nothing
    else of the address is used. What does not fit is bad, and nobody is asked.
    """

    of: Value
    what: str = Field(min_length=1, max_length=60)
    hosts: list[Annotated[str, AfterValidator(_host)]] = Field(default_factory=list, max_length=10)
    matches: PatternText


class Ruling(Rules):
    """One rule: the verdict `when` its condition holds. `error` says that the question was wrong, not the lead.

    `good` needs HTTP 2xx and must rest on something that the vendor says. `said` is the vendor's own word.
    """

    means: Literal["good", "bad", "unknown", "error"]
    when: Condition
    statuses: list[Scalar] | None = Field(default=None, min_length=1)
    said: Carry | None = None

    @model_validator(mode="after")
    def _stands(self) -> Ruling:
        self.outcome(None)
        return self

    def outcome(self, said: Carry | None) -> Outcome:
        """The same rule as buyers' replies are read by. Raises `ValueError`."""
        told = self.said or said
        carries = {"reason": told} if told is not None else {}
        try:
            return Outcome.model_validate(
                {"means": MEANS[self.means], "when": self.when, "statuses": self.statuses, "carries": carries}
            )
        except ValidationError as error:
            raise ValueError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from None


class Reading(Rules):
    """How an answer is read. `facts` are told to everybody who may see the lead: short words that name nobody.

    `appends` are values for the lead, by our field; they are kept apart from what the seller sent, and sealed.
    """

    kind: Literal["auto", "json", "xml", "form", "text", "html", "csv"] = Field(default="auto", alias="as")
    outcomes: list[Ruling] = Field(min_length=1, max_length=40)
    said: Carry | None = None
    facts: dict[Name, Carry] = Field(default_factory=dict, max_length=20)
    appends: dict[Name, Carry] = Field(default_factory=dict, max_length=40)
    reference: Carry | None = None
    until: ExpiresCarry | None = None

    def rules(self) -> StageRules:
        return StageRules.model_validate(
            {
                "as": self.kind,
                "outcomes": [each.outcome(self.said) for each in self.outcomes],
                "carries": {"reference": self.reference, "expires": self.until},
            }
        )


class Question(Request):
    """A request to the vendor and how its answer is read. `steps` are sent before it, in order."""

    steps: list[Step] = Field(default_factory=list, max_length=limits.STEPS_BEFORE)
    reading: Reading


class VerifierDocument(Rules):
    """The whole document. The cost is what the vendor charges for one answer, for verdicts among `charged`."""

    verifier: Name
    title: str = Field(min_length=1, max_length=80)
    about: str = ""
    vendor: Name
    checks: Checks
    needs: list[Name] = Field(default_factory=list, max_length=10)
    token: Token | None = None
    sends: Literal["form", "json", "xml", "soap"] = "json"
    cost: Annotated[str, Field(pattern=_MONEY)] = "0"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    charged: list[Verdict] = Field(default_factory=lambda: list(Verdict))
    cache: Annotated[str, AfterValidator(_age)] = "0"
    verify: Question
    retain: Question | None = None
    retain_cost: Annotated[str, Field(pattern=_MONEY)] = "0"

    @model_validator(mode="after")
    def _can_decide(self) -> VerifierDocument:
        if not self.needs and self.token is None:
            raise ValueError("needs: name the fields it is about, or the token")
        for stage in STAGES:
            question: Question | None = getattr(self, stage)
            if question is not None and not any(each.means == "good" for each in question.reading.outcomes):
                raise ValueError(f"{stage}.reading has no rule for good")
        if self.verify.reading.reference is not None or self.verify.reading.until is not None:
            raise ValueError("verify.reading: reference and until belong to retain")
        return self

    def questions(self) -> dict[str, Question]:
        return {stage: found for stage in STAGES if (found := getattr(self, stage)) is not None}
