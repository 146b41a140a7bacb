"""Nurture plans made, changed, switched on and off; each change is one line of the audit log and can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import BadMoney, Money
from exchange.model.nurture import LeftWhy, Plan, Step, StepKind
from exchange.model.party import StoreRule
from exchange.model.rights import Right, may, needed
from exchange.stages.nurture import (
    BACK_DAYS_MOST,
    DAY_MS,
    GRADES,
    REASONS,
    BadPlan,
    age_of,
    falls_of,
    next_key,
    plan_problem,
    with_step,
)
from exchange.storage.nurture import document_of, leave, plan_of, read_nurtured, read_plan, save_plan

SUBJECT = "nurture"


@dataclass(frozen=True, slots=True)
class Found:
    """A plan as it stands, and the document that it was read from."""

    plan: Plan
    document: str


class NoSuchPlan(LookupError):
    """Nobody made this plan."""


async def find_plan(market: Market, plan_id: str) -> Found:
    """Raises `NoSuchPlan`."""
    row = await market.db.read(read_plan, plan_id)
    if row is None:
        raise NoSuchPlan(plan_id)
    return Found(plan_of(row), row["document"])


async def make_plan(market: Market, form: Mapping[str, str], mode: str, actor: Actor) -> Plan:
    """A new plan, off and without steps, of a form: `name`, `vertical`, and what `_leads` reads. Raises `BadPlan`."""
    vertical = form.get("vertical", "")
    if vertical not in market.verticals:
        raise BadPlan("vertical: choose one of the list.")
    currency = currency_of(market, vertical)
    if currency is None:
        raise BadPlan("vertical: nobody posts into it yet. Make a campaign of it first.")
    plan_id, name = market.ids.new("nur", market.clock.now()), form.get("name", "").strip()
    plan = Plan(plan_id, name, mode, vertical, currency, **_leads(market, form, vertical))
    await _save(market, plan, None, "made", actor)
    return plan


async def change_leads(market: Market, plan_id: str, form: Mapping[str, str], actor: Actor) -> None:
    """Its name and which leads it takes from now on. Raises `BadPlan`, `NoSuchPlan`."""
    found = await find_plan(market, plan_id)
    leads = _leads(market, form, found.plan.vertical)
    await _save(market, replace(found.plan, name=form.get("name", "").strip(), **leads), found, "changed", actor)


async def add_step(market: Market, plan_id: str, form: Mapping[str, str], actor: Actor) -> None:
    """One more step, of a form: `kind`, `age` and what its kind needs. Raises `BadPlan`, `NoSuchPlan`."""
    found = await find_plan(market, plan_id)
    plan = found.plan
    step = _step(market, form, plan)
    await _save(market, replace(plan, steps=with_step(plan.steps, step)), found, "changed", actor)


async def remove_step(market: Market, plan_id: str, key: str, actor: Actor) -> None:
    """Leads that have not come to it never do. Raises `BadPlan`, `NoSuchPlan`."""
    found = await find_plan(market, plan_id)
    steps = tuple(step for step in found.plan.steps if step.key != key)
    if len(steps) == len(found.plan.steps):
        raise BadPlan("This step is in the plan no more.")
    if found.plan.on and not steps:
        raise BadPlan("A plan that is on has a step: switch it off first.")
    await _save(market, replace(found.plan, steps=steps), found, "changed", actor)


async def switch(market: Market, plan_id: str, on: bool, back_days: str, actor: Actor) -> None:
    """On: leads that end unsold are taken from now on, and those that came in the last `back_days`. Off: no lead is
    taken and no step done; those in it wait. Raises `BadPlan`, `NoSuchPlan`.
    """
    found = await find_plan(market, plan_id)
    plan = found.plan
    if on and not plan.steps:
        raise BadPlan("Add a step first: a plan without one does nothing.")
    days = back_days.strip() or "0"
    if not days.isdecimal() or int(days) > BACK_DAYS_MOST:
        raise BadPlan(f"back_days: whole days from 0 to {BACK_DAYS_MOST}. Got {days[:20]!r}.")
    since = market.clock.now() - int(days) * DAY_MS if on else plan.since
    await _save(market, replace(plan, on=on, since=since), found, "on" if on else "off", actor)


async def put_back(market: Market, plan_id: str, document: str, actor: Actor) -> None:
    """A plan as it was: the undoing of a change. Raises `BadPlan`, `NoSuchPlan`."""
    found = await find_plan(market, plan_id)
    await _save(market, plan_of({"document": document}), found, "undone", actor)


async def take_out(market: Market, lead_id: str, why: str, actor: Actor) -> bool:
    """A person ends a lead's nurture. False when it is in none. Raises `BadPlan` without a reason."""
    _check(actor)
    why = why.strip()
    if not (0 < len(why) <= 500 and why.isprintable()):
        raise BadPlan("why: say in 1 to 500 characters why, for the record.")
    row, now = await market.db.read(read_nurtured, lead_id), market.clock.now()
    if row is None or row["state"] != "in":
        return False
    after = {"plan": row["plan_id"], "why": why}
    line = audit_line(market.ids, now, actor, "lead.nurture_ended", f"lead:{lead_id}", after=after)
    return await market.db.write(leave, lead_id, LeftWhy.TAKEN_OUT, f"taken out: {why}", now, actor.name, line)


