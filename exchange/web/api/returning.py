"""Returns by program: a buyer asks and answers, a seller replies, an operator decides; each reads what is its own."""

from __future__ import annotations

from typing import Any

from exchange import limits
from exchange.flows.allowances import allowances
from exchange.flows.dispositions import Recorded
from exchange.flows.market import Market
from exchange.flows.return_decide import CannotDecide, Choice, decide_return
from exchange.flows.return_rules import consider, unpacked
from exchange.flows.return_talk import answer, reply
from exchange.flows.returns import Asking, Window, ask_return, find_returnable
from exchange.flows.settle import StillAtWork
from exchange.model.actor import Actor, Role
from exchange.model.lead import Mode, Problem
from exchange.model.money import BadMoney, Money
from exchange.model.reason import Reason
from exchange.model.returns import ReturnState
from exchange.stages.respond import rfc3339
from exchange.stages.returns.evidence import facts_for
from exchange.stages.returns.terms import Allowance
from exchange.storage.database import Row
from exchange.storage.return_views import read_request, returns_after
from exchange.web.api.access import Caller
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.files_with import fields_and_file
from exchange.web.api.pages import SETTLED_MS, length, page, since, wrong

_DECISIONS = {
    "approve": ReturnState.APPROVED,
    "decline": ReturnState.DECLINED,
    "part": ReturnState.PARTIAL,
    "replace": ReturnState.REPLACED,
}


async def ask(call: Call) -> Told:
    """A buyer asks its money back for one lead. Asked again, it is told what became of the first."""
    caller = call.admit_by_header("buyer")
    sent, file = await fields_and_file(call, limits.RETURN_FILE_BYTES)
    reference, tests_only = call.request.match_info["lead_id"], caller.key.mode == Mode.TEST.value
    found = await find_returnable(call.market, caller.actor, reference, tests_only=tests_only)
    if found is None:
        raise _not_there()
    if not sent.get("reason"):
        raise wrong("reason", "missing", "reason is required")
    try:
        amount = Money.parse(sent["amount"], found.sale["currency"]) if sent.get("amount") else None
    except BadMoney:
        raise wrong("amount", "type", "amount must be a decimal amount such as 12.50") from None
    asking = Asking(sent["reason"], sent.get("note", ""), sent.get("yourreturnid"), file, amount)
    made = await ask_return(call.market, caller.actor, found, asking)
    if isinstance(made, Problem):
        raise Stop(Reason.INVALID, 422, problems=(made,))
    if isinstance(made, Recorded):
        fields = {"status": "disposition", "lead_id": made.lead_id, "disposition_id": made.disposition_id}
        return Told({**fields, "message": _AS_DISPOSITION}, lead_id=made.lead_id)
    row = await consider(call.market, made.request["id"])
    if found.window is Window.CLOSED:
        told = f"it could be returned until {rfc3339(found.until)}; it was declined by rule"
        raise Stop(Reason.INVALID, 422, problems=(Problem("lead_id", "too_old", told, rfc3339(found.until)),))
    return await _told(call, caller.actor, row["id"], new=made.new)


_AS_DISPOSITION = "This is no reason to return a lead. It was recorded as a disposition."


async def listed(call: Call) -> Told:
    """Requests, oldest first: a buyer's own, those about a seller's leads, or all."""
    caller = call.admit_by_header("any")
    limit, mode = length(call), _mode(call, caller.key.mode)
    states = tuple(each for each in call.request.query.get("state", "").split(",") if each)
    known = [each.value for each in ReturnState]
    if any(each not in known for each in states):
        raise wrong("state", "not_allowed", "state is one of the list", ",".join(states)[:80], tuple(known))
    until = call.market.clock.now() - SETTLED_MS
    rows = await call.market.db.read(returns_after, caller.actor, mode, since(call), until, limit, states)
    last = (rows[-1]["asked_at"], rows[-1]["id"]) if rows else None
    return Told(page("returns", [return_fields(call.market, row, caller.actor) for row in rows], last, limit))


def _mode(call: Call, own: str) -> str:
    """A live key may ask for both; a test key, which may lie on a public page, sees test leads alone."""
    wanted = call.request.query.get("mode", own)
    return wanted if own == Mode.LIVE.value and wanted in (Mode.LIVE.value, Mode.TEST.value) else own


async def one(call: Call) -> Told:
    caller = call.admit_by_header("any")
    await _require_own_mode(call, caller)
    return await _told(call, caller.actor, call.request.match_info["return_id"])


async def _require_own_mode(call: Call, caller: Caller) -> None:
    """To a test key a live lead's return is not there."""
    if caller.key.mode == Mode.TEST.value:
        row = await call.market.db.read(read_request, caller.actor, call.request.match_info["return_id"])
        if row is None or row["mode"] != Mode.TEST.value:
            raise _not_there()


async def allowance(call: Call) -> Told:
    """How much of what each contract may give back is used."""
    caller = call.admit_by_header("buyer")
    assert caller.actor.party_id is not None
    uses = await allowances(call.market, caller.actor.party_id, caller.key.mode)
    told = [
        {
            "contract_id": use.contract.id,
            **_use(use.now),
            "return_days": use.contract.return_days,
            "reasons": list(use.contract.returns.reasons),
            "before": _use(use.before) if use.before is not None else None,
        }
        for use in uses
    ]
    return Told({"status": "ok", "allowances": told})


