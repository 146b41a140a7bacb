"""What a bid is worth once refusals and returns are counted in. Chances are millionths, so that all of it is whole."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

WHOLE = 1_000_000
_NOBODY: Mapping[str, Odds] = MappingProxyType({})


class Odds(NamedTuple):
    """That a contract takes what it bid for when it is posted (`taken`), and gives it back later (`back`)."""

    taken: int = WHOLE
    back: int = 0


class Worth(NamedTuple):
    """What is known for the leads of one seller: `alive` is the chance that a refused lead is sold to another.

    `usual` are the odds of a contract nobody knows.
    """

    alive: int = WHOLE // 2
    usual: Odds = Odds()
    contracts: Mapping[str, Odds] = _NOBODY

    def odds(self, contract_id: str) -> Odds:
        return self.contracts.get(contract_id, self.usual)

    def of(self, contract_id: str, price_units: int) -> int:
        """a·v / (1 - δ(1 - a)) with v = price·(1 - r), in money units.

        The order of it is the best when a refused lead lives on with chance δ: at 0 it is price × accept × keep, at 1
        price × keep.
        """
        taken, back = self.odds(contract_id)
        kept = price_units * (WHOLE - back) // WHOLE
        return taken * kept * WHOLE // max(WHOLE * WHOLE - self.alive * (WHOLE - taken), 1)


NO_WORTH = Worth()
