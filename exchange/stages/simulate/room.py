"""Caps and balances as a simulation goes through its period: what was used, and what other rules use more or less.

Where nothing differs yet the record decides, as it did then. Where a contract has bought more or less than it did, or
its caps are others, the use is counted again: what was sold by then, and the difference.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import accumulate
from typing import NamedTuple

from exchange.model.hold import CapHold
from exchange.model.money import Money
from exchange.model.party import Buyer, Contract
from exchange.stages.caps import cap_parts
from exchange.stages.schedule import ZoneWindows

SHORT, PACING = "balance", "pacing"
_FULL = frozenset({SHORT, "budget", PACING})


def is_room(check: str) -> bool:
    """Whether a check asks for what is left of a cap, a budget or a balance."""
    return check in _FULL or check.startswith("cap:")


class Use:
    """What was used by any moment: sales of a contract, or what an account could spend."""

    def __init__(self, moves: Iterable[tuple[int, int, int]]) -> None:
        """`moves` are (epoch ms, how many, money units) in order of time."""
        rows = sorted(moves)
        self._at = [row[0] for row in rows]
        self._count = [0, *accumulate(row[1] for row in rows)]
        self._units = [0, *accumulate(row[2] for row in rows)]

    def between(self, start: int, until: int) -> tuple[int, int]:
        """From `start` to before `until`."""
        low, high = bisect_left(self._at, start), bisect_left(self._at, until)
        return self._count[high] - self._count[low], self._units[high] - self._units[low]

    def after(self, at: int) -> int:
        """Money units of everything later than `at`."""
        return self._units[-1] - self._units[bisect_right(self._at, at)]


class Past(NamedTuple):
    """What was sold and paid, whatever rules are tried: sales by contract, money by buyer, and what each has now."""

    sold: Mapping[str, Use]
    moved: Mapping[str, Use]
    available: Mapping[str, int]
    windows: dict[str, ZoneWindows]  # by zone


class Room:
    """What is left while one set of rules is tried."""

    def __init__(self, past: Past, drafted: Collection[str] = ()) -> None:
        """`drafted` are contracts whose caps are other ones than they were."""
        self._past, self._drafted = past, frozenset(drafted)
        self._more: dict[tuple[str, int], int] = defaultdict(int)
        self._spent: dict[str, int] = defaultdict(int)
        self.moved = False

    def full(self, contract: Contract, buyer: Buyer, units: int, at: int, failed: Collection[str]) -> bool:
        """Whether a sale at `units` does not fit. `failed` are the checks of this kind that failed in the record."""
        if not self.moved and contract.id not in self._drafted:
            return bool(failed)
        return self._over_cap(contract, units, at, failed) or self._short(buyer, units, at, SHORT in failed)

    def _over_cap(self, contract: Contract, units: int, at: int, failed: Collection[str]) -> bool:
        drafted = contract.id in self._drafted
        for part in self._parts(contract, units, at):
            more = self._more.get((part.key, part.window_start), 0)
            was_full = part.name in failed or (part.by_now is not None and PACING in failed)
            if not drafted and (more == 0 or (more < 0) is not was_full):
                if was_full:
                    return True
                continue
            count, spent = self._used(contract, part, at)
            used = (spent if part.money else count) + more
            if used + part.amount > part.limit:
                return True
        return False

    def _short(self, buyer: Buyer, units: int, at: int, failed: bool) -> bool:
        spent = self._spent.get(buyer.id, 0)
        if spent == 0 or (spent < 0) is not failed:
            return failed
        past = self._past
        had = past.available.get(buyer.id, 0)
        if buyer.id in past.moved:
            had -= past.moved[buyer.id].after(at)
        return had - spent < units

    def _used(self, contract: Contract, part: CapHold, at: int) -> tuple[int, int]:
        sold = self._past.sold.get(contract.id)
        return sold.between(part.window_start, at) if sold is not None else (0, 0)

    def _parts(self, contract: Contract, units: int, at: int) -> tuple[CapHold, ...]:
        if not contract.caps and contract.budget is None:
            return ()
        windows = self._past.windows.get(contract.zone)
        if windows is None:
            windows = self._past.windows[contract.zone] = ZoneWindows(contract.zone)
        return cap_parts(contract, Money(units, contract.max_bid.currency), at, windows)

    def note(self, contract: Contract, units: int, at: int, sign: int) -> None:
        """A sale that was not in the record (1), or one of the record that does not come (-1)."""
        for part in self._parts(contract, units, at):
            self._more[(part.key, part.window_start)] += sign * part.amount
        self._spent[contract.buyer_id] += sign * units
        self.moved = True
