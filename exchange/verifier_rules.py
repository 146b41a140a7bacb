"""How a vertical or a campaign says which verifiers it uses: one entry of its list `verifiers`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from exchange.model.money import Money
from exchange.model.verification import BUDGET_MS, BUDGET_MS_MOST, Action, Stage, VerifierRule, age_ms

RULES_MOST = 20


def _age(text: str) -> str:
    age_ms(text)
    return text


def _percent(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Age = Annotated[str, AfterValidator(_age)]
Amount = Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,4})?$")]


class VerifierRuleDocument(BaseModel):
    """`sample` is a percentage with two decimals at most, in quotes when it has any. A `cost` is in US dollars unless
    `currency` says otherwise; without one the verifier's own counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verifier: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    on: Literal["ping", "post", "both"] = "post"
    stage: Stage = Stage.BEFORE
    sample: Annotated[str, BeforeValidator(_percent), Field(pattern=r"^(100|[0-9]{1,2}(\.[0-9]{1,2})?)$")] = "100"
    cache: Age | None = None
    budget_ms: Annotated[int, Field(ge=50, le=BUDGET_MS_MOST)] = BUDGET_MS
    when_away: Action = Action.PASS
    good: Action = Action.PASS
    bad: Action = Action.REFUSE
    unknown: Action = Action.PASS
    cost: Amount | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    settings: dict[str, Annotated[str, Field(max_length=500)]] = Field(default_factory=dict, max_length=20)

    def rule(self) -> VerifierRule:
        whole, _, part = self.sample.partition(".")
        return VerifierRule(
            self.verifier,
            self.on,
            self.stage,
            int(whole) * 100 + int(part.ljust(2, "0")),
            age_ms(self.cache) if self.cache is not None else None,
            self.budget_ms,
            self.when_away,
            self.good,
            self.bad,
            self.unknown,
            Money.parse(self.cost, self.currency) if self.cost is not None else None,
            tuple(self.settings.items()),
        )


def rule_problem(rules: tuple[VerifierRuleDocument, ...]) -> str | None:
    """A verifier stands once in a list: its findings and its costs go by its name."""
    names = [rule.verifier for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    return f"{', '.join(twice)} occurs twice" if twice else None
