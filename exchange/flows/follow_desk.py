"""What people at a buyer do: admins with agents and rules, agents with the leads that are theirs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import NamedTuple

import orjson
from email_validator import EmailNotValidError, validate_email

from exchange import limits
from exchange.fields.area_codes import AREAS
from exchange.flows.agent_terms import CannotFollow, Wanted, read_number, read_terms
from exchange.flows.by_hand import audit_line
from exchange.flows.dispositions import Recorded, record_disposition
from exchange.flows.follow import give_back, restage_sale
from exchange.flows.invite_mail import invite_jobs, mail_again
from exchange.flows.job_queues import MAIL_QUEUE
from exchange.flows.jobs import FOLLOW_NOTE, job
from exchange.flows.market import Market
from exchange.flows.security_news import NEW_USER, about
from exchange.flows.sign_in import invitation
from exchange.flows.stored_lead import stored_lead
from exchange.model.actor import Actor
from exchange.model.feedback import Channel, Report, note_place
from exchange.model.follow import Agent, Duty, FollowRules, Order, ReminderRow
from exchange.model.lead import Lead, Problem
from exchange.stages.calling import whereabouts_of, why_not
from exchange.storage.database import Row
from exchange.storage.follow import (
    add_agent,
    add_reminder,
    agents_of,
    change_agent,
    end_reminder,
    note_opened,
    read_rules,
    save_rules,
    touch,
)
from exchange.storage.follow_views import (
    Reader,
    events_of,
    is_revoked,
    read_followed,
    read_reminder,
    reminders_of,
    told_of_sale,
)
from exchange.storage.leads import key_of
from exchange.storage.party_people import find_member
from exchange.storage.selling import read_lead
from exchange.storage.users import UserRow
from exchange.vault import DataKey

NAME_CHARACTERS = 80
_REMINDED_MOST_MS = 366 * 86_400_000


class Card(NamedTuple):
    """One lead as the person who works on it sees it. `lead` is None when its values were erased.

    `why_not` says why nobody may be called now, or at all: then `stop` is true.
    """

    row: Row
    lead: Lead | None
    told: Sequence[tuple[Row, str]]
    events: Sequence[Row]
    reminders: Sequence[tuple[Row, str]]
    why_not: str | None
    stop: bool


async def invite_agent(market: Market, email: str, duty: str, wanted: Wanted, actor: Actor, buyer_id: str = "") -> str:
    """Let somebody of the actor's buyer in, or of this one; returns the link that signs them in once, within a week.
    Raises `CannotFollow`.
    """
    whose = actor.party_id or buyer_id
    assert whose
    if duty not in [each.value for each in Duty]:
        raise CannotFollow("duty", f"duty is one of {', '.join(each.value for each in Duty)}.")
    try:
        email = validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise CannotFollow("email", f"email: {error}") from None
    name = _name(wanted.name or email.partition("@")[0])
    terms, now = read_terms(wanted, market), market.clock.now()
    user = UserRow(market.ids.new("usr", now), email, "buyer", whose, duty)
    after = {"party": whose, "duty": duty}
    line = audit_line(market.ids, now, actor, "user.added", f"user:{user.id}", after=after)
    told = about(market, NEW_USER, user, "/buyer/users", by=actor.name, role_told=duty)
    jobs = (*told, *invite_jobs(market, email, actor.name))
    if not await market.db.write(add_agent, user, name, terms, now, line, jobs):
        raise CannotFollow("email", f"{email} signs in here already.")
    return await invitation(market, email)


async def new_agent_link(market: Market, user_id: str, actor: Actor) -> str:
    """Another link for somebody of the actor's buyer, by mail too. Raises `CannotFollow`."""
    user = await market.db.read(find_member, "buyer", actor.party_id or "", user_id, "active")
    if user is None:
        raise CannotFollow("agent", "There is no such person.")
    await mail_again(market, user.email, actor.name)
    return await invitation(market, user.email)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > NAME_CHARACTERS:
        raise CannotFollow("name", f"name must have 1 to {NAME_CHARACTERS} characters.")
    return name