async def _save(market: Market, plan: Plan, found: Found | None, what: str, actor: Actor) -> None:
    _check(actor)
    problem = plan_problem(plan)
    if problem is not None:
        raise BadPlan(problem)
    before = orjson.loads(found.document) if found is not None else None
    after = orjson.loads(document_of(plan))
    if before == after:
        return
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, f"{SUBJECT}.{what}", f"{SUBJECT}:{plan.id}", before=before, after=after)
    if not await market.db.write(save_plan, plan, found.document if found is not None else None, line):
        raise BadPlan("Somebody changed the plan at this moment: look again.")


def _check(actor: Actor) -> None:
    if not may(actor, Right.EDIT):
        raise BadPlan(f"To {Right.EDIT.value} needs the role {needed(Right.EDIT)}.")


def currency_of(market: Market, vertical: str) -> str | None:
    """That of the vertical's campaigns; None while there is none."""
    return next((each.currency for each in market.deals.campaigns.values() if each.vertical == vertical), None)


def _leads(market: Market, form: Mapping[str, str], vertical: str) -> dict[str, Any]:
    """Which leads: campaigns by `campaign:<id>`, grades by `grade:<A>`, reasons by `reason:<slug>`, each ticked."""
    own = {each.id for each in market.deals.campaigns.values() if each.vertical == vertical}
    return {
        "campaigns": _ticked(form, "campaign", sorted(own)),
        "grades": _ticked(form, "grade", GRADES),
        "reasons": _ticked(form, "reason", REASONS),
    }


def _ticked(form: Mapping[str, str], name: str, known: Any) -> tuple[str, ...]:
    return tuple(each for each in known if form.get(f"{name}:{each}") == "yes")


def _step(market: Market, form: Mapping[str, str], plan: Plan) -> Step:
    try:
        kind = StepKind(form.get("kind", ""))
    except ValueError:
        raise BadPlan("kind: choose what the step does.") from None
    step = Step(next_key(plan.steps), kind, age_of(form.get("age", "")))
    if kind is StepKind.AUCTION:
        own = [each.id for each in market.deals.contracts.values() if each.vertical == plan.vertical]
        return replace(
            step, least=_money(form, "least", plan.currency), contracts=_ticked(form, "contract", sorted(own))
        )
    if kind is StepKind.STORE:
        first = _money(form, "price", plan.currency)
        if first is None:
            raise BadPlan("price: the first price in the store.")
        days, sales = _whole(form, "days", "3"), _whole(form, "sales", "1")
        return replace(step, store=StoreRule(first, falls_of(form.get("falls", "")), days, sales))
    if kind is StepKind.CHECK:
        return step
    text = form.get("text", "").replace("\r\n", "\n").strip()
    return replace(step, subject=form.get("subject", "").strip(), text=text)


def _money(form: Mapping[str, str], field: str, currency: str) -> Money | None:
    text = form.get(field, "").strip().removeprefix("$")
    if not text:
        return None
    try:
        return Money.parse(text, currency)
    except BadMoney:
        raise BadPlan(f"{field}: an amount such as 12.50. Got {text[:20]!r}.") from None


def _whole(form: Mapping[str, str], field: str, default: str) -> int:
    text = form.get(field, "").strip() or default
    if not text.isdecimal() or len(text) > 4:
        raise BadPlan(f"{field}: a whole number. Got {text[:20]!r}.")
    return int(text)
