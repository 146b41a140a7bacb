"""Which field a sent name means: worked out once per campaign, so that a request only looks names up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import process

from exchange.fields import field_types
from exchange.fields.field_type import Parse
from exchange.fields.places import Places
from exchange.model.lead import FieldValue, Kind, Problem
from exchange.model.party import Campaign
from exchange.model.vertical import FieldSpec, Presence, Vertical
from exchange.stages.standard_fields import SEEN_BY_OTHERS, Goes, line, standard_fields, trap

_IGNORED_SIGNS = str.maketrans("", "", "-_. ")
_HIDDEN = "•••••"
_SHOWN_WHOLE = frozenset({"amount", "boolean", "choice", "date", "integer", "number", "state"})
TEXT_TYPES = frozenset({"text", "line", "url", "name", "first_name", "city", "street"})
_ALIKE = 80  # of 100: how alike a name must be to be suggested


@dataclass(frozen=True, slots=True)
class Known:
    """A field ready to be read. `declared` says that the vertical lists it."""

    spec: FieldSpec
    parse: Parse
    goes: Goes
    declared: bool

    @property
    def in_ping(self) -> bool:
        return self.spec.ping is not Presence.ABSENT


@dataclass(frozen=True, slots=True)
class Names:
    """`known` is in field order. `plain` holds the usual spellings, `folded` all of them without case and signs. `told`
    are texts that others see before they buy a lead, or read in an address.
    """

    known: Mapping[str, Known]
    plain: Mapping[str, str]
    folded: Mapping[str, str]
    required: Mapping[Kind, frozenset[str]]
    places: Places
    told: tuple[str, ...]

    def canonical(self, sent: str) -> str | None:
        """The field a sent name means, or None."""
        return self.plain.get(sent) or self.folded.get(fold(sent))

    def closest(self, sent: str) -> str | None:
        """The field that was probably meant by an unknown name."""
        near = process.extractOne(fold(sent[:60]), self.folded.keys(), score_cutoff=_ALIKE)
        return self.folded[near[0]] if near else None


@lru_cache(maxsize=4_096)
def fold(name: str) -> str:
    """A name without case and signs. Sellers send the same few names over and over."""
    return name.lower().translate(_IGNORED_SIGNS)


def compile_names(vertical: Vertical, campaign: Campaign, places: Places) -> Names:
    """Every spelling of every field. A field's own name wins over any alias; then the campaign's aliases, the
    vertical's, and those built in."""
    standard = standard_fields()
    known = _known(vertical, standard)
    folded = {fold(name): name for name in known}
    _add(folded, ((alias, name) for alias, name in campaign.aliases if name in known))
    _add(folded, ((alias, spec.name) for spec in vertical.fields for alias in spec.aliases))
    _add(folded, ((alias, name) for name, (spec, _) in standard.items() for alias in spec.aliases))
    plain = {name: name for name in known}
    required = {
        Kind.PING: frozenset(spec.name for spec in vertical.fields if spec.ping is Presence.REQUIRED),
        Kind.POST: frozenset(spec.name for spec in vertical.fields if spec.post is Presence.REQUIRED),
    }
    told = tuple(name for name, each in known.items() if name in SEEN_BY_OTHERS or _is_told(each))
    return Names(known, plain, folded, {**required, Kind.DIRECT: required[Kind.POST]}, places, told)


def _is_told(known: Known) -> bool:
    return known.declared and known.in_ping and not known.spec.personal and known.spec.type in TEXT_TYPES


def _known(vertical: Vertical, standard: Mapping[str, tuple[FieldSpec, Goes]]) -> dict[str, Known]:
    parsers: dict[str, Parse] = {name: kind.parse for name, kind in field_types().items()}
    parsers |= {"line": line, "trap": trap}
    known: dict[str, Known] = {}
    for name, (spec, goes) in standard.items():
        if name not in vertical.by_name:
            known[name] = Known(spec, parsers[spec.type], goes, declared=False)
    for spec in vertical.fields:
        usual = standard.get(spec.name)
        goes = usual[1] if usual else Goes.VALUES
        if spec.name == "tcpa_consent_at" and usual:  # the bounds hold in every vertical
            spec = replace(spec, least=spec.least or usual[0].least, most=spec.most or usual[0].most)
        parse = _hiding(parsers[spec.type]) if spec.personal and spec.type in _SHOWN_WHOLE else parsers[spec.type]
        known[spec.name] = Known(spec, parse, Goes.VALUES if goes is Goes.CONTACT else goes, declared=True)
    return known


def _hiding(parse: Parse) -> Parse:
    """The type shows its values whole; in a personal field, such as whether somebody is ill, nothing is shown."""

    def read(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
        value = parse(raw, spec, now)
        return value._replace(masked=_HIDDEN) if isinstance(value, FieldValue) else value

    return read


def _add(folded: dict[str, str], spellings: Iterable[tuple[str, str]]) -> None:
    for alias, name in spellings:
        folded.setdefault(fold(alias), name)
