"""Sellers who ping to read prices, and who send refused leads again until they pass. Remembered for a day, in memory.

A seller that pings a thousand times a day and posts fewer than one in two hundred reads prices and sells nothing. One
visitor pinged with more than five sets of answers within an hour is a probe. A ZIP pinged sixty times in an hour with
twenty sets of answers and never posted is a sweep. A refused consumer sent again with other values is a second try.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Any, Generic, NamedTuple, TypeVar

from exchange.model.reason import Reason

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
VARIANTS_MOST = 5
SWEEP_PINGS = 60
SWEEP_VARIANTS = 20
LET_THROUGH = 10  # one in so many pings of a limited seller still goes on, so that it can mend its share
RETRIES_MOST = 1  # changed posts after a refusal that a seller may mend
_KEYS = 100_000
_TRIES = 64

_T = TypeVar("_T", bound=tuple[Any, ...])


class Limit(NamedTuple):
    """What a campaign lets its seller do: from `pings` a day on, so many posts in a thousand. None: any share."""

    pings: int = 1_000
    posts_per_thousand: int = 5


class Spoken(NamedTuple):
    """Something against a seller's way with the exchange."""

    reason: Reason
    sentence: str
    refuses: bool


class Shares(NamedTuple):
    """A seller's pings and posts of the last 24 hours."""

    pings: int
    posts: int

    def short(self, limit: Limit) -> bool:
        return self.pings >= limit.pings and self.posts * 1_000 < self.pings * limit.posts_per_thousand


class Refusal(NamedTuple):
    """A lead that was refused: when, why, and a hash of what it said."""

    at: int
    reason: Reason
    said: int


class Harvest:
    """Changes with every ping and post of live sellers."""

    def __init__(self, keys: int = _KEYS) -> None:
        self._hours: dict[str, deque[list[int]]] = {}  # by seller: hour, pings, posts
        self._visitors: _Tries[tuple[int, int]] = _Tries(keys)
        self._zips: _Tries[tuple[int, int]] = _Tries(keys)
        self._posted: OrderedDict[Hashable, int] = OrderedDict()
        self._refused: _Tries[Refusal] = _Tries(keys)
        self._told: dict[tuple[str, Reason], int] = {}

    def ping(
        self, seller_id: str, at: int, visitor: Hashable | None, zip_code: str | None, said: int, limit: Limit | None
    ) -> Spoken | None:
        """Count a ping, and say what speaks against it. `said` is a hash of its answers."""
        hour = self._hour(seller_id, at)
        hour[1] += 1
        spoken = self._varied(seller_id, at, visitor, said) or self._swept(seller_id, at, zip_code, said)
        if spoken is not None or limit is None:
            return spoken
        shares = self.shares(seller_id, at)
        if not shares.short(limit):
            return None
        told = (
            f"{shares.pings:,} pings in 24 hours and {shares.posts:,} posts: until {limit.posts_per_thousand} in 1,000 "
            f"are posted, one ping in {LET_THROUGH} goes on"
        )
        return Spoken(Reason.PING_HARVEST, told, shares.pings % LET_THROUGH != 0)

    def post(
        self, seller_id: str, at: int, zip_code: str | None, consumers: tuple[bytes, ...], said: int
    ) -> Spoken | None:
        """Count a post, and say whether it is a refused consumer with other values."""
        self._hour(seller_id, at)[2] += 1
        if zip_code is not None:
            self._posted[(seller_id, zip_code)] = at
            if len(self._posted) > _KEYS:
                self._posted.popitem(last=False)
        changed = {
            refusal
            for consumer in consumers
            for refusal in self._refused.of((seller_id, consumer), at - DAY_MS)
            if refusal.said != said
        }
        if not changed:
            return None
        final = [refusal for refusal in changed if not _mendable(refusal.reason)]
        tries = len({refusal.said for refusal in changed})
        told = f"The consumer was refused {tries} times within 24 hours and came again with other values"
        if tries == 1:
            told = "The consumer was refused within 24 hours and came again with other values"
        return Spoken(Reason.REPOST_CHANGED, told, bool(final) or tries > RETRIES_MOST)

    def refused(self, seller_id: str, at: int, consumers: tuple[bytes, ...], reason: Reason, said: int) -> None:
        """Remember a refusal under everything that tells its consumer again."""
        for consumer in consumers:
            self._refused.add((seller_id, consumer), Refusal(at, reason, said))

    def is_news(self, seller_id: str, reason: Reason, at: int) -> bool:
        """Whether nobody was told of this for an hour. Asking counts as telling."""
        before = self._told.get((seller_id, reason))
        if before is not None and at < before + HOUR_MS:
            return False
        self._told[(seller_id, reason)] = at
        return True

    def shares(self, seller_id: str, at: int) -> Shares:
        since = at // HOUR_MS - 23
        hours = [hour for hour in self._hours.get(seller_id, ()) if hour[0] >= since]
        return Shares(sum(hour[1] for hour in hours), sum(hour[2] for hour in hours))

    def sellers(self) -> tuple[str, ...]:
        return tuple(sorted(self._hours))

    def _hour(self, seller_id: str, at: int) -> list[int]:
        hours = self._hours.setdefault(seller_id, deque(maxlen=24))
        number = at // HOUR_MS
        if not hours or hours[-1][0] < number:
            hours.append([number, 0, 0])
        return hours[-1]

    def _varied(self, seller_id: str, at: int, visitor: Hashable | None, said: int) -> Spoken | None:
        if visitor is None:
            return None
        variants = {each for _, each in self._visitors.of((seller_id, visitor), at - HOUR_MS)}
        self._visitors.add((seller_id, visitor), (at, said))
        if said in variants or len(variants) < VARIANTS_MOST:
            return None
        told = f"A visitor was pinged with {len(variants) + 1} sets of answers in an hour, {VARIANTS_MOST} are taken"
        return Spoken(Reason.PING_VARIED, told, True)

    def _swept(self, seller_id: str, at: int, zip_code: str | None, said: int) -> Spoken | None:
        if zip_code is None:
            return None
        key = (seller_id, zip_code)
        pings = self._zips.of(key, at - HOUR_MS)
        self._zips.add(key, (at, said))
        if len(pings) < SWEEP_PINGS or len({each for _, each in pings}) < SWEEP_VARIANTS:
            return None
        if self._posted.get(key, 0) > at - DAY_MS:
            return None
        told = f"One ZIP code was pinged more than {SWEEP_PINGS} times within an hour with changing answers and no post"
        return Spoken(Reason.PING_HARVEST, told, True)


class _Tries(Generic[_T]):
    """The latest tries of each key, each beginning with its time; keys not used for longest go first."""

    def __init__(self, most: int) -> None:
        self._held: OrderedDict[Hashable, deque[_T]] = OrderedDict()
        self._most = most

    def of(self, key: Hashable, since: int) -> list[_T]:
        return [each for each in self._held.get(key, ()) if each[0] > since]

    def add(self, key: Hashable, value: _T) -> None:
        held = self._held.setdefault(key, deque(maxlen=_TRIES))
        self._held.move_to_end(key)
        held.append(value)
        if len(self._held) > self._most:
            self._held.popitem(last=False)


def _mendable(reason: Reason) -> bool:
    """What a seller may put right and send once more: a wrong value or a missing proof, not fraud or a duplicate."""
    return 200 <= reason.number < 300 and reason not in (
        Reason.DUPLICATE_SELLER,
        Reason.DUPLICATE_EXCHANGE,
    )
