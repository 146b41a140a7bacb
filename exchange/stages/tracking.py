"""What a seller says of where a lead came from, as far as it may stand in clear: reports count by it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from exchange.stages.personal import looks_personal

SUB_IDS = tuple(f"sub_id{number}" for number in range(2, 11))
DEVICES = ("phone", "tablet", "computer", "other")
_PAGE_CHARACTERS = 120
_TABLET = re.compile(r"iPad|Tablet|PlayBook|Silk|Android(?!.*Mobile)")
_PHONE = re.compile(r"Mobi|iPhone|iPod|Android|Windows Phone")
_NUMBERS = re.compile(r"\d{5,}")


def shown_tracking(tracking: Mapping[str, str]) -> dict[str, str]:
    """Sub ids from the second on, the landing page and the kind of device; what was not told is left out, and a sub id
    that holds an email address or reads like a phone, whoever's."""
    found = {name: told for name in SUB_IDS if (told := tracking.get(name)) and not looks_personal(told)}
    if page := landing_page(tracking.get("landing_page_url") or ""):
        found["landing_page"] = page
    if agent := tracking.get("user_agent"):
        found["device"] = device_of(agent)
    return found


@lru_cache(maxsize=4_096)  # the same pages come again and again
def landing_page(url: str) -> str:
    """Host and path. What follows the path, and long numbers and addresses within it, may be somebody's own."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    path = "/".join("" if "@" in part or "%40" in part else _NUMBERS.sub("…", part) for part in parts.path.split("/"))
    return f"{host}{path.rstrip('/')}"[:_PAGE_CHARACTERS] if host else ""


@lru_cache(maxsize=4_096)
def device_of(agent: str) -> str:
    """One of `DEVICES`, as a browser names itself."""
    if _TABLET.search(agent):
        return "tablet"
    if _PHONE.search(agent):
        return "phone"
    return "computer" if agent.startswith("Mozilla/") else "other"
