"""Whether a post is the lead that was pinged."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.model.lead import Lead
from exchange.model.vertical import Presence, Vertical


def differing_fields(lead: Lead, vertical: Vertical, pinged: Mapping[str, str]) -> tuple[str, ...]:
    """Pinged fields whose value in the post is another one, in the vertical's order. A field left out keeps its value
    only if the ping had none."""
    differ: list[str] = []
    for spec in vertical.fields:
        if spec.ping is Presence.ABSENT or spec.name not in pinged:
            continue
        told = lead.text(spec.name) if spec.name not in lead.appended else None
        if told != pinged[spec.name]:
            differ.append(spec.name)
    return tuple(differ)
