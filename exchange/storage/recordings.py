"""Leads that were decided about, as simulations read them: rows, records, deliveries and sales, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.party import Campaign, Contract
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed
from exchange.storage.shaped import Shaped

_CAMPAIGN = Shaped(Campaign)
_CONTRACT = Shaped(Contract)
_DECIDED = "('quoted', 'unsold', 'sold', 'unclear', 'pending')"
_QUARTER_HOUR_MS = 900_000


class Span(NamedTuple):
    """Which leads: of a time, and of one currency, vertical, campaign or seller where that is told."""

    since: int
    until: int
    currency: str = ""
    vertical: str = ""
    campaign_id: str = ""
    seller_id: str = ""
    lead_id: str = ""


class Records(NamedTuple):
    """One page of leads and what is kept about them."""

    leads: list[Row]
    trails: list[Row]
    attempts: list[Row]
    promises: list[Row]  # what was made up to what a ping had promised


_WHERE = f"""l.mode = 'live' AND l.state IN {_DECIDED} AND l.received_at >= :since AND l.received_at < :until
    AND (l.currency = :currency OR :currency = '') AND (l.vertical = :vertical OR :vertical = '')
    AND (l.campaign_id = :campaign_id OR :campaign_id = '') AND (l.seller_id = :seller_id OR :seller_id = '')
    AND (l.id = :lead_id OR :lead_id = '')"""


async def count_recorded(tx: Tx, actor: Actor, span: Span, most: int) -> int:
    """How many leads were decided about, counted up to `most`."""
    if actor.role is not Role.OPERATOR:
        return 0
    rows = await tx.fetch(
        f"SELECT COUNT(*) AS found FROM (SELECT l.id FROM leads l WHERE {_WHERE} LIMIT :most) counted",
        **span._asdict(),
        most=most,
    )
    return int(rows[0]["found"])


async def currencies_of(tx: Tx, span: Span) -> list[str]:
    """The currencies of the leads of a time, the one of most leads first."""
    rows = await tx.fetch(
        f"SELECT l.currency, COUNT(*) AS found FROM leads l WHERE {_WHERE} GROUP BY l.currency ORDER BY found DESC",
        **span._asdict(),
    )
    return [row["currency"] for row in rows]


async def recorded_page(tx: Tx, actor: Actor, span: Span, before: tuple[int, str], most: int) -> Records:
    """The newest of them from `before` (time and id) on, newest first."""
    if actor.role is not Role.OPERATOR:
        return Records([], [], [], [])
    leads = await tx.fetch(
        f"""SELECT l.id, l.received_at, l.seller_id, l.campaign_id, l.campaign_version, l.vertical, l.us_state, l.grade,
               l.state, l.sub_id1, l.currency, l.cost_units, l.subject, l.sealed, l.facts, l.month, l.fraud, l.score,
               l.kind, k.wrapped, NULL AS consent, NULL AS shown
            FROM leads l LEFT JOIN data_keys k ON k.subject = l.subject
            WHERE {_WHERE} AND (l.received_at, l.id) < (:at, :id)
            ORDER BY l.received_at DESC, l.id DESC LIMIT :most""",
        **span._asdict(),
        at=before[0],
        id=before[1],
        most=most,
    )
    if not leads:
        return Records([], [], [], [])
    names, params = listed("lead", [row["id"] for row in leads])
    trails = await tx.fetch(
        f"""SELECT t.lead_id, t.document, r.endpoint, r.took_ms FROM trails t JOIN requests r ON r.id = t.request_id
            WHERE t.lead_id IN {names} AND r.endpoint IN ('ping', 'post', 'pingpost')
            ORDER BY r.received_at, r.id""",
        **params,
    )
    attempts = await tx.fetch(
        f"""SELECT a.id, a.lead_id, a.state, a.exclusive, s.price_units, s.payout_units
            FROM attempts a LEFT JOIN sales s ON s.attempt_id = a.id
            WHERE a.lead_id IN {names}""",
        **params,
    )
    text, references = listed("reference", [f"promise:{row['id']}" for row in leads])
    promises = await tx.fetch(f"SELECT reference, units FROM postings WHERE reference IN {text}", **references)
    return Records(leads, trails, attempts, promises)


async def like_rounds(tx: Tx, vertical: str, currency: str, since: int, until: int, most: int) -> list[Row]:
    """The newest records of one vertical: what bids are drawn from."""
    return await tx.fetch(
        """SELECT l.us_state, l.grade, l.campaign_id, t.document FROM leads l JOIN trails t ON t.lead_id = l.id
           WHERE l.received_at >= :since AND l.received_at < :until AND l.vertical = :vertical AND l.mode = 'live'
               AND l.currency = :currency ORDER BY l.received_at DESC, l.id DESC LIMIT :most""",
        vertical=vertical,
        currency=currency,
        since=since,
        until=until,
        most=most,
    )


async def versions_of(
    tx: Tx, campaigns: Sequence[tuple[str, int]], contracts: Sequence[tuple[str, int]]
) -> tuple[dict[tuple[str, int], Campaign], dict[tuple[str, int], Contract]]:
    """The terms that leads were decided under, by id and version."""
    found_campaigns, found_contracts = {}, {}
    for row in await _versions(tx, "campaigns", campaigns):
        found_campaigns[(row["id"], row["version"])] = _CAMPAIGN.read(row["document"])
    for row in await _versions(tx, "contracts", contracts):
        found_contracts[(row["id"], row["version"])] = _CONTRACT.read(row["document"])
    return found_campaigns, found_contracts


async def _versions(tx: Tx, table: str, wanted: Sequence[tuple[str, int]]) -> list[Row]:
    found: list[Row] = []
    names = sorted({id_ for id_, _ in wanted})
    for start in range(0, len(names), 500):
        text, params = listed("id", names[start : start + 500])
        found += await tx.fetch(f"SELECT id, version, document FROM {table} WHERE id IN {text}", **params)
    keys = set(wanted)
    return [row for row in found if (row["id"], row["version"]) in keys]


async def sold_before(tx: Tx, since: int, until: int) -> list[Row]:
    """What contracts bought, by quarter of an hour: what their caps had used before a period begins."""
    return await tx.fetch(
        f"""SELECT contract_id, accepted_at / {_QUARTER_HOUR_MS} AS quarter, COUNT(*) AS sold,
               CAST(SUM(price_units) AS BIGINT) AS units
            FROM sales WHERE accepted_at >= :since AND accepted_at < :until AND mode = 'live'
                AND (reversed_at IS NULL OR returned_at IS NOT NULL)
            GROUP BY contract_id, accepted_at / {_QUARTER_HOUR_MS}""",
        since=since,
        until=until,
    )


async def sold_within(tx: Tx, since: int, until: int) -> list[Row]:
    return await tx.fetch(
        """SELECT contract_id, accepted_at, price_units FROM sales
           WHERE accepted_at >= :since AND accepted_at < :until AND mode = 'live'
               AND (reversed_at IS NULL OR returned_at IS NOT NULL)""",
        since=since,
        until=until,
    )


async def moves_of(tx: Tx, account: str, since: int) -> list[Row]:
    """Money that came to an account (more than nothing) or left it, by time."""
    return await tx.fetch(
        """SELECT at, units FROM postings WHERE destination = :account AND at >= :since
           UNION ALL SELECT at, -units FROM postings WHERE source = :account AND at >= :since""",
        account=account,
        since=since,
    )
