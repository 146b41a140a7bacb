"""What can be asked of the analytics explorer: measures, what they are grouped by, filters, and a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple


class Grain(Enum):
    """What one row counts."""

    LEAD = "lead"
    SALE = "sale"  # of a lead to one contract, not undone
    ASK = "ask"  # a contract asked for a bid
    POST = "post"  # a lead sent to a buyer and answered
    WIN = "win"  # a bid that became a sale, beside the best that did not
    FLOOR = "floor"  # a bid under the floor of its time


SUMS: Mapping[Grain, tuple[str, ...]] = MappingProxyType(
    {
        Grain.LEAD: ("leads", "sold", "revenue", "payout"),
        Grain.SALE: ("sales", "bought", "price", "paid", "returned", "contacted", "converted"),
        Grain.ASK: ("pings", "bids", "timeouts", "took", "won", "asked", "bid_on"),
        Grain.POST: ("posts", "accepted"),
        Grain.WIN: ("contested", "left"),
        Grain.FLOOR: ("under_floor",),
    }
)
"""What is added up of each. `bought`, `asked` and `bid_on` are leads: they do not add up over buyers."""


class Unit(Enum):
    COUNT = "count"
    MONEY = "money"
    EACH = "each"  # money for each of what it is divided by
    SHARE = "share"
    MS = "ms"  # the mean


class Measure(NamedTuple):
    """`top` over `under`; without `under` the sum itself. `placed` is the same where sales to one buyer are looked at.

    `opens` names the entries that its count is: leads, or one of `ENTRIES`.
    """

    name: str
    title: str
    about: str
    unit: Unit
    top: str
    under: str = ""
    placed: tuple[str, str] = ("", "")
    opens: str = "leads"

    def parts(self, *, placed: bool) -> tuple[str, str]:
        return self.placed if placed and self.placed[0] else (self.top, self.under)


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        each.name: each
        for each in (
            Measure("leads", "Leads", "Leads that came; by buyer, contract or tier those that were sold there",
                    Unit.COUNT, "leads", placed=("bought", "")),
            Measure("pings", "Pings", "Times a contract was asked for a bid", Unit.COUNT, "pings", opens="pings"),
            Measure("bids", "Bids", "Times it bid", Unit.COUNT, "bids", opens="bids"),
            Measure("sold", "Sold", "Leads that were sold", Unit.COUNT, "sold", placed=("bought", ""), opens="sold"),
            Measure("revenue", "Revenue", "What buyers pay, after returns", Unit.MONEY, "revenue",
                    placed=("price", "")),
            Measure("payout", "Payout", "What sellers earn, after returns", Unit.MONEY, "payout", placed=("paid", "")),
            Measure("margin", "Margin", "Revenue less payout", Unit.MONEY, "margin", placed=("kept", "")),
            Measure("epl", "EPL", "Earnings per lead: payout for each lead", Unit.EACH, "payout", "leads",
                    ("paid", "bought")),
            Measure("rpl", "RPL", "Revenue per lead", Unit.EACH, "revenue", "leads", ("price", "bought")),
            Measure("sold_rate", "Sold %", "Sold leads of all; by buyer, contract or tier the share that went there",
                    Unit.SHARE, "sold", "leads", ("bought", "base"), "sold"),
            Measure("bid_rate", "Bid rate", "Bids of pings", Unit.SHARE, "bids", "pings", opens="bids"),
            Measure("win_rate", "Win rate", "Bids that became a sale, of all bids", Unit.SHARE, "won", "bids",
                    opens="won"),
            Measure("accept_rate", "Accept on post", "Posts the buyer took, of those it answered", Unit.SHARE,
                    "accepted", "posts", opens="accepted"),
            Measure("return_rate", "Return %", "Sales given back, of all sales", Unit.SHARE, "returned", "sales",
                    opens="returned"),
            Measure("contact_rate", "Contact %", "Sales whose buyer reported a contact, of all sales", Unit.SHARE,
                    "contacted", "sales", opens="contacted"),
            Measure("conversion_rate", "Conversion %", "Sales whose buyer reported a conversion, of all sales",
                    Unit.SHARE, "converted", "sales", opens="converted"),
            Measure("latency", "Latency", "The mean time a buyer took to answer a ping", Unit.MS, "took", "pings",
                    opens="pings"),
            Measure("timeout_rate", "Timeout %", "Pings not answered in time, of all pings", Unit.SHARE, "timeouts",
                    "pings", opens="timeouts"),
            Measure("contested", "Contested sales", "Sales by a bid that another buyer's bid stood beside", Unit.COUNT,
                    "contested", opens="contested"),
            Measure("left", "Left on the table", "What winning bids were above the second", Unit.MONEY, "left",
                    opens="contested"),
            Measure("under_floor", "Bids under floor", "Bids below the campaign's floor of that time", Unit.COUNT,
                    "under_floor", opens="under_floor"),
        )
    }
)  # fmt: skip

ENTRIES: Mapping[str, tuple[Grain, str]] = MappingProxyType(
    {
        "pings": (Grain.ASK, "Pings"),
        "bids": (Grain.ASK, "Bids"),
        "won": (Grain.ASK, "Bids that became a sale"),
        "timeouts": (Grain.ASK, "Pings not answered in time"),
        "contested": (Grain.WIN, "Sales with a second bid"),
        "under_floor": (Grain.FLOOR, "Bids under the floor"),
        "posts": (Grain.POST, "Posts that were answered"),
        "accepted": (Grain.POST, "Posts that were taken"),
        "sales": (Grain.SALE, "Sales"),
        "returned": (Grain.SALE, "Sales given back"),
        "contacted": (Grain.SALE, "Sales with a contact"),
        "converted": (Grain.SALE, "Sales with a conversion"),
    }
)
"""What a count lists that is no list of leads."""

TIMES = ("hour", "day", "week")
PLACES = ("buyer", "contract", "tier")
"""Groups that are of a sale, a ping or a post, not of a lead."""
FIELD = "field."
DIMENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "hour": "Hour",
        "day": "Day",
        "week": "Week",
        "seller": "Seller",
        "campaign": "Campaign",
        **{f"sub_id{number}": f"Sub ID {number}" for number in range(1, 11)},
        "buyer": "Buyer",
        "contract": "Contract",
        "tier": "Tier",
        "vertical": "Vertical",
        "state": "State",
        "zip3": "ZIP3",
        "grade": "Grade",
        "device": "Device",
        "channel": "Channel",
        "landing_page": "Landing page",
        "status": "Status",
        "reason": "Reason",
    }
)
_FIELD_NAME = re.compile(r"field\.[a-z][a-z0-9_]{0,59}")


def is_dimension(name: str) -> bool:
    """One of `DIMENSIONS`, or `field.` and the name of a field that names nobody."""
    return name in DIMENSIONS or _FIELD_NAME.fullmatch(name) is not None


class Cell(NamedTuple):
    """Leads with this value of a dimension; an empty one: those without any. `hour` is its first instant (ms)."""

    dimension: str
    value: str


class Question(NamedTuple):
    """Measures of leads that came in [begin, until), by up to two groups. Instants are ms."""

    measures: tuple[str, ...]
    groups: tuple[str, ...]
    cells: tuple[Cell, ...]
    begin: int
    until: int
    mode: str
    currency: str

    @property
    def placed(self) -> bool:
        """Whether sales to somebody are looked at, instead of leads."""
        return any(name in PLACES for name in (*self.groups, *(cell.dimension for cell in self.cells)))

    def grains(self) -> tuple[Grain, ...]:
        """Which rows have to be counted for its measures."""
        wanted: set[Grain] = set()
        for name in self.measures:
            for part in MEASURES[name].parts(placed=self.placed):
                wanted |= {Grain.LEAD} if part == "margin" else {Grain.SALE} if part == "kept" else set()
                wanted |= {grain for grain, sums in SUMS.items() if part in sums}
        return tuple(grain for grain in Grain if grain in wanted)