async def set_agent(market: Market, agent_id: str, state: str, wanted: Wanted, actor: Actor) -> None:
    """Change what an agent works on, and when; or let it go. Raises `CannotFollow`."""
    assert actor.party_id is not None
    before = next((each for each in await market.db.read(agents_of, actor.party_id) if each.id == agent_id), None)
    if before is None or state not in ("active", "left"):
        raise CannotFollow("agent", "You have no such agent.")
    name, terms, now = _name(wanted.name), read_terms(wanted, market), market.clock.now()
    line = audit_line(
        market.ids, now, actor, "agent.changed", f"user:{agent_id}",
        before={"state": before.state, "terms": orjson.dumps(asdict(before.terms)).decode()},
        after={"state": state, "terms": orjson.dumps(asdict(terms)).decode()},
    )  # fmt: skip
    await market.db.write(change_agent, actor.party_id, agent_id, name, state, terms, now, line)


async def set_away(market: Market, agent: Agent, until: int | None, actor: Actor) -> None:
    """An agent goes on vacation until a moment, or is back (None)."""
    now = market.clock.now()
    if until is not None and not now < until <= now + _REMINDED_MOST_MS:
        raise CannotFollow("until", "until must lie ahead, within a year.")
    terms = replace(agent.terms, away_from=now if until is not None else None, away_until=until)
    line = audit_line(market.ids, now, actor, "agent.away", f"user:{agent.id}", after={"until": str(until or "")})
    await market.db.write(change_agent, agent.buyer_id, agent.id, agent.name, agent.state, terms, now, line)


async def set_rules(market: Market, form: Mapping[str, str], actor: Actor) -> FollowRules:
    """How leads come to agents. Raises `CannotFollow`."""
    assert actor.party_id is not None
    order = form.get("order", Order.ROUND_ROBIN.value)
    if order not in [each.value for each in Order]:
        raise CannotFollow("order", f"order is one of {', '.join(each.value for each in Order)}.")
    agents = {each.email.lower(): each.id for each in await market.db.read(agents_of, actor.party_id)}
    rules = FollowRules(
        form.get("way", "push") != "pull",
        Order(order),
        _named(form, market, actor.party_id, agents),
        read_number("back_minutes", form.get("back_minutes", "").strip() or "0", 0, 10_080),
        read_number("rounds", form.get("rounds", "").strip() or "0", 0, 20),
        form.get("language_field", "language").strip()[:60],
        form.get("product_field", "").strip()[:60],
    )
    now = market.clock.now()
    after = {"rules": orjson.dumps(asdict(rules), default=str).decode()}
    line = audit_line(market.ids, now, actor, "follow_rules.changed", f"buyer:{actor.party_id}", after=after)
    await market.db.write(save_rules, actor.party_id, rules, now, line)
    return rules


