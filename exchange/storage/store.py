"""The store's shelf, who holds what is on it, and what buyers look for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.party import StoreRule
from exchange.model.work import JobRow
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.shaped import Shaped
from exchange.storage.shelf import keep_from, show_to

_RULE = Shaped(StoreRule)
TAKEN = "state IN ('held', 'buying', 'bought')"


class ItemRow(NamedTuple):
    """A lead about to be listed. `card` is JSON."""

    lead_id: str
    month: str
    vertical: str
    campaign_id: str
    us_state: str | None
    grade: str | None
    card: str
    rule: StoreRule
    listed_at: int
    ends_at: int
    lists_seen: int = 0  # the version of the lists that its consumer was held against
    gone: str | None = None  # why it never comes on the shelf at all
    kept_from: tuple[str, ...] = ()  # buyers on whose own list its consumer is


class ClaimRow(NamedTuple):
    id: str
    lead_id: str
    buyer_id: str
    contract_id: str
    price_units: int
    currency: str
    made_at: int
    made_by: str
    expires_at: int
    order_id: str | None = None


class Taken(NamedTuple):
    """Somebody has the lead: since when, and whether it was bought or is only held."""

    at: int
    bought: bool


def rule_of(row: Row) -> StoreRule:
    """The prices an item was listed under."""
    return _RULE.read(row["rule"])


async def unlisted(tx: Tx, campaigns: list[str], since: int, most: int) -> list[Row]:
    """Unsold leads of these campaigns that never were on the shelf, oldest first."""
    names = {f"campaign_{number}": each for number, each in enumerate(campaigns)}
    return await tx.fetch(
        f"""SELECT * FROM leads WHERE state = 'unsold' AND mode = 'live' AND sealed IS NOT NULL
                AND received_at >= :since
                AND campaign_id IN ({", ".join(f":{name}" for name in names)})
                AND NOT EXISTS (SELECT 1 FROM store_items WHERE store_items.lead_id = leads.id)
            ORDER BY received_at, id LIMIT :most""",
        since=since,
        most=most,
        **names,
    )


async def list_item(
    tx: Tx, item: ItemRow, searches: list[str], jobs: tuple[JobRow, ...], *, again: bool = False
) -> bool:
    """Put a lead on the shelf, and note whose searches it answers. False when it is there or was, unless it may come
    `again`: then one that left without being bought does.
    """
    added = await tx.execute(
        """INSERT INTO store_items (lead_id, month, vertical, campaign_id, us_state, grade, card, rule, currency,
               listed_at, ends_at, state, views, lists_seen, gone, gone_at, narrow)
           VALUES (:lead, :month, :vertical, :campaign, :us_state, :grade, :card, :rule, :currency, :at, :ends,
               :state, 0, :seen, :gone, :gone_at, :narrow)
           ON CONFLICT (lead_id) DO UPDATE SET us_state = excluded.us_state, grade = excluded.grade,
               card = excluded.card, rule = excluded.rule, currency = excluded.currency,
               listed_at = excluded.listed_at, ends_at = excluded.ends_at, state = excluded.state,
               lists_seen = excluded.lists_seen, gone = excluded.gone, gone_at = excluded.gone_at,
               narrow = excluded.narrow
           WHERE :again = 1 AND store_items.state = 'over' AND NOT EXISTS (SELECT 1 FROM store_claims c
               WHERE c.lead_id = store_items.lead_id AND c.state IN ('buying', 'bought'))""",
        again=int(again),
        narrow=int(bool(item.rule.seen_by)),
        lead=item.lead_id,
        month=item.month,
        vertical=item.vertical,
        campaign=item.campaign_id,
        us_state=item.us_state,
        grade=item.grade,
        card=item.card,
        rule=_RULE.written(item.rule),
        currency=item.rule.first.currency,
        at=item.listed_at,
        ends=item.ends_at,
        state="listed" if item.gone is None else "over",
        seen=item.lists_seen,
        gone=item.gone,
        gone_at=item.listed_at if item.gone is not None else None,
    )
    if not added:
        return False
    await keep_from(tx, item.lead_id, item.kept_from)
    await show_to(tx, item.lead_id, item.rule.seen_by, item.listed_at)
    for search in searches:
        await tx.execute(
            "UPDATE saved_searches SET found = found + 1, found_at = :at WHERE id = :id", id=search, at=item.listed_at
        )
    for job in jobs:
        await add_job(tx, job)
    return True


async def end_items(tx: Tx, now: int) -> int:
    """Take off the shelf whatever has been there long enough."""
    return await tx.execute("UPDATE store_items SET state = 'over' WHERE state = 'listed' AND ends_at <= :now", now=now)


async def shelf(tx: Tx, buyer_id: str, vertical: str, now: int, before: tuple[int, str], most: int) -> list[Row]:
    """What a buyer may look at, newest first: leads on the shelf that it has not bought, that no list of
    its own names and that their rules show to it by now, with who holds them.

    `before` is the listing time and id of the last one seen.
    """
    at, lead = before
    return await tx.fetch(
        f"""SELECT store_items.*, leads.received_at,
               (SELECT COUNT(*) FROM store_claims WHERE store_claims.lead_id = store_items.lead_id
                   AND (state = 'bought' OR state = 'buying' OR (state = 'held' AND expires_at > :now))) AS taken,
               (SELECT MAX(store_claims.made_at) FROM store_claims WHERE store_claims.lead_id = store_items.lead_id
                   AND {TAKEN}) AS taken_at,
               (SELECT store_claims.id FROM store_claims WHERE store_claims.lead_id = store_items.lead_id
                   AND store_claims.buyer_id = :buyer AND state = 'held' AND expires_at > :now) AS claim_id
           FROM store_items JOIN leads ON leads.id = store_items.lead_id
           WHERE store_items.state = 'listed' AND store_items.ends_at > :now AND leads.state IN ('unsold', 'sold')
               AND (store_items.vertical = :vertical OR :vertical = '')
               AND (store_items.listed_at < :at OR (store_items.listed_at = :at AND store_items.lead_id < :lead))
               AND NOT EXISTS (SELECT 1 FROM sales WHERE sales.buyer_id = :buyer
                   AND (sales.reversed_at IS NULL OR sales.returned_at IS NOT NULL)
                   AND (sales.phone_index = leads.phone_index OR sales.email_index = leads.email_index))
               AND NOT EXISTS (SELECT 1 FROM store_kept_from AS kept
                   WHERE kept.lead_id = store_items.lead_id AND kept.buyer_id = :buyer)
               AND (store_items.narrow = 0 OR EXISTS (SELECT 1 FROM store_seen_by AS seen
                   WHERE seen.lead_id = store_items.lead_id AND seen.buyer_id = :buyer AND seen.from_at <= :now))
           ORDER BY store_items.listed_at DESC, store_items.lead_id DESC LIMIT :most""",
        buyer=buyer_id,
        vertical=vertical,
        now=now,
        at=at,
        lead=lead,
        most=most,
    )


async def read_item(tx: Tx, lead_id: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM store_items WHERE lead_id = :id", id=lead_id)
    return rows[0] if rows else None


async def count_view(tx: Tx, lead_id: str) -> None:
    await tx.execute("UPDATE store_items SET views = views + 1 WHERE lead_id = :id", id=lead_id)


async def take(tx: Tx, claim: ClaimRow, sales: int, jobs: Sequence[JobRow] = ()) -> Taken | None:
    """Hold one of the `sales` places of a lead. Returns who was faster when none is left; the index decides.

    A hold whose time is over counts no more, whether or not anybody has ended it yet. `jobs` follow from a hold.
    """
    await tx.execute(
        """UPDATE store_claims SET state = 'lapsed', ended_at = expires_at
           WHERE lead_id = :lead AND state = 'held' AND expires_at <= :now""",
        lead=claim.lead_id,
        now=claim.made_at,
    )
    for slot in range(1, sales + 1):
        added = await tx.execute(
            """INSERT INTO store_claims (id, lead_id, slot, buyer_id, contract_id, price_units, currency, state,
                   made_at, made_by, expires_at, order_id)
               SELECT :id, :lead, :slot, :buyer, :contract, :price, :currency, 'held', :at, :by, :expires, :order
               WHERE EXISTS (SELECT 1 FROM store_items JOIN leads ON leads.id = store_items.lead_id
                   WHERE lead_id = :lead AND store_items.state = 'listed' AND ends_at > :at
                       AND leads.state IN ('unsold', 'sold'))
               ON CONFLICT DO NOTHING""",
            id=claim.id,
            lead=claim.lead_id,
            slot=slot,
            buyer=claim.buyer_id,
            contract=claim.contract_id,
            price=claim.price_units,
            currency=claim.currency,
            at=claim.made_at,
            by=claim.made_by,
            expires=claim.expires_at,
            order=claim.order_id,
        )
        if added:
            for job in jobs:
                await add_job(tx, job)
            return None
    rows = await tx.fetch(
        f"SELECT made_at, state FROM store_claims WHERE lead_id = :lead AND {TAKEN} ORDER BY made_at DESC LIMIT 1",
        lead=claim.lead_id,
    )
    return Taken(rows[0]["made_at"], rows[0]["state"] != "held") if rows else Taken(claim.made_at, True)


async def read_claim(tx: Tx, actor: Actor, claim_id: str) -> Row | None:
    """A claim of this buyer; of anybody's for an operator."""
    rows = await tx.fetch("SELECT * FROM store_claims WHERE id = :id", id=claim_id)
    if not rows or (actor.role is Role.BUYER and rows[0]["buyer_id"] != actor.party_id):
        return None
    return rows[0]


