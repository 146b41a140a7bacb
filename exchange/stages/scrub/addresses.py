"""City, county and street beside the ZIP code: a slip of the city's name put right, contradictions told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

from exchange.fields.places import Places
from exchange.model.lead import FieldValue
from exchange.stages.scrub.notes import Fix, Found, Note
from exchange.stages.scrub.words import STREET_FILLERS

_SAME: Mapping[str, str] = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount", "pt": "port"}
_COUNTY = re.compile(r"\b(county|parish|borough|census area|municipio|municipality|city and borough|city)\b")
_SHORT, _LONG = 5, 9  # letters of a city's name from which one slip, or two, are still sure


@dataclass(frozen=True, slots=True)
class Cities:
    """The names of cities that ZIP codes lie in, folded, by state."""

    of_state: Mapping[str, frozenset[str]]
    anywhere: frozenset[str]

    @classmethod
    def of(cls, places: Places) -> Cities:
        found: dict[str, set[str]] = {}
        for state, city in set(places.cities()):
            found.setdefault(state, set()).add(fold_city(city))
        every = frozenset(name for names in found.values() for name in names)
        return cls({state: frozenset(names) for state, names in found.items()}, every)


def fold_city(text: str) -> str:
    """Small letters, no signs, `St` and the like spelled out."""
    words = text.lower().replace(".", "").replace("'", "").replace("-", " ").split()
    if words and words[0] in _SAME:
        words[0] = _SAME[words[0]]
    return " ".join(words)


def judge_city(value: FieldValue, zip_code: str, state: str | None, places: Places, cities: Cities) -> Iterator[Found]:
    usual = places.city_of(zip_code)
    if usual is None or value.clean == usual or state is None or state not in cities.of_state:
        return
    said, meant = fold_city(value.clean), fold_city(usual)
    if said == meant or said in cities.of_state[state]:
        return
    slips = 2 if len(meant) >= _LONG else 1 if len(meant) >= _SHORT else 0
    if slips and DamerauLevenshtein.distance(said, meant, score_cutoff=slips) <= slips:
        yield Fix("city", "The city's name was put right by the ZIP code", value._replace(clean=usual, masked=usual))
    elif said in cities.anywhere:
        yield Note("city", "city_elsewhere")


def judge_county(value: FieldValue, zip_code: str, places: Places) -> Iterator[Found]:
    usual = places.county_of(zip_code)
    if usual is None:
        return
    said, meant = (_COUNTY.sub("", text.lower()).strip() for text in (value.clean, usual))
    if said == meant:
        return
    if len(meant) >= _SHORT and DamerauLevenshtein.distance(said, meant, score_cutoff=1) <= 1:
        yield Fix(
            "county", "The county's name was put right by the ZIP code", value._replace(clean=usual, masked=usual)
        )
    else:
        yield Note("county", "county_elsewhere")


def judge_street(field: str, value: FieldValue) -> Iterator[Found]:
    if value.clean.casefold().replace("/", " ").replace(".", "").strip() in STREET_FILLERS:
        yield Note(field, "address_filler")
    elif value.parts["po_box"]:
        yield Note(field, "address_po_box")
    elif not value.parts["number"]:
        yield Note(field, "address_no_number")
