"""What happened to a lead outside its requests, and what was booked for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.web.story.bookings import booking
from exchange.web.story.deliveries import told_deliveries
from exchange.web.story.dispositions import told_dispositions
from exchange.web.story.line import Line
from exchange.web.story.records import Story
from exchange.web.story.store import told_store
from exchange.web.story.told import told_lines

_EVENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "resent": ("out", "info"),
        "nurture": ("return", "info"),
        "settled": ("check", "info"),
        "return_asked": ("return", "warn"),
        "returned": ("return", "warn"),
        "return_declined": ("cross", "info"),
        "return_withdrawn": ("return", "info"),
        "return_lowered": ("return", "info"),
        "given_free": ("tag", "info"),
        "revealed": ("eye", "warn"),
        "stands": ("check", "info"),
        "proof_kept": ("shield", "good"),
        "proof_refused": ("shield", "bad"),
    }
)


def afterwards(market: Market, story: Story, told: frozenset[str]) -> list[Line]:
    """What happened outside requests: settlements, returns, dispositions, reveals, and what they booked, which is all
    that was not `told` of the requests.
    """
    lines = [
        Line(
            event["at"],
            None,
            *_EVENTS.get(event["kind"].partition(":")[0], ("dash", "")),
            story.mask.text(event["sentence"]),
            f"By {event['actor']}",
        )
        for event in story.rows.events
    ]
    lines += told_dispositions(market, story)
    lines = [*told_deliveries(market, story), *told_store(market, story), *lines]  # the cause comes first
    lines += told_lines(market, story)
    return lines + [booking(each, None) for each in story.rows.transactions if each.reference not in told]
