"""Mail to a buyer's people about a lead that is theirs. It says that there is one, and where; nothing of a consumer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from exchange.flows.job_ends import ComeBack
from exchange.flows.market import Market
from exchange.flows.notices import send_softly
from exchange.model.follow import Agent
from exchange.model.wire import EmailMessage
from exchange.stages.follow import awake_at
from exchange.storage.database import Row
from exchange.storage.endpoints import emails_of
from exchange.storage.follow import agents_of, end_reminder
from exchange.storage.follow_views import Reader, read_followed, read_reminder, sale_buyer


async def mail_agent(market: Market, payload: Mapping[str, Any]) -> None:
    """Tell an agent of a lead or a reminder, or the admins of a lead that nobody works on.

    What no longer holds by then is not told. In quiet hours it waits for their end. Raises `NotMailed`.
    """
    what = str(payload["what"])
    if what == "reminder":
        await _remind(market, str(payload["reminder_id"]))
        return
    sale_id = str(payload["sale_id"])
    buyer_id = await market.db.read(sale_buyer, sale_id)
    row = await market.db.read(read_followed, Reader(buyer_id), sale_id) if buyer_id is not None else None
    if row is None or row["reversed_at"] is not None:
        return
    if what == "escalated":
        people = await market.db.read(emails_of, "buyer", row["buyer_id"]) if row["state"] == "escalated" else []
        text = "Nobody worked on it in time, so it is yours to give to somebody."
        await _send(market, tuple(people), "a lead that nobody works on", text, sale_id, int(payload["at"]))
    elif row["agent_id"] == payload["agent_id"] and row["state"] == "assigned":
        agent = await _awake(market, row, str(payload["agent_id"]))
        if agent is not None and agent.terms.mail:
            told = "It is yours to call."
            await _send(market, (agent.email,), "a new lead for you", told, sale_id, int(payload["at"]))


async def _remind(market: Market, reminder_id: str) -> None:
    """Once, while the agent still has the lead. What is to be remembered stands on its page, never in the mail."""
    row = await market.db.read(read_reminder, reminder_id)
    if row is None or row["state"] != "open" or row["has_it"] != row["agent_id"]:
        return
    if row["at"] > market.clock.now():
        raise ComeBack(row["at"])
    agent = await _awake(market, row, row["agent_id"])
    if agent is not None and agent.terms.mail:
        told = "You asked to be reminded of it now."
        await _send(market, (agent.email,), "a reminder", told, row["sale_id"], row["at"])
    await market.db.write(end_reminder, reminder_id, row["agent_id"], "told")


async def _awake(market: Market, row: Row, agent_id: str) -> Agent | None:
    """The agent, when no mail is too early. Raises `ComeBack` in its quiet hours."""
    agent = next((each for each in await market.db.read(agents_of, row["buyer_id"]) if each.id == agent_id), None)
    if agent is not None and (at := awake_at(agent.terms, market.clock.now())) > market.clock.now():
        raise ComeBack(at)
    return agent if agent is not None and agent.state == "active" else None


async def _send(market: Market, people: tuple[str, ...], what: str, told: str, sale_id: str, at: int) -> None:
    if not people:
        return
    host = urlsplit(market.public_url).hostname or "localhost"
    message = EmailMessage(
        f"{market.name} <exchange@{host}>",
        people,
        f"{market.name}: {what}",
        f"{told}\n\n{market.public_url}/buyer/follow-up/{sale_id}\n",
        f"<{sale_id}.{what.replace(' ', '-')}.{at}@{host}>",
        delivers=True,
    )
    await send_softly(market, message)
