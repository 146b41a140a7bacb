"""What the generator works with: where people live, how a campaign's leads look, and the lead itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Home:
    """A place to live: `area_codes` are those of its region."""

    zip: str
    city: str
    state: str
    area_codes: tuple[str, ...]


class Homes(Protocol):
    """Where people live. An unknown state has no homes."""

    def in_state(self, state: str) -> Sequence[Home]: ...


@dataclass(frozen=True, slots=True)
class Source:
    """How one campaign's leads look: where they come from and what is wrong with how many (basis points by kind)."""

    sub_ids: Mapping[str, int]
    states: Mapping[str, int]
    landing_pages: tuple[str, ...]
    dirt_bp: Mapping[str, int] = field(default_factory=dict)
    junk_sub_id: str | None = None  # bursts of junk arrive under this sub id
    zone: str = "America/New_York"


@dataclass(frozen=True, slots=True)
class GeneratedLead:
    """One consumer's form. `values` are canonical field names → text as a seller would send it."""

    number: int
    vertical: str
    arrived_at: int  # epoch ms
    pause_ms: int  # between the answer to the ping and the post
    values: Mapping[str, str]
    dirt: tuple[str, ...] = ()
