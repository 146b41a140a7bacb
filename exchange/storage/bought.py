"""What buyers bought, with what is known of each lead since: for their own pages and files. Only their own sales."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx
from exchange.storage.spans import TOP, Span, stretch_of

NOTHING_TOLD = "none"
"""As a filter: leads nothing was said about."""


@dataclass(frozen=True, slots=True)
class BoughtFilter:
    """Which sales: empty leaves a filter out."""

    mode: str
    contract_id: str = ""
    disposition: str = ""
    vertical: str = ""
    since: int | None = None
    until: int | None = None
    span: Span = TOP


_ORDERS = {"bought": "s.accepted_at"}
_COLUMNS = """s.id AS sale_id, s.lead_id, s.attempt_id, s.contract_id, s.price_units, s.currency, s.accepted_at,
    s.buyer_reference, s.mode, l.vertical, l.city, l.us_state, l.zip, l.facts, l.sealed, l.subject, k.wrapped,
    d.kind AS disposition, d.value_units, d.at AS disposition_at, d.channel, r.state AS return_state,
    v.state AS delivery_state"""
_STILL = "(s.reversed_at IS NULL OR s.returned_at IS NOT NULL)"  # a returned lead was bought; an undone sale never was
_SOLD_LEAD = " JOIN leads l ON l.id = s.lead_id"
_TOLD_OF = " LEFT JOIN sale_dispositions d ON d.sale_id = s.id"
_FROM = f"""sales s{_SOLD_LEAD} LEFT JOIN data_keys k ON k.subject = l.subject
    {_TOLD_OF} LEFT JOIN return_requests r ON r.sale_id = s.id
    LEFT JOIN deliveries v ON v.attempt_id = s.attempt_id"""


async def bought(tx: Tx, actor: Actor, wanted: BoughtFilter) -> list[Row]:
    """The newest first."""
    where, params, order = _where(actor, wanted)
    return await tx.fetch(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE {where} ORDER BY {order} LIMIT :most", most=wanted.span.limit, **params
    )


async def count_bought(tx: Tx, actor: Actor, wanted: BoughtFilter, most: int) -> int:
    """How many there are, counted up to `most`."""
    where, params, _ = _where(actor, wanted)
    sales = "sales s" + (_SOLD_LEAD if wanted.vertical else "") + (_TOLD_OF if wanted.disposition else "")
    rows = await tx.fetch(
        f"SELECT COUNT(*) AS n FROM (SELECT 1 FROM {sales} WHERE {where} LIMIT :most) counted", most=most, **params
    )
    return int(rows[0]["n"])


async def one_bought(tx: Tx, actor: Actor, lead_id: str) -> Row | None:
    """The newest sale of a lead to the buyer."""
    rows = await tx.fetch(
        f"""SELECT {_COLUMNS} FROM {_FROM} WHERE s.lead_id = :lead AND s.buyer_id = :buyer AND {_STILL}
            ORDER BY s.accepted_at DESC, s.id DESC LIMIT 1""",
        lead=lead_id,
        buyer=_buyer(actor),
    )
    return rows[0] if rows else None


async def told_of_sale(tx: Tx, actor: Actor, sale_id: str) -> list[Row]:
    """All that was said of a sale of the buyer, the latest moment first."""
    return await tx.fetch(
        """SELECT id, kind, word, value_units, at, told_at, told_by, channel, overtaken, sealed_note, note
           FROM dispositions WHERE sale_id = :sale AND buyer_id = :buyer ORDER BY at DESC, told_at DESC, id DESC""",
        sale=sale_id,
        buyer=_buyer(actor),
    )


def _where(actor: Actor, wanted: BoughtFilter) -> tuple[str, dict[str, object], str]:
    stretch = stretch_of(wanted.span, _ORDERS, "s.id")
    parts = ["s.buyer_id = :buyer", "s.mode = :mode", _STILL, *stretch.where]
    params: dict[str, object] = {**stretch.params, "buyer": _buyer(actor), "mode": wanted.mode}
    for column, value in (("s.contract_id", wanted.contract_id), ("l.vertical", wanted.vertical)):
        if value:
            name = column.partition(".")[2]
            parts.append(f"{column} = :{name}")
            params[name] = value
    if wanted.disposition == NOTHING_TOLD:
        parts.append("d.sale_id IS NULL")
    elif wanted.disposition:
        parts.append("d.kind = :kind")
        params["kind"] = wanted.disposition
    if wanted.since is not None:
        parts.append("s.accepted_at >= :since")
        params["since"] = wanted.since
    if wanted.until is not None:
        parts.append("s.accepted_at < :until")
        params["until"] = wanted.until
    return " AND ".join(parts), params, stretch.order


def _buyer(actor: Actor) -> str:
    """Whose sales may be read. Nobody's for another role: no id is empty."""
    return actor.party_id or "" if actor.role is Role.BUYER else ""


@dataclass(frozen=True, slots=True)
class ToldFilter:
    """Which reports: empty leaves a filter out. `since` and `until` are of when they were told."""

    mode: str
    buyer_id: str = ""
    channel: str = ""
    kind: str = ""
    since: int | None = None
    until: int | None = None
    span: Span = TOP


_TOLD_ORDERS = {"told": "d.told_at"}
_TOLD = "FROM dispositions d JOIN leads l ON l.id = d.lead_id"


async def told_lately(tx: Tx, actor: Actor, wanted: ToldFilter) -> list[Row]:
    """What buyers reported, as it came, the newest first. For operators."""
    where, params, order = _told(actor, wanted)
    return await tx.fetch(
        f"""SELECT d.id, d.lead_id, d.sale_id, d.buyer_id, d.kind, d.word, d.value_units, d.at, d.told_at, d.told_by,
               d.channel, d.overtaken, l.vertical, l.initials, s.currency
            {_TOLD} JOIN sales s ON s.id = d.sale_id WHERE {where} ORDER BY {order} LIMIT :most""",
        most=wanted.span.limit,
        **params,
    )


async def count_told(tx: Tx, actor: Actor, wanted: ToldFilter, most: int) -> int:
    """How many there are, counted up to `most`."""
    where, params, _ = _told(actor, wanted)
    rows = await tx.fetch(
        f"SELECT COUNT(*) AS n FROM (SELECT 1 {_TOLD} WHERE {where} LIMIT :most) counted", most=most, **params
    )
    return int(rows[0]["n"])


def _told(actor: Actor, wanted: ToldFilter) -> tuple[str, dict[str, object], str]:
    stretch = stretch_of(wanted.span, _TOLD_ORDERS, "d.id")
    parts, params = ["l.mode = :mode", *stretch.where], {**stretch.params, "mode": wanted.mode}
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        parts.append("1 = 0")
    for part, name, value in (
        ("d.buyer_id = :buyer", "buyer", wanted.buyer_id or None),
        ("d.channel = :channel", "channel", wanted.channel or None),
        ("d.kind = :kind", "kind", wanted.kind or None),
        ("d.told_at >= :since", "since", wanted.since),
        ("d.told_at < :until", "until", wanted.until),
    ):
        if value is not None:
            parts.append(part)
            params[name] = value
    return " AND ".join(parts), params, stretch.order
