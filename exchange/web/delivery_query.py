"""The filters of the list of deliveries as they stand in its address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.storage.delivery_views import DeliveryFilter
from exchange.web.render import address

PATH = "/console/deliveries"
PAGE = 50

STATUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "waiting": ("waiting", "sending"),
        "sent": ("sent",),
        "on_the_shelf": ("shelved",),
        "arrived": ("delivered", "accepted"),
        "failed": ("failed", "refused"),
        "came_back": ("bounced",),
        "nobody_knows": ("expired",),
        "cancelled": ("cancelled",),
    }
)
"""A status of the list and the states it shows; together they leave none out."""

CHANNELS = ("email", "fax", "phone", "sms", "ftp", "ftps", "sftp", "store", "pull", "csv_url", "http")
_FILTERS = ("status", "buyer", "channel")
_BEFORE = re.compile(r"(\d{1,15})_([a-z]{2,4}_[0-9A-Za-z]{1,40})")
_VALUE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class DeliveryQuery:
    """What is asked for. A value that no filter knows leaves it out."""

    mode: str
    given: Mapping[str, str]
    before: tuple[int, str] | None = None

    def filter(self, limit: int) -> DeliveryFilter:
        states = STATUSES.get(self.given.get("status", ""), ())
        buyer, channel = self.given.get("buyer"), self.given.get("channel")
        return DeliveryFilter(self.mode, states, buyer, channel, before=self.before, limit=limit)

    def url(self, ending: str = "", **more: str | None) -> str:
        """The address of this list; `ending` is that of its twin."""
        mode = "test" if self.mode == "test" else None
        return address(PATH + ending, **{**self.given, "mode": mode, **more})

    def older(self, made_at: int, delivery_id: str) -> str:
        return self.url(before=f"{made_at}_{delivery_id}")


def read_query(query: Mapping[str, str], mode: str) -> DeliveryQuery:
    given = {name: query.get(name, "").strip()[:_VALUE_CHARACTERS] for name in _FILTERS}
    found = _BEFORE.fullmatch(query.get("before", ""))
    before = (int(found[1]), found[2]) if found is not None else None
    return DeliveryQuery(mode, {name: value for name, value in given.items() if value}, before)
