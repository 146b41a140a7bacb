"""Where made-up people live: real ZIP codes around the larger cities, so that area code, city and state agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exchange.demo.shapes import Home
from exchange.fields.places import Places

MILES = 25  # most people live this near to a city

# The middle of one or more larger cities of each state.
CENTERS: Mapping[str, tuple[str, ...]] = {
    "AK": ("99501",),
    "AL": ("35203", "36104"),
    "AR": ("72201",),
    "AZ": ("85004", "85016", "85701"),
    "CA": ("90012", "92101", "95113", "95814", "93721"),
    "CO": ("80202", "80903"),
    "CT": ("06103",),
    "DC": ("20001",),
    "DE": ("19801",),
    "FL": ("33130", "33602", "32801", "32202"),
    "GA": ("30303", "31401"),
    "HI": ("96813",),
    "IA": ("50309",),
    "ID": ("83702",),
    "IL": ("60602", "62701"),
    "IN": ("46204",),
    "KS": ("67202",),
    "KY": ("40202",),
    "LA": ("70112", "70801"),
    "MA": ("02108", "01608"),
    "MD": ("21201",),
    "ME": ("04101",),
    "MI": ("48226", "49503"),
    "MN": ("55401",),
    "MO": ("63101", "64106"),
    "MS": ("39201",),
    "MT": ("59101",),
    "NC": ("28202", "27601"),
    "ND": ("58102",),
    "NE": ("68102",),
    "NH": ("03101",),
    "NJ": ("07102", "08608"),
    "NM": ("87102",),
    "NV": ("89101", "89501"),
    "NY": ("10001", "14202", "12207"),
    "OH": ("43215", "44113", "45202"),
    "OK": ("73102", "74103"),
    "OR": ("97204",),
    "PA": ("19103", "15222"),
    "RI": ("02903",),
    "SC": ("29201", "29401"),
    "SD": ("57104",),
    "TN": ("37203", "38103"),
    "TX": ("77002", "75201", "78701", "78205"),
    "UT": ("84101",),
    "VA": ("23219", "23510"),
    "VT": ("05401",),
    "WA": ("98101", "99201"),
    "WI": ("53202", "53703"),
    "WV": ("25301",),
    "WY": ("82001",),
}


class CityHomes:
    """`Homes` out of the ZIP table, made once per state and kept."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._by_state: dict[str, tuple[Home, ...]] = {}

    def in_state(self, state: str) -> Sequence[Home]:
        """Homes near the state's larger cities, in ZIP order; none for an unknown state."""
        if state not in self._by_state:
            near = {code for center in CENTERS.get(state, ()) for code in self._places.within(center, MILES)}
            self._by_state[state] = tuple(home for code in sorted(near) if (home := self._home(code, state)))
        return self._by_state[state]

    def _home(self, code: str, state: str) -> Home | None:
        place = self._places.place(code)
        if place is None or place.state != state or not place.area_codes or place.zone is None:
            return None
        return Home(place.zip, place.city, place.state, place.area_codes)
