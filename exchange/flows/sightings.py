"""Earlier leads that may be about the same person: how they are looked for, opened, and compared with a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.model.lead import Lead
from exchange.model.vertical import Vertical
from exchange.model.work import LeadState, Sighting
from exchange.stages.duplicates.decide import Earlier, Origin
from exchange.stages.duplicates.judge import judge
from exchange.stages.duplicates.person import PERSONAL, Person, keys_of, person_of, without_examples
from exchange.storage.database import Row
from exchange.vault import Vault, VaultError

DAY_MS = 86_400_000
_HALF = 8  # bytes: two of ten million leads share half a hash once in 400,000 times, and are compared then
_NAMES = (*PERSONAL, "zip")
_WAYS = ("phone", "email", "place", "name", "born")


def person_in(lead: Lead, vertical: Vertical) -> Person:
    """The consumer of a lead."""
    texts = ((name, lead.text(name)) for name in _NAMES)
    return person_of(without_examples({name: text for name, text in texts if text is not None}, vertical))


def sighting_in(case: Case, market: Market) -> Sighting:
    """By what other leads of this person are found. Test leads are found by test leads only."""
    lead = case.lead
    return sighting_of(lead.id, lead.mode.value, lead.received_at, person_in(lead, case.vertical), market)


def sighting_of(lead_id: str, mode: str, at: int, person: Person, market: Market) -> Sighting:
    hashes = [_half(market.vault, f"{mode} {way}", text) for way, text in zip(_WAYS, keys_of(person), strict=True)]
    return Sighting(lead_id, at, at - market.deals.memory_days * DAY_MS, *hashes)


def _half(vault: Vault, kind: str, text: str) -> int | None:
    return int.from_bytes(vault.index(kind, text)[:_HALF], signed=True) if text else None


def compared(person: Person, row: Row, market: Market) -> Earlier | None:
    """An earlier lead compared with a person; None when it cannot be opened any more."""
    theirs = person_behind(row, market)
    if theirs is None:
        return None
    first = _origin(row, "first_") if row["first_id"] is not None else None
    return Earlier(_origin(row), judge(person, theirs), first)


def _origin(row: Row, prefix: str = "") -> Origin:
    return Origin(
        row[f"{prefix}id"],
        row[f"{prefix}seller_id"],
        row[f"{prefix}campaign_id"],
        row[f"{prefix}vertical"],
        row[f"{prefix}received_at"],
        LeadState(row[f"{prefix}state"]),
    )


def person_behind(row: Row, market: Market) -> Person | None:
    """The consumer of a stored lead; None when its values were erased."""
    vault = market.vault
    if row["wrapped"] is None or row["sealed"] is None:
        return None
    try:
        key = vault.data_key(bytes(row["wrapped"]))
        sealed: Mapping[str, Any] = orjson.loads(vault.open(key, f"lead:{row['id']}", bytes(row["sealed"])))
    except VaultError:
        return None
    values: dict[str, str] = orjson.loads(row["facts"])
    values |= {name: clean for name, (_, clean, _) in sealed["values"].items()}
    return person_of(without_examples(values, market.verticals.get(row["vertical"])))
