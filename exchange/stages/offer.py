"""What a stranger may see of a lead: the shareable fields, and nothing personal."""

from __future__ import annotations

from exchange.model.lead import FieldValue, Lead, Offer
from exchange.model.money import Money
from exchange.model.vertical import FieldSpec, Presence, Vertical

_SHARED_TRACKING = (*(f"sub_id{number}" for number in range(1, 11)), "test_outcome")


def shareable(vertical: Vertical) -> frozenset[str]:
    """The fields that may be told before anybody has bought the lead."""
    return frozenset(spec.name for spec in vertical.fields if _is_shareable(spec))


def _is_shareable(spec: FieldSpec) -> bool:
    return not spec.personal and spec.ping is not Presence.ABSENT


def make_offer(lead: Lead, vertical: Vertical, reserve: Money, slots: int, seller_alias: str) -> Offer:
    """The offer of a lead. Fields that are personal, appended, or kept out of pings by the vertical stay behind."""
    values: dict[str, FieldValue] = {}
    for name, value in lead.values.items():
        spec = vertical.by_name.get(name)
        if spec is not None and _is_shareable(spec) and name not in lead.appended:
            values[name] = value
    tracking = {name: lead.tracking[name] for name in _SHARED_TRACKING if name in lead.tracking}
    return Offer(lead.id, vertical.name, lead.mode, values, tracking, reserve, slots, seller_alias, lead.grade)
