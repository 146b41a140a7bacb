"""What buyers say after the sale."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.money import Money


@dataclass(frozen=True, slots=True)
class Disposition:
    """What became of a sold lead, in the vertical's words. `told_by` names the channel and the account."""

    id: str
    sale_id: str
    kind: str
    note: str
    value: Money | None
    at: int
    told_by: str
