"""The filters of the queue of returns as they stand in its address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.storage.return_views import ReturnFilter
from exchange.web.render import address

PATH = "/console/returns"
PAGE = 50
TABS: Mapping[str, tuple[str, tuple[str, ...], bool | None]] = MappingProxyType(
    {
        "waiting": ("To decide", ("asked", "question"), None),
        "approved": ("Approved", ("approved", "partial", "replaced"), None),
        "declined": ("Declined", ("declined",), None),
        "auto": ("Auto-decided", ("approved", "declined"), True),
        "all": ("All", (), None),
    }
)
"""Each tab with its words, the states it shows, and whether a rule decided."""
AGES: Mapping[str, str] = MappingProxyType({"1": "over 1 day", "3": "over 3 days", "7": "over 7 days"})
_FILTERS = ("tab", "buyer", "seller", "reason", "suggestion", "age")
_BEFORE = re.compile(r"(\d{1,15})_(ret_[0-9A-Za-z]{1,40})")
_VALUE_CHARACTERS = 80
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class ReturnQuery:
    """What is asked for. A value that no filter knows leaves it out."""

    mode: str
    given: Mapping[str, str]
    before: tuple[int, str] | None = None

    @property
    def tab(self) -> str:
        return self.given.get("tab", "waiting")

    @property
    def filtered(self) -> bool:
        return bool(self.given.keys() - {"tab"})

    def filter(self, now: int, limit: int) -> ReturnFilter:
        _, states, automatic = TABS[self.tab]
        age = self.given.get("age")
        return ReturnFilter(
            self.mode,
            states,
            automatic,
            self.given.get("buyer"),
            self.given.get("seller"),
            self.given.get("reason"),
            self.given.get("suggestion"),
            now - int(age) * _DAY_MS if age else None,
            before=self.before,
            limit=limit,
        )

    def url(self, ending: str = "", **more: str | None) -> str:
        """The address of this list; `ending` is that of its twin."""
        mode = "test" if self.mode == "test" else None
        return address(PATH + ending, **{**self.given, "mode": mode, **more})

    def tab_url(self, tab: str) -> str:
        return self.url(tab=tab)

    def older(self, asked_at: int, return_id: str) -> str:
        return self.url(before=f"{asked_at}_{return_id}")


def read_query(query: Mapping[str, str], mode: str) -> ReturnQuery:
    given = {name: query.get(name, "").strip()[:_VALUE_CHARACTERS] for name in _FILTERS}
    if given["tab"] not in TABS:
        given["tab"] = ""
    if given["age"] not in AGES:
        given["age"] = ""
    found = _BEFORE.fullmatch(query.get("before", ""))
    before = (int(found[1]), found[2]) if found is not None else None
    return ReturnQuery(mode, {name: value for name, value in given.items() if value}, before)
