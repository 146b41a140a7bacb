"""What nobody bought is tried again by plans: leads enter, come to a step at each age, and leave.

A duty takes leads in and makes a durable job for each that is due. Before every step it is looked whether the lead may
be sold at all: who was sold, opted out or erased, or is on a list by now, leaves. Intent before act: a step is written
down before it is done, and a job that comes again goes on with it.
"""

from __future__ import annotations

from collections.abc import Mapping

from exchange.flows.case import own_case
from exchange.flows.check_suppression import UNREADY_MS, listed
from exchange.flows.checks import deciding
from exchange.flows.job_ends import ComeBack, Ended
from exchange.flows.jobs import NURTURE, job
from exchange.flows.market import Market
from exchange.flows.nurture_steps import ACTS, At, Later
from exchange.flows.stored_lead import stored_lead
from exchange.model.nurture import LeftWhy, Plan, Step, StepKind
from exchange.model.party import State
from exchange.model.reason import Reason
from exchange.model.work import JobRow, LeadState
from exchange.stages.nurture import DAY_MS, step_after, step_due
from exchange.storage.database import Row
from exchange.storage.nurture import (
    Entry,
    StepEnd,
    come_again,
    due_leads,
    end_step,
    hand_out,
    leave,
    plan_of,
    read_nurtured,
    read_plan,
    read_plans,
    take_in,
    to_take,
    worth_of,
)
from exchange.storage.selling import read_lead

_AT_ONCE = 200
_WORTH_DAYS = 30
_AGAIN_MS = 3_600_000  # a job that died is made anew after this
_BUSY_MS = 600_000  # a lead that somebody sells, or whose post is unclear, is looked at again after this
_STANDS = (LeadState.UNSOLD.value,)


async def keep_nurture(market: Market) -> int:
    """The duty: take leads into the plans that are on, and make jobs for those that are due. Returns how many."""
    taken = 0
    for plan in await market.db.read(read_plans):
        if plan.on:
            taken += await _take_in(market, plan)
    now = market.clock.now()
    due = await market.db.read(due_leads, now, _AT_ONCE)
    jobs = [(row["lead_id"], _job(market, row["lead_id"], now)) for row in due]
    return taken + (await market.db.write(hand_out, jobs, now + _AGAIN_MS) if jobs else 0)


def _job(market: Market, lead_id: str, now: int) -> JobRow:
    return job(market, f"{NURTURE}:{lead_id}", NURTURE, {"lead_id": lead_id}, now, now, f"{NURTURE}:{lead_id}")


async def _take_in(market: Market, plan: Plan) -> int:
    row = await market.db.read(read_plan, plan.id)
    if row is None or not plan.steps:
        return 0
    found = await market.db.read(to_take, plan, row["seen_at"], _AT_ONCE)
    if not found:
        return 0
    now = market.clock.now()
    worth = await market.db.read(worth_of, plan, now - _WORTH_DAYS * DAY_MS)
    entries = [Entry(lead, worth, _due_at(plan, lead["received_at"], 0)) for lead in found]
    return await market.db.write(take_in, plan, entries, found[-1]["changed_at"], now)


def _due_at(plan: Plan, received_at: int, passed_ms: int) -> int | None:
    following = step_after(plan, passed_ms)
    return received_at + following.after_ms if following is not None else None


