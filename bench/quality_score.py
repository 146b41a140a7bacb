"""How well the score foretells: sold leads of weeks four to eight, each by the chance it was sold with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from bench.quality_figures import Judged

WEEK_MS = 7 * 86_400_000
FIRST, LAST = 3, 8  # weeks gone by when a lead counts: from the fourth week to the end of the eighth
ENOUGH = 5_000  # fewer leads say too little to be judged by
LEAST_AUC, MOST_LOSS, RATIO = 0.66, 0.372, (0.9, 1.15)


def score_lines(judged: Sequence[Judged]) -> Iterator[str]:
    """The figures, each with what is asked of it."""
    cases = sold(judged)
    if not cases or not 0 < sum(came for _, came in cases) < len(cases):
        yield "  too few sold leads of weeks 4 to 8"
        return
    few = "" if len(cases) >= ENOUGH else f"; {len(cases)} leads are too few to be judged by"
    base = sum(came for _, came in cases) / len(cases)
    constant, found = log_loss([(base, came) for _, came in cases]), log_loss(cases)
    ratio = sum(chance for chance, _ in cases) / sum(came for _, came in cases)
    yield f"  {'leads, conversions':44}{len(cases):6} {sum(came for _, came in cases):6}{few}"
    yield f"  {'area under the curve':44}{auc(cases):8.4f}  at least {LEAST_AUC}"
    yield f"  {'log loss':44}{found:8.4f}  at most {MOST_LOSS}, where one rate for all has .389"
    yield f"  {'log loss of one rate for all':44}{constant:8.4f}  {constant - found:+.4f} gained"
    yield f"  {'foretold for each that came':44}{ratio:8.3f}  {RATIO[0]} to {RATIO[1]}"
    yield f"  {'the same by tenths':44}" + " ".join(f"{each:.2f}" for each in by_tenth(cases))


def sold(judged: Sequence[Judged]) -> list[tuple[float, bool]]:
    """Chance and outcome of the sold leads of weeks four to eight."""
    if not judged:
        return []
    began = min(seen.row.at for seen, _ in judged)
    return [
        (min(max(seen.score / 1000, 0.0005), 0.9995), truth.converted)
        for seen, truth in judged
        if seen.status == "accepted" and seen.score is not None and FIRST <= (seen.row.at - began) // WEEK_MS < LAST
    ]


def log_loss(cases: Sequence[tuple[float, bool]]) -> float:
    return -sum(math.log(chance if came else 1.0 - chance) for chance, came in cases) / len(cases)


def auc(cases: Sequence[tuple[float, bool]]) -> float:
    """How often a lead that converted was given more than one that did not; a tie counts half."""
    ranked = sorted(cases)
    total, at = 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        total += (at + end + 1) / 2 * sum(came for _, came in ranked[at:end])
        at = end
    came = sum(came for _, came in ranked)
    return (total - came * (came + 1) / 2) / (came * (len(ranked) - came))


def by_tenth(cases: Sequence[tuple[float, bool]]) -> list[float]:
    """Foretold for each that came, from the tenth with the least chances to that with the most."""
    ranked, made = sorted(cases), []
    for tenth in range(10):
        part = ranked[len(ranked) * tenth // 10 : len(ranked) * (tenth + 1) // 10]
        made.append(sum(chance for chance, _ in part) / max(sum(came for _, came in part), 1))
    return made
