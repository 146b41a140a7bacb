"""A postback's URL: values where `{lead_id}` and the like stand, each encoded so that it can break out of nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

SUB_IDS = tuple(f"sub_id{number}" for number in range(1, 11))
_OF_EVENT = (
    "lead_id",
    "seller_lead_id",
    "status",
    "reason",
    "price",
    "currency",
    "disposition",
    "returned_amount",
    "timestamp",
    "test",
)
TRACKING = (*SUB_IDS, "click_id")
MACROS = (*_OF_EVENT[:6], *TRACKING, *_OF_EVENT[6:])
"""Every macro, in the order of the documentation."""
EXAMPLE: Mapping[str, str] = MappingProxyType(
    {
        "lead_id": "ld_01KAG2V7RN6M4T",
        "seller_lead_id": "A-1001",
        "status": "accepted",
        "reason": "",
        "price": "26.60",
        "currency": "USD",
        **{name: f"{name} value" for name in SUB_IDS},
        "click_id": "c-7731",
        "disposition": "",
        "returned_amount": "",
        "timestamp": "1795271648",
        "test": "1",
    }
)
"""What a test of a postback sends."""
_MACRO = re.compile(r"\{([^{}]*)\}")
_HEAD = re.compile(r"https?://[^/?#]*", re.IGNORECASE)


def macros_of(template: str) -> tuple[str, ...]:
    """The names that stand in braces, in order; those nobody knows too."""
    return tuple(_MACRO.findall(template))


def wrong_macros(template: str) -> str | None:
    """A sentence for whoever wrote the template, or None when it can be used."""
    unknown = [name for name in macros_of(template) if name not in MACROS]
    if unknown:
        told = ", ".join(f"{{{name}}}" for name in dict.fromkeys(unknown))
        return f"There is no macro {told}. There are {', '.join(f'{{{name}}}' for name in MACROS)}."
    if "{" in (rest := _MACRO.sub("", template)) or "}" in rest:
        return "A brace stands alone: a macro is written {lead_id}."
    head = _HEAD.match(template)
    if head is not None and "{" in head[0]:
        return "A macro cannot stand in the name of the host: it belongs into the path or the query."
    return None


def fill(template: str, values: Mapping[str, str]) -> str:
    """The URL to call. What is not known of this event is empty. The template has no wrong macro."""
    return _MACRO.sub(lambda found: quote(values.get(found[1], ""), safe=""), template)
