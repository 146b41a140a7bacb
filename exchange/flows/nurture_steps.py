"""What each step of a nurture plan does with one lead that may still be sold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from exchange.flows.case import Case
from exchange.flows.checks import deciding
from exchange.flows.market import Market
from exchange.flows.nurture_messages import Going, NotSent, send_message, why_not_written_to
from exchange.flows.resell import resell
from exchange.flows.settle import claims_of
from exchange.flows.shelf import list_by
from exchange.flows.verify import verify
from exchange.model.money import Money
from exchange.model.nurture import LeftWhy, Plan, Step, StepKind
from exchange.model.reason import Reason
from exchange.model.verification import Stage
from exchange.model.work import Claim, LeadState
from exchange.stages.nurture import DAY_MS
from exchange.storage.database import Row
from exchange.storage.lead_bulk import TakenMeanwhile
from exchange.storage.nurture import Begun, begin_step, note_going
from exchange.storage.selling import read_lead
from exchange.storage.shelf import SOLD_AGAIN, put_back
from exchange.storage.store import claims_of_lead, read_item

_IN_FLIGHT_MS = 3_600_000  # as that of a request: free again after an hour if the resale died
_HELD_MS = 180_000  # a hold in the store is over by then
_REASONS: Mapping[str, Reason] = MappingProxyType({reason.slug: reason for reason in Reason})


class At(NamedTuple):
    """A lead at a step. `begun`: the step was written down before, by a job that was cut; `going`: so was its send."""

    plan: Plan
    step: Step
    lead: Row
    case: Case
    begun: bool
    going: bool


class Came(NamedTuple):
    """What a step came to. After the last one the lead stays `until` a moment; it may leave at once."""

    outcome: str
    told: str
    cost_units: int = 0
    until: int | None = None
    leaves: LeftWhy | None = None


class Later(NamedTuple):
    """The step is not done yet: it comes again at a moment."""

    at: int


Act = Callable[[Market, At], Awaitable[Came | Later | None]]
"""None: somebody else has the lead at this moment."""


async def _begin(market: Market, at: At, told: str = "", *, sells: bool = False) -> bool:
    """Write the step down, unless a job that was cut did."""
    if at.begun:
        return True
    now, claims = market.clock.now(), tuple[Claim, ...]()
    if sells:
        claims = claims_of(at.lead, at.case.campaign.duplicate_scope, now + _IN_FLIGHT_MS)
    begun = Begun(at.lead, at.plan.id, at.step, now, told, sells, claims)
    return await market.db.write(begin_step, begun)


async def _auction(market: Market, at: At) -> Came | Later | None:
    lead_id, step = at.lead["id"], at.step
    now = market.clock.now()
    if not at.begun:
        claims = await market.db.read(claims_of_lead, lead_id)
        if any(row["state"] == "buying" or (row["state"] == "held" and row["expires_at"] > now) for row in claims):
            return Later(now + _HELD_MS)
    least = f" from {step.least.text} {step.least.currency} up" if step.least is not None else ""
    try:
        if not await _begin(market, at, f"Nurture: buyers are asked again{least}", sells=True):
            return None
    except TakenMeanwhile:
        lead = await market.db.read(read_lead, lead_id)
        if lead is None or lead["state"] != LeadState.UNSOLD.value:
            return None
        told = "ended, its consumer came again as another lead"
        return Came("cut", told, leaves=LeftWhy.NOT_SOLD_ANY_MORE)
    terms: dict[str, object] = {
        "least_units": step.least.units if step.least is not None else None,
        "contracts": list(step.contracts),
    }
    await resell(market, {"lead_id": lead_id, "nurture": terms})
    return await _sold(market, lead_id)


async def _sold(market: Market, lead_id: str) -> Came | None:
    lead = await market.db.read(read_lead, lead_id)
    assert lead is not None
    state, now = LeadState(lead["state"]), market.clock.now()
    if state is LeadState.SOLD:
        return Came("sold", f"sold for {Money(lead['revenue_units'], lead['currency']).text} {lead['currency']}")
    if state in (LeadState.UNCLEAR, LeadState.PENDING):
        return Came("unclear", "a buyer may have taken it; that is settled first")
    if state is LeadState.SELLING:
        return None
    await market.db.write(put_back, lead_id, SOLD_AGAIN, now)
    reason = _REASONS.get(lead["reason"] or "")
    return Came("unsold", f"nobody bought it. {reason.sentence}" if reason is not None else "nobody bought it")


async def _store(market: Market, at: At) -> Came | None:
    assert at.step.store is not None
    if not await _begin(market, at):
        return None
    rule = at.step.store
    if at.lead["mode"] != "live":
        return Came("passed", "not put in the store: a test lead is never listed")
    listed = await list_by(market, at.lead, rule)
    item = await market.db.read(read_item, at.lead["id"])
    ends_at = item["ends_at"] if item is not None else None
    if listed:
        return Came("listed", f"listed in the store at {rule.first.text} {rule.first.currency}", until=ends_at)
    if item is not None and item["state"] == "listed":
        return Came("listed", "it is in the store already", until=ends_at)
    return Came("passed", f"not put in the store: {item['gone']}" if item is not None and item["gone"] else
                "not put in the store: it was sold there before, or its values cannot be shown")  # fmt: skip


async def _check(market: Market, at: At) -> Came | None:
    if not await _begin(market, at):
        return None
    if not at.case.live:
        return Came("passed", "not checked again: a test costs nothing")
    case = await verify(at.case, market, Stage.BEFORE)
    found = deciding(case.findings)
    if found is not None:
        told = f"ended, checked again. {found.sentence}"
        return Came("refused", told, case.spent_units, leaves=LeftWhy.NOT_SOLD_ANY_MORE)
    asked = len(case.findings) - len(at.case.findings)
    told = "checked again, nothing speaks against it" if asked else "no verifier is asked by its campaign"
    return Came("good" if asked else "passed", told, case.spent_units)


async def _message(market: Market, at: At) -> Came | Later | None:
    """To the consumer, once: what was cut on its way is not written again where two would arrive."""
    now, kind = market.clock.now(), at.step.kind
    refused = await why_not_written_to(market, at.case.lead, at.lead, kind)
    if isinstance(refused, int):
        return Later(refused)
    if not await _begin(market, at):
        return None
    if refused is not None:
        return Came("passed", f"not written to. {refused}")
    if at.going and kind is StepKind.TEXT:
        return Came("unclear", "a text may have gone out; it is not sent twice")
    lead_id, key = at.lead["id"], at.step.key
    await market.db.write(note_going, lead_id, key, True)
    try:
        await send_message(market, Going(at.case.lead, at.lead, at.step, at.case.vertical.title))
    except NotSent as error:
        return Came("passed", f"not written to. {error}")
    except Exception:
        await market.db.write(note_going, lead_id, key, False)
        raise
    what = "an email" if kind is StepKind.EMAIL else "a text"
    return Came("sent", f"{what} went to the consumer", until=now + DAY_MS)


ACTS: Mapping[StepKind, Act] = MappingProxyType(
    {
        StepKind.CHECK: _check,
        StepKind.AUCTION: _auction,
        StepKind.STORE: _store,
        StepKind.EMAIL: _message,
        StepKind.TEXT: _message,
    }
)
