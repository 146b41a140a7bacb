"""Whose leads are these: a consumer found by a phone, an email address, or the id of one of their leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange.flows.list_desk import plain_value
from exchange.flows.market import Market
from exchange.flows.stored_lead import stored_lead
from exchange.model.lead import Lead
from exchange.stages.suppression.forms import EMAIL, PHONE, drop_name, plain_email, plain_phone
from exchange.storage.database import Row
from exchange.storage.erase import leads_of_person
from exchange.storage.selling import read_lead


class NoPerson(Exception):
    """Why nobody is meant, as a sentence."""


@dataclass(frozen=True, slots=True)
class Person:
    """`values` are phone and email as lists have them, by kind. `leads` are the live ones that can be read."""

    values: Mapping[str, str] = field(repr=False)
    leads: tuple[Lead, ...] = field(repr=False)


async def find_person(market: Market, who: str) -> Person:
    """The one consumer that is meant. Raises `NoPerson`, also when several people gave the value."""
    own = await _lead_named(market, who.strip()) if who.strip().startswith("ld_") else None
    values = _known_by(own) if own is not None else dict(filter(None, [plain_value(who)]))
    if not values:
        raise NoPerson("Say a phone, an email address, or the id of a lead whose values are still there.")
    leads = await _leads(market, values)
    if own is not None:
        leads = [lead for lead in leads if _name(lead) == _name(own)]
    elif len({_name(lead) for lead in leads}) > 1:
        raise NoPerson("Several people gave it: say the id of a lead of the one who asked.")
    return Person(values, tuple(leads))


async def _lead_named(market: Market, lead_id: str) -> Lead | None:
    row = await market.db.write(read_lead, lead_id)
    return await _opened(market, row) if row is not None else None


async def _opened(market: Market, row: Row) -> Lead | None:
    campaign = market.deals.campaigns.get(row["campaign_id"])
    return await stored_lead(market, row, campaign) if campaign is not None else None


def _known_by(lead: Lead) -> dict[str, str]:
    """Phone and email as lists have them."""
    found = {PHONE: plain_phone(lead.text("phone") or ""), EMAIL: plain_email(lead.text("email") or "")}
    return {kind: value for kind, value in found.items() if value is not None}


async def _leads(market: Market, values: Mapping[str, str]) -> list[Lead]:
    """Every live lead with one of these values that can be read."""
    phone, email = values.get(PHONE), values.get(EMAIL)
    index = market.vault.index
    rows = await market.db.read(
        leads_of_person,
        index("phone", f"+1{phone}" if len(phone) == 10 else f"+{phone}") if phone is not None else None,
        index("email", email) if email is not None else None,
    )
    opened = [await _opened(market, row) for row in rows]
    return [lead for lead in opened if lead is not None]


def _name(lead: Lead) -> tuple[str, str]:
    return drop_name(lead.text("first_name") or ""), drop_name(lead.text("last_name") or "")
