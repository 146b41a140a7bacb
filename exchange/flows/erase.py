"""One consumer asks to be deleted: their leads are erased, those who have them hear of it, and nobody sells them again.

A lead under a legal hold stays, and so does one that is being sold at that moment: ask again later.
"""

from __future__ import annotations

from typing import NamedTuple

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.evidence import evidence_for
from exchange.flows.list_desk import Wish, change_values, make_list
from exchange.flows.market import Market
from exchange.flows.persons import NoPerson, find_person
from exchange.flows.tell import News, tell
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.rights import Right, may, needed
from exchange.model.suppression import Purpose
from exchange.model.work import JobRow
from exchange.stages.notes import note_problem
from exchange.storage.audit import record
from exchange.storage.erase import erase_lead
from exchange.storage.evidence import hold_of
from exchange.storage.leads import standing_sales

LIST_NAME = "Erased on request"
_SENTENCE = "The consumer had their data deleted: personal values erased"


class CannotErase(Exception):
    """Why nothing was erased, as a sentence."""


class Ended(NamedTuple):
    """How many leads were erased, stay because of a legal hold, and were being sold."""

    erased: int = 0
    held: int = 0
    under_way: int = 0


async def erase_person(market: Market, who: str, why: str, actor: Actor, ip: str = "") -> Ended:
    """Erase everything of the consumer whom a phone, an email or the id of a lead means. Raises `CannotErase`."""
    if not may(actor, Right.ERASE):
        raise CannotErase(f"To {Right.ERASE.value} needs the role {needed(Right.ERASE)}.")
    if (problem := note_problem(why)) is not None:
        raise CannotErase(problem.message)
    try:
        person = await find_person(market, who)
    except NoPerson as nobody:
        raise CannotErase(str(nobody)) from None
    for kind, value in person.values.items():
        row = await make_list(market, Wish(LIST_NAME, kind, purpose=Purpose.SUPPRESSION), SYSTEM)
        await change_values(market, [row], {kind: value}, True, actor)
    ends = [await erase_one(market, lead.id, _SENTENCE, "request") for lead in person.leads]
    ended = Ended(*(sum(counts) for counts in zip(*ends, strict=True))) if ends else Ended()
    now, subject = market.clock.now(), ", ".join(lead.id for lead in person.leads)[:200]
    after = {"why": why.strip(), "erased": str(ended.erased), "held": str(ended.held)}
    line = audit_line(market.ids, now, actor, "person.erased", f"lead:{subject}", after=after, ip=ip)
    await market.db.write(record, line)
    return ended


async def erase_one(market: Market, lead_id: str, sentence: str, why: str) -> Ended:
    """Erase one lead, and tell everybody who bought it, with `why` as the reason."""
    now = market.clock.now()
    event = (market.ids.new("evt", now), month_of(now), now, sentence)
    evidence = await evidence_for(market, lead_id, now)
    if await market.db.write(erase_lead, lead_id, event, await _news(market, lead_id, why, now), evidence):
        return Ended(erased=1)
    return Ended(held=1) if await market.db.read(hold_of, lead_id) is not None else Ended(under_way=1)


async def _news(market: Market, lead_id: str, why: str, now: int) -> tuple[JobRow, ...]:
    """Everybody who bought it hears that it must be erased there too."""
    jobs: list[JobRow] = []
    for sale in await market.db.read(standing_sales, lead_id):
        facts: dict[str, object] = {"lead_id": lead_id, "delivery_id": sale["attempt_id"], "why": why}
        jobs += tell(market, News("lead.erased", Role.BUYER, sale["buyer_id"], lead_id, now, facts))
    return tuple(jobs)
