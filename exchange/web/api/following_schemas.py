"""The schemas of calls about who works on a buyer's leads."""

from __future__ import annotations

from exchange import limits
from exchange.model.follow import STAGES, STATES
from exchange.web.api.answer_schemas import Schema, ends, many, moment, money, record, text


def following_schemas() -> dict[str, Schema]:
    """By name."""
    count: Schema = {"type": "integer", "minimum": 0}
    entry: dict[str, Schema] = {
        "sale_id": text(),
        "lead_id": text(),
        "contract_id": text(),
        "vertical": text(),
        "stage": text(enum=list(STAGES)),
        "disposition": text("The one that stands."),
        "state": text(enum=list(STATES)),
        "agent_id": text("Whose it is."),
        "agent": text("Their name."),
        "delivered_at": moment("When it was bought."),
        "assigned_at": moment("When its agent got it."),
        "first_contact_at": moment("When somebody first tried to reach the consumer."),
        "first_contact_ms": {**count, "description": "From delivery to then."},
        "handed_back": {**count, "description": "How often it was given back."},
        "price": money("What it cost."),
        "currency": text(),
        "changed_at": moment("When any of this changed last."),
    }
    event = record(("at", "what", "by"), at=moment("When."), what=text(), agent_id=text(), by=text())
    agent: dict[str, Schema] = {
        "agent_id": text(),
        "name": text(),
        "email": text(),
        "state": text(enum=["active", "left"]),
        "works_on": count,
        "most_open": {**count, "description": "It gets no more than so many at a time."},
        "away_until": moment("Until then it gets none."),
    }
    known = ("agent_id", "name", "email", "state", "works_on")
    return {
        "Agent": record(known, **agent),
        "AgentAway": record(("status", *known), status=text(enum=["ok"]), **agent, **ends()),
        "Agents": record(("status", "count", "agents"), status=text(), count=count, agents=many("Agent"), **ends()),
        "FollowEntry": record(("sale_id", "lead_id", "stage", "state"), **entry),
        "FollowEvent": event,
        "FollowUp": record(
            ("status",),
            status=text(
                "`none`: no lead waits for this agent. `waiting`: nobody knows the word yet.",
                enum=["ok", "assigned", "handed_back", "recorded", "waiting", "unchanged", "none"],
            ),
            events=many("FollowEvent", "What was done, oldest first."),
            disposition_id=text(),
            message=text(),
            **entry,
            **ends(),
        ),
        "FollowUps": record(
            ("status", "follow_ups", "more"),
            status=text(enum=["ok"]),
            follow_ups=many("FollowEntry"),
            more={"type": "boolean"},
            next=text("Send it as `since` for what changed afterwards."),
            **ends(),
        ),
        **_asked(),
    }


def _asked() -> dict[str, Schema]:
    return {
        "FollowAssign": record((), agent_id=text("Or use `email`."), email=text("The agent's address.")),
        "FollowAway": record(
            ("until",), until=text("A day such as 2026-12-24, in the agent's zone, or `now`: it is back.")
        ),
        "FollowContact": record(("how",), how=text(enum=["call", "mail"])),
        "FollowRemind": record(
            ("at",),
            at=text("Such as 2026-12-24T09:30, on the exchange's clock, or with an offset."),
            note=text("It is sealed with the lead's key.", maxLength=limits.NOTE_CHARACTERS),
        ),
        "FollowStage": record(
            (),
            disposition=text("A word of the lead's vertical, or your own.", maxLength=limits.DISPOSITION_CHARACTERS),
            stage=text("Or a stage: the first word of the vertical that means it is told.", enum=list(STAGES)),
            note=text(maxLength=limits.NOTE_CHARACTERS),
            value=text("What it was worth to you, as decimal text in the currency of the sale."),
        ),
    }