def _named(
    form: Mapping[str, str], market: Market, buyer_id: str, agents: Mapping[str, str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`named.CONTRACT` holds the addresses of the only agents that get its leads."""
    found = []
    for name, text in form.items():
        contract_id = name.removeprefix("named.")
        if not name.startswith("named.") or not text.strip():
            continue
        contract = market.deals.contracts.get(contract_id)
        if contract is None or contract.buyer_id != buyer_id:
            raise CannotFollow(name, f"You have no contract {contract_id}.")
        emails = [each.strip().lower() for each in re.split(r"[,\n]", text) if each.strip()]
        for email in emails:
            if email not in agents:
                raise CannotFollow(name, f"{email} is none of your agents.")
        found.append((contract_id, tuple(agents[email] for email in emails)))
    return tuple(found)


async def open_card(market: Market, reader: Reader, sale_id: str) -> Card | None:
    """A lead with all that is known of it; None when it is not the reader's."""
    row = await market.db.read(read_followed, reader, sale_id)
    if row is None or row["reversed_at"] is not None:
        return None
    now = market.clock.now()
    lead_row = await market.db.read(read_lead, row["lead_id"])
    campaign = market.deals.campaigns.get(lead_row["campaign_id"]) if lead_row is not None else None
    lead = await stored_lead(market, lead_row, campaign) if lead_row is not None and campaign is not None else None
    if reader.agent_id is not None and row["opened_at"] is None:
        await market.db.write(note_opened, sale_id, reader.agent_id, now)
    stop = await market.db.read(is_revoked, row["lead_id"])
    told = "The consumer took the consent back. Do not contact them." if stop else None
    if told is None and lead is not None:
        told = why_not(whereabouts_of(lead, market.places, market.tables.value(AREAS)), now)
    mine = await market.db.read(reminders_of, (sale_id,), row["agent_id"] or "")
    key = await _key(market, lead_row)
    return Card(
        row,
        lead,
        [
            (each, each["note"] or _opened(market, key, note_place(sale_id), each["sealed_note"]))
            for each in await market.db.read(told_of_sale, sale_id)
        ],
        await market.db.read(events_of, sale_id),
        [(each, _opened(market, key, each["id"], each["note"])) for each in mine],
        told,
        stop,
    )


async def _key(market: Market, lead_row: Row | None) -> DataKey | None:
    """The key of a lead's values, None when it was destroyed."""
    wrapped = await market.db.write(key_of, lead_row["subject"]) if lead_row is not None else None
    return market.vault.data_key(wrapped) if wrapped is not None else None


def _opened(market: Market, key: DataKey | None, place: str, sealed: bytes | None) -> str:
    return market.vault.open(key, place, bytes(sealed)).decode() if key is not None and sealed is not None else ""


async def say(
    market: Market,
    row: Row,
    kind: str,
    note: str,
    value: str | None,
    actor: Actor,
    channel: Channel = Channel.PORTAL,
) -> Recorded | Problem | None:
    """A disposition, recorded like every other; the stage follows at once."""
    if len(note) > limits.NOTE_CHARACTERS:
        told = f"note must have at most {limits.NOTE_CHARACTERS} characters."
        return Problem("note", "length", told)
    report = Report(row["sale_id"], kind, note, value or None)
    recorded = await record_disposition(report, market, actor, channel)
    if isinstance(recorded, Recorded):
        await restage_sale(market, row["sale_id"], row["vertical"])
    return recorded


async def note_click(market: Market, row: Row, how: str, actor: Actor) -> None:
    """Somebody calls or writes (`called`, `mailed`): measured as a contact, but no disposition."""
    now = market.clock.now()
    event = market.ids.new("fev", now)
    await market.db.write(touch, row["sale_id"], event, now, how, row["agent_id"] or "", actor.name)


async def remind(market: Market, row: Row, at: int, note: str) -> None:
    """Remind the agent that has the lead. Raises `CannotFollow`."""
    now, note = market.clock.now(), " ".join(note.split())
    if not now < at <= now + _REMINDED_MOST_MS:
        raise CannotFollow("at", "at must lie ahead, within a year.")
    if len(note) > limits.NOTE_CHARACTERS:
        raise CannotFollow("note", f"note must have at most {limits.NOTE_CHARACTERS} characters.")
    key = await _key(market, await market.db.read(read_lead, row["lead_id"]))
    if key is None or row["agent_id"] is None:
        raise CannotFollow("agent", "Nobody has this lead, so there is nobody to remind.")
    reminder_id = market.ids.new("rmd", now)
    sealed = market.vault.seal(key, reminder_id, note.encode())
    reminder = ReminderRow(reminder_id, row["sale_id"], row["agent_id"], at, sealed, now)
    payload: dict[str, object] = {"what": "reminder", "reminder_id": reminder_id}
    await market.db.write(add_reminder, reminder, job(market, MAIL_QUEUE, FOLLOW_NOTE, payload, at, now))


async def finish_reminder(market: Market, row: Row, reminder_id: str) -> bool:
    """The agent is done with it. False when it was, or is none of this lead."""
    found = await market.db.read(read_reminder, reminder_id)
    if found is None or found["sale_id"] != row["sale_id"]:
        return False
    return await market.db.write(end_reminder, reminder_id, found["agent_id"], "done")


async def hand_in(market: Market, row: Row, actor: Actor) -> bool:
    """An agent gives a lead back by itself. False when it has it no more."""
    rules = await market.db.read(read_rules, row["buyer_id"])
    if rules is None or row["agent_id"] is None:
        return False
    return await give_back(market, row["sale_id"], row["agent_id"], rules, "handed_back", actor.name) is not None
