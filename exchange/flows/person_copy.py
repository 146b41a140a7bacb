"""A consumer asks what is kept of them: their copy, and who has looked at the request is in the audit log first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.persons import Person, find_person
from exchange.flows.reveal import check_reason
from exchange.model.actor import Actor
from exchange.model.lead import Lead
from exchange.storage.audit import record
from exchange.storage.evidence import hold_of, recipients_ever
from exchange.storage.leads import standing_sales


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who has, may have or had a lead. Epoch ms."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class KeptLead:
    """What is kept of one lead, as it is told to the consumer. `values` and `appended` (what vendors added) are by the
    titles of their fields, `consent` and `beside` by words.
    """

    id: str
    received_at: int
    seller: str
    vertical: str
    values: Mapping[str, str] = field(repr=False)
    appended: Mapping[str, str] = field(repr=False)
    beside: Mapping[str, str] = field(repr=False)
    consent: Mapping[str, str] = field(repr=False)
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class FoundLead:
    """One lead of a person without anything personal. `held`: a legal hold keeps it from being erased."""

    id: str
    received_at: int
    seller: str
    vertical: str
    buyers: tuple[str, ...]
    held: bool


async def look_up(market: Market, who: str) -> tuple[FoundLead, ...]:
    """Which leads are of the consumer who is meant. Raises `NoPerson`."""
    return tuple([await _found(market, lead) for lead in (await find_person(market, who)).leads])


async def copy_for(market: Market, who: str, why: str, actor: Actor) -> tuple[KeptLead, ...]:
    """All that is kept of them, newest last. Raises `NoPerson` and `MayNotReveal`."""
    check_reason(why, actor)
    person: Person = await find_person(market, who)
    subject = ", ".join(lead.id for lead in person.leads)[:200]
    after = {"why": why.strip(), "leads": len(person.leads)}
    line = audit_line(market.ids, market.clock.now(), actor, "person.copied", f"lead:{subject}", after=after)
    await market.db.write(record, line)
    return tuple([await _kept(market, lead) for lead in person.leads])


async def _found(market: Market, lead: Lead) -> FoundLead:
    sales = await market.db.read(standing_sales, lead.id)
    return FoundLead(
        lead.id,
        lead.received_at,
        market.deals.sellers[lead.seller_id].name,
        market.verticals[lead.vertical].title,
        tuple(dict.fromkeys(_buyer(market, each["buyer_id"]) for each in sales)),
        await market.db.read(hold_of, lead.id) is not None,
    )


async def _kept(market: Market, lead: Lead) -> KeptLead:
    titles = {each.name: each.label for each in market.verticals[lead.vertical].fields}
    texts = {name: value.clean for name, value in lead.values.items()}
    named = {name: (titles.get(name, name.replace("_", " ")), text) for name, text in texts.items()}
    had = await market.db.read(recipients_ever, lead.id)
    return KeptLead(
        lead.id,
        lead.received_at,
        market.deals.sellers[lead.seller_id].name,
        market.verticals[lead.vertical].title,
        dict(told for name, told in named.items() if name not in lead.appended),
        dict(told for name, told in named.items() if name in lead.appended),
        {name.replace("_", " "): text for name, text in lead.tracking.items() if text},
        _consent(lead),
        tuple(Recipient(_buyer(market, each["buyer_id"]), each["made_at"]) for each in had),
    )


def _consent(lead: Lead) -> dict[str, str]:
    consent = lead.consent
    told = {
        "given": "yes" if consent.given else "no",
        "what was agreed to": consent.text,
        "on the page": consent.page_url,
        "from the address": consent.ip_address,
        "with": consent.user_agent,
        "companies named": ", ".join(consent.buyers),
        "certificate": consent.trustedform_url or consent.jornaya_leadid,
    }
    return {name: text for name, text in told.items() if text}


def _buyer(market: Market, buyer_id: str) -> str:
    buyer = market.deals.buyers.get(buyer_id)
    return buyer.name if buyer is not None else buyer_id
