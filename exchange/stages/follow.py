"""Who of a buyer's agents gets a lead, and how far a lead has come. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from exchange.model.follow import COMMON_STAGES, Agent, AgentTerms, FollowRules, LeadFacts, Order, Stage
from exchange.model.party import Hours
from exchange.model.vertical import Vertical

_DAY_MINUTES = 1_440
_QUARTER_MS = 900_000


def stage_of(vertical: Vertical | None, kind: str | None) -> Stage:
    """What a vertical makes of its last disposition: what it says itself, what its score says, the usual meaning.

    A word that nobody knows says no more than that somebody tried.
    """
    if kind is None:
        return "new"
    if vertical is not None:
        own = dict(vertical.stages).get(kind)
        if own is not None:
            return own
        if kind in vertical.score.converted:
            return "won"
        if kind in vertical.score.lost:
            return "lost"
    return COMMON_STAGES.get(kind, "attempted")


def mapping_of(vertical: Vertical | None) -> str:
    """A short name of all that `stage_of` reads of a vertical: stages made under another name are made anew."""
    if vertical is None:
        return ""
    told = repr((vertical.stages, vertical.score.converted, vertical.score.lost, tuple(COMMON_STAGES.items())))
    return sha256(told.encode()).hexdigest()[:12]


def touched(stage: str) -> bool:
    """Whether somebody tried to reach the consumer."""
    return stage != "new"


def available(terms: AgentTerms, now: int) -> bool:
    """Whether an agent is at work: not away, and within its hours."""
    begins = terms.away_from if terms.away_from is not None else now
    if terms.away_until is not None and begins <= now < terms.away_until:
        return False
    return not terms.hours or _within(terms.hours, datetime.fromtimestamp(now // 1000, ZoneInfo(terms.zone)))


def _within(hours: Iterable[Hours], local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    return any(local.weekday() in each.weekdays and each.opens <= minute < each.closes for each in hours)


def fits(agent: Agent, rules: FollowRules, facts: LeadFacts) -> bool:
    """Whether a lead is of the agent's kind: its contract, its skills, its area. An unknown value is nobody's skill."""
    named, terms = rules.agents_of(facts.contract_id), agent.terms
    if agent.state != "active" or (named and agent.id not in named):
        return False
    skilled = (
        _of(terms.verticals, facts.vertical)
        and _of(terms.languages, facts.language)
        and _of(terms.products, facts.product)
    )
    area = not (terms.states or terms.zips) or facts.us_state in terms.states or _zip_in(terms.zips, facts.zip)
    return skilled and area


def has_room(agent: Agent) -> bool:
    return agent.terms.most_open is None or agent.load < agent.terms.most_open


def choose(
    agents: Sequence[Agent], rules: FollowRules, facts: LeadFacts, now: int, had: Collection[str] = ()
) -> Agent | None:
    """The agent that gets a lead now; None while nobody may. `had` are those who had it and gave it back."""
    able = [
        agent
        for agent in agents
        if agent.id not in had and fits(agent, rules, facts) and available(agent.terms, now) and has_room(agent)
    ]
    if rules.order is Order.ROUND_ROBIN:
        return min(able, key=lambda each: (each.turn_at, each.id), default=None)
    if rules.order is Order.LEAST_LOADED:
        return min(able, key=lambda each: (each.load, each.turn_at, each.id), default=None)
    return min(able, key=lambda each: (-_closeness(each.terms, facts), each.load, each.turn_at, each.id), default=None)


def _closeness(terms: AgentTerms, facts: LeadFacts) -> int:
    """How many of an agent's own words name the lead; a ZIP code counts for more the longer it is."""
    skills = (
        (terms.verticals, facts.vertical),
        (terms.languages, facts.language),
        (terms.products, facts.product),
        (terms.states, facts.us_state),
    )
    near = max((len(each) for each in terms.zips if facts.zip.startswith(each)), default=0)
    return sum(value in words for words, value in skills) + near


def _of(words: Sequence[str], value: str) -> bool:
    return not words or value in words


def _zip_in(zips: Sequence[str], value: str) -> bool:
    return any(value.startswith(each) for each in zips)


def awake_at(terms: AgentTerms, now: int) -> int:
    """The first moment from `now` on, to a quarter of an hour, outside an agent's quiet hours."""
    if terms.quiet is None or terms.quiet[0] == terms.quiet[1]:
        return now
    at, zone = now, ZoneInfo(terms.zone)
    for _ in range(_DAY_MINUTES // 15 + 5):
        local = datetime.fromtimestamp(at // 1000, zone)
        if not _quiet(terms.quiet, local.hour * 60 + local.minute):
            return at
        at = at - at % _QUARTER_MS + _QUARTER_MS
    return now


def _quiet(quiet: tuple[int, int], minute: int) -> bool:
    begins, ends = quiet
    return begins <= minute < ends if begins < ends else minute >= begins or minute < ends