async def holds_of(tx: Tx, buyer_id: str, lead_id: str, now: int) -> tuple[int, int | None]:
    """How many leads a buyer holds now, and when it let go of this one the last time."""
    held = await tx.fetch(
        "SELECT COUNT(*) AS n FROM store_claims WHERE buyer_id = :buyer AND state = 'held' AND expires_at > :now",
        buyer=buyer_id,
        now=now,
    )
    gone = await tx.fetch(
        """SELECT MAX(COALESCE(ended_at, expires_at)) AS at FROM store_claims WHERE buyer_id = :buyer
               AND lead_id = :lead AND (state IN ('released', 'lapsed') OR (state = 'held' AND expires_at <= :now))""",
        buyer=buyer_id,
        lead=lead_id,
        now=now,
    )
    return held[0]["n"], gone[0]["at"]


async def open_claim(tx: Tx, buyer_id: str, lead_id: str) -> Row | None:
    """The buyer's own claim on a lead, if it has one."""
    rows = await tx.fetch(
        f"SELECT * FROM store_claims WHERE lead_id = :lead AND buyer_id = :buyer AND {TAKEN}",
        lead=lead_id,
        buyer=buyer_id,
    )
    return rows[0] if rows else None


async def begin_purchase(tx: Tx, claim_id: str, attempt_id: str, now: int) -> bool:
    """Confirm a hold that still stands. False when its time is over, or it was confirmed or released."""
    return bool(
        await tx.execute(
            """UPDATE store_claims SET state = 'buying', attempt_id = :attempt
               WHERE id = :id AND state = 'held' AND expires_at > :now""",
            id=claim_id,
            attempt=attempt_id,
            now=now,
        )
    )


