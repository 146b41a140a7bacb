"""What one process remembers of the last leads: by sub id, address, device and consumer. Bounded, and never stored.

What other nodes saw comes in by `note` as well, so that a burst over two nodes is one burst.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from exchange.stages.screen.seen import Seen, Steps

MINUTE_MS = 60_000
BURST_MS = 10 * MINUTE_MS
DAY_MS = 86_400_000
STEPS_MS = 30 * DAY_MS
STEP_MOST = 10  # numbers given out one after another, some of them unused
UNDER_WAY = 3  # once so many were quick, the same browser's slower leads belong to them too
SLOWER_MS = 30_000
QUICK_MS = 20_000  # a form filled with care takes longer; alone it says nothing
_KEYS = 100_000
_LATEST = 64

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Recent(NamedTuple):
    """A lead of a sub id as it is remembered."""

    lead_id: str
    at: int
    address: bytes | None
    maker: bytes | None  # the browser's or device's hash
    quick: bool | None
    phone: bytes | None
    bad: bool = False


_NONE: Mapping[str, Recent] = MappingProxyType({})


class Alike(NamedTuple):
    """The leads of one sub id in the last ten minutes: all of them, those like this one, and their repeated lines."""

    all: int = 0
    alike: tuple[str, ...] = ()
    nearest_ms: int | None = None
    repeated: bool = False
    makers: int = 0


class Steady(NamedTuple):
    """Leads of the sub id whose phones lie within a few steps of this one's: all of them, how many whose mailboxes do
    so too (`mailed`), and how many the same browser sent (`made`)."""

    near: tuple[str, ...] = ()
    mailed: int = 0
    made: int = 0


class Past(NamedTuple):
    """All that was remembered when a lead came."""

    alike: Alike = Alike()
    steady: Steady = Steady()
    sources_of_address: int = 0
    consumers_of_device: int = 0
    emails_of_phone: int = 0
    phones_of_email: int = 0


class _Shelf(Generic[_K, _V]):
    """The latest `V` of each key; keys not used for longest go first."""

    def __init__(self, most: int, latest: int) -> None:
        self._held: OrderedDict[_K, deque[_V]] = OrderedDict()
        self._most, self._latest = most, latest

    def of(self, key: _K) -> Iterable[_V]:
        return self._held.get(key, ())

    def add(self, key: _K, value: _V) -> None:
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = deque(maxlen=self._latest)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(key)
        held.append(value)


class _Sources:
    """The latest leads of each sub id by their ids: every lead is looked for several times, as nodes tell each other
    of it."""

    def __init__(self, most: int, latest: int) -> None:
        self._held: OrderedDict[tuple[str, str], dict[str, Recent]] = OrderedDict()
        self._most, self._latest = most, latest

    def of(self, source: tuple[str, str]) -> Mapping[str, Recent]:
        return self._held.get(source, _NONE)

    def add(self, source: tuple[str, str], recent: Recent) -> None:
        held = self._held.get(source)
        if held is None:
            held = self._held[source] = {}
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(source)
        held[recent.lead_id] = recent
        if len(held) > self._latest:
            del held[next(iter(held))]


class Memory:
    """Changes with every lead; asked and told by one task at a time."""

    def __init__(self, keys: int = _KEYS) -> None:
        self._sources = _Sources(keys, _LATEST)
        self._steps: _Shelf[tuple[str, str], tuple[int, str, Steps, bytes | None]] = _Shelf(keys, _LATEST)
        self._addresses: _Shelf[bytes, tuple[int, tuple[str, str]]] = _Shelf(keys, 16)
        self._devices: _Shelf[bytes, tuple[int, bytes | None]] = _Shelf(keys, 16)
        self._phones: _Shelf[bytes, tuple[int, bytes]] = _Shelf(keys, 8)
        self._emails: _Shelf[bytes, tuple[int, bytes]] = _Shelf(keys, 8)

    def past(self, seen: Seen) -> Past:
        """What is remembered that bears on this lead. The lead itself is not counted, also if its ping came before."""
        since = seen.at - DAY_MS
        sources = {source for at, source in _of(self._addresses, seen.address) if at > since}
        consumers = {phone for at, phone in _of(self._devices, seen.device_key) if at > since and phone is not None}
        emails = {email for at, email in _of(self._phones, seen.phone) if at > since}
        phones = {phone for at, phone in _of(self._emails, seen.email) if at > since}
        return Past(
            self._alike(seen),
            self._steady(seen),
            len(sources | {seen.source}) if sources else 0,
            len(consumers - {seen.phone}),
            len(emails - {seen.email}),
            len(phones - {seen.phone}),
        )

    def knows(self, source: tuple[str, str], lead_id: str) -> bool:
        """Whether a lead of a source is among those remembered."""
        return lead_id in self._sources.of(source)

    def note(self, seen: Seen) -> bool:
        """Remember a lead; False when it is remembered already (a ping and its post are one lead)."""
        if self.knows(seen.source, seen.lead_id):
            return False
        recent = Recent(seen.lead_id, seen.at, seen.address, _maker(seen), _quick(seen), seen.phone)
        self._sources.add(seen.source, recent)
        if seen.steps is not None:
            self._steps.add(seen.source, (seen.at, seen.lead_id, seen.steps, _maker(seen)))
        if seen.address is not None:
            self._addresses.add(seen.address, (seen.at, seen.source))
        if seen.device_key is not None:
            self._devices.add(seen.device_key, (seen.at, seen.phone))
        if seen.phone is not None and seen.email is not None:
            self._phones.add(seen.phone, (seen.at, seen.email))
            self._emails.add(seen.email, (seen.at, seen.phone))
        return True

    def _alike(self, seen: Seen) -> Alike:
        """A lead is like this one when the same browser filled both forms quickly. Of many one may have been slower."""
        at, me = seen.at, seen.lead_id  # leads of other nodes come in a moment late: the window lies on both sides
        first, last = at - BURST_MS, at + BURST_MS
        held = self._sources.of(seen.source).values()
        window = [each for each in held if first <= each.at <= last and each.lead_id != me]
        if not window:
            return Alike()
        maker, quick = _maker(seen), _quick(seen)
        makers = {each.maker for each in window}
        makers.add(maker)
        makers.discard(None)
        if maker is None or not (quick or _rather_quick(seen)):  # nothing can be like it
            return Alike(len(window), makers=len(makers))
        alike = [each for each in window if each.quick and each.maker == maker]
        if not quick and len(alike) < UNDER_WAY:
            alike = []
        addresses = [each.address for each in alike if each.address is not None]
        repeated = (seen.address in addresses) or len(set(addresses)) < len(addresses)
        nearest = min((abs(at - each.at) for each in alike), default=None)
        return Alike(len(window), tuple(each.lead_id for each in alike), nearest, repeated, len(makers))

    def _steady(self, seen: Seen) -> Steady:
        steps = seen.steps
        if steps is None:
            return Steady()
        near: list[str] = []
        mailed = made = 0
        my_head, my_tail, my_mailbox = steps
        for at, lead_id, (head, tail, mailbox), maker in self._steps.of(seen.source):
            if head != my_head or not 0 < abs(tail - my_tail) <= STEP_MOST:
                continue
            if lead_id == seen.lead_id or abs(seen.at - at) > STEPS_MS:
                continue
            near.append(lead_id)
            made += maker is not None and maker == _maker(seen)
            if mailbox is not None and my_mailbox is not None:
                mailed += 0 < abs(mailbox - my_mailbox) <= STEP_MOST
        return Steady(tuple(near), mailed, made)


def _of(shelf: _Shelf[_K, _V], key: _K | None) -> Iterable[_V]:
    return shelf.of(key) if key is not None else ()


def _maker(seen: Seen) -> bytes | None:
    return seen.device_key or seen.agent


def _rather_quick(seen: Seen) -> bool:
    return seen.form_ms is not None and seen.form_ms < SLOWER_MS


def _quick(seen: Seen) -> bool | None:
    return seen.form_ms < QUICK_MS if seen.form_ms is not None else None
