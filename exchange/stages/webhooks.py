"""Webhooks: how one is signed, when it is tried again, and when an address has failed too long."""

from __future__ import annotations

import base64
import hmac
from typing import NamedTuple

import orjson

from exchange.stages.respond import rfc3339

WAITS_MS = (5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000)
"""After each try that failed: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h. The first try is made at once."""
TRIES = len(WAITS_MS) + 1
FAILING_MS = 432_000_000  # five days without one success, then nobody reads there any more
_SPREAD = 0.2  # later only, so that what failed together does not come back together
_PREFIX = "whsec_"
_GONE = 410


class Event(NamedTuple):
    """One event as it is told. `about` is the id of what it happened to; `sequence` counts the events about that."""

    id: str
    type: str
    at: int
    about: str
    sequence: int
    role: str
    party_id: str | None
    data: dict[str, object]

    def body(self) -> bytes:
        """The same bytes at every try. Values that nobody knows are left out."""
        party = {"role": self.role} if self.party_id is None else {"role": self.role, "id": self.party_id}
        return orjson.dumps(
            {
                "type": self.type,
                "id": self.id,
                "timestamp": rfc3339(self.at),
                "object": self.about,
                "sequence": self.sequence,
                "party": party,
                "data": {name: value for name, value in self.data.items() if value is not None},
            }
        )


class Verdict(NamedTuple):
    """What a try means: `delivered`, `waiting` until `next_at`, or `failed`. `disables` says why the address ends."""

    state: str
    next_at: int | None = None
    disables: str | None = None


def after_try(tries: int, status: int | None, now: int, failing_since: int | None, draw: float) -> Verdict:
    """`tries` counts this one; `status` None: no answer came. `failing_since`: of the address, before this try."""
    if status is not None and 200 <= status < 300:
        return Verdict("delivered")
    if status == _GONE:
        return Verdict("failed", disables="It answered 410: it is gone for good.")
    if failing_since is not None and now - failing_since >= FAILING_MS:
        return Verdict("failed", disables="It failed for five days without one success.")
    if tries >= TRIES:
        return Verdict("failed")
    wait_ms = WAITS_MS[tries - 1]
    return Verdict("waiting", now + wait_ms + int(wait_ms * _SPREAD * draw))


def new_secret(random: bytes) -> str:
    return _PREFIX + base64.b64encode(random).decode()


def signature(secret: str, event_id: str, at_s: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of `id.timestamp.body`, as Standard Webhooks has it."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.digest(key, f"{event_id}.{at_s}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def signed_headers(secrets: tuple[str, ...], event_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """Each secret signs: while one takes the place of another, both are good."""
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(signature(secret, event_id, at_s, body) for secret in secrets),
    }
