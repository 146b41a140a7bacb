"""Suppression lists and revocations as forms and calls say them, and as they are told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from exchange.flows.list_desk import BadWish, Wish
from exchange.flows.list_load import Options
from exchange.model.actor import Actor, Role
from exchange.model.revocation import NoticeRow, RevocationRow
from exchange.model.suppression import ListRow, LoadRow, Purpose, Scope
from exchange.stages.respond import rfc3339
from exchange.stages.suppression.forms import HASHES, PHONE
from exchange.stages.suppression.rows import Mode

OPTIONS = (
    "name",
    "kind",
    "purpose",
    "vertical",
    "buyer",
    "state",
    "mode",
    "hash",
    "column",
    "dated",
    "leave_out",
)


def wish_of(fields: Mapping[str, str], actor: Actor, file_name: str = "") -> Wish:
    """The list that is meant. A buyer means its own; without a name it is called as its file. Raises `BadWish`."""
    given = {name: fields.get(name, "").strip() for name in OPTIONS}
    buyer = (actor.party_id or "") if actor.role is Role.BUYER else given["buyer"]
    if given["vertical"] and buyer:
        raise BadWish("vertical", "A list is a vertical's or a buyer's, not both.")
    scope = Scope.VERTICAL if given["vertical"] else Scope.BUYER if buyer else Scope.EXCHANGE
    purpose = _one_of("purpose", given["purpose"] or Purpose.SUPPRESSION.value, [each.value for each in Purpose])
    return Wish(
        given["name"] or file_name,
        given["kind"] or PHONE,
        scope,
        given["vertical"] or buyer,
        Purpose(purpose),
        given["state"].upper(),
    )


def options_of(fields: Mapping[str, str]) -> Options:
    """How its file is read. Raises `BadWish`."""
    given = {name: fields.get(name, "").strip() for name in OPTIONS}
    mode = _one_of("mode", given["mode"] or Mode.ADD.value, [each.value for each in Mode])
    hash_name = _one_of("hash", given["hash"], ["", *HASHES])
    leave_out = _one_of("leave_out", given["leave_out"] or "no", ["yes", "no"])
    return Options(Mode(mode), hash_name, given["column"], leave_out == "yes", _day(given["dated"]))


def _one_of(field: str, value: str, allowed: list[str]) -> str:
    if value not in allowed:
        raise BadWish(field, f"{field} is one of {', '.join(each for each in allowed if each)}.")
    return value


def _day(text: str) -> int:
    if not text:
        return 0
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadWish("dated", "dated is a day such as 2026-11-20.") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def list_fields(row: ListRow) -> dict[str, Any]:
    return _known(
        {
            "list_id": row.id,
            "name": row.name,
            "scope": row.scope.value,
            "party": row.party or None,
            "purpose": row.purpose.value,
            "state": row.us_state or None,
            "kind": row.kind,
            "hash": row.hash or None,
            "rows": row.rows,
            "dated_at": rfc3339(row.dated_at),
            "changed_at": rfc3339(row.changed_at),
        }
    )


def load_fields(load: LoadRow) -> dict[str, Any]:
    """How far a file has come. Problems name lines, never values."""
    return _known(
        {
            "load_id": load.id,
            "list_id": load.list_id,
            "file": load.file_name,
            "mode": load.mode,
            "state": load.state,
            "rows_read": load.rows_read,
            "rows_wrong": load.rows_wrong,
            "rows": load.rows,
            "problems": list(load.problems),
            "began_at": rfc3339(load.began_at),
            "ended_at": rfc3339(load.ended_at) if load.ended_at is not None else None,
        }
    )


def revocation_fields(row: RevocationRow, notices: tuple[NoticeRow, ...]) -> dict[str, Any]:
    return _known(
        {
            "revocation_id": row.id,
            "revoked_at": rfc3339(row.revoked_at),
            "heard_at": rfc3339(row.heard_at),
            "due_at": rfc3339(row.due_at),
            "vertical": row.vertical or None,
            "source": row.source,
            "means": row.means or None,
            "lead_id": row.lead_id,
            "notices": [notice_fields(each) for each in notices],
        }
    )


def notice_fields(notice: NoticeRow) -> dict[str, Any]:
    return _known(
        {
            "notice_id": notice.id,
            "lead_id": notice.lead_id,
            "delivery_id": notice.attempt_id,
            "buyer_id": notice.buyer_id,
            "contract_id": notice.contract_id,
            "state": notice.state,
            "way": notice.way or None,
            "told_at": rfc3339(notice.told_at) if notice.told_at is not None else None,
        }
    )


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
