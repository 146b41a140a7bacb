"""How much each campaign may send: so many requests a second, so many at once. Kept by each process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from exchange.model.party import Campaign, Rate
from exchange.rates import Bucket


class Allowance:
    """One campaign's bucket, and how many of its requests are at work."""

    __slots__ = ("bucket", "rate", "running")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.bucket = Bucket(rate.per_second, rate.burst)
        self.running = 0

    def take(self, now: int) -> int:
        """0 when the request may go on (then it counts), else the seconds to wait."""
        if self.running >= self.rate.running:
            return 1
        return 0 if self.bucket.take(now) else self.bucket.wait_seconds(now)

    def headers(self, now: int) -> tuple[tuple[str, str], ...]:
        """What is allowed, what is left of it now, and in how many seconds all of it is there again."""
        left = self.bucket.left(now)
        missing = self.rate.burst - left
        reset = -int(-missing // self.rate.per_second) if self.rate.per_second else 1
        return (
            ("RateLimit-Limit", str(self.rate.burst)),
            ("RateLimit-Remaining", str(left)),
            ("RateLimit-Reset", str(reset)),
        )

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1


class Throttle:
    """The allowances of all campaigns, for test traffic one of its own: a test key is on the posting page, and whoever
    floods with it must not keep a live lead out. `processes` share a campaign's limits between them.
    """

    def __init__(self, processes: int = 1) -> None:
        assert processes >= 1
        self._processes = processes
        self._by_campaign: dict[tuple[str, str], tuple[Rate, Allowance]] = {}

    def allowance(self, campaign: Campaign, mode: str) -> Allowance:
        """This campaign's in a mode (`live`, `test`); a new one when its rate was changed."""
        known = self._by_campaign.get((campaign.id, mode))
        if known is None or (known[0] is not campaign.rate and known[0] != campaign.rate):
            known = self._by_campaign[campaign.id, mode] = (campaign.rate, Allowance(self._share(campaign.rate)))
        return known[1]

    def _share(self, rate: Rate) -> Rate:
        parts = self._processes
        return replace(
            rate,
            per_second=rate.per_second / parts,
            burst=max(1, rate.burst // parts),
            running=max(1, rate.running // parts),
        )