def _use(use: Allowance) -> dict[str, Any]:
    return {
        "period": use.period,
        "begins_at": rfc3339(use.begins),
        "ends_at": rfc3339(use.ends),
        "used": use.used,
        "allowed": use.most,
        "bought": use.bought,
        "percent": f"{use.cap_bp / 100:g}",
    }


async def answer_question(call: Call) -> Told:
    """What the buyer answers to a question about its request."""
    caller = call.admit_by_header("buyer")
    await _require_own_mode(call, caller)
    sent, file = await fields_and_file(call, limits.RETURN_FILE_BYTES)
    return_id = call.request.match_info["return_id"]
    done = await answer(call.market, caller.actor, return_id, sent.get("answer", ""), file)
    return await _after(call, caller.actor, done)


async def reply_to_it(call: Call) -> Told:
    """What the seller says to a request about one of its leads, and its own name for it."""
    caller = call.admit_by_header("campaign")
    await _require_own_mode(call, caller)
    sent = sent_fields(await call.read_fields())
    return_id, theirs = call.request.match_info["return_id"], sent.get("yourreturnid")
    done = await reply(call.market, caller.actor, return_id, sent.get("message", ""), theirs)
    return await _after(call, caller.actor, done)


async def _after(call: Call, actor: Actor, done: Problem | bool) -> Told:
    return_id = call.request.match_info["return_id"]
    if isinstance(done, Problem):
        raise Stop(Reason.INVALID, 422, problems=(done,))
    if not done:
        if await call.market.db.read(read_request, actor, return_id) is None:
            raise _not_there()
        raise Stop(Reason.RETURN_OVER, 409, "Nothing is to be said about it now: it is decided, or its time is over.")
    return await _told(call, actor, return_id)


async def decide(call: Call) -> Told:
    """An operator decides. Decided before, it answers 409 with what stands."""
    caller = call.admit_by_header("operator")
    sent = sent_fields(await call.read_fields())
    return_id, wanted = call.request.match_info["return_id"], sent.get("decision", "")
    if wanted not in _DECISIONS:
        raise wrong("decision", "not_allowed", "decision is one of the list", wanted[:40], tuple(_DECISIONS))
    if wanted == "decline" and not sent.get("why"):
        raise wrong("why", "missing", "why is required to decline")
    row = await call.market.db.read(read_request, caller.actor, return_id)
    if row is None:
        raise _not_there()
    try:
        credit = Money.parse(sent.get("credit", ""), row["currency"]) if wanted == "part" else None
        choice = Choice(_DECISIONS[wanted], sent.get("why", "")[:500], credit)
        made = await decide_return(call.market, return_id, choice, caller.actor, call.remote_ip)
    except BadMoney:
        raise wrong("credit", "type", "credit must be a decimal amount such as 12.50") from None
    except (CannotDecide, StillAtWork) as error:
        raise Stop(Reason.RETURN_OVER, 409, str(error)) from None
    if not made.first:
        raise Stop(Reason.RETURN_OVER, 409, f"It was decided before: {made.request['state']}.")
    return await _told(call, caller.actor, return_id)


async def _told(call: Call, actor: Actor, return_id: str, *, new: bool | None = None) -> Told:
    row = await call.market.db.read(read_request, actor, return_id)
    if row is None:
        raise _not_there()
    fields = return_fields(call.market, row, actor)
    if new is not None:
        fields["new"] = new
    return Told({"status": "ok", **fields}, lead_id=row["lead_id"])


def _not_there() -> Stop:
    return Stop(Reason.NOT_FOUND, 404, "There is no such lead or return of yours.")


def return_fields(_: Market, row: Row, actor: Actor) -> dict[str, Any]:
    """A request as a party may see it: a buyer no seller, a seller no buyer."""
    currency, role = row["currency"], actor.role
    fields: dict[str, Any] = {
        "return_id": row["id"],
        "lead_id": row["lead_id"],
        "state": row["state"],
        "reason": row["reason"],
        "asked_at": rfc3339(row["asked_at"]),
        "decided_at": rfc3339(row["decided_at"]) if row["decided_at"] is not None else None,
        "rule": row["rule"] if row["automatic"] else None,
        "currency": currency,
        "evidence": [
            {"fact": each.sentence, "mark": each.mark.value} for each in facts_for(unpacked(row["evidence"]), role)
        ],
        "test": True if row["mode"] == "test" else None,
    }
    if role is not Role.SELLER:
        fields |= {
            "reference": row["attempt_id"],
            "contract_id": row["contract_id"],
            "price": Money(row["price_units"], currency).text,
            "asked_amount": Money(row["asked_units"], currency).text if row["asked_units"] is not None else None,
            "credit": Money(row["credit_units"] or 0, currency).text,
            "why": row["why"] or None,
            "question": row["question"] if row["state"] == "question" else None,
            "your_return_id": row["their_reference"],
            "file": row["file_name"],
            "replacement_lead_id": row["replacement"],
        }
    if role is not Role.BUYER:
        fields |= {
            "seller_lead_id": row["seller_lead_id"],
            "due_at": rfc3339(row["due_at"]),
            "earned": Money(row["payout_units"], currency).text,
            "returned_amount": Money(row["debit_units"] or 0, currency).text,
            "your_return_id": row["seller_reference"] if role is Role.SELLER else row["their_reference"],
        }
    if role is Role.OPERATOR:
        fields |= {"buyer_id": row["buyer_id"], "seller_id": row["seller_id"], "suggestion": row["suggestion"]}
    return fields
