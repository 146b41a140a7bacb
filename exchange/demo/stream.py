"""Replays a file of leads, one JSON object per line, through the public API on the file's own clock.

A line has `lead_id, ts, seller_id, sub_id, vertical, source, landing_page, contact{}, ip, user_agent, form_ms, hp,
consent{cert, ts, url}, fields{}`. A file beside it with `_truth` in its name may tell what became of each lead:
`lead_id, expect, dispositions[{ts, status, reason}]`. Dispositions of sold leads are sent by their buyers when due.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout

from exchange.clock import SimulatedClock
from exchange.demo.posting import ANSWER_SECONDS, SellerAnswer, send

LINE_BYTES = 256 * 1024


class BadStream(Exception):
    """The file cannot be replayed; the message names the line."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a buyer says about a lead: `at` epoch ms, `kind` in the vertical's words."""

    at: int
    kind: str
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line: when it came (epoch ms), by whom, and its values under canonical names."""

    number: int
    lead_id: str
    at: int
    seller_id: str
    vertical: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Truth:
    """`expect` is accept, reject or empty when the file does not say."""

    expect: str
    told: tuple[Told, ...]


@dataclass(slots=True)
class StreamSummary:
    """Counts of a replay. `judged` counts (what was expected, what the exchange answered)."""

    rows: int = 0
    first_at: int = 0
    last_at: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    judged: Counter[tuple[str, str]] = field(default_factory=Counter)
    dispositions: Counter[str] = field(default_factory=Counter)  # recorded, refused, not_sold


@dataclass(frozen=True, slots=True)
class StreamEvent:
    row: Row
    campaign_id: str
    answer: SellerAnswer


# What buyers say in a stream, and the words a vertical may have for it; the first it has is used.
WORDS: Mapping[str, tuple[str, ...]] = {
    "bad_number": ("bad_number", "wrong_number", "invalid"),
    "wrong_person": ("wrong_person", "wrong_number", "invalid"),
    "not_qualified": ("not_qualified", "not_interested", "invalid"),
    "interested": ("interested", "qualified", "callback", "contacted"),
    "returned": ("returned", "invalid"),
}


@dataclass(frozen=True, slots=True)
class Access:
    """Keys for the API by campaign and by buyer; which campaign takes a (seller, vertical); each vertical's words."""

    campaign_keys: Mapping[str, str]
    buyer_keys: Mapping[str, str]
    campaigns: Mapping[tuple[str, str], str]
    dispositions: Mapping[str, tuple[str, ...]]

    def word_for(self, kind: str, vertical: str) -> str:
        """The vertical's word for what a buyer said, the buyer's own when it has none."""
        known = self.dispositions.get(vertical, ())
        return next((word for word in WORDS.get(kind, (kind,)) if word in known), kind)

    def campaign_of(self, row: Row) -> str | None:
        """The seller's own campaign, else that of the rest of its family (`bk-other`), else None."""
        seller = seller_slug(row.seller_id)
        family = f"{seller.split('-', 1)[0]}-other"
        return self.campaigns.get((seller, row.vertical)) or self.campaigns.get((family, row.vertical))


def seller_slug(seller_id: str) -> str:
    """`BK-trades` is the seller `bk-trades` of the market."""
    return seller_id.strip().lower()


