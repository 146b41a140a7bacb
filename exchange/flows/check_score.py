"""The conversion score and the grade of a lead, told with their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.flows.scoring import Scored, pack
from exchange.model.finding import Finding, Outcome
from exchange.model.lead import Kind
from exchange.stages.quality.standing import Band
from exchange.stages.score.features import words
from exchange.stages.score.grade import GRADES, grade, held_out
from exchange.stages.score.points import Part

_TOLD = 3  # reasons either way
_OF_BAND: Mapping[Band, int] = MappingProxyType({Band.ROTTEN: -30, Band.WEAK: -10})


async def check_score(case: Case, market: Market) -> Case:
    """The case with the lead's chance to convert and its grade."""
    if any(finding.outcome is Outcome.REFUSED for finding in case.findings):
        lead = case.lead._replace(grade=GRADES[-1])
        refused = Finding("grade", Outcome.PASSED, f"Grade {GRADES[-1]}: the lead is refused")
        return case._replace(lead=lead, findings=(*case.findings, refused))
    scored = market.live.scorer.score(case.lead, case.vertical)
    apart = held_out(case.lead.id)
    par = case.vertical.score.par
    of_source = None if apart else _of_source(case, market)
    made = grade(par if apart else scored.chance, par, case.lead.fraud, case.findings, of_source)
    facts = [f"{sentence}: {points:+d}" for sentence, points in made.lines]
    if apart:
        facts.append("Held out: graded without the score, to measure what the score is worth")
    lead = case.lead._replace(grade=made.letter, points=made.points, score=round(scored.chance * 1000))
    told = (
        _told(case, scored),
        Finding("grade", Outcome.PASSED, f"Grade {made.letter}, {made.points} points", facts=tuple(facts)),
    )
    kept = pack(scored.features) if case.lead.kind is not Kind.PING else None  # its post is scored again, and learned
    return case._replace(lead=lead, features=kept, findings=(*case.findings, *told))


def _of_source(case: Case, market: Market) -> tuple[str, int] | None:
    """What its source's record takes away: whether its leads convert is in the chance already, the rest is not."""
    lead = case.lead
    band = market.live.standings.band(case.vertical.name, lead.seller_id, lead.tracking.get("sub_id1", ""))
    points = _OF_BAND.get(band)
    return (f"Its source is {band.value}", points) if points is not None else None


def _told(case: Case, scored: Scored) -> Finding:
    """The score in words: its chance, what it comes from, and what moves it most."""
    sentence = f"Expected to convert: {scored.chance:.1%}"
    if not case.vertical.score.converted:
        return Finding("score", Outcome.SKIPPED, "No disposition of this vertical counts as a conversion")
    if not scored.by_model:
        why = "its predictions did not come true" if scored.verdict.enough else _too_little(scored)
        return Finding(
            "score",
            Outcome.PASSED,
            f"{sentence}, by the record of its source",
            facts=(f"The model is not used: {why}",),
        )
    labels = {spec.name: spec.label for spec in case.vertical.fields}
    facts = tuple(_reason(part, labels, scored) for part in scored.told.largest(_TOLD))
    return Finding("score", Outcome.PASSED, sentence, facts=facts)


def _too_little(scored: Scored) -> str:
    known = scored.verdict
    return f"{known.leads} leads and {known.reported} conversions of ten days' age are too few to judge it by"


def _reason(part: Part, labels: dict[str, str], scored: Scored) -> str:
    said = f"{words(labels, part.feature)} {part.points:+.0f}"
    if not part.feature.startswith("sub_id="):
        return said
    source = scored.source
    return f"{said} ({source.leads} leads, {source.converted:.0f} converted of {source.exposed:.0f} old enough)"
