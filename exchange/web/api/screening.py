"""The fraud screen by program: held leads decided, alerts closed, sub ids shut out and let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from exchange.flows.review import BadRule, NotHeld, approve, block_sub_id, let_in, refuse, see_to, set_rule
from exchange.model.reason import Reason
from exchange.stages.respond import rfc3339
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import note_of, wrong
from exchange.web.figures.screen import alert_fields, held_fields, screen_of

DECISIONS = ("approve", "refuse")
BLOCKING = ("block", "let_in")


async def listed(call: Call) -> Told:
    """What needs somebody, and which sub ids are shut out."""
    caller = call.admit_by_header("operator")
    found = await screen_of(call.market, caller.key.mode)
    return Told(
        {
            "status": "ok",
            "held": [{**held_fields(each), "received_at": rfc3339(each["received_at"])} for each in found.held],
            "alerts": [
                {**alert_fields(each), "began_at": rfc3339(each["began_at"]), "last_at": rfc3339(each["last_at"])}
                for each in found.alerts
            ],
            "blocks": [
                {**{name: each[name] for name in ("seller_id", "sub_id", "reason")}, "at": rfc3339(each["made_at"])}
                for each in found.blocks
            ],
            "signals": [
                {"name": each.name, "points": each.points, "bad": each.bad, "good": each.good} for each in found.worth
            ],
        }
    )


async def decide(call: Call) -> Told:
    """Approve a held lead, or refuse it."""
    caller, lead_id = call.admit_live("operator"), call.request.match_info["lead_id"]
    sent = sent_fields(await call.read_fields())
    word, note = _word(sent, DECISIONS), note_of(sent)
    try:
        await (approve if word == "approve" else refuse)(call.market, lead_id, note, caller.actor, call.remote_ip)
    except NotHeld:
        raise Stop(Reason.NOT_FOUND, 404, "No lead of that id waits for a decision.") from None
    return Told({"status": "approved" if word == "approve" else "refused", "lead_id": lead_id}, lead_id=lead_id)


async def close(call: Call) -> Told:
    """Say that an alert was seen to."""
    caller, alert_id = call.admit_live("operator"), call.request.match_info["alert_id"]
    note = note_of(sent_fields(await call.read_fields()))
    if not await see_to(call.market, alert_id, note, caller.actor, call.remote_ip):
        raise Stop(Reason.NOT_FOUND, 404, "There is no such open alert.")
    return Told({"status": "closed", "alert_id": alert_id})


async def block(call: Call) -> Told:
    """Shut a sub id of a seller out of all its campaigns, or let it in again."""
    caller = call.admit_live("operator")
    sent = sent_fields(await call.read_fields())
    word, note = _word(sent, BLOCKING), note_of(sent)
    seller_id, sub_id = sent.get("sellerid", ""), sent.get("subid", "")
    if seller_id not in call.market.deals.sellers:
        raise wrong("seller_id", "not_allowed" if seller_id else "missing", "There is no such seller.", seller_id)
    if not sub_id:
        raise wrong("sub_id", "missing", "sub_id is required.")
    if word == "block":
        await block_sub_id(call.market, seller_id, sub_id, note, caller.actor, call.remote_ip)
        return Told({"status": "blocked", "seller_id": seller_id, "sub_id": sub_id})
    lifted = await let_in(call.market, seller_id, sub_id, note, caller.actor, call.remote_ip)
    return Told({"status": "let_in" if lifted else "unchanged", "seller_id": seller_id, "sub_id": sub_id})


async def rule(call: Call) -> Told:
    """Say from where on a campaign refuses and holds, and how many posts its pings must bring."""
    caller, campaign_id = call.admit_live("operator"), call.request.match_info["campaign_id"]
    sent = sent_fields(await call.read_fields())
    note = note_of(sent)
    campaign = call.market.deals.campaigns.get(campaign_id)
    if campaign is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such campaign.")
    found = {name: _whole(sent, name) for name in ("refuse_at", "hold_at", "pings", "posts_per_thousand")}
    changed: dict[str, Any] = {name: value for name, (told, value) in found.items() if told}
    wanted = replace(campaign.screen, **changed)
    try:
        version = await set_rule(call.market, campaign_id, wanted, note, caller.actor, call.remote_ip)
    except BadRule as error:
        raise wrong("refuse_at", "range", str(error)) from None
    return Told({"status": "saved", "campaign_id": campaign_id, "version": version, "screen": asdict(wanted)})


def _whole(sent: Mapping[str, str], name: str) -> tuple[bool, int | None]:
    """Whether a number was sent, and which: `never` is none. What was not sent stays as it is."""
    text = sent.get(name.replace("_", ""), "")
    if text == "never" and name != "posts_per_thousand":
        return True, None
    if text and not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise wrong(name, "type", f"{name} must be a whole number, or never.", text)
    return (True, int(text)) if text else (False, None)


def _word(sent: Mapping[str, str], allowed: tuple[str, ...]) -> str:
    word = sent.get("decision", "")
    if word not in allowed:
        told = f"decision must be {' or '.join(allowed)}."
        raise wrong("decision", "not_allowed" if word else "missing", told, word, allowed)
    return word
