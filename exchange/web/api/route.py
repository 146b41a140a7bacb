"""What one call of the API is: where it is, who may make it, what it takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from exchange.web.api.call import Work


class Rank(Enum):
    """What is let in last when there is too much to do: the share of the requests at work up to which it is taken."""

    POST = 1.0
    PING = 0.9
    REPORT = 0.75


class KeyKind(Enum):
    """Whose key a call takes; with `ANY` each sees and changes what is its own."""

    SELLER = "campaign"
    BUYER = "buyer"
    OPERATOR = "operator"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value of the query string."""

    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Route:
    """One call. `takes` and `gives` name schemas of the OpenAPI document."""

    method: str
    path: str
    name: str
    summary: str
    key: KeyKind
    rank: Rank
    do: Work
    gives: str
    refusals: tuple[int, ...]
    takes: str = ""
    query: tuple[Parameter, ...] = ()
    also: KeyKind | None = None  # a key of another kind that does for it
    by_get: bool = False  # also as GET with the fields in the URL, for campaigns that allow it


SENT = (400, 401, 403, 408, 409, 413, 415, 422, 429, 500, 503)
TOLD = (400, 401, 404, 408, 413, 415, 422, 500, 503)
ASKED = (401, 422, 500, 503)
"""HTTP statuses that calls refuse with: those that send leads, those that tell something, those that only ask."""


def paging() -> tuple[Parameter, ...]:
    return (
        Parameter("since", "The `next` of the page before, or a time; 0 is the beginning."),
        Parameter("limit", "How many at most, 1 to 1000; 200 unless said."),
    )
