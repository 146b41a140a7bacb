"""`score:` of a vertical's file: what the conversion score learns from, and what it may look at."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from exchange.model.vertical import ScoreRule

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]


class ScoreDocument(BaseModel):
    """`score:` of a vertical, as in `ScoreRule`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    converted: tuple[Name, ...] = ()
    lost: tuple[Name, ...] = ()
    forbidden: tuple[Name, ...] = ()
    allow: Mapping[Name, Text] = {}
    crosses: tuple[tuple[Name, Name], ...] = ()
    par: Annotated[float, Field(ge=0.001, le=0.9)] = 0.12

    def rule(self) -> ScoreRule:
        allow = tuple(self.allow.items())
        return ScoreRule(self.converted, self.lost, self.forbidden, allow, self.crosses, self.par)


def score_problems(
    score: ScoreDocument, fields: Container[str], dispositions: Sequence[str], no_filters: Container[str]
) -> Iterator[str]:
    """What only the whole vertical shows: its field names, its dispositions, and what the law keeps out of filters."""
    for name in (*score.converted, *score.lost):
        if name not in dispositions:
            yield f"score: {name} is none of the dispositions: {', '.join(dispositions) or 'there are none'}."
    for name in sorted(set(score.converted) & set(score.lost)):
        yield f"score: {name} is both converted and lost."
    for name in (*score.forbidden, *score.allow, *(each for pair in score.crosses for each in pair)):
        if name not in fields:
            yield f"score: there is no field {name}."
    for name in score.allow:
        if name in score.forbidden or name in no_filters:
            yield f"score.allow: {name} is forbidden in this vertical."
