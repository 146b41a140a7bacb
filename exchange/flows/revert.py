"""Undo of a change that the audit log tells of: what it was before is put back, and the log tells that too.

Only what was changed last is put back: what came after might rest upon it. Money, leads and keys are never undone here;
each has a correction of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from types import MappingProxyType
from typing import Any

import orjson

from exchange.flows import alerts, house, nurture_plans, pausing, polls
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.flows.review import block_sub_id, let_in
from exchange.flows.terms import news_jobs
from exchange.model.actor import Actor
from exchange.model.alert import Setting
from exchange.model.audit import AuditLine
from exchange.model.party import Campaign, Contract
from exchange.model.rights import Right, may, needed
from exchange.stages.eligible import contract_problems
from exchange.stages.nurture import BadPlan
from exchange.storage.audit_views import later_change, read_audit_line
from exchange.storage.parties import read_campaign_version, read_contract_version
from exchange.storage.revert import revert_campaign, revert_contract, version_at

_SHOWN = 200  # characters of a value in the log's line
_GONE = "What it was about is gone."


class CannotRevert(Exception):
    """Why a change is not undone, as a sentence."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """`says` what is put back, `right` who may; `act` puts it back, and is given who does it and from where."""

    says: str
    right: Right
    act: Callable[[Actor, str], Awaitable[None]]


_Maker = Callable[[Market, AuditLine], Awaitable[Reversal]]


async def reversal_of(market: Market, line: AuditLine) -> Reversal:
    """How a change is undone. Raises `CannotRevert`."""
    make = _MAKERS.get(line.action) or _MAKERS.get(line.action.partition(".")[0])
    if make is None:
        raise CannotRevert("This is no setting that could be put back.")
    later = await market.db.read(later_change, line)
    if later is not None:
        raise CannotRevert(f"It was changed again since ({later.action.replace('.', ' ')}): undo that first.")
    return await make(market, line)


async def revert(market: Market, line_id: str, actor: Actor, ip: str = "") -> Reversal:
    """Undo the change of one line. Raises `CannotRevert`, and `LookupError` when there is no such line."""
    line = await market.db.read(read_audit_line, actor, line_id)
    if line is None:
        raise LookupError(line_id)
    reversal = await reversal_of(market, line)
    if not may(actor, reversal.right):
        raise CannotRevert(f"To {reversal.right.value} needs the role {needed(reversal.right)}.")
    try:
        await reversal.act(actor, ip)
    except pausing.CannotPause as error:
        raise CannotRevert(str(error)) from None
    return reversal


def told_of(text: str | None) -> Mapping[str, Any]:
    """The fields of `before` or `after`; none for what is no object."""
    found = orjson.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def changes_between(before: Contract | Campaign, after: Contract | Campaign) -> dict[str, tuple[str, str]]:
    """The fields that differ, as text, by name."""
    names = [each.name for each in fields(before) if each.name != "version"]
    return {
        name: (_text(getattr(before, name)), _text(getattr(after, name)))
        for name in names
        if getattr(before, name) != getattr(after, name)
    }


def _text(value: object) -> str:
    text = getattr(value, "text", None) or getattr(value, "value", None)
    return (text if isinstance(text, str) else str(value))[:_SHOWN]


# What has versions


async def _version(market: Market, line: AuditLine) -> Reversal:
    """Of a contract or a campaign: the version before the one that the change made."""
    kind, _, party_id = line.subject.partition(":")
    in_use = (market.deals.contracts if kind == "contract" else market.deals.campaigns).get(party_id)
    made = await market.db.read(version_at, f"{kind}s", party_id, line.at)
    if made is None or in_use is None:
        raise CannotRevert(_GONE)
    read = read_contract_version if kind == "contract" else read_campaign_version
    before: Contract | Campaign | None = await market.db.read(read, party_id, made - 1)
    if before is None:
        raise CannotRevert(f"It was the first version of the {kind}: there is none before it.")
    if in_use.version != made:
        raise CannotRevert(f"The {kind} was changed again since: undo that first.")
    if isinstance(before, Contract) and (problems := _problems(market, before)):
        raise CannotRevert(f"Version {before.version} fits no more: {problems[0]}")
    changes = changes_between(in_use, before)
    says = f"Puts version {before.version} of the {kind} {before.name} back: {_listed(changes)}."
    return Reversal(says, Right.EDIT, partial(_put_back, market, line, before, made, changes))


def _problems(market: Market, contract: Contract) -> tuple[str, ...]:
    return contract_problems(contract, market.verticals[contract.vertical], market.places)


async def _put_back(
    market: Market,
    line: AuditLine,
    before: Contract | Campaign,
    made: int,
    changes: Mapping[str, tuple[str, str]],
    actor: Actor,
    ip: str,
) -> None:
    own = _line(market, line, changes, actor, ip)
    if isinstance(before, Contract):
        done = await market.db.write(revert_contract, before, made, own)
    else:
        jobs = news_jobs(market, market.deals.campaigns[before.id], before, own)
        done = await market.db.write(revert_campaign, before, made, own, jobs)
    if not done:
        raise CannotRevert("It was changed again at this moment: look again.")
    await refresh(market)


def _listed(changes: Mapping[str, tuple[str, str]]) -> str:
    names = [name.replace("_", " ") for name in changes]
    return ", ".join(names) if names else "nothing differs but its number"


def _line(
    market: Market, undone: AuditLine, changes: Mapping[str, tuple[str, str]], actor: Actor, ip: str
) -> AuditLine:
    """The line of the undoing: what was and is, and whose change it undoes."""
    kind = undone.subject.partition(":")[0]
    before = {name: old for name, (old, _) in changes.items()}
    after = {**{name: new for name, (_, new) in changes.items()}, "undoes": undone.id}
    now = market.clock.now()
    return audit_line(market.ids, now, actor, f"{kind}.undone", undone.subject, before=before, after=after, ip=ip)


# Switches and thresholds: the flow that sets them sets them back


async def _sub_id(market: Market, line: AuditLine) -> Reversal:
    _, seller_id, sub_id = line.subject.split(":", 2)
    why = f"Undoes {line.id}"
    if line.action == "sub_id.blocked":

        async def lift(actor: Actor, ip: str) -> None:
            await let_in(market, seller_id, sub_id, why, actor, ip)

        return Reversal(f"Lets sub id {sub_id} in again.", Right.PAUSE, lift)
    if line.action != "sub_id.let_in":
        raise CannotRevert("Undo it on the page of the source.")
    told = str(told_of(line.before).get("why") or why)

    async def block(actor: Actor, ip: str) -> None:
        await block_sub_id(market, seller_id, sub_id, told, actor, ip)

    return Reversal(f"Shuts sub id {sub_id} out again.", Right.PAUSE, block)


async def _pause(market: Market, line: AuditLine) -> Reversal:
    """Of a whole buyer: resumed, or paused again as long as it would have been."""
    buyer = market.deals.buyers.get(line.subject.partition(":")[2])
    if buyer is None:
        raise CannotRevert(_GONE)
    if line.action == "buyer.paused":

        async def resume(actor: Actor, ip: str) -> None:
            await pausing.resume_buyer(market, buyer.id, actor, ip)

        return Reversal(f"Resumes {buyer.name}.", Right.PAUSE, resume)
    told = told_of(line.before)
    until, reason = told.get("until"), str(told.get("reason") or "")
    if until is not None and until <= market.clock.now():
        raise CannotRevert("The pause would be over by now.")

    async def pause(actor: Actor, ip: str) -> None:
        await pausing.pause_buyer(market, buyer.id, until, reason, actor, ip)

    return Reversal(f"Pauses {buyer.name} again.", Right.PAUSE, pause)


async def _vacation(market: Market, line: AuditLine) -> Reversal:
    buyer, until = market.deals.buyers.get(line.subject.partition(":")[2]), told_of(line.before).get("away_until")
    if buyer is None:
        raise CannotRevert(_GONE)
    if until is not None and until <= market.clock.now():
        until = None

    async def act(actor: Actor, ip: str) -> None:
        await pausing.send_away(market, buyer.id, until, actor, ip)

    says = f"Sends {buyer.name} on vacation again." if until is not None else f"Ends the vacation of {buyer.name}."
    return Reversal(says, Right.PAUSE, act)


async def _source(market: Market, line: AuditLine) -> Reversal:
    name, was_paused = line.subject.partition(":")[2], line.action == "source.paused"
    if name not in market.sources:
        raise CannotRevert(_GONE)

    async def act(actor: Actor, ip: str) -> None:
        await polls.pause(market, name, not was_paused, actor)

    return Reversal(f"Lets {name} go on." if was_paused else f"Pauses {name} again.", Right.EDIT, act)


async def _alert_rule(market: Market, line: AuditLine) -> Reversal:
    name, told = line.subject.partition(":")[2], told_of(line.before)
    if set(told) != set(Setting._fields):
        raise CannotRevert("What the rule was before is not in the log.")
    before = Setting(**told)

    async def act(actor: Actor, ip: str) -> None:
        await alerts.set_rule(market, name, before, actor, ip)

    was = ", ".join(f"{field.replace('_', ' ')} {value}" for field, value in told.items())
    return Reversal(f"Sets the rule back: {was}.", Right.SETTINGS, act)


async def _nurture(market: Market, line: AuditLine) -> Reversal:
    """Of a plan: as it was; of a new one: off, so that it takes and does nothing any more."""
    plan_id = line.subject.partition(":")[2]
    before = told_of(line.before) or {**told_of(line.after), "on": False}
    if not told_of(line.before) and before == told_of(line.after):
        raise CannotRevert("It was made and does nothing yet: a plan that is off is left where it is.")

    async def act(actor: Actor, _: str) -> None:
        try:
            await nurture_plans.put_back(market, plan_id, orjson.dumps(before).decode(), actor)
        except (BadPlan, nurture_plans.NoSuchPlan) as error:
            raise CannotRevert(str(error)) from error

    on = "on" if before["on"] else "off"
    return Reversal(f"Puts the plan {before['name']} back: {len(before['steps'])} steps, {on}.", Right.EDIT, act)


async def _setting(market: Market, line: AuditLine) -> Reversal:
    name, told = line.subject.partition(":")[2], told_of(line.before)
    choice = house.CHOICES.get(name)
    if choice is None or "value" not in told:
        raise CannotRevert("What the setting was before is not in the log.")
    before = str(told["value"]) if told.get("set") else None

    async def act(actor: Actor, ip: str) -> None:
        try:
            await house.change_setting(market, name, before, actor)
        except house.WrongSetting as error:
            raise CannotRevert(str(error)) from None

    was = before if before is not None else "as it comes"
    return Reversal(f"Sets {choice.title.lower()} back: {was[:_SHOWN] or 'nothing'}.", Right.SETTINGS, act)


_MAKERS: Mapping[str, _Maker] = MappingProxyType(
    {
        "nurture": _nurture,
        "contract": _version,
        "campaign": _version,
        "buyer.paused": _pause,
        "buyer.resumed": _pause,
        "buyer.vacation": _vacation,
        "buyer.back": _vacation,
        "sub_id.blocked": _sub_id,
        "sub_id.let_in": _sub_id,
        "source.paused": _source,
        "source.resumed": _source,
        "alert_rule.set": _alert_rule,
        "setting.changed": _setting,
    }
)
"""By the action, or by what stands before its dot."""
