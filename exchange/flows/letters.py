"""What the people of a party are told about money and terms, as a job of the unit it follows."""

from __future__ import annotations

from exchange.flows.market import Market
from exchange.flows.notify import notify
from exchange.model.actor import Role
from exchange.model.notice import Notice
from exchange.model.work import JobRow

LETTER = "letter"
"""What jobs that an earlier release left behind carry."""


def letter(
    market: Market,
    role: Role,
    party_id: str | None,
    subject: str,
    paragraphs: tuple[str, ...],
    path: str,
    once: str,
    event: str = LETTER,
) -> JobRow:
    """What happened, what it means, what to do, and where (`path` of a page). Under one name in `once` it goes once.

    `event` says how it comes: see `exchange.model.notice`.
    """
    return notify(market, Notice(event, role.value, party_id, subject, paragraphs, path, once))
