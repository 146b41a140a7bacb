"""What can be learnt about a connection from replies and samples, for whoever builds the market."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from buyers.family import ConnectionProblems, Presets, laid_over
from buyers.gallery import GALLERY
from buyers.mapping.guess import guess
from buyers.reading.places import values_of
from buyers.reading.propose import propose
from buyers.reading.teach import shape_in, with_proposal, with_rule
from exchange.model.teaching import Guess, Proposal, Seen, Taught
from exchange.model.wire import Reply

Document = Mapping[str, Any]


class Lessons:
    """The lessons of a set of presets. Documents are as they are stored; each is laid over its preset here."""

    def __init__(self, presets: Presets, connectors: Iterable[str]) -> None:
        self.presets: Mapping[str, str] = Titles(presets)
        self.connectors = tuple(sorted(connectors))
        self.gallery = GALLERY
        self._presets = presets

    def values(self, document: Document, stage: str, reply: Reply) -> tuple[Seen, ...]:
        """Every value of a reply, taken as the stage takes its replies."""
        return values_of(reply, shape_in(self._laid(document), stage))

    def propose(
        self, document: Document, stage: str, accepted: Sequence[Reply], refused: Sequence[Reply]
    ) -> Proposal | None:
        """Rules that read these replies as they were given; None when nothing tells them apart."""
        return propose(stage, accepted, refused, shape_in(self._laid(document), stage))

    def taught(self, document: Document, stage: str, told: Taught) -> Document:
        """The document with one more rule. Raises `ValueError`."""
        return with_rule(document, laid_over(document, self._presets), stage, told)

    def proposed(self, document: Document, stage: str, proposal: Proposal) -> Document:
        """The document with these rules for a stage. Raises `ValueError`."""
        return with_proposal(document, stage, proposal)

    def guess(self, sample: str, names: Mapping[str, str], consent: frozenset[str]) -> Guess:
        """What a sample request asks for. Raises `ValueError`."""
        return guess(sample, names, consent)

    def _laid(self, document: Document) -> Document:
        try:
            return laid_over(document, self._presets)
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
