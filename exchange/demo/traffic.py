"""The demo's sellers: they post generated leads to the public API at a steady rate and tell what was answered."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, TCPConnector

from exchange.clock import Clock
from exchange.demo.media import visits_of
from exchange.demo.people import EVEN, generate
from exchange.demo.personalities import SellerHabits
from exchange.demo.posting import SellerAnswer, send
from exchange.demo.shapes import GeneratedLead, Homes
from exchange.model.vertical import Presence, Vertical

AT_ONCE = 64  # leads under way; more wait their turn
SENT_WITH_PING = ("sub_id1", "ip_address")


@dataclass(frozen=True, slots=True)
class Channel:
    """One campaign's way in: whose it is, its key, what its leads carry and how they are sent."""

    campaign_id: str
    seller: str
    key: str
    vertical: Vertical
    habits: SellerHabits


@dataclass(frozen=True, slots=True)
class TrafficEvent:
    """One lead and what became of it. `at` epoch ms; `took_ms` of the exchange's answering, pauses left out."""

    at: int
    campaign_id: str
    seller: str
    lead: GeneratedLead
    answer: SellerAnswer
    took_ms: int


class Traffic:
    """Posts until stopped. `on_event` is called once per lead, in the order the answers come."""

    def __init__(
        self,
        base_url: str,
        channels: Sequence[Channel],
        homes: Homes,
        *,
        seed: int,
        clock: Clock,
        per_minute: float,
        on_event: Callable[[TrafficEvent], None],
    ) -> None:
        """`base_url` such as `http://127.0.0.1:8080`; `per_minute` leads over all channels, split by their shares."""
        self._url, self._told = f"{base_url}/api/v1", f"{base_url}/t/e"
        self._channels, self._homes, self._seed = tuple(channels), homes, seed
        self._clock, self._per_minute, self._on_event = clock, per_minute, on_event
        self._going = asyncio.Event()
        self._going.set()

    @property
    def paused(self) -> bool:
        return not self._going.is_set()

    def pause(self) -> None:
        """No new lead is sent; those under way end."""
        self._going.clear()

    def resume(self) -> None:
        self._going.set()

    async def run(self, most: int | None = None) -> None:
        """Send leads, for ever or `most` of them; cancelling ends those under way too."""
        late_ms = 0  # how far pauses have moved the schedule
        free = asyncio.Semaphore(AT_ONCE)
        async with ClientSession(connector=TCPConnector(limit=AT_ONCE)) as session, asyncio.TaskGroup() as tasks:
            for sent, (channel, lead) in enumerate(self._schedule()):
                if most is not None and sent >= most:
                    return
                await self._clock.sleep(max(0.0, (lead.arrived_at + late_ms - self._clock.now()) / 1000))
                if self.paused:
                    stopped_at = self._clock.now()
                    await self._going.wait()
                    late_ms += self._clock.now() - stopped_at
                await free.acquire()
                tasks.create_task(self._one(session, channel, lead, sent, free))

    def _schedule(self) -> Iterator[tuple[Channel, GeneratedLead]]:
        """All channels' leads in the order of their arrival."""
        shares = sum(channel.habits.share for channel in self._channels)
        now = self._clock.now()
        streams = [
            _stream(index, channel, self._homes, self._seed, now, self._per_minute * channel.habits.share / shares)
            for index, channel in enumerate(self._channels)
        ]
        for _, index, _, lead in heapq.merge(*streams, key=lambda item: item[:3]):
            yield self._channels[index], lead

    async def _one(
        self, session: ClientSession, channel: Channel, lead: GeneratedLead, sent: int, free: asyncio.Semaphore
    ) -> None:
        try:
            at = self._clock.now()
            answer, took_ms = await self._sell(session, channel, lead, sent)
        finally:
            free.release()
        self._on_event(TrafficEvent(at, channel.campaign_id, channel.seller, lead, answer, took_ms))

    async def _sell(
        self, session: ClientSession, channel: Channel, lead: GeneratedLead, sent: int
    ) -> tuple[SellerAnswer, int]:
        """By the channel's habit: ping and post, both in one call, or the post alone; after what its consumer saw."""
        habits = channel.habits
        with suppress(ClientError, TimeoutError):  # an exchange that is away answers the lead alone
            for seen in visits_of(lead.values):
                await (await session.post(self._told, json=seen)).release()
        form = habits.formats[lead.number % len(habits.formats)]
        call = habits.calls[lead.number % len(habits.calls)]
        whole = post_fields(lead, channel.key)
        if call != "ping_post":
            return await self._timed(session, call, whole, form)
        quoted, ping_ms = await self._timed(session, "ping", ping_fields(lead, channel.key, channel.vertical), form)
        if quoted.status != "accepted" or quoted.ping_id is None or _gives_up(lead, habits):
            return quoted, ping_ms
        await self._clock.sleep(lead.pause_ms / 1000)
        sold, post_ms = await self._timed(session, "post", whole | {"ping_id": quoted.ping_id}, form)
        return sold, ping_ms + post_ms

    async def _timed(
        self, session: ClientSession, call: str, fields: Mapping[str, str], form: str
    ) -> tuple[SellerAnswer, int]:
        started = self._clock.monotonic()
        answer = await send(session, f"{self._url}/{call}", fields, form)
        return answer, int((self._clock.monotonic() - started) * 1000)


def _stream(
    index: int, channel: Channel, homes: Homes, seed: int, now: int, per_minute: float
) -> Iterator[tuple[int, int, int, GeneratedLead]]:
    habits = channel.habits
    leads = generate(
        seed + index, channel.vertical, homes, habits.source, starts_at=now, per_minute=per_minute, hourly=EVEN
    )
    for lead in leads:
        yield lead.arrived_at, index, lead.number, lead


def _gives_up(lead: GeneratedLead, habits: SellerHabits) -> bool:
    return lead.number * 37 % 100 < habits.gives_up_percent


def ping_fields(lead: GeneratedLead, key: str, vertical: Vertical) -> dict[str, str]:
    """What a ping carries: the key, the fields the vertical asks for in a ping, the sub id and the IP address."""
    asked = {spec.name for spec in vertical.fields if spec.ping is not Presence.ABSENT} | set(SENT_WITH_PING)
    return {"campaign_key": key} | {name: text for name, text in lead.values.items() if name in asked}


def post_fields(lead: GeneratedLead, key: str) -> dict[str, str]:
    return {"campaign_key": key} | dict(lead.values)
