"""The schemas of the calls about returns."""

from __future__ import annotations

from exchange import limits
from exchange.model.return_terms import RETURN_REASONS
from exchange.model.returns import Mark, ReturnState
from exchange.stages.returns.terms import NO_RETURNS
from exchange.web.api.answer_schemas import Schema, ends, many, moment, money, record, text


def returning_schemas() -> dict[str, Schema]:
    """By name."""
    fact = record(
        ("fact", "mark"), fact=text("What the exchange found."), mark=text(enum=[each.value for each in Mark])
    )
    entry = record(("return_id", "lead_id", "state", "reason", "asked_at", "currency"), **_entry())
    one = record(
        ("status",),
        status=text("`disposition` when the reason is none to return a lead: it was recorded as one.",
                    enum=["ok", "disposition"]),
        new={"type": "boolean", "description": "False when it had been asked before."},
        disposition_id=text(),
        message=text(),
        **_entry(),
        **ends(),
    )  # fmt: skip
    listed = record(
        ("status", "returns", "more"),
        status=text(enum=["ok"]),
        returns=many("ReturnEntry"),
        more={"type": "boolean"},
        next=text("Send it as `since` for the next page."),
        **ends(),
    )
    row = record(
        ("line", "lead_id", "outcome", "message"),
        line={"type": "integer"},
        lead_id=text("As it was sent."),
        outcome=text(enum=["wrong", "unchanged", "would", "done"]),
        message=text(),
    )
    counts = record((), **{name: {"type": "integer"} for name in ("wrong", "unchanged", "would", "done")})
    rows = record(
        ("status", "file_id", "rows"),
        status=text("`queued`: a job looks at its rows or asks them.", enum=["ok", "preview", "queued"]),
        file_id=text("The same file again is the same id."),
        rows=many("ReturnRow", f"Of a long file the first {limits.RETURN_ROWS_TOLD} that are to be mended."),
        doing={"type": ["string", "null"], "enum": ["look", "record", None], "description": "What a job is at."},
        done={"type": "boolean", "description": "Whether its rows were asked before."},
        counts=counts,
        would=counts,
        rows_done={"type": "integer"},
        rows_all={"type": "integer"},
        **ends(),
    )
    fact = {"ReturnFact": fact, "ReturnRow": row, "ReturnRows": rows}
    return {**fact, "ReturnEntry": entry, "Return": one, "Returns": listed, **_allowances(), **_sent()}


def _entry() -> dict[str, Schema]:
    whole: Schema = {"type": "boolean"}
    return {
        "return_id": text(),
        "lead_id": text(),
        "state": text(enum=[each.value for each in ReturnState]),
        "reason": text(enum=list(RETURN_REASONS)),
        "asked_at": moment("When it was asked."),
        "decided_at": moment("When it was decided."),
        "due_at": moment("Until then the seller pays its payout back; after it the house bears it."),
        "rule": text("The rule that decided it, when no person did."),
        "currency": text(),
        "evidence": many("ReturnFact"),
        "reference": text("Our id of the delivery."),
        "contract_id": text(),
        "price": money("What the lead was sold for."),
        "asked_amount": money("What of the price the buyer asked for, where that is not all."),
        "credit": money("What the buyer got back."),
        "earned": money("What the seller earned by it."),
        "returned_amount": money("What the seller paid back."),
        "why": text("Said with the decision."),
        "question": text("What the exchange wants to know."),
        "your_return_id": text("Your own name for it."),
        "seller_lead_id": text(),
        "file": text("The name of the file that came with it."),
        "replacement_lead_id": text("The lead that was given instead."),
        "buyer_id": text(),
        "seller_id": text(),
        "suggestion": text(enum=["approve", "decline", "look"]),
        "test": whole,
    }


def _allowances() -> dict[str, Schema]:
    number: Schema = {"type": "integer", "minimum": 0}
    use: dict[str, Schema] = {
        "period": text(enum=["week", "month"]),
        "begins_at": moment("When the period began."),
        "ends_at": moment("When it ends."),
        "used": {**number, "description": "Asked for and not declined, of the leads sold in the period."},
        "allowed": number,
        "bought": number,
        "percent": text("The share of the leads that may come back."),
    }
    period = record(("used", "allowed"), **use)
    one = record(
        ("contract_id", "used", "allowed"),
        contract_id=text(),
        return_days=number,
        reasons={"type": "array", "items": text()},
        before={"$ref": "#/components/schemas/AllowancePeriod"},
        **use,
    )
    listed = record(("status", "allowances"), status=text(enum=["ok"]), allowances=many("Allowance"), **ends())
    return {"AllowancePeriod": period, "Allowance": one, "Allowances": listed}


def _file() -> Schema:
    most = limits.RETURN_FILE_BYTES // 1024**2
    return text(f"In multipart/form-data only: a picture, PDF, recording or text, up to {most} MB.", format="binary")


def _sent() -> dict[str, Schema]:
    note = {"maxLength": limits.NOTE_CHARACTERS}
    theirs = text("Your own name for it: the same again is the same request.", maxLength=limits.REFERENCE_CHARACTERS)
    asked = record(
        ("reason",),
        reason=text(enum=[*RETURN_REASONS, *NO_RETURNS]),
        note=text("What happened.", **note),
        your_return_id=theirs,
        amount=money("What of the price you want back. Left out: all of it."),
        file=_file(),
    )
    answer = record((), answer=text("What was asked of you; it may be left out beside a file.", **note), file=_file())
    reply = record(("message",), message=text("What you know of it.", **note), your_return_id=theirs)
    decision = record(
        ("decision",),
        decision=text(enum=["approve", "decline", "part", "replace"]),
        why=text("The buyer reads it. Required to decline.", **note),
        credit=money("The part of the price to credit, for `part`."),
    )
    return {"ReturnAsked": asked, "ReturnAnswer": answer, "ReturnReply": reply, "ReturnDecision": decision}
