"""How often one address may come to the pages that anybody may open. Kept by each process, for the last addresses."""

from __future__ import annotations

from collections import OrderedDict

from aiohttp import web

from exchange.rates import Bucket

KEPT = 10_000


class Addresses:
    """A bucket for each address. The one that was quiet longest is forgotten first."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second, self._burst = per_second, burst
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait_seconds(self, address: str, now: int) -> int:
        """0 when it may come now (then it counts), else the seconds to wait."""
        bucket = self._buckets.setdefault(address, Bucket(self._per_second, self._burst))
        self._buckets.move_to_end(address)
        if len(self._buckets) > KEPT:
            self._buckets.popitem(last=False)
        return 0 if bucket.take(now) else bucket.wait_seconds(now)


ADDRESSES: web.AppKey[Addresses] = web.AppKey("addresses", Addresses)
