"""A vertical: one industry and the fields its leads carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Presence(Enum):
    """Whether a field belongs in a ping or a post."""

    ABSENT = "absent"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a vertical. `type` names a module of `exchange.fields`; `options` are that type's settings."""

    name: str
    type: str
    label: str
    ping: Presence
    post: Presence
    personal: bool = False
    aliases: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    pattern: str | None = None
    example: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """What consent a post must carry: names of consent fields (`tcpa_consent`, `jornaya_leadid` …), all of them."""

    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vertical:
    """An industry's field list and its rules. `version` changes with the file it was read from."""

    name: str
    title: str
    version: str
    fields: tuple[FieldSpec, ...]
    consent: ConsentRule = ConsentRule()
    duplicate_days: int = 30
    dispositions: tuple[str, ...] = ()
    by_name: Mapping[str, FieldSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {spec.name: spec for spec in self.fields})
