"""What the parts of the line cost of processor time, taken while a stream goes down it."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from exchange.flows import checks
from exchange.flows.checks import Check
from exchange.flows.market import Market
from exchange.model.work import Seen, Sighting
from exchange.storage import requests
from exchange.storage.database import Tx

_SEARCH = "likely_same"  # what opens a request looks for earlier leads of the same person by this name


@dataclass(slots=True)
class Cost:
    """Processor seconds: of whole submissions, of reading and scrubbing, of the search for earlier leads of the same
    person, and of each check by its module's name.
    """

    leads: int = 0
    whole: float = 0.0
    begin: float = 0.0
    search: float = 0.0
    checks: dict[str, float] = field(default_factory=dict)


@contextmanager
def collected_as_served() -> Iterator[None]:
    """Garbage is collected as in a server that has started: else each lead pays for a look at every table."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class TimedChecks:
    """Takes the processor time of each check, and of the search for earlier leads, while it stands in the line."""

    def __init__(self, cost: Cost) -> None:
        self._cost, self._before, self._search = cost, checks.CHECKS, getattr(requests, _SEARCH)

    def __enter__(self) -> None:
        checks.CHECKS = tuple(self._timed(each) for each in self._before)
        setattr(requests, _SEARCH, self._searched)

    def __exit__(self, *_: object) -> None:
        checks.CHECKS = self._before
        setattr(requests, _SEARCH, self._search)

    async def _searched(self, tx: Tx, sighting: Sighting) -> Seen:
        began = time.process_time()
        try:
            found: Seen = await self._search(tx, sighting)
            return found
        finally:
            self._cost.search += time.process_time() - began

    def _timed(self, check: Check) -> Check:
        name, spent = check.__module__.rpartition(".")[2], self._cost.checks

        async def timed(case: Any, market: Market) -> Any:
            began = time.process_time()
            try:
                return await check(case, market)
            finally:
                spent[name] = spent.get(name, 0.0) + time.process_time() - began

        return timed