async def end_claim(tx: Tx, claim_id: str, state: str, now: int) -> bool:
    """A hold is released, or what was confirmed is bought or was refused."""
    changed = await tx.execute(
        "UPDATE store_claims SET state = :state, ended_at = :now WHERE id = :id AND state IN ('held', 'buying')",
        id=claim_id,
        state=state,
        now=now,
    )
    if changed and state == "bought":
        await tx.execute(
            """UPDATE store_items SET state = 'sold' WHERE lead_id = (SELECT lead_id FROM store_claims WHERE id = :id)
                   AND (SELECT COUNT(*) FROM store_claims c WHERE c.lead_id = store_items.lead_id
                       AND c.state = 'bought') >= :sales""",
            id=claim_id,
            sales=await _sales(tx, claim_id),
        )
    return bool(changed)


async def withdraw(tx: Tx, claim_id: str, now: int, *, for_good: bool) -> None:
    """Release a claim whose lead is sold some other way; `for_good` takes the lead off the shelf too."""
    await end_claim(tx, claim_id, "released", now)
    if for_good:
        await tx.execute(
            """UPDATE store_items SET state = 'over' WHERE state = 'listed'
                   AND lead_id = (SELECT lead_id FROM store_claims WHERE id = :id)""",
            id=claim_id,
        )


async def _sales(tx: Tx, claim_id: str) -> int:
    rows = await tx.fetch(
        """SELECT rule FROM store_items WHERE lead_id = (SELECT lead_id FROM store_claims WHERE id = :id)""",
        id=claim_id,
    )
    return rule_of(rows[0]).sales if rows else 1


async def unfinished(tx: Tx, before: int) -> list[Row]:
    """Purchases that a stopped process left half way."""
    return await tx.fetch(
        "SELECT * FROM store_claims WHERE state = 'buying' AND made_at < :before ORDER BY made_at LIMIT 100",
        before=before,
    )


async def items_of_lead(tx: Tx, lead_id: str) -> list[Row]:
    return await tx.fetch("SELECT * FROM store_items WHERE lead_id = :lead", lead=lead_id)


async def claims_of_lead(tx: Tx, lead_id: str) -> list[Row]:
    return await tx.fetch("SELECT * FROM store_claims WHERE lead_id = :lead ORDER BY made_at, id", lead=lead_id)


async def save_search(
    tx: Tx, search_id: str, actor: Actor, name: str, wanted: dict[str, object], now: int, mail: str = "hourly"
) -> None:
    assert actor.party_id is not None
    await tx.execute(
        """INSERT INTO saved_searches (id, buyer_id, name, wanted, made_at, made_by, found, mail)
           VALUES (:id, :buyer, :name, :wanted, :at, :by, 0, :mail)""",
        mail=mail,
        id=search_id,
        buyer=actor.party_id,
        name=name,
        wanted=json.dumps(wanted),
        at=now,
        by=actor.name,
    )


async def delete_search(tx: Tx, actor: Actor, search_id: str) -> bool:
    return bool(
        await tx.execute(
            "DELETE FROM saved_searches WHERE id = :id AND buyer_id = :buyer", id=search_id, buyer=actor.party_id
        )
    )


async def searches_of(tx: Tx, buyer_id: str) -> list[Row]:
    return await tx.fetch("SELECT * FROM saved_searches WHERE buyer_id = :buyer ORDER BY id", buyer=buyer_id)


async def all_searches(tx: Tx) -> list[Row]:
    return await tx.fetch("SELECT * FROM saved_searches ORDER BY id LIMIT 5000")
