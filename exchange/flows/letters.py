"""Mail to the people of a party, or to the operators, as a job of the unit it follows; written when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from exchange.flows.jobs import NOTICE, job
from exchange.flows.market import Market
from exchange.model.actor import Role
from exchange.model.wire import EmailMessage
from exchange.model.work import JobRow

LETTER = "letter"


def letter(
    market: Market, role: Role, party_id: str | None, subject: str, paragraphs: tuple[str, ...], path: str, once: str
) -> JobRow:
    """What happened, what it means, what to do, and where (`path` of a page). Under one name in `once` it goes once.

    Of a buyer's people its admins and its finance get it: what it is written is about money.
    """
    now = market.clock.now()
    payload: dict[str, object] = {
        LETTER: {
            "role": role.value,
            "party_id": party_id,
            "subject": f"{market.name}: {subject}",
            "text": "\n\n".join((*paragraphs, f"{market.public_url}{path}")) + "\n",
            "once": once,
        },
        "at": now,
    }
    queue = f"letters:{role.value}:{party_id or ''}"
    return job(market, queue, NOTICE, payload, now, now, f"letter:{role.value}:{party_id or ''}:{once}")


def as_message(market: Market, told: Mapping[str, Any], at: int, people: tuple[str, ...]) -> EmailMessage:
    host = urlsplit(market.public_url).hostname or "localhost"
    name = "".join(each if each.isalnum() else "-" for each in str(told["once"]))[:80]
    return EmailMessage(
        f"{market.name} <exchange@{host}>",
        people,
        str(told["subject"]),
        str(told["text"]),
        f"<{name}.{at}@{host}>",
        delivers=True,
    )
