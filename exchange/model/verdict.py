"""Why a contract may or may not have a lead: checks, kept with the lead for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Check(NamedTuple):
    """One check that failed: what the lead had, what the contract required, as facts to render later."""

    name: str  # contract_active, schedule, filter:zip, geo, cap:day, balance …
    got: str
    required: str


class Verdict(NamedTuple):
    """All that was decided about one contract and one lead. `failed` empty means it was eligible."""

    contract_id: str
    contract_version: int
    failed: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lead's way, for the timeline. `at_ms` and `took_ms` count from the request's receipt."""

    name: str
    sentence: str
    at_ms: float
    took_ms: float
    facts: tuple[str, ...] = ()
    skipped: bool = False
