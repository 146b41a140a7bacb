"""Where the lead is: states, ZIPs and circles of ZIPs, listed or excluded.

What is not there is not excluded: a lead without a ZIP fails lists of ZIPs, never exclusions. A ping of a vertical
that pings no place is judged at the post. The ZIPs that test keys choose outcomes with lie nowhere and pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exchange.fields.places import Places
from exchange.model.lead import Kind, Lead
from exchange.model.party import Contract, Geo
from exchange.model.verdict import Check
from exchange.model.vertical import Presence, Vertical
from exchange.stages.checks.bits import Index, index_of, places_of
from exchange.stages.checks.facts import Case, Told
from exchange.stages.magic import test_outcome

RADIUS_MOST = 25_000  # miles: the whole earth
_LISTED = 6  # longer lists are counted, not repeated
Circles = Mapping[tuple[str, int], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A lead's state and ZIP. `open` says that the post may still tell what the ping leaves out."""

    state: str | None
    zip: str | None
    state_open: bool
    zip_open: bool


@dataclass(frozen=True, slots=True)
class Where:
    contracts: Sequence[Contract]
    vertical: Vertical
    places: Places
    circles: Circles
    states: Index
    states_except: Index
    zips: Index
    zips_except: Index

    @classmethod
    def of(cls, contracts: Sequence[Contract], vertical: Vertical, places: Places, circles: Circles) -> Where:
        return cls(
            contracts,
            vertical,
            places,
            circles,
            index_of(contract.geo.states for contract in contracts),
            index_of(contract.geo.states_except for contract in contracts),
            index_of(_zips(contract.geo, circles) for contract in contracts),
            index_of(contract.geo.zips_except for contract in contracts),
        )

    def failing(self, case: Case) -> int:
        if test_outcome(case.lead) is not None:
            return 0
        spot = self._spot(case.lead)
        failed = 0 if spot.state_open else self.states.missing(spot.state)
        if not spot.zip_open:
            failed |= self.zips.missing(spot.zip)
        if spot.state is not None:
            failed |= self.states_except.naming(spot.state)
        if spot.zip is not None:
            failed |= self.zips_except.naming(spot.zip)
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        spot = self._spot(case.lead)
        known: dict[int, Check] = {}  # contracts of one list of places share it
        for place in places_of(failed):
            geo = self.contracts[place].geo
            check = known.get(id(geo))
            if check is None:
                told = list(_tell(geo, spot, self.circles))
                got, required = ("; ".join(texts) for texts in zip(*told, strict=True))
                check = known[id(geo)] = Check("geo", got, required)
            yield (place,), check

    def _spot(self, lead: Lead) -> Spot:
        zip_code, zip_open = _read(lead, self.vertical, "postal_code")
        state, state_open = _read(lead, self.vertical, "state")
        if state is None and zip_code is not None:
            state = self.places.state_of(zip_code)
        return Spot(state, zip_code, state is None and (state_open or zip_open), zip_code is None and zip_open)


def circles_of(contracts: Sequence[Contract], places: Places, known: Circles) -> Circles:
    """The ZIPs of every circle the contracts draw. `known` spares finding again, which takes milliseconds each.

    Raises `ValueError` for a centre that is no ZIP.
    """
    wanted = {circle for contract in contracts if (circle := _circle(contract.geo)) is not None}
    return {circle: known[circle] if circle in known else places.within(*circle) for circle in wanted}


def _circle(geo: Geo) -> tuple[str, int] | None:
    return None if geo.center_zip is None else (geo.center_zip, geo.radius_miles)


def _zips(geo: Geo, circles: Circles) -> frozenset[str]:
    circle = _circle(geo)
    if circle is None:
        return geo.zips
    return circles[circle] | geo.zips if geo.zips else circles[circle]


def _read(lead: Lead, vertical: Vertical, kind: str) -> tuple[str | None, bool]:
    """The lead's value of the vertical's first field of a type, and whether a post may still bring it."""
    for spec in vertical.fields:
        if spec.type == kind:
            value = lead.values.get(spec.name)
            return None if value is None else value.clean, lead.kind is Kind.PING and spec.ping is Presence.ABSENT
    return None, False


def _tell(geo: Geo, spot: Spot, circles: Circles) -> Iterator[tuple[str, str]]:
    state = "no state" if spot.state is None else f"state {spot.state}"
    if geo.states and not spot.state_open and spot.state not in geo.states:
        yield state, f"in {_list(geo.states, 'states')}"
    if spot.state in geo.states_except:
        yield state, f"not in {_list(geo.states_except, 'excluded states')}"
    circle = _circle(geo)
    inside = spot.zip in geo.zips or (circle is not None and spot.zip in circles[circle])
    if (geo.zips or circle) and not spot.zip_open and not inside:
        yield "no ZIP" if spot.zip is None else f"ZIP {spot.zip}", _required_zips(geo)
    if spot.zip in geo.zips_except:
        yield f"ZIP {spot.zip}", f"not in {_list(geo.zips_except, 'excluded ZIPs')}"


def _required_zips(geo: Geo) -> str:
    listed = f"in {_list(geo.zips, 'ZIPs')}" if geo.zips else ""
    if geo.center_zip is None:
        return listed
    miles = f"{geo.radius_miles} mile{'' if geo.radius_miles == 1 else 's'}"
    circle = f"within {miles} of {geo.center_zip}"
    return f"{listed} or {circle}" if listed else circle


def _list(names: Collection[str], plural: str) -> str:
    return ", ".join(sorted(names)) if len(names) <= _LISTED else f"its {len(names):,} {plural}"
