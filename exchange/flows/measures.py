"""Measures against rotten sub ids: suggested, taken by a rule somebody switched on, decided and undone by people."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.screening import take_up
from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.measure import TEN_THOUSAND, Action, Measure, MeasureState, SourceRule
from exchange.model.quality import DAY_MS
from exchange.model.screen import AlertRow
from exchange.stages.quality.measures import action_for, is_over, rule_problem
from exchange.stages.quality.standing import Source
from exchange.storage.measures import (
    caps_in_force,
    closed_lately,
    decide_measure,
    note_measure,
    read_measure,
    read_measures,
    read_rules,
    save_rule,
    take_back_suggestion,
)

KIND = "rotten"
LEFT_ALONE_DAYS = 30  # after a person dismissed or undid a measure
_LOOKED_AT = 1_000  # open measures
_RECOVERED = "What it sent since is good enough: it is more likely not rotten"
_RULE = Actor(Role.SYSTEM, "rule")


class NotOpen(LookupError):
    """There is no such measure to decide about: somebody was there before."""


class BadRule(ValueError):
    """A rule outside its bounds; the sentence says them."""


async def consider(market: Market) -> int:
    """Look at every rotten sub id: suggest a measure, or take it where a rule says so. Returns how many were new.

    What was suggested against one that mended its ways is taken back.
    """
    now, count = market.clock.now(), 0
    rules = {rule.vertical: rule for rule in await market.db.read(read_rules)}
    alone = await market.db.read(closed_lately, now - LEFT_ALONE_DAYS * DAY_MS)
    for vertical, standing in market.live.standings.verticals.items():
        rule = rules.get(vertical) or rules.get("") or SourceRule("")
        for key, source in standing.sources.items():
            action = action_for(source, rule) if key not in alone and key[1] else None
            if action is not None:
                count += await _note(market, vertical, source, action, rule, now)
    if count:
        await take_up(market.screening, market.db, now)
    await _take_back(market, now)
    await hold_caps(market)
    return count


async def _take_back(market: Market, now: int) -> None:
    for each in await market.db.read(read_measures, now + 1, _LOOKED_AT):
        standing = market.live.standings.verticals.get(each.vertical)
        source = standing.sources.get((each.seller_id, each.sub_id)) if standing is not None else None
        if each.state is MeasureState.SUGGESTED and source is not None and is_over(source):
            await market.db.write(take_back_suggestion, each.id, _RECOVERED, now)


async def _note(market: Market, vertical: str, source: Source, action: Action, rule: SourceRule, now: int) -> bool:
    suspicion = source.suspicion
    assert suspicion is not None
    taken = action is not Action.SUGGEST
    measure = Measure(
        market.ids.new("msr", now),
        vertical,
        source.seller_id,
        source.sub_id,
        action if taken else Action.BLOCK,
        rule.cap if action is Action.CAP else 0,
        MeasureState.IN_FORCE if taken else MeasureState.SUGGESTED,
        taken,
        int(suspicion.chance * TEN_THOUSAND),
        round(suspicion.share * TEN_THOUSAND),
        round(suspicion.bar * TEN_THOUSAND),
        suspicion.counts.leads,
        suspicion.counts.told,
        now,
        now,
        _RULE.name if taken else "exchange",
    )
    line = _line(market, now, _RULE, measure, "in_force") if taken else None
    return await market.db.write(note_measure, measure, _alert(measure, now), month_of(now), line)


def _line(
    market: Market, now: int, actor: Actor, measure: Measure, what: str, note: str = "", ip: str = ""
) -> AuditLine:
    subject = f"sub_id:{measure.seller_id}:{measure.sub_id}"
    after = {"kind": measure.kind.value, "why": note or measure.why}
    if measure.kind is Action.CAP:
        after["cap"] = str(measure.cap)
    return audit_line(market.ids, now, actor, f"sub_id.{measure.kind.value}.{what}", subject, after=after, ip=ip)


def _alert(measure: Measure, now: int) -> AlertRow:
    """What operators are told: what was found, and what was done about it."""
    done = {
        MeasureState.SUGGESTED: "Nothing is done yet: decide on the page of measures",
        MeasureState.IN_FORCE: f"A rule capped it at {measure.cap} posts a day"
        if measure.cap
        else "A rule shut it out",
    }[measure.state]
    detail = f"{measure.why}. {done}"
    return AlertRow(f"alt_{measure.id[4:]}", KIND, measure.seller_id, measure.sub_id, now, now, detail, ())


async def take(
    market: Market, measure_id: str, kind: Action, cap: int, note: str, actor: Actor, ip: str = ""
) -> Measure:
    """A person shuts the sub id out, or caps it. Raises `NotOpen`, and `BadRule` for a cap that means nothing."""
    if kind is Action.CAP and not 1 <= cap <= 100_000:
        raise BadRule("cap must be 1 to 100,000 posts a day.")
    return await _decide(
        market, measure_id, MeasureState.IN_FORCE, note, actor, ip, kind, cap if kind is Action.CAP else 0
    )


async def cap_by_hand(
    market: Market, seller_id: str, sub_id: str, vertical: str, cap: int, note: str, actor: Actor, ip: str = ""
) -> None:
    """A person caps a sub id that nothing was found against. Raises `BadRule` and `NotOpen`: there is a measure."""
    if not 1 <= cap <= 100_000:
        raise BadRule("cap must be 1 to 100,000 posts a day.")
    now, state, note = market.clock.now(), MeasureState.IN_FORCE, note or "Capped by hand"
    nothing = (0, 0, 0, 0, 0)  # no chance, share, bar or counts: it was no finding
    measure = Measure(
        market.ids.new("msr", now), vertical, seller_id, sub_id, Action.CAP, cap, state, False, *nothing, now, now,
        actor.name, note,
    )  # fmt: skip
    line = _line(market, now, actor, measure, state.value, note, ip)
    if not await market.db.write(note_measure, measure, None, month_of(now), line):
        raise NotOpen(sub_id)
    await hold_caps(market)


async def dismiss(market: Market, measure_id: str, note: str, actor: Actor, ip: str = "") -> Measure:
    """A person says that nothing need be done: it is not suggested again for a month. Raises `NotOpen`."""
    return await _decide(market, measure_id, MeasureState.DISMISSED, note, actor, ip)


async def undo(market: Market, measure_id: str, note: str, actor: Actor, ip: str = "") -> Measure:
    """The sub id is let in again, and no rule touches it for a month. Raises `NotOpen`."""
    return await _decide(market, measure_id, MeasureState.UNDONE, note, actor, ip)


async def _decide(
    market: Market,
    measure_id: str,
    state: MeasureState,
    note: str,
    actor: Actor,
    ip: str,
    kind: Action | None = None,
    cap: int | None = None,
) -> Measure:
    measure = await market.db.read(read_measure, measure_id)
    if measure is None:
        raise NotOpen(measure_id)
    now = market.clock.now()
    wanted = measure._replace(kind=kind or measure.kind, cap=measure.cap if cap is None else cap, state=state)
    line = _line(market, now, actor, wanted, state.value, note, ip)
    if not await market.db.write(decide_measure, measure, wanted.kind, wanted.cap, state, note, line):
        raise NotOpen(measure_id)
    await take_up(market.screening, market.db, now)
    await hold_caps(market)
    return wanted


async def set_rule(market: Market, rule: SourceRule, note: str, actor: Actor, ip: str = "") -> None:
    """Say what the exchange may do by itself. Raises `BadRule`."""
    if (problem := rule_problem(rule)) is not None:
        raise BadRule(problem)
    if rule.vertical and rule.vertical not in market.verticals:
        raise BadRule("vertical must be one of the exchange's, or empty for all.")
    now = market.clock.now()
    after = {**{name: str(value) for name, value in rule._asdict().items()}, "action": rule.action.value, "why": note}
    line = audit_line(
        market.ids, now, actor, "source_rule.set", f"vertical:{rule.vertical or 'all'}", after=after, ip=ip
    )
    await market.db.write(save_rule, rule, line)


async def rules_of(market: Market) -> Mapping[str, SourceRule]:
    """By vertical; the empty one is that of all others."""
    found = {rule.vertical: rule for rule in await market.db.read(read_rules)}
    return {"": SourceRule("")} | found


async def hold_caps(market: Market) -> None:
    """The caps in force, as the line looks them up."""
    market.live.standings.caps = await market.db.read(caps_in_force)
