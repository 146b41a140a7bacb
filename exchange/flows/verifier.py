"""A verifier ready for use: how its vendor is asked, and the secrets its messages name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.connector import Retains, Verifier
from exchange.model.verification import Card


@dataclass(frozen=True, slots=True)
class ReadyVerifier:
    """`keeps` is the verifier itself where its vendor can be told to keep the proof."""

    verifier: Verifier
    secrets: Mapping[str, str]
    keeps: Retains | None = None

    @property
    def card(self) -> Card:
        return self.verifier.card

    @property
    def unset(self) -> tuple[str, ...]:
        """The secrets it needs and has not."""
        return tuple(name for name, value in sorted(self.secrets.items()) if not value)


def ready_verifier(verifier: Verifier, secrets: Mapping[str, str]) -> ReadyVerifier:
    return ReadyVerifier(verifier, secrets, verifier if isinstance(verifier, Retains) else None)
