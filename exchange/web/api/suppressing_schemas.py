"""JSON schemas of the calls about suppression lists and consent taken back."""

from __future__ import annotations

from typing import Any

from exchange.model.suppression import Purpose, Scope
from exchange.stages.suppression.forms import HASHES, KINDS
from exchange.stages.suppression.rows import Mode
from exchange.web.api.answer_schemas import Schema, ends, many, moment, record, text


def suppressing_schemas() -> dict[str, Schema]:
    """By name."""
    count: dict[str, Any] = {"type": "integer", "minimum": 0}
    purposes = [each.value for each in Purpose]
    one = record(
        ("list_id", "name", "scope", "purpose", "kind", "rows", "dated_at", "changed_at"),
        list_id=text(),
        name=text(),
        scope=text("Whose it is.", enum=[each.value for each in Scope]),
        party=text("The vertical, or the buyer."),
        purpose=text("What being on it means.", enum=purposes),
        state=text("Of a state's do-not-call list."),
        kind=text(enum=list(KINDS)),
        hash=text(enum=list(HASHES)),
        rows=count,
        dated_at=moment("The day its data are of."),
        changed_at=moment("When it last changed."),
    )
    load = record(
        ("status", "load_id", "list_id", "file", "mode", "state", "rows_read", "rows_wrong", "problems", "began_at"),
        status=text(),
        load_id=text(),
        list_id=text(),
        file=text("Its name as it was sent."),
        mode=text(enum=[each.value for each in Mode]),
        state=text(enum=["waiting", "reading", "done", "refused"]),
        rows_read=count,
        rows_wrong=count,
        rows={**count, "description": "What the list holds since."},
        problems={"type": "array", "items": text("A line, what is wrong with it, and what to do.")},
        began_at=moment("When it came."),
        ended_at=moment("When it was over."),
        **ends(),
    )
    file = record(
        ("file",),
        name=text("The list's; unless said, the file's."),
        kind=text("What it holds; `phone` unless said.", enum=list(KINDS)),
        purpose=text("`suppression` unless said.", enum=purposes),
        vertical=text("A vertical, whose list it is."),
        buyer=text("A buyer, whose list it is; a buyer's key always means its own."),
        state=text("Of a state's do-not-call list."),
        mode=text("`add` unless said.", enum=[each.value for each in Mode]),
        hash=text("Unless said, the first row tells.", enum=list(HASHES)),
        column=text("Its name, or its number from 1; unless said, it is found."),
        dated=text("The day its data are of, such as `2026-11-20`."),
        leave_out=text("`yes` goes on without rows that cannot be used.", enum=["yes", "no"]),
        file={"type": "string", "format": "binary", "description": "The file itself, the only one in the form."},
    )
    return {
        "SuppressionList": one,
        "SuppressionLists": record(("status", "lists"), status=text(), lists=many("SuppressionList"), **ends()),
        "SuppressionLoad": load,
        "SuppressionFile": file,
        **_small(),
        **_revoking(),
    }


def _small() -> dict[str, Schema]:
    actions = ["add", "remove"]
    return {
        "SuppressionEntry": record(
            ("value",), value=text("A phone or an email address."), action=text("`add` unless said.", enum=actions)
        ),
        "SuppressionChanged": record(
            ("status", "list_id", "action"), status=text(), list_id=text(), action=text(enum=actions), **ends()
        ),
        "SuppressionRemoved": record(("status", "list_id"), status=text(enum=["removed"]), list_id=text(), **ends()),
        "RevocationHeard": record(
            ("status", "notice_id"), status=text(enum=["acknowledged"]), notice_id=text(), **ends()
        ),
    }


def _revoking() -> dict[str, Schema]:
    facts: dict[str, Any] = {
        "revocation_id": text(),
        "revoked_at": moment("When the consumer said so."),
        "heard_at": moment("When the exchange heard of it."),
        "due_at": moment("By then everybody must heed it: ten business days."),
        "vertical": text("Only for this vertical; without it, for everything."),
        "source": text("Who told."),
        "means": text("How they told."),
        "lead_id": text(),
        "notices": many("RevocationNotice", "Who is told of which lead; a buyer sees its own."),
    }
    needed = ("revocation_id", "revoked_at", "heard_at", "due_at", "source", "notices")
    notice = record(
        ("notice_id", "lead_id", "delivery_id", "buyer_id", "contract_id", "state"),
        notice_id=text(),
        lead_id=text(),
        delivery_id=text(),
        buyer_id=text(),
        contract_id=text(),
        state=text(enum=["waiting", "sent", "acknowledged", "by_hand"]),
        way=text("How it was told."),
        told_at=moment("When."),
    )
    sent = record(
        (),
        phone=text("For operators: the consumer's, or `email`."),
        email=text(),
        lead_id=text("A lead of yours, whose consumer it is."),
        vertical=text("Only for this vertical."),
        means=text("How they told: a text, a call, a letter. No phone, no address."),
        source=text("For operators: `consumer` unless said."),
        revoked_at=moment("When they said so; now unless said."),
    )
    return {
        "RevokeConsent": sent,
        "RevocationNotice": notice,
        "Revocation": record(("status", *needed), status=text(), **facts, **ends()),
        "RevocationEntry": record(needed, **facts),
        "Revocations": record(("status", "revocations"), status=text(), revocations=many("RevocationEntry"), **ends()),
    }
