"""What is kept of a consent when a person is erased: the least that shows who agreed to what, and who got the lead.

The law wants records of consent for five years after the last call they allowed, also of somebody who had the rest
deleted. It is kept apart, sealed with a key of its own, found by a phone or an email alone, and shown to operators who
say why. A lead nobody had, or without consent, leaves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from exchange.flows.by_hand import audit_line
from exchange.flows.list_desk import plain_value
from exchange.flows.market import Market
from exchange.flows.stored_lead import stored_lead
from exchange.model.actor import Actor
from exchange.model.rights import Right, may, needed
from exchange.stages.notes import note_problem
from exchange.stages.suppression.forms import EMAIL, PHONE
from exchange.storage.audit import record
from exchange.storage.database import Row
from exchange.storage.evidence import EvidenceRow, find_evidence, hold_lead, lift_hold, recipients_ever
from exchange.storage.selling import read_lead

YEARS_MS = 1_827 * 86_400_000  # five years


class NoEvidence(Exception):
    """Why nothing is shown or held, as a sentence."""


async def evidence_for(market: Market, lead_id: str, now: int) -> EvidenceRow | None:
    """What is to be kept of a lead that is about to be erased; None when there is nothing to defend."""
    row = await market.db.write(read_lead, lead_id)
    campaign = market.deals.campaigns.get(row["campaign_id"]) if row is not None else None
    lead = await stored_lead(market, row, campaign) if row is not None and campaign is not None else None
    had = await market.db.read(recipients_ever, lead_id)
    if row is None or lead is None or not lead.consent.given or not had:
        return None
    kept = {
        "vertical": lead.vertical,
        "seller": lead.seller_id,
        "received_at": lead.received_at,
        "name": " ".join(filter(None, (lead.text("first_name"), lead.text("last_name")))),
        "phone": lead.text("phone"),
        "consent": {**lead.consent._asdict(), "buyers": list(lead.consent.buyers)},
        "recipients": [_recipient(market, each) for each in had],
    }
    wrapped, key = market.vault.new_data_key()
    sealed = market.vault.seal(key, f"evidence:{lead_id}", orjson.dumps(kept))
    until = max(each["made_at"] for each in had) + YEARS_MS
    indexes = (row["phone_index"], row["email_index"])
    phone, email = (bytes(each) if each is not None else None for each in indexes)
    return EvidenceRow(lead_id, phone, email, now, until, wrapped, sealed)


def _recipient(market: Market, row: Row) -> dict[str, object]:
    buyer = market.deals.buyers.get(row["buyer_id"])
    name = buyer.name if buyer is not None else row["buyer_id"]
    return {"buyer_id": row["buyer_id"], "buyer": name, "reference": row["reference"], "at": row["made_at"]}


async def show_evidence(market: Market, who: str, why: str, actor: Actor, ip: str = "") -> list[Mapping[str, Any]]:
    """The evidence of a lead's id, a phone or an email, after a line in the audit log. Raises `NoEvidence`."""
    _check(why, actor, Right.REVEAL)
    value = None if who.startswith("ld_") else plain_value(who)
    known = dict([value]) if value is not None else {}
    index, phone, email = market.vault.index, known.get(PHONE), known.get(EMAIL)
    rows = await market.db.read(
        find_evidence,
        who if who.startswith("ld_") else "",
        index("phone", f"+1{phone}" if len(phone) == 10 else f"+{phone}") if phone is not None else None,
        index("email", email) if email is not None else None,
    )
    if not rows:
        raise NoEvidence("No evidence is kept of it: nobody was erased who is meant, or it was kept long enough.")
    now = market.clock.now()
    shown = ", ".join(row["lead_id"] for row in rows)[:200]
    after = {"why": why.strip()}
    line = audit_line(market.ids, now, actor, "evidence.revealed", f"lead:{shown}", after=after, ip=ip)
    await market.db.write(record, line)
    return [{"lead_id": row["lead_id"], "keep_until": row["keep_until"], **_opened(market, row)} for row in rows]


def _opened(market: Market, row: Row) -> Mapping[str, Any]:
    key = market.vault.data_key(bytes(row["wrapped"]))
    opened: Mapping[str, Any] = orjson.loads(market.vault.open(key, f"evidence:{row['lead_id']}", bytes(row["sealed"])))
    return opened


async def hold(market: Market, lead_id: str, why: str, actor: Actor, ip: str = "") -> None:
    """Keep one lead from being erased, whoever asks. Raises `NoEvidence`."""
    _check(why, actor, Right.ERASE)
    now, after = market.clock.now(), {"why": why.strip()}
    line = audit_line(market.ids, now, actor, "lead.held", f"lead:{lead_id}", after=after, ip=ip)
    if not await market.db.write(hold_lead, lead_id, why.strip(), line):
        raise NoEvidence("There is no such lead, its values were erased, or it is held already.")


async def lift(market: Market, lead_id: str, why: str, actor: Actor, ip: str = "") -> None:
    """Let it be erased again. Raises `NoEvidence`."""
    _check(why, actor, Right.ERASE)
    now, after = market.clock.now(), {"why": why.strip()}
    line = audit_line(market.ids, now, actor, "lead.hold_lifted", f"lead:{lead_id}", after=after, ip=ip)
    if not await market.db.write(lift_hold, lead_id, line):
        raise NoEvidence("The lead is not held.")


def _check(why: str, actor: Actor, right: Right) -> None:
    if not may(actor, right):
        raise NoEvidence(f"To {right.value} needs the role {needed(right)}.")
    if (problem := note_problem(why)) is not None:
        raise NoEvidence(problem.message)
