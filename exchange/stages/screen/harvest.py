"""Sellers who ping to read prices, and who send refused leads again until they pass. Remembered for a day.

A seller that pings a thousand times a day and posts fewer than one in two hundred reads prices and sells nothing. One
visitor pinged with more than five sets of answers within an hour is a probe. A ZIP pinged sixty times in an hour with
twenty sets of answers and never posted is a sweep. A refused consumer sent again with other values is a second try.

A lead is judged by what is in memory. What other nodes should know is laid out (`to_share`) for a flow to write down,
and what they wrote is taken up; of pings only those that begin to look like a probe or a sweep: so it stays little.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from exchange.model.reason import Reason
from exchange.model.screen import Mark

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
VARIANTS_MOST = 5
SWEEP_PINGS = 60
SWEEP_VARIANTS = 20
LET_THROUGH = 10  # one in so many pings of a limited seller still goes on, so that it can mend its share
RETRIES_MOST = 1  # changed posts after a refusal that a seller may mend
_KEYS = 100_000
_TRIES = 64
_SHARED_PINGS = SWEEP_PINGS // 4  # of one ZIP code in an hour: from there on other nodes hear of them
_WAITING_MOST = 50_000
VISITOR, ZIP, POSTED, REFUSED = "visitor", "zip", "posted", "refused"

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


Counts = Mapping[tuple[str, int], tuple[int, int]]
"""Pings and posts by seller and hour."""


class ToShare(NamedTuple):
    """What this node saw and has not told the others yet."""

    counts: Counts
    marks: tuple[Mark, ...]


class Harvest:
    """Changes with every ping and post of live sellers. Keys of consumers and visitors are keyed hashes."""

    def __init__(self, keys: int = _KEYS) -> None:
        self._hours: dict[str, dict[int, list[int]]] = {}  # by seller and hour: pings and posts of all nodes
        self._own: dict[tuple[str, int], list[int]] = {}  # of this node, not told yet
        self._marks: deque[Mark] = deque(maxlen=_WAITING_MOST)
        self._visitors: _Tries[tuple[int, int]] = _Tries(keys)
        self._zips: _Tries[tuple[int, int]] = _Tries(keys)
        self._posted: OrderedDict[Hashable, int] = OrderedDict()
        self._refused: _Tries[Refusal] = _Tries(keys)
        self._told: dict[tuple[str, Reason], int] = {}

    def ping(
        self, seller_id: str, at: int, visitor: bytes | None, zip_code: str | None, said: int, limit: Limit | None
    ) -> Spoken | None:
        """Count a ping, and say what speaks against it. `said` is a hash of its answers."""
        self._count(seller_id, at, 0)
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
        self._count(seller_id, at, 1)
        if zip_code is not None:
            if self._posted.get((seller_id, zip_code), 0) <= at - HOUR_MS:
                self._marks.append(Mark(POSTED, seller_id, zip_code.encode(), at))
            self._note_posted(seller_id, zip_code, at)
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
            self._marks.append(Mark(REFUSED, seller_id, consumer, at, said, reason.slug))

    def is_news(self, seller_id: str, reason: Reason, at: int) -> bool:
        """Whether nobody was told of this for an hour. Asking counts as telling."""
        before = self._told.get((seller_id, reason))
        if before is not None and at < before + HOUR_MS:
            return False
        self._told[(seller_id, reason)] = at
        return True

    def shares(self, seller_id: str, at: int) -> Shares:
        since = at // HOUR_MS - 23
        hours = [counts for hour, counts in self._hours.get(seller_id, {}).items() if hour >= since]
        return Shares(sum(counts[0] for counts in hours), sum(counts[1] for counts in hours))

    def sellers(self) -> tuple[str, ...]:
        return tuple(sorted(self._hours))

    def to_share(self) -> ToShare:
        """All that waits to be told; it waits no longer."""
        told = ToShare({key: (counts[0], counts[1]) for key, counts in self._own.items()}, tuple(self._marks))
        self._own = {}
        self._marks.clear()
        return told

    def put_back(self, waiting: ToShare) -> None:
        """It could not be told: it waits again."""
        for (seller_id, hour), (pings, posts) in waiting.counts.items():
            own = self._own.setdefault((seller_id, hour), [0, 0])
            own[0] += pings
            own[1] += posts
        self._marks.extendleft(reversed(waiting.marks))

    def take_up_counts(self, counts: Counts) -> None:
        """What all nodes counted together; what this one has not told yet is on top of it."""
        hours: dict[str, dict[int, list[int]]] = {}
        for (seller_id, hour), (pings, posts) in counts.items():
            hours.setdefault(seller_id, {})[hour] = [pings, posts]
        for (seller_id, hour), (pings, posts) in self._own.items():
            held = hours.setdefault(seller_id, {}).setdefault(hour, [0, 0])
            held[0] += pings
            held[1] += posts
        self._hours = hours

    def take_up(self, marks: Iterable[Mark]) -> None:
        """What other nodes saw."""
        for mark in marks:
            match mark.kind:
                case "visitor":
                    self._visitors.add((mark.seller_id, mark.key), (mark.at, mark.said))
                case "zip":
                    self._zips.add((mark.seller_id, mark.key.decode()), (mark.at, mark.said))
                case "posted":
                    self._note_posted(mark.seller_id, mark.key.decode(), mark.at)
                case "refused" if mark.reason in _REASONS:
                    refusal = Refusal(mark.at, _REASONS[mark.reason], mark.said)
                    self._refused.add((mark.seller_id, mark.key), refusal)

    def _count(self, seller_id: str, at: int, place: int) -> None:
        hour = at // HOUR_MS
        own, hours = self._own.get((seller_id, hour)), self._hours.setdefault(seller_id, {})
        if own is None:
            own = self._own[(seller_id, hour)] = [0, 0]
            for old in [each for each in hours if each < hour - 24]:
                del hours[old]
        own[place] += 1
        hours.setdefault(hour, [0, 0])[place] += 1

    def _note_posted(self, seller_id: str, zip_code: str, at: int) -> None:
        self._posted[(seller_id, zip_code)] = max(at, self._posted.get((seller_id, zip_code), 0))
        if len(self._posted) > _KEYS:
            self._posted.popitem(last=False)

    def _varied(self, seller_id: str, at: int, visitor: bytes | None, said: int) -> Spoken | None:
        """The second set of answers of a visitor is told to the other nodes, with the first; so is each after it."""
        if visitor is None:
            return None
        before = self._visitors.of((seller_id, visitor), at - HOUR_MS)
        variants = {each for _, each in before}
        self._visitors.add((seller_id, visitor), (at, said))
        if variants and said not in variants:
            if len(variants) == 1:
                self._marks.append(Mark(VISITOR, seller_id, visitor, *before[0]))
            self._marks.append(Mark(VISITOR, seller_id, visitor, at, said))
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
        if len(pings) == _SHARED_PINGS:
            self._marks.extend(Mark(ZIP, seller_id, zip_code.encode(), *each) for each in pings)
        if len(pings) >= _SHARED_PINGS:
            self._marks.append(Mark(ZIP, seller_id, zip_code.encode(), at, said))
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


_REASONS: Mapping[str, Reason] = {reason.slug: reason for reason in Reason}
