"""Returns as people look at them: the queue, one request, what each party may see of it, and how many there were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed
from exchange.storage.spans import TOP, Span, stretch_of


@dataclass(frozen=True, slots=True)
class ReturnFilter:
    """Which requests: None or empty leaves a filter out.

    `automatic` True: those a rule decided. `older_ms`: asked before this moment.
    """

    mode: str = "live"
    states: tuple[str, ...] = ()
    automatic: bool | None = None
    buyer_id: str | None = None
    seller_id: str | None = None
    reason: str | None = None
    suggestion: str | None = None
    older_than: int | None = None
    lead_id: str | None = None
    contract_id: str | None = None
    since: int | None = None
    span: Span = TOP


_ORDERS = {"asked": "r.asked_at", "price": "COALESCE(r.price_units, 0)"}


_LIST = """SELECT r.*, s.payout_units, s.contract_version, s.reversed_at, s.returned_at, s.returned_units,
       l.initials, l.city, l.us_state,
       l.seller_lead_id, l.sub_id1, l.vertical
   FROM return_requests r JOIN sales s ON s.id = r.sale_id JOIN leads l ON l.id = r.lead_id"""


async def list_returns(tx: Tx, actor: Actor, wanted: ReturnFilter) -> list[Row]:
    """Requests, the newest first, with the place of their leads. A buyer finds its own, a seller those of its leads."""
    where, params = _where(actor, wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "r.id")
    return await tx.fetch(
        f"{_LIST} WHERE {' AND '.join([*where, *stretch.where])} ORDER BY {stretch.order} LIMIT :limit",
        limit=wanted.span.limit,
        **params,
        **stretch.params,
    )


async def read_request(tx: Tx, actor: Actor, return_id: str) -> Row | None:
    """One request with its lead's place; None when there is none that this actor may see."""
    where, params = _whose(actor)
    rows = await tx.fetch(f"{_LIST} WHERE {' AND '.join(['r.id = :id', *where])}", id=return_id, **params)
    return rows[0] if rows else None


async def count_returns(tx: Tx, actor: Actor, wanted: ReturnFilter, most: int = 10_000) -> int:
    """How many match, counted up to `most`."""
    where, params = _where(actor, wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "r.id")
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS found FROM (SELECT r.id FROM return_requests r
            WHERE {" AND ".join([*where, *stretch.where])} LIMIT :most) AS counted""",
        most=most,
        **params,
        **stretch.params,
    )
    return int(rows[0]["found"])


async def count_waiting(tx: Tx, actor: Actor, mode: str) -> int:
    """Requests that wait for a person."""
    return await count_returns(tx, actor, ReturnFilter(mode, ("asked",)), 1_000)


class Waiting(NamedTuple):
    """Returns that wait for a person. `units` are of one currency, that of the oldest; None asked: no currency."""

    returns: int
    units: int
    currency: str
    oldest_at: int


async def waiting_returns(tx: Tx, actor: Actor, mode: str) -> Waiting:
    """How many, what they are about, and when the oldest was asked."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return Waiting(0, 0, "", 0)
    rows = await tx.fetch(
        """SELECT s.currency, COUNT(*) AS returns, MIN(r.asked_at) AS oldest,
               CAST(SUM(s.price_units - s.returned_units) AS BIGINT) AS units
           FROM return_requests r JOIN sales s ON s.id = r.sale_id
           WHERE r.state = 'asked' AND r.mode = :mode GROUP BY s.currency ORDER BY oldest""",
        mode=mode,
    )
    if not rows:
        return Waiting(0, 0, "", 0)
    return Waiting(sum(row["returns"] for row in rows), rows[0]["units"], rows[0]["currency"], rows[0]["oldest"])


def _whose(actor: Actor) -> tuple[list[str], dict[str, object]]:
    """A seller finds none that were declined for being late: they never concerned it."""
    if actor.role is Role.BUYER:
        return ["r.buyer_id = :actor"], {"actor": actor.party_id or ""}
    if actor.role is Role.SELLER:
        return ["r.seller_id = :actor", "(r.rule IS NULL OR r.rule <> 'outside_window')"], {
            "actor": actor.party_id or ""
        }
    return [], {}


def _where(actor: Actor, wanted: ReturnFilter) -> tuple[list[str], dict[str, object]]:
    where, params = _whose(actor)
    where.append("r.mode = :mode")
    params["mode"] = wanted.mode
    if wanted.states:
        names, states = listed("state", wanted.states)
        own = actor.role in (Role.BUYER, Role.SELLER)  # found by whose they are, not among all of a state
        where.append(f"r.state || '' IN {names}" if own else f"r.state IN {names}")
        params |= states
    for column in ("buyer_id", "seller_id", "reason", "suggestion", "lead_id", "contract_id"):
        value = getattr(wanted, column)
        if value:
            where.append(f"r.{column} = :{column}")
            params[column] = value
    if wanted.automatic is not None:
        where.append(f"r.automatic = {int(wanted.automatic)}")
    if wanted.since is not None:
        where.append("r.asked_at >= :since")
        params["since"] = wanted.since
    if wanted.older_than is not None:
        where.append("r.asked_at < :older")
        params["older"] = wanted.older_than
    return where, params


