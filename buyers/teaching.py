"""What can be learnt about a connection from replies and samples, for whoever builds the market.

Documents are as they are stored; each is laid over its preset here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from buyers.family import ConnectionProblems, Presets, laid_over
from buyers.mapping.guess import guess
from buyers.reading import propose as rules
from buyers.reading.places import values_of
from buyers.reading.teach import shape_in, with_proposal, with_rule
from exchange.model.teaching import Proposal, Seen, Taught
from exchange.model.wire import Reply

__all__ = ["Titles", "guess", "propose", "proposed", "taught", "values"]

Document = Mapping[str, Any]


def values(presets: Presets, document: Document, stage: str, reply: Reply) -> tuple[Seen, ...]:
    """Every value of a reply, taken as the stage takes its replies."""
    return values_of(reply, shape_in(_laid(document, presets), stage))


def propose(
    presets: Presets, document: Document, stage: str, accepted: Sequence[Reply], refused: Sequence[Reply]
) -> Proposal | None:
    """Rules that read these replies as they were given; None when nothing tells them apart."""
    return rules.propose(stage, accepted, refused, shape_in(_laid(document, presets), stage))


def taught(presets: Presets, document: Document, stage: str, told: Taught) -> dict[str, Any]:
    """The document with one more rule. Raises `ConnectionProblems` or `ValueError`."""
    return with_rule(document, laid_over(document, presets), stage, told)


def proposed(document: Document, stage: str, proposal: Proposal) -> dict[str, Any]:
    """The document with these rules for a stage. Raises `ValueError` when it has no such stage."""
    return with_proposal(document, stage, proposal)


def _laid(document: Document, presets: Presets) -> Document:
    try:
        return laid_over(document, presets)
    except ConnectionProblems:  # a document that is still being written
        return document


class Titles(Mapping[str, str]):
    """The title of each preset by its name. A preset is read when it is asked for."""

    def __init__(self, presets: Presets) -> None:
        self._presets = presets

    def __getitem__(self, name: str) -> str:
        return str(self._presets[name].get("title") or name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._presets)

    def __len__(self) -> int:
        return len(self._presets)
