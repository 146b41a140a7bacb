"""Whether a rotten sub id is only suggested for a measure, or a rule takes it: never on little, never of a good one."""

from __future__ import annotations

from exchange.model.measure import LEAST, TEN_THOUSAND, Action, SourceRule
from exchange.stages.quality.standing import Source
from exchange.stages.quality.suspicion import Least, Suspicion, enough

_LEAST_SHARE = 0.3  # believed to be bad, whatever a rule says
_PAST = 0.5  # less sure than this that it is rotten: it mended its ways
_GOOD = 0.5  # surer than this that it converts above the rate: a person looks first


def action_for(source: Source, rule: SourceRule) -> Action | None:
    """What is done about a source now; None when nothing is known against it."""
    suspicion = source.suspicion
    if suspicion is None or not suspicion.rotten:
        return None
    conversion = source.rates["conversion"]
    least = Least(max(rule.leads, LEAST.leads), max(rule.bad, LEAST.bad), max(rule.days, LEAST.days))
    sure = round(suspicion.steady * TEN_THOUSAND) >= max(rule.chance, LEAST.chance)
    sells_well = conversion.told > 0 and conversion.above(conversion.base) > _GOOD
    if not sure or not enough(suspicion.counts, least) or suspicion.share < _LEAST_SHARE or sells_well:
        return Action.SUGGEST
    return rule.action


def is_over(source: Source) -> bool:
    """Whether what was suggested against a source has come to nothing."""
    return source.suspicion is None or is_past(source.suspicion)


def is_past(suspicion: Suspicion) -> bool:
    return suspicion.chance < _PAST


def rule_problem(rule: SourceRule) -> str | None:
    """What is wrong with a rule, in a sentence that says the bounds."""
    if not LEAST.chance <= rule.chance < TEN_THOUSAND:
        return f"chance must be {LEAST.chance / 100:.0f} to 99.99 percent."
    if rule.leads < LEAST.leads or rule.bad < LEAST.bad or rule.days < LEAST.days:
        return f"A rule waits for at least {LEAST.leads} posts, {LEAST.bad} bad ones, on {LEAST.days} days."
    if rule.action is Action.CAP and not 1 <= rule.cap <= 100_000:
        return "cap must be 1 to 100,000 posts a day."
    return None
