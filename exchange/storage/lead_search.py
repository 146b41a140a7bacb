"""How the leads that a filter means are found: by what few leads have, one after another, or looked through."""

from __future__ import annotations

import re
from dataclasses import replace

from exchange.model.actor import Actor
from exchange.storage.database import Tx
from exchange.storage.lead_filters import LeadFilter, equal_to, is_sought, where_of
from exchange.storage.spans import Span, stretch_of
from exchange.storage.ways import COUNTED

ORDERS = {"received": "received_at", "revenue": "revenue_units"}
"""How a list of leads may be ordered."""
LOOKED_AT = 30_000
"""So many leads are looked through at once for what no index finds: a tenth of a second of work."""

_AGAIN = "NOT EXISTS (SELECT 1 FROM {table} d WHERE d.lead_id = s.lead_id AND d.{key} > s.{key} AND {alike})"
_CONTRACT = "s.buyer_id = (SELECT c.buyer_id FROM contracts c WHERE c.id = :contract_id AND c.current = 1)"


def newest(actor: Actor, wanted: LeadFilter, columns: str) -> tuple[str, dict[str, object]]:
    """The leads a filter means in the order of their list, up to `:limit` of them, as a statement. `received_at` and
    `id` are among the columns.
    """
    led_by = _led_by(wanted)
    if not led_by and _is_of_few_states(actor, wanted):
        return _of_each_state(actor, wanted, columns)
    where, params = where_of(actor, wanted, led_by)
    if led_by:
        leading, more = _leads_by(led_by, wanted)
        after, marks, order = _by_id(wanted.span)
        conditions = " AND ".join(["leads.id = led.led_id", *where, *after])
        text = f"SELECT {columns} FROM ({leading}) AS led CROSS JOIN leads WHERE {conditions} ORDER BY {order}"
        return f"{text} LIMIT :limit", params | more | marks
    stretch = stretch_of(wanted.span, ORDERS, "id")
    conditions = " AND ".join([*where, *stretch.where])
    text = f"SELECT {columns} FROM leads WHERE {conditions} ORDER BY {stretch.order} LIMIT :limit"
    return text, {**params, **stretch.params}


_STATES_MERGED = 4  # of more, most leads are in one


def _is_of_few_states(actor: Actor, wanted: LeadFilter) -> bool:
    """Whether nothing but their state leads to them, and that is one of several."""
    several = 1 < len(wanted.states) <= _STATES_MERGED
    return several and wanted.span.sort in ("", "received") and not wanted.ids and not equal_to(actor, wanted)


def _of_each_state(actor: Actor, wanted: LeadFilter, columns: str) -> tuple[str, dict[str, object]]:
    """The newest of each state, and of these the newest: no index has them together."""
    parts, params = [], dict[str, object]()
    for number, state in enumerate(wanted.states):
        text, own = newest(actor, replace(wanted, states=(state,)), columns)
        named = re.sub(r":state\b", f":state_{number}", text)
        parts.append(f"SELECT * FROM ({named}) AS of_{number}")
        params |= own | {f"state_{number}": state}
    del params["state"]
    order = stretch_of(wanted.span, ORDERS, "id").order
    return f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS merged ORDER BY {order} LIMIT :limit", params


async def edge_of(tx: Tx, actor: Actor, wanted: LeadFilter, looked: int = LOOKED_AT) -> tuple[int, str] | None:
    """The last lead that one look through a list reaches, from where the list begins. None: the look reaches its end,
    or what is asked for is found by an index.
    """
    if not is_sought(wanted) or wanted.span.sort not in ("", "received") or wanted.ids or _led_by(wanted):
        return None
    where, params = [], dict[str, object]()
    for column, value in list(equal_to(actor, wanted).items())[:1]:
        where, params = [f"{column} = :{column}"], {column: value}
    for part, name, at in (
        ("received_at >= :since", "since", wanted.since),
        ("received_at < :until", "until", wanted.until),
    ):
        if at is not None:
            where.append(part)
            params[name] = at
    stretch = stretch_of(replace(wanted.span, newer=None), ORDERS, "id")
    rows = await tx.fetch(
        f"""SELECT received_at, id FROM leads WHERE {" AND ".join([*where, *stretch.where]) or "1 = 1"}
            ORDER BY {stretch.order} LIMIT 1 OFFSET :looked""",
        looked=looked - 1,
        **params,
        **stretch.params,
    )
    return (rows[0]["received_at"], rows[0]["id"]) if rows else None


def _led_by(wanted: LeadFilter) -> str:
    """The filter whose rows lead to the leads, in the order of their ids: that is the order in which they came."""
    if wanted.span.sort not in ("", "received") or wanted.ids:
        return ""
    given = (
        ("tag", wanted.tag),
        ("came_back", wanted.standing in ("returned", "partly_returned")),
        ("returns", wanted.returns if wanted.returns not in (None, "none") else None),
        ("bought", wanted.contract_id or wanted.buyer_id),
        ("disposition", wanted.disposition),
    )
    return next((name for name, value in given if value), "")


def _leads_by(name: str, wanted: LeadFilter) -> tuple[str, dict[str, object]]:
    """Each lead once, as `led_id`."""
    if name == "tag":
        return "SELECT s.lead_id AS led_id FROM lead_tags s WHERE s.tag = :tag", {"tag": wanted.tag}
    if name == "came_back":
        return _once("sales", "id", ["s.returned_at IS NOT NULL"]), {}
    if name == "returns":
        states = {
            "any": "1 = 1",
            "open": "s.state IN ('asked', 'question')",
            "granted": "s.state IN ('approved', 'partial', 'replaced')",
            "declined": "s.state = 'declined'",
        }
        return _once("return_requests", "id", [states[wanted.returns or "any"]]), {}
    if name == "disposition":
        return _once("sale_dispositions", "sale_id", ["s.kind = :disposition"]), {"disposition": wanted.disposition}
    where, params = [COUNTED], dict[str, object]()
    if wanted.contract_id is not None:
        where.append("s.contract_id = :contract_id")
        params["contract_id"] = wanted.contract_id
    if wanted.buyer_id is not None:
        where.append("s.buyer_id = :buyer_id")
        params["buyer_id"] = wanted.buyer_id
    else:
        where.append(_CONTRACT)
    return _once("sales", "id", where), params


def _once(table: str, key: str, where: list[str]) -> str:
    conditions = " AND ".join(where)
    again = _AGAIN.format(table=table, key=key, alike=conditions.replace("s.", "d."))
    return f"SELECT s.lead_id AS led_id FROM {table} s WHERE {conditions} AND {again}"


def _by_id(span: Span) -> tuple[list[str], dict[str, object], str]:
    further, back, way = ("<", ">", "DESC") if span.falling else (">", "<", "ASC")
    marks = [(name, mark[1], sign) for name, mark, sign in
             (("after", span.after, further), ("newer", span.newer, back)) if mark is not None]  # fmt: skip
    where = [f"led.led_id {sign} :{name}_id" for name, _, sign in marks]
    return where, {f"{name}_id": row for name, row, _ in marks}, f"led.led_id {way}"