def read_rows(path: Path) -> Iterator[Row]:
    """Every line of the file in its order. Raises `BadStream` at the first that is not a lead."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _row(number, line, path.name)


def _row(number: int, line: bytes, name: str) -> Row:
    try:
        if len(line) > LINE_BYTES:
            raise ValueError("the line is too long")
        found = orjson.loads(line)
        values = fields_of(found)
        at = epoch_ms(found["ts"])
        return Row(number, str(found["lead_id"]), at, str(found["seller_id"]), str(found["vertical"]), values)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadStream(f"{name}, line {number}: {type(error).__name__}: {error}") from error


def fields_of(found: Mapping[str, Any]) -> dict[str, str]:
    """One line's values under the API's canonical names. What is null is left out, what is empty is sent empty."""
    consent = found.get("consent") or {}
    sent: dict[str, Any] = {
        "seller_lead_id": found["lead_id"],
        "sub_id1": found.get("sub_id"),
        "source": found.get("source"),
        "landing_page_url": found.get("landing_page") or consent.get("url") or None,
        "ip_address": found.get("ip"),
        "user_agent": found.get("user_agent"),
        "form_ms": found.get("form_ms"),
        "hp": found.get("hp") or None,
        "trustedform_cert_url": consent.get("cert") or None,
        "tcpa_consent_at": consent.get("ts") or None,
        "tcpa_consent": "yes" if consent.get("cert") else None,
    }
    sent |= dict(found.get("contact") or {}) | dict(found.get("fields") or {})
    return {name: str(value) for name, value in sent.items() if value is not None}


def epoch_ms(text: str) -> int:
    """Epoch milliseconds of an ISO 8601 time; one without an offset is UTC."""
    at = datetime.fromisoformat(text)
    return int((at if at.tzinfo else datetime.fromisoformat(f"{text}+00:00")).timestamp() * 1000)


def rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def truth_path(stream: Path) -> Path:
    return stream.with_name(f"{stream.stem}_truth{stream.suffix}")


def read_truth(path: Path) -> dict[str, Truth]:
    """What became of each lead, by its id in the stream; nothing when there is no such file."""
    if not path.exists():
        return {}
    truths: dict[str, Truth] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            found = orjson.loads(line)
            told = [
                Told(epoch_ms(d["ts"]), d["status"], d.get("reason") or "") for d in found.get("dispositions") or ()
            ]
            truths[str(found["lead_id"])] = Truth(str(found.get("expect", "")), tuple(told))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadStream(f"{path.name}, line {number}: {type(error).__name__}: {error}") from error
    return truths


class Replay:
    """One run of a stream. The exchange under test must use the same `clock`."""

    def __init__(self, base_url: str, access: Access, clock: SimulatedClock, session: ClientSession) -> None:
        self._url, self._access = f"{base_url}/api/v1", access
        self._clock, self._session = clock, session
        self._due: list[tuple[int, int, str, Told]] = []  # at, order, lead id, what is said
        self._owners: dict[str, str] = {}  # lead id → the buyer that may speak about it
        self._order = 0
        self.summary = StreamSummary()

    async def run(
        self,
        stream: Path,
        on_event: Callable[[StreamEvent], Awaitable[None] | None] | None = None,
        most: int | None = None,
    ) -> StreamSummary:
        """Every row from first to last (or the first `most`), each disposition at its own time, then what is left."""
        truths = read_truth(truth_path(stream))
        for row in read_rows(stream):
            if most is not None and self.summary.rows >= most:
                break
            await self._say_until(row.at)
            event = await self._post(row, truths.get(row.lead_id))
            if on_event is not None and (waiting := on_event(event)) is not None:
                await waiting
        await self._say_until(None)
        return self.summary

    async def _post(self, row: Row, truth: Truth | None) -> StreamEvent:
        self._clock.set(max(row.at, self._clock.now()))
        campaign = self._access.campaign_of(row)
        if campaign is None:
            answer = SellerAnswer(0, "no_campaign", f"{row.seller_id} {row.vertical}")
        else:
            key = self._access.campaign_keys[campaign]
            answer = await send(
                self._session, f"{self._url}/pingpost", {"campaign_key": key} | dict(row.values), "json"
            )
        self._count(row, answer, truth)
        return StreamEvent(row, campaign or "", answer)

    def _count(self, row: Row, answer: SellerAnswer, truth: Truth | None) -> None:
        summary = self.summary
        summary.rows += 1
        summary.first_at = summary.first_at or row.at
        summary.last_at = row.at
        summary.statuses[answer.status] += 1
        if answer.reason:
            summary.reasons[answer.reason] += 1
        if truth is None:
            return
        summary.judged[(truth.expect, answer.status)] += 1
        if answer.status != "accepted" or answer.lead_id is None:
            summary.dispositions["not_sold"] += len(truth.told)
            return
        for told in truth.told:
            self._order += 1
            word = self._access.word_for(told.kind, row.vertical)
            note = f"{told.kind}: {told.note}" if told.note else told.kind
            heapq.heappush(self._due, (told.at, self._order, answer.lead_id, Told(told.at, word, note)))

    async def _say_until(self, at: int | None) -> None:
        """Send what buyers have to say up to `at`, all of it when None, each at its own time."""
        while self._due and (at is None or self._due[0][0] <= at):
            due, _, lead_id, told = heapq.heappop(self._due)
            self._clock.set(max(due, self._clock.now()))
            self.summary.dispositions["recorded" if await self._say(lead_id, told) else "refused"] += 1

    async def _say(self, lead_id: str, told: Told) -> bool:
        """True when the exchange recorded it. A lead's buyer is found by asking with each key: others get 404."""
        body = {"lead_id": lead_id, "disposition": told.kind, "at": rfc3339(told.at), "note": told.note}
        owner = self._owners.get(lead_id)
        for buyer in [owner] if owner else list(self._access.buyer_keys):
            headers = {"Authorization": f"Bearer {self._access.buyer_keys[buyer]}"}
            timeout = ClientTimeout(total=ANSWER_SECONDS)
            try:
                url = f"{self._url}/dispositions"
                async with self._session.post(url, json=body, headers=headers, timeout=timeout) as reply:
                    status = reply.status
            except (ClientError, TimeoutError):
                return False
            if status != 404:
                self._owners[lead_id] = buyer
                return status < 300
        return False
