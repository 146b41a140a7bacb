"""How much each campaign may send: so many requests a second, so many at once, over all workers of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from exchange.model.party import Campaign, Rate
from exchange.rates import Rates


class Allowance:
    """One campaign's bucket, and how many of its requests are at work."""

    __slots__ = ("bucket", "rate", "running")

    def __init__(self, name: str, rate: Rate, rates: Rates) -> None:
        self.rate = rate
        self.bucket = rates.bucket(name, rate.per_second, rate.burst)
        self.running = rates.running(name)

    def take(self, now: int) -> int:
        """0 when the request may go on (then it counts), else the seconds to wait."""
        if self.running.count >= self.rate.running:
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
        self.running.add(1)
        try:
            yield
        finally:
            self.running.add(-1)


class Throttle:
    """The allowances of all campaigns, for test traffic one of its own: a test key is on the posting page, and whoever
    floods with it must not keep a live lead out.
    """

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._by_campaign: dict[tuple[str, str], tuple[Rate, Allowance]] = {}

    def allowance(self, campaign: Campaign, mode: str) -> Allowance:
        """This campaign's in a mode (`live`, `test`); a new one when its rate was changed."""
        known = self._by_campaign.get((campaign.id, mode))
        if known is None or (known[0] is not campaign.rate and known[0] != campaign.rate):
            made = Allowance(f"campaign:{campaign.id}:{mode}", campaign.rate, self._rates)
            known = self._by_campaign[campaign.id, mode] = (campaign.rate, made)
        return known[1]
