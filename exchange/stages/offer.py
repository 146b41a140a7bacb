"""What a stranger may see of a lead: the shareable fields, and nothing personal."""

from __future__ import annotations

from exchange.model.lead import FieldValue, Lead, Offer
from exchange.model.money import Money
from exchange.model.vertical import Presence, Vertical

_SHARED_TRACKING = (*(f"sub_id{number}" for number in range(1, 11)), "test_outcome")


def make_offer(lead: Lead, vertical: Vertical, reserve: Money, slots: int, seller_alias: str) -> Offer:
    """The offer of a lead. Fields that are personal, or that the vertical keeps out of pings, stay behind."""
    values: dict[str, FieldValue] = {}
    for name, value in lead.values.items():
        spec = vertical.by_name.get(name)
        if spec is not None and not spec.personal and spec.ping is not Presence.ABSENT:
            values[name] = value
    tracking = {name: lead.tracking[name] for name in _SHARED_TRACKING if name in lead.tracking}
    return Offer(lead.id, vertical.name, lead.mode, values, tracking, reserve, slots, seller_alias)