async def nurture(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """The job: what is due for one lead now. A second run goes on with the step under way.

    Raises `ComeBack` where the moment is not right yet.
    """
    lead_id, now = str(payload["lead_id"]), market.clock.now()
    row, lead = await market.db.read(read_nurtured, lead_id), await market.db.read(read_lead, lead_id)
    if row is None or lead is None or row["state"] != "in":
        return Ended.UNASKED
    kept = await market.db.read(read_plan, row["plan_id"])
    assert kept is not None, "a plan is switched off and never deleted"
    plan = plan_of(kept)
    step = _under_way(plan, row)
    if await _over(market, plan, row, lead, now):
        return None
    if step is None:
        step = step_due(plan, row["passed_ms"], now - row["received_at"]) if plan.on else None
        if step is None:
            await _wait(market, plan, row, lead, now)
            return None
        if lead["state"] not in _STANDS:  # on sale, or a buyer may have it
            await market.db.write(come_again, lead_id, now + _BUSY_MS)
            return None
    at = await _look(market, plan, step, lead, row)
    if at is not None:
        await _do(market, at, row)
    return None


def _under_way(plan: Plan, row: Row) -> Step | None:
    return next((step for step in plan.steps if step.key == row["step"]), None)


async def _over(market: Market, plan: Plan, row: Row, lead: Row, now: int) -> bool:
    """Whether the lead leaves for what became of it. One that was sold for a while and came back is not sold again."""
    why, told = None, ""
    campaign = market.deals.campaigns.get(lead["campaign_id"])
    if lead["state"] == LeadState.SOLD.value:
        why, told = LeftWhy.SOLD, "sold"
    elif lead["sealed"] is None:
        why, told = LeftWhy.ERASED, "ended, the consumer's values were erased"
    elif campaign is None or campaign.state is State.DELETED:
        why, told = LeftWhy.CLOSED, "ended, its campaign is closed"
    elif lead["state"] in (LeadState.REJECTED.value, LeadState.DUPLICATE.value):
        why, told = LeftWhy.NOT_SOLD_ANY_MORE, "ended, a check refused the lead"
    if why is None:
        return False
    await market.db.write(leave, row["lead_id"], why, told, now)
    return True


async def _wait(market: Market, plan: Plan, row: Row, lead: Row, now: int) -> None:
    """Nothing is to be done now: the lead waits for its next step, or has had them all."""
    due_at = _due_at(plan, row["received_at"], row["passed_ms"])
    if due_at is None and lead["state"] not in _STANDS:  # a buyer may have it: that is settled first
        await market.db.write(come_again, row["lead_id"], now + _BUSY_MS)
    elif due_at is not None:
        await market.db.write(come_again, row["lead_id"], max(due_at, now + 1) if plan.on else due_at)
    else:
        await market.db.write(leave, row["lead_id"], LeftWhy.ENDED, f"every step of {plan.name} is done", now)


async def _look(market: Market, plan: Plan, step: Step, lead: Row, row: Row) -> At | None:
    """The lead under the deals and lists of now. None when it may not be sold any more: then it left, or waits."""
    campaign, vertical = market.deals.campaigns[lead["campaign_id"]], market.verticals.get(lead["vertical"])
    found = await stored_lead(market, lead, campaign) if vertical is not None else None
    now = market.clock.now()
    if campaign.state is not State.ACTIVE:
        await market.db.write(come_again, lead["id"], now + _AGAIN_MS)
        return None
    if found is None or vertical is None:
        await market.db.write(leave, lead["id"], LeftWhy.ERASED, "ended, the consumer's values cannot be read", now)
        return None
    case = listed(own_case(lead, found, campaign, vertical, market, "exchange"), market)
    refused = deciding(case.findings)
    if refused is not None and refused.reason is Reason.LISTS_UNREADY:
        raise ComeBack(now + UNREADY_MS)
    on_sale = step.kind is StepKind.AUCTION and step.key == row["step"]  # the resale looks again, and ends it
    if refused is not None and not on_sale:
        why = LeftWhy.OPTED_OUT if refused.reason is Reason.CONSENT_REVOKED else LeftWhy.NOT_SOLD_ANY_MORE
        await market.db.write(leave, lead["id"], why, f"ended. {refused.sentence}", now)
        return None
    return At(plan, step, lead, case, begun=step.key == row["step"], going=bool(row["going"]))


async def _do(market: Market, at: At, row: Row) -> None:
    """Do the step and write down what came of it."""
    came = await ACTS[at.step.kind](market, at)
    now, lead_id = market.clock.now(), at.lead["id"]
    if came is None:  # somebody else has the lead at this moment
        await market.db.write(come_again, lead_id, now + _BUSY_MS)
        return
    if isinstance(came, Later):
        await market.db.write(come_again, lead_id, came.at)
        return
    lead = await market.db.read(read_lead, lead_id)
    due_at = _due_at(at.plan, row["received_at"], at.step.after_ms)
    if due_at is None:
        due_at = came.until if came.until is not None else now
    end = StepEnd(lead_id, at.lead["month"], at.step, now, came.outcome, came.told, due_at, came.cost_units)
    await market.db.write(end_step, end)
    if came.leaves is not None:
        await market.db.write(leave, lead_id, came.leaves, came.told, now)
    elif lead is not None and lead["state"] == LeadState.SOLD.value:
        await market.db.write(leave, lead_id, LeftWhy.SOLD, "sold", now)
