"""The audit log as the people of the exchange look through it. Nobody else reads it."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor
from exchange.model.audit import AuditLine
from exchange.storage.audit import line_of, require_insider
from exchange.storage.chain import Chain
from exchange.storage.database import Tx
from exchange.storage.rows import as_written
from exchange.storage.spans import TOP, Span, stretch_of

_ORDERS = {"at": "at"}


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """`action` is one, or what stands before its dot: `contract` finds `contract.changed`. `subject` is one thing, or
    a kind of things. `told` is looked for in what was before and after. Instants are epoch ms, `until` excluded.
    """

    who: str = ""
    role: str = ""
    ip: str = ""
    action: str = ""
    subject: str = ""
    told: str = ""
    since: int | None = None
    until: int | None = None
    span: Span = TOP


@dataclass(frozen=True, slots=True)
class Sealed:
    """Where a line stands in its chain, and the hash that all before it went into."""

    position: int
    hash: str


async def audit_lines(tx: Tx, actor: Actor, wanted: AuditFilter) -> list[AuditLine]:
    require_insider(actor)
    where, params = _conditions(wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "id")
    conditions = " AND ".join([*where, *stretch.where])
    rows = await tx.fetch(
        f"SELECT * FROM audit_lines WHERE {conditions} ORDER BY {stretch.order} LIMIT :limit",
        **params,
        **stretch.params,
        limit=wanted.span.limit,
    )
    return [line_of(row) for row in rows]


async def count_audit_lines(tx: Tx, actor: Actor, wanted: AuditFilter, most: int) -> int:
    """At most `most`."""
    require_insider(actor)
    where, params = _conditions(wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "id")
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS lines FROM (SELECT 1 FROM audit_lines WHERE {" AND ".join([*where, *stretch.where])}
            ORDER BY {stretch.order} LIMIT :most) AS counted""",
        **params,
        **stretch.params,
        most=most,
    )
    return int(rows[0]["lines"])


async def read_audit_line(tx: Tx, actor: Actor, line_id: str) -> AuditLine | None:
    require_insider(actor)
    rows = await tx.fetch("SELECT * FROM audit_lines WHERE id = :id", id=line_id)
    return line_of(rows[0]) if rows else None


async def seal_of(tx: Tx, line_id: str) -> Sealed | None:
    """None until the sealer comes by, within a few seconds."""
    rows = await tx.fetch(
        "SELECT position, hash FROM seals WHERE chain = :chain AND row_id = :id", chain=Chain.AUDIT.value, id=line_id
    )
    return Sealed(rows[0]["position"], rows[0]["hash"]) if rows else None


async def later_change(tx: Tx, line: AuditLine) -> AuditLine | None:
    """The next line of the same kind about the same thing, if anybody changed it since."""
    kind = line.action.partition(".")[0]
    rows = await tx.fetch(
        """SELECT * FROM audit_lines WHERE subject = :subject AND (at, id) > (:at, :id)
           AND action >= :first AND action < :last ORDER BY at, id LIMIT 1""",
        subject=line.subject,
        at=line.at,
        id=line.id,
        first=f"{kind}.",
        last=f"{kind}/",  # the character after the dot
    )
    return line_of(rows[0]) if rows else None


def _conditions(wanted: AuditFilter) -> tuple[list[str], dict[str, object]]:
    where, params = ["1 = 1"], dict[str, object]()
    for column, value in (("actor", wanted.who), ("ip", wanted.ip)):
        if value:
            where.append(f"{column} = :{column}")
            params[column] = value
    for column, value, mark, after in (
        ("role", wanted.role, ":", ";"),
        ("action", wanted.action, ".", "/"),
        ("subject", wanted.subject, ":", ";"),
    ):
        if value:  # one of them, or all of a kind: what begins with it and the mark
            where.append(f"({column} = :{column} OR ({column} >= :{column}_from AND {column} < :{column}_to))")
            params |= {column: value, f"{column}_from": value + mark, f"{column}_to": value + after}
    if wanted.told:
        where.append("(LOWER(before_json) LIKE :told ESCAPE '!' OR LOWER(after_json) LIKE :told ESCAPE '!')")
        params["told"] = f"%{as_written(wanted.told.lower())}%"
    for sign, name, at in ((">=", "since", wanted.since), ("<", "until", wanted.until)):
        if at is not None:
            where.append(f"at {sign} :{name}")
            params[name] = at
    return where, params
