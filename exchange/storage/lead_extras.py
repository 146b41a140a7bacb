"""What lists tell of leads beside their own rows, for a page of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.storage.database import Tx
from exchange.storage.leads import answer_ms_of, buyers_of
from exchange.storage.rows import listed


@dataclass(frozen=True, slots=True)
class Extras:
    """By lead: who bought it, how long its seller waited, what was reported, how it is asked back, whether some or all
    of its sales came back, whether it is in the store or in nurture, whether it came with consent and that was taken
    back, its tags.
    """

    buyers: Mapping[str, list[str]]
    answer_ms: Mapping[str, int]
    dispositions: Mapping[str, str]
    returns: Mapping[str, str]
    came_back: Mapping[str, str]
    in_store: frozenset[str]
    in_nurture: frozenset[str]
    consents: Mapping[str, str]
    tags: Mapping[str, list[str]]


async def extras_of(tx: Tx, lead_ids: Sequence[str]) -> Extras:
    if not lead_ids:
        return Extras({}, {}, {}, {}, {}, frozenset(), frozenset(), {}, {})
    return Extras(
        await buyers_of(tx, lead_ids),
        await answer_ms_of(tx, lead_ids),
        await _one(tx, lead_ids, "SELECT lead_id, kind AS told FROM sale_dispositions", "ORDER BY at"),
        await _one(tx, lead_ids, "SELECT lead_id, state AS told FROM return_requests", "ORDER BY asked_at"),
        await _came_back(tx, lead_ids),
        frozenset(await _one(tx, lead_ids, "SELECT lead_id, state AS told FROM store_items", "", "state = 'listed'")),
        frozenset(await _one(tx, lead_ids, "SELECT lead_id, state AS told FROM nurture_leads", "", "state = 'in'")),
        await _consents(tx, lead_ids),
        await tags_of(tx, lead_ids),
    )


async def _one(tx: Tx, lead_ids: Sequence[str], select: str, order: str, only: str = "1 = 1") -> dict[str, str]:
    """One word for each lead: the last."""
    names, params = listed("lead", lead_ids)
    rows = await tx.fetch(f"{select} WHERE lead_id IN {names} AND {only} {order}", **params)
    return {row["lead_id"]: row["told"] for row in rows}


async def _came_back(tx: Tx, lead_ids: Sequence[str]) -> dict[str, str]:
    names, params = listed("lead", lead_ids)
    rows = await tx.fetch(
        f"""SELECT lead_id, COUNT(CASE WHEN returned_at IS NOT NULL THEN 1 END) AS back,
               COUNT(CASE WHEN reversed_at IS NULL THEN 1 END) AS stand
            FROM sales WHERE lead_id IN {names} GROUP BY lead_id""",
        **params,
    )
    return {row["lead_id"]: "partly_returned" if row["stand"] else "returned" for row in rows if row["back"]}


async def _consents(tx: Tx, lead_ids: Sequence[str]) -> dict[str, str]:
    names, params = listed("lead", lead_ids)
    rows = await tx.fetch(
        f"""SELECT l.id, CASE WHEN EXISTS (SELECT 1 FROM revocations v WHERE v.phone_index = l.phone_index)
                   OR EXISTS (SELECT 1 FROM revocations v WHERE v.email_index = l.email_index) THEN 'taken back'
               WHEN EXISTS (SELECT 1 FROM consents c WHERE c.lead_id = l.id) THEN 'given' ELSE 'none' END AS told
            FROM leads l WHERE l.id IN {names}""",
        **params,
    )
    return {row["id"]: row["told"] for row in rows}


async def tags_of(tx: Tx, lead_ids: Sequence[str]) -> dict[str, list[str]]:
    """The words on each of these leads, in order."""
    names, params = listed("lead", lead_ids)
    found: dict[str, list[str]] = {}
    for row in await tx.fetch(f"SELECT lead_id, tag FROM lead_tags WHERE lead_id IN {names} ORDER BY tag", **params):
        found.setdefault(row["lead_id"], []).append(row["tag"])
    return found
