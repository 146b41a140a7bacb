"""What the demo's verification vendor knows of made-up people: the same each time it is asked the same."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

PREFIX = "/verify/"
SLOW_MS = 2_500  # longer than any budget: what the vendor is now and then
YEAR_MS = 31_536_000_000
_CARRIERS = ("Prairie Wireless", "Lakeshore Mobile", "Union Telephone", "Cactus Cable")
_HOMES = ("1954", "1971", "1986", "1998", "2007", "2019")


def answered(path: str, fields: Mapping[str, Any], now: int) -> tuple[int, bytes] | None:
    """How long it thinks, in milliseconds, and what it says; None where it has no such service."""
    number = int(sha256(f"{path}{sorted(map(str, fields.values()))}".encode()).hexdigest()[:8], 16)
    services = {"line": _line, "certificate": _certificate, "keep": _kept, "home": _home}
    service = services.get(path.removeprefix(PREFIX).partition("/")[0])
    if service is None or not path.startswith(PREFIX):
        return None
    wait_ms = SLOW_MS if number % 211 == 7 else 20 + number % 90
    return wait_ms, orjson.dumps(service(number, now))


def _line(number: int, _: int) -> Mapping[str, Any]:
    kind = "voip" if number % 25 == 3 else "landline" if number % 5 == 1 else "mobile"
    return {"valid": number % 40 != 9, "line": kind, "carrier": _CARRIERS[number % len(_CARRIERS)]}


def _certificate(number: int, _: int) -> Mapping[str, Any]:
    matches = number % 30 != 11
    return {"outcome": "success" if matches else "failure", "reason": None if matches else "another phone"}


def _kept(number: int, now: int) -> Mapping[str, Any]:
    return {"kept": True, "copy": f"kept-{number:08x}", "until_ms": now + 5 * YEAR_MS}


def _home(number: int, _: int) -> Mapping[str, Any]:
    return {"found": number % 20 != 5, "value": 180_000 + number % 620 * 1_000, "built": _HOMES[number % len(_HOMES)]}
