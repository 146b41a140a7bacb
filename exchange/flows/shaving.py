"""What operators are shown of buyers that may shave: read at one moment, for one vertical, or for one buyer of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from exchange.model.actor import Actor
from exchange.model.quality import DAY_MS
from exchange.stages import shaving as stage
from exchange.stages.shaving import Case, Share, Shaving, known
from exchange.storage.database import Db, Row
from exchange.storage.shaving import (
    answered_posts,
    duplicate_answers,
    duplicate_counts,
    leads_named,
    returned_again,
    sales_named,
    taken_by_sub_id,
    taken_sums,
)

_CAME = ("came_by_phone_index", "came_by_email_index")
_SOLD = ("sold_by_phone_index", "sold_by_email_index")


async def read_shaving(db: Db, actor: Actor, vertical: str, now: int, buyer_id: str = "") -> Shaving:
    """The signs of a vertical; with a buyer its own alone. Counted days are those of UTC, with the one that runs."""
    today = now // DAY_MS
    recent = today - stage.NOW_DAYS + 1
    begin = today - stage.DUPLICATE_DAYS + 1
    taken = await db.read(taken_sums, actor, vertical, recent - stage.BEFORE_DAYS, recent)
    by_sub_id = await db.read(taken_by_sub_id, actor, vertical, recent - stage.BEFORE_DAYS, recent)
    posts = await db.read(answered_posts, actor, vertical, begin)
    counts = await db.read(duplicate_counts, actor, vertical, begin * DAY_MS)
    said = await db.read(duplicate_answers, actor, vertical, begin * DAY_MS, buyer_id)
    since = now - stage.RETURN_DAYS * DAY_MS
    back = await db.read(returned_again, actor, vertical, since, stage.AGAIN_DAYS * DAY_MS, buyer_id)
    leads = await db.read(leads_named, sorted({row[name] for row in back for name in _CAME if row[name]}))
    sales = await db.read(sales_named, sorted({row[name] for row in back for name in _SOLD if row[name]}))
    answered = {name: Share(counts.get(name, 0), posts.get(name, 0)) for name in posts.keys() | counts.keys()}
    if buyer_id:
        answered = {name: share for name, share in answered.items() if name == buyer_id}
    cases = [Case(row["buyer_id"], row["lead_id"], row["seller_id"], row["at"], known(row)) for row in said]
    returned = [_returned(row, leads, sales) for row in back]
    return await asyncio.to_thread(stage.shaving, taken, answered, cases, returned, buyer_id, by_sub_id)


def _returned(row: Row, leads: Mapping[str, Row], sales: Mapping[str, Row]) -> Case:
    """A returned lead with what came after: a sale says more than a lead that came, the earlier more than the later."""
    found = sorted((sales[row[name]] for name in _SOLD if row[name] in sales), key=lambda sale: sale["at"])
    if found:
        lead_id, sold_to = found[0]["lead_id"], found[0]["buyer_id"]
    else:
        found = sorted((leads[row[name]] for name in _CAME if row[name] in leads), key=lambda lead: lead["at"])
        lead_id, sold_to = (found[0]["id"] if found else None), None
    again = found[0] if found else None
    return Case(
        row["buyer_id"],
        row["lead_id"],
        row["seller_id"],
        row["at"],
        None,
        lead_id,
        again["seller_id"] if again else None,
        again["at"] if again else None,
        sold_to,
    )
