"""Hours of the day at which something may be done: `09:00-17:30`, over midnight too, in a zone. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

_HOURS = re.compile(
    r"([01]?\d|2[0-3]):([0-5]\d)\s*(?:-|to)\s*([01]?\d|2[0-4]):([0-5]\d)(?:\s+([A-Za-z0-9/_+-]{1,40}))?"
)
_DAY = 24 * 60


class Hours(NamedTuple):
    """Minutes of the day, the end not included; `zone` is empty for the exchange's own."""

    begins: int
    ends: int
    zone: str = ""

    @property
    def text(self) -> str:
        times = f"{self.begins // 60:02d}:{self.begins % 60:02d}-{self.ends // 60:02d}:{self.ends % 60:02d}"
        return f"{times} {self.zone}".strip()


def read_hours(text: str) -> Hours | None:
    """None for what means no hours."""
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        return None
    begins, ends = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    zone = found[5] or ""
    if begins == ends or ends > _DAY or (zone and zone not in _zones()):
        return None
    return Hours(begins, ends, zone)


def opens_at(hours: Hours, zone: str, now: int) -> int:
    """When it may go on: `now` while it may, else the next beginning. Epoch ms; `zone` is the exchange's.

    The hour that a clock skips or repeats is taken as the clock on the wall shows it.
    """
    place = ZoneInfo(hours.zone or zone)
    local = datetime.fromtimestamp(now / 1000, place)
    if _within(hours, local.hour * 60 + local.minute):
        return now
    opens = local.replace(hour=hours.begins // 60, minute=hours.begins % 60, second=0, microsecond=0)
    if opens <= local:
        opens = (local + timedelta(days=1)).replace(
            hour=hours.begins // 60, minute=hours.begins % 60, second=0, microsecond=0
        )
    return max(int(opens.timestamp() * 1000), now + 1)


def _within(hours: Hours, minute: int) -> bool:
    if hours.begins < hours.ends:
        return hours.begins <= minute < hours.ends
    return minute >= hours.begins or minute < hours.ends


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
