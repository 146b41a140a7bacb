"""Words that filters of leads know: statuses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PATH = "/console/leads"

STATUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sold": ("sold",),
        "unsold": ("unsold",),
        "rejected": ("rejected", "duplicate", "invalid"),
        "held": ("held",),
        "unclear": ("unclear", "pending"),
        "in_progress": ("open", "selling", "quoted"),
        "priced": ("quoted",),
        "duplicate": ("duplicate",),
        "invalid": ("invalid",),
        "passed": ("sold", "unsold", "held", "unclear", "pending", "quoted", "open", "selling"),
    }
)
"""A status of the list and the states of leads it shows. The first six leave no lead out and count none twice."""
