"""The fixed reports: each is a question with a name and a sentence, or a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Fixed(NamedTuple):
    """`defaults` are what its address says unless it is said otherwise. `path` is where another page has it."""

    name: str
    title: str
    about: str
    defaults: Mapping[str, str] = MappingProxyType({})
    path: str = ""


REPORTS: Mapping[str, Fixed] = MappingProxyType(
    {
        each.name: each
        for each in (
            Fixed("funnel", "Funnel", "How far leads got, from their arrival to what buyers report of them.",
                  {"measures": "leads,pings,bids,sold,return_rate,contact_rate,conversion_rate", "by": "none"}),
            Fixed("source-quality", "Source quality", "What the leads of each seller and sub ID are worth to buyers.",
                  {"measures": "leads,sold_rate,return_rate,contact_rate,conversion_rate,epl,revenue",
                   "by": "seller", "then": "sub_id1", "view": "rows"}),
            Fixed("bid-landscape", "Bid landscape", "All bids by price, with those that won.",
                  {"measures": "bids,pings,bid_rate,win_rate", "by": "buyer"}),
            Fixed("price-left", "Price left on the table",
                  "What the winning bid was above the second, and bids that were under the floor.",
                  {"measures": "left,contested,under_floor,bids", "by": "campaign"}),
            Fixed("rejections", "Rejections", "Why leads were refused, and whose they were.",
                  {"measures": "leads", "by": "reason", "then": "seller", "status": "rejected"}),
            Fixed("latency", "Latency", "How long buyers take to answer pings, and how often too long.",
                  {"measures": "latency,timeout_rate,pings,bid_rate", "by": "buyer"}),
            Fixed("cohorts", "Cohorts", "Returns and reports by the week in which leads came.",
                  {"measures": "sold,return_rate,contact_rate,conversion_rate,revenue", "by": "week"}),
            Fixed("attribution", "Attribution", "Clicks, landing pages and campaigns: cost in, value out.",
                  path="/console/attribution"),
            Fixed("buyers", "Buyer scorecard", "How each buyer bids, takes, pays, returns and reports.",
                  {"measures": "pings,bid_rate,win_rate,accept_rate,sold,revenue,return_rate,contact_rate,"
                               "conversion_rate,latency,timeout_rate", "by": "buyer", "show": "revenue"}),
            Fixed("sellers", "Seller scorecard", "What each seller sends, and what it brings.",
                  {"measures": "leads,sold_rate,revenue,payout,margin,epl,rpl,return_rate,contact_rate,"
                               "conversion_rate", "by": "seller", "show": "revenue"}),
            Fixed("hour-of-week", "Hour of the week", "When leads come, and when they sell.",
                  {"measures": "leads,sold_rate,rpl", "by": "hour"}),
        )
    }
)  # fmt: skip