async def bought_leads(tx: Tx, buyer_id: str, lead_ids: Sequence[str]) -> dict[str, int]:
    """Which of these leads a buyer has, or had and gave back, with when it bought each."""
    if not lead_ids:
        return {}
    names, params = listed("lead", lead_ids)
    rows = await tx.fetch(
        f"""SELECT lead_id, MIN(accepted_at) AS at FROM sales WHERE lead_id IN {names} AND buyer_id = :buyer
               AND (reversed_at IS NULL OR returned_at IS NOT NULL) GROUP BY lead_id""",
        buyer=buyer_id,
        **params,
    )
    return {row["lead_id"]: row["at"] for row in rows}


async def read_file(tx: Tx, actor: Actor, return_id: str) -> Row | None:
    """The file of a request with the key of its lead, for its buyer and for those who run the exchange."""
    if actor.role is Role.SELLER:
        return None
    where, params = _whose(actor)
    rows = await tx.fetch(
        f"""SELECT f.*, k.wrapped FROM return_files f JOIN return_requests r ON r.id = f.return_id
            JOIN leads l ON l.id = f.lead_id JOIN data_keys k ON k.subject = l.subject
            WHERE {" AND ".join(["f.return_id = :id", *where])}""",
        id=return_id,
        **params,
    )
    return rows[0] if rows else None


async def by_reason_and_source(tx: Tx, actor: Actor, mode: str, since: int) -> list[Row]:
    """Requests since then by reason and seller: `asked` and `granted`."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        """SELECT reason, seller_id, COUNT(*) AS asked,
               COUNT(CASE WHEN state IN ('approved', 'partial', 'replaced') THEN 1 END) AS granted
           FROM return_requests WHERE mode = :mode AND asked_at >= :since GROUP BY reason, seller_id
           ORDER BY asked DESC, reason, seller_id""",
        mode=mode,
        since=since,
    )


async def rates_by_contract(tx: Tx, actor: Actor, mode: str, since: int) -> list[Row]:
    """Of each contract of whose leads some were asked back and not declined: these, and all it bought since then."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        """SELECT a.contract_id, a.buyer_id, a.asked,
               (SELECT COUNT(*) FROM sales s WHERE s.contract_id = a.contract_id AND s.mode = :mode
                    AND s.accepted_at >= :since AND (s.reversed_at IS NULL OR s.returned_at IS NOT NULL)) AS bought
           FROM (SELECT contract_id, buyer_id, COUNT(*) AS asked FROM return_requests
                 WHERE mode = :mode AND state <> 'declined' AND sold_at >= :since GROUP BY contract_id, buyer_id) AS a
           ORDER BY 3 DESC, 4 DESC, 1""",
        mode=mode,
        since=since,
    )


async def returns_after(
    tx: Tx, actor: Actor, mode: str, after: tuple[int, str], until: int, limit: int, states: tuple[str, ...] = ()
) -> list[Row]:
    """Requests this actor may see that were asked after a cursor and before `until`, oldest first."""
    where, params = _where(actor, ReturnFilter(mode, states))
    return await tx.fetch(
        f"""{_LIST} WHERE {" AND ".join(where)} AND r.asked_at < :until
                AND (r.asked_at > :after OR (r.asked_at = :after AND r.id > :last))
            ORDER BY r.asked_at, r.id LIMIT :limit""",
        until=until,
        after=after[0],
        last=after[1],
        limit=limit,
        **params,
    )


async def sales_between(tx: Tx, actor: Actor, since: int, until: int, limit: int) -> list[Row]:
    """Live sales in [since, until) that stand, oldest first, each with whether it was asked back (`asked`) and whether
    a check called something of its lead bad (`bad`)."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        """SELECT s.id, s.lead_id, s.buyer_id, s.contract_id, s.seller_id, s.accepted_at,
               CASE WHEN EXISTS (SELECT 1 FROM return_requests r WHERE r.sale_id = s.id) THEN 1 ELSE 0 END AS asked,
               CASE WHEN EXISTS (SELECT 1 FROM verified v WHERE v.lead_id = s.lead_id AND v.verdict = 'bad')
                   THEN 1 ELSE 0 END AS bad
           FROM sales s WHERE s.mode = 'live' AND s.accepted_at >= :since AND s.accepted_at < :until
               AND s.reversed_at IS NULL AND s.returned_at IS NULL ORDER BY s.accepted_at, s.id LIMIT :limit""",
        since=since,
        until=until,
        limit=limit,
    )
