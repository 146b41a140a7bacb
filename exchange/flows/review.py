"""A person decides: about a held lead, about a sub id, about an alert. Each with a reason, in the audit log."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, replace

from exchange.flows.alert_news import tell_closed
from exchange.flows.by_hand import audit_line
from exchange.flows.case import DAY_MS, HELD_DAYS
from exchange.flows.jobs import RESELL, job
from exchange.flows.market import Market
from exchange.flows.screening import take_up
from exchange.flows.tell import UNSOLD, News, tell
from exchange.flows.terms import change_campaign
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.lead import Problem
from exchange.model.party import ScreenRule
from exchange.model.reason import Reason
from exchange.model.screen import Block
from exchange.model.work import JobRow
from exchange.stages.notes import note_problem
from exchange.storage.alerts import Ending, open_alerts
from exchange.storage.database import Row
from exchange.storage.review import overdue_held, refuse_held, release_held
from exchange.storage.screen import close_alert, lift_block, save_block
from exchange.storage.selling import read_lead


class NotHeld(LookupError):
    """No lead of that id waits for a decision."""


class BadNote(ValueError):
    """A note that may not be kept, since it is kept in clear; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def keepable(note: str) -> None:
    """Raises `BadNote`."""
    if (problem := note_problem(note)) is not None:
        raise BadNote(problem)


async def approve(market: Market, lead_id: str, note: str, actor: Actor, ip: str = "") -> None:
    """The lead is sold as usual: by a job, as one whose buyer was silent. Raises `NotHeld`, also when it waited so long
    that its consumer is kept no more and may have been sold meanwhile. Like all here it raises `BadNote` too.
    """
    keepable(note)
    lead = await _held(market, lead_id)
    now = market.clock.now()
    if lead["received_at"] <= now - HELD_DAYS * DAY_MS:
        raise NotHeld(lead_id)
    line = audit_line(market.ids, now, actor, "lead.approved", f"lead:{lead_id}", after={"why": note}, ip=ip)
    sell = job(market, f"{RESELL}:{lead_id}", RESELL, {"lead_id": lead_id}, now, now, f"held:{lead_id}")
    told = f"Approved by {actor.name}: {note}"
    if not await market.db.write(release_held, lead_id, lead["month"], told, now, line, sell):
        raise NotHeld(lead_id)


async def refuse(market: Market, lead_id: str, note: str, actor: Actor, ip: str = "") -> None:
    """The lead is refused, its consumer given back, its seller told. Raises `NotHeld`."""
    keepable(note)
    lead = await _held(market, lead_id)
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "lead.refused", f"lead:{lead_id}", after={"why": note}, ip=ip)
    told = f"Refused by {actor.name}: {note}"
    reason = Reason.FRAUD_SCORE.slug
    if not await market.db.write(
        refuse_held, lead_id, lead["month"], told, reason, now, line, _told_seller(market, lead, now)
    ):
        raise NotHeld(lead_id)


async def refuse_overdue(market: Market) -> int:
    """Leads nobody decided about in time. Returns how many there were."""
    overdue = await market.db.read(overdue_held, market.clock.now() - HELD_DAYS * DAY_MS)
    for lead_id in overdue:
        with suppress(NotHeld):
            await refuse(market, lead_id, f"Nobody decided within {HELD_DAYS} days", SYSTEM)
    return len(overdue)


async def _held(market: Market, lead_id: str) -> Row:
    lead = await market.db.write(read_lead, lead_id)
    if lead is None or lead["state"] != "held":
        raise NotHeld(lead_id)
    return lead


def _told_seller(market: Market, lead: Row, now: int) -> tuple[JobRow, ...]:
    facts: dict[str, object] = {
        "lead_id": lead["id"],
        "seller_lead_id": lead["seller_lead_id"],
        "status": "rejected",
        "reason": Reason.FRAUD_SCORE.slug,
        "price": None,
        "currency": lead["currency"],
        "test": lead["mode"] == "test",
    }
    news = News(UNSOLD, Role.SELLER, lead["seller_id"], lead["id"], now, facts, lead["campaign_id"])
    return tell(market, news)


async def block_sub_id(market: Market, seller_id: str, sub_id: str, why: str, actor: Actor, ip: str = "") -> None:
    """Shut a sub id out, in all campaigns of its seller, from the next lead on."""
    keepable(why)
    now = market.clock.now()
    what = f"sub_id:{seller_id}:{sub_id}"
    line = audit_line(market.ids, now, actor, "sub_id.blocked", what, after={"why": why}, ip=ip)
    await market.db.write(save_block, Block(seller_id, sub_id, why, now, actor.name), line)
    await take_up(market.screening, market.db, now)


async def let_in(market: Market, seller_id: str, sub_id: str, why: str, actor: Actor, ip: str = "") -> bool:
    """Undo it; False when the sub id was not shut out."""
    keepable(why)
    now = market.clock.now()
    before = {"why": market.screening.blocks.get((seller_id, sub_id), "")}
    what = f"sub_id:{seller_id}:{sub_id}"
    line = audit_line(market.ids, now, actor, "sub_id.let_in", what, before=before, after={"why": why}, ip=ip)
    lifted = await market.db.write(lift_block, seller_id, sub_id, line)
    await take_up(market.screening, market.db, now)
    return lifted


async def see_to(market: Market, alert_id: str, note: str, actor: Actor, ip: str = "") -> bool:
    """Close an alert; False when it is closed already, or there is none."""
    keepable(note)
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "alert.closed", f"alert:{alert_id}", after={"why": note}, ip=ip)
    told = [
        each for each in await market.db.read(open_alerts) if each.cause in (f"fraud:{alert_id}", f"proof:{alert_id}")
    ]
    ending = Ending(told[0].id, now, note, tell_closed(market, told[0], now, actor.name, note)) if told else None
    return await market.db.write(close_alert, alert_id, note, actor.name, now, line, ending)


class BadRule(ValueError):
    """Points that mean nothing. The sentence says what they must be."""


async def set_rule(market: Market, campaign_id: str, rule: ScreenRule, why: str, actor: Actor, ip: str = "") -> int:
    """From where on a campaign refuses and holds, and how many posts its pings must bring. Raises `BadRule`.

    Returns the number of the campaign's new version, in force at once.
    """
    keepable(why)
    points = (rule.refuse_at, rule.hold_at)
    if any(each is not None and not 1 <= each <= 100 for each in points):
        raise BadRule("Points are 1 to 100, or empty for never.")
    if (rule.pings is not None and rule.pings < 1) or not 0 <= rule.posts_per_thousand <= 1_000:
        raise BadRule("Pings are 1 or more, or empty for no limit; posts are 0 to 1,000 in a thousand.")
    before = market.deals.campaigns[campaign_id]
    now, what = market.clock.now(), f"campaign:{campaign_id}"
    line = audit_line(
        market.ids,
        now,
        actor,
        "campaign.screen",
        what,
        before={"screen": str(asdict(before.screen))},
        after={"screen": str(asdict(rule)), "why": why},
        ip=ip,
    )
    return await change_campaign(market, replace(before, screen=rule), line)
