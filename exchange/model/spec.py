"""Posting instructions as a value: what one campaign takes, field by field. Stored whenever it changes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field. `ping` and `post` are absent, optional or required; times are epoch milliseconds.

    `rule` says in words what is read; `retiring` are values that are read until a moment only.
    """

    name: str
    label: str
    group: str  # access | lead | tracking | consent
    ping: str
    post: str
    type: str
    rule: str
    example: str
    allowed: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    personal: bool = False
    required_from: int | None = None
    retiring: tuple[tuple[str, int], ...] = ()

    def needed(self, call: str, now: int) -> bool:
        """Whether a `ping` or a `post` without it is refused at this moment."""
        presence = self.ping if call == "ping" else self.post
        return presence == "required" and (self.required_from is None or self.required_from <= now)

    def sent(self, call: str) -> bool:
        return (self.ping if call == "ping" else self.post) != "absent"


@dataclass(frozen=True, slots=True)
class Spec:
    """What a campaign takes and how it answers. Nothing in it is secret, and nothing tells of buyers."""

    campaign: str
    seller: str
    vertical: str
    fields: tuple[FieldLine, ...]
    hold_ms: int
    timeout_ms: int
    per_second: float
    burst: int
    duplicate_days: int
    duplicate_scope: str
    slots: int
    disclosure: str
    expired: str
    mismatch: str
    answers: str = "standard"
    always_200: bool = False
    query_string: bool = False
    postbacks: bool = False
    consent: tuple[str, ...] = ()  # how it must have been given, in sentences; none: in any way
    duplicate_unsold_days: int = 0
    gate: tuple[str, ...] = ()  # what else the campaign asks, in sentences

    @property
    def title(self) -> str:
        """`Solar US, for Acme Media`: the seller is named once."""
        return self.campaign if self.seller in self.campaign else f"{self.campaign}, for {self.seller}"

    def field(self, name: str) -> FieldLine | None:
        return next((line for line in self.fields if line.name == name), None)
