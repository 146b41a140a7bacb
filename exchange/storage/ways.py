"""How a lead was sold: to one buyer alone, to several, or out of the store; the same words for lists and counts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COUNTED = "(s.reversed_at IS NULL OR s.returned_at IS NOT NULL)"
"""Of sales `s`, those that were not undone; one that was given back was a sale all the same."""

IN_STORE = """EXISTS (SELECT 1 FROM store_claims c WHERE c.lead_id = s.lead_id AND c.buyer_id = s.buyer_id
    AND c.attempt_id = s.attempt_id AND c.state IN ('held', 'buying', 'bought'))"""
"""Of sales `s`, those that a buyer took out of the store. The states are said as the index of claims says them."""

_CLAIMED = "SELECT c.lead_id FROM store_claims c WHERE c.state IN ('held', 'buying', 'bought')"
_SALE = f"SELECT 1 FROM sales s JOIN attempts a ON a.id = s.attempt_id WHERE s.lead_id = leads.id AND {COUNTED}"
_EXCLUSIVE = f"EXISTS ({_SALE} AND a.exclusive = 1 AND NOT {IN_STORE})"
_OUTSIDE = f"EXISTS ({_SALE} AND NOT {IN_STORE})"

WAYS: Mapping[str, str] = MappingProxyType(
    {
        "exclusive": _EXCLUSIVE,
        "shared": f"NOT {_EXCLUSIVE} AND {_OUTSIDE}",
        "store": f"leads.id IN ({_CLAIMED}) AND NOT {_OUTSIDE} AND EXISTS ({_SALE})",
    }
)
"""By way, the condition on `leads`: every lead with a counted sale has exactly one."""


def way_of(sales: list[tuple[bool, bool]]) -> str:
    """Of a lead's counted sales, each (exclusive, in the store): the same as the conditions say."""
    if any(exclusive and not in_store for exclusive, in_store in sales):
        return "exclusive"
    return "shared" if any(not in_store for _, in_store in sales) else "store"
