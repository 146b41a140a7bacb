"""Quality by program: sources, buyers, measures against rotten sub ids, and the rules for them."""

from __future__ import annotations

from exchange.flows.floor_trials import floor_trials
from exchange.flows.measures import BadRule as BadSourceRule
from exchange.flows.measures import NotOpen, dismiss, rules_of, set_rule, take, undo
from exchange.flows.price_terms import Kind, Moved, apply, preview
from exchange.flows.repricing import suggestions
from exchange.flows.shaving import read_shaving
from exchange.model.actor import Actor
from exchange.model.measure import Action, Measure
from exchange.model.reason import Reason
from exchange.stages.price_rules import BadRule
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import note_of, wrong
from exchange.web.figures.measures import BadWish, cap_wanted, measure_fields, measures_of, rule_fields, rule_wanted
from exchange.web.figures.prices import idea_fields, trial_fields
from exchange.web.figures.quality import (
    bidding_of,
    buyers_of,
    own_fields,
    own_lines,
    ranked,
    source_fields,
    sources_of,
    standing_of,
)
from exchange.web.figures.shaving import shaving_fields

DECISIONS = ("block", "cap", "dismiss", "undo")
_MOST = 1_000


async def sources(call: Call) -> Told:
    """Sub ids of a vertical, those with most posts first."""
    caller, vertical = call.admit_by_header("operator"), _vertical(call)
    found = await standing_of(call.market, caller.actor, vertical)
    lines = ranked(sources_of(call.market, found), "leads")[:_MOST]
    told = [source_fields(line, vertical) for line in lines]
    return Told({"status": "ok", "vertical": vertical, "count": len(told), "sources": told})


async def own_sources(call: Call) -> Told:
    """A seller's own sub ids, those with most posts first."""
    caller, vertical = call.admit_live("campaign"), _vertical(call)
    lines = await own_lines(call.market, caller.actor, vertical)
    told = [own_fields(line, vertical) for line in lines[:_MOST]]
    return Told({"status": "ok", "vertical": vertical, "count": len(told), "sub_ids": told})


async def buyers(call: Call) -> Told:
    """Buyers of a vertical: what they do with what they bid for, and what becomes of their leads."""
    caller = call.admit_by_header("operator")
    vertical = _vertical(call)
    lines = buyers_of(call.market, await bidding_of(call.market, caller.actor, vertical))
    told = [line.fields(vertical) for line in lines]
    return Told({"status": "ok", "vertical": vertical, "count": len(told), "buyers": told})


async def measures(call: Call) -> Told:
    """Suggestions, measures in force, those closed in a month, and the rules."""
    call.admit_by_header("operator")
    found = [measure_fields(each) for each in await measures_of(call.market)]
    rules = [rule_fields(each) for each in (await rules_of(call.market)).values()]
    return Told({"status": "ok", "count": len(found), "measures": found, "rules": rules})


async def decide(call: Call) -> Told:
    """Shut a sub id out, cap it, dismiss the suggestion, or undo a measure."""
    caller, measure_id = call.admit_live("operator"), call.request.match_info["measure_id"]
    sent = sent_fields(await call.read_fields())
    word, note = sent.get("decision", ""), note_of(sent)
    if word not in DECISIONS:
        told = f"decision must be one of {', '.join(DECISIONS)}."
        raise wrong("decision", "not_allowed" if word else "missing", told, word, DECISIONS)
    try:
        cap = cap_wanted(sent)
        measure = await _done(call, caller.actor, word, measure_id, cap, note)
    except (BadSourceRule, BadWish) as error:
        raise wrong("cap", "range", str(error)) from None
    except NotOpen:
        raise Stop(Reason.NOT_FOUND, 404, "No measure of that id waits for it.") from None
    return Told({"status": measure.state.value, "measure": measure_fields(measure)})


async def _done(call: Call, actor: Actor, word: str, measure_id: str, cap: int, note: str) -> Measure:
    ip, market = call.remote_ip, call.market
    match word:
        case "block":
            return await take(market, measure_id, Action.BLOCK, 0, note, actor, ip)
        case "cap":
            return await take(market, measure_id, Action.CAP, cap, note, actor, ip)
        case "dismiss":
            return await dismiss(market, measure_id, note, actor, ip)
        case _:
            return await undo(market, measure_id, note, actor, ip)


async def rule(call: Call) -> Told:
    """Say what the exchange may do about rotten sub ids by itself."""
    caller = call.admit_live("operator")
    sent = sent_fields(await call.read_fields())
    note, vertical, rules = note_of(sent), sent.get("vertical", ""), await rules_of(call.market)
    try:
        wanted = rule_wanted(sent, rules.get(vertical, rules[""])._replace(vertical=vertical))
        await set_rule(call.market, wanted, note, caller.actor, call.remote_ip)
    except BadWish as error:
        raise wrong(error.field, "type", str(error)) from None
    except BadSourceRule as error:
        raise wrong("chance", "range", str(error)) from None
    return Told({"status": "saved", "rule": rule_fields(wanted)})


async def suggested(call: Call) -> Told:
    """Suggestions about floors and prices, those that would change most first. All are estimates."""
    call.admit_by_header("operator")
    vertical = _vertical(call)
    told = [idea_fields(each) for each in await suggestions(call.market, vertical)]
    trials = [trial_fields(each) for each in await floor_trials(call.market, vertical)]
    found = {"count": len(told), "evidence": "estimate", "suggestions": told, "holdouts": trials}
    return Told({"status": "ok", "vertical": vertical, **found})


async def shaving(call: Call) -> Told:
    """Signs that buyers of a vertical shave, or one `buyer`, with the leads behind them."""
    caller, vertical = call.admit_by_header("operator"), _vertical(call)
    buyer_id = call.request.query.get("buyer", "")
    if buyer_id and buyer_id not in call.market.deals.buyers:
        raise wrong("buyer", "not_allowed", "buyer must be the id of one of the exchange's.", buyer_id)
    found = await read_shaving(call.market.db, caller.actor, vertical, call.market.clock.now(), buyer_id)
    return Told({"status": "ok"} | shaving_fields(call.market, found, vertical, buyer_id))


async def terms(call: Call) -> Told:
    """Change price rules of a contract, or payout tiers, floors or ranking of a campaign, in their own text."""
    caller = call.admit_live("operator")
    sent = sent_fields(await call.read_fields())
    note, known = note_of(sent), tuple(each.value for each in Kind)
    if sent.get("kind", "") not in known:
        raise wrong("kind", "not_allowed", f"kind must be one of {', '.join(known)}.", sent.get("kind", ""), known)
    subject, text = sent.get("subject", ""), sent.get("text", "").replace(";", "\n")
    try:
        change = preview(call.market, Kind(sent["kind"]), subject, text)
        version = await apply(call.market, change, note, caller.actor, call.remote_ip)
    except LookupError:
        told = "subject must be the id of a contract for price_rules, else of a campaign."
        raise wrong("subject", "not_allowed", told, subject) from None
    except BadRule as error:
        raise wrong("text", "type", str(error)) from None
    except Moved:
        raise Stop(Reason.CANNOT_SETTLE, 409, "Somebody changed these terms meanwhile.") from None
    fields = {"kind": change.kind.value, "subject": subject, "version": version}
    return Told({"status": "saved", **fields, "before": change.before, "after": change.after})


def _vertical(call: Call) -> str:
    name = call.request.query.get("vertical", "")
    known = tuple(sorted(call.market.verticals))
    if name not in known:
        told = "vertical must be one of the exchange's."
        raise wrong("vertical", "not_allowed" if name else "missing", told, name, known)
    return name
