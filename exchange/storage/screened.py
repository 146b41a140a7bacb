"""What the fraud screen saw of each live post, what labels say of it, and what that teaches."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.screen import ScreenedRow
from exchange.storage.database import Row, Statement, Tx
from exchange.storage.rows import listed

BAD_RETURNS = ("disconnected_phone", "wrong_number", "wrong_person", "never_requested", "bogus_data")
BAD_WORDS = ("wrong_number", "wrong_person", "invalid", "bogus", "fake", "never_requested", "disconnected")
GOOD_WORDS = (
    "contacted", "qualified", "converted", "quoted", "bound", "sold", "won", "appointment_set", "appointment_kept",
    "estimate_set", "estimate_given", "installed", "funded", "approved", "application", "enrolled", "retained",
    "not_interested", "already_customer", "lost_on_price", "lost",
)  # fmt: skip
"""Whoever was spoken to is a person, whether or not they bought."""
AT_ONCE = 2_000


def screened_row(row: ScreenedRow) -> Statement:
    """The statement that keeps what was seen, for the unit that ends the lead's request."""
    names = ScreenedRow._fields
    columns, values = ", ".join(names), ", ".join(f":{name}" for name in names)
    return f"INSERT INTO screened ({columns}) VALUES ({values}) ON CONFLICT (lead_id) DO NOTHING", row._asdict()


async def screened_since(tx: Tx, since: int) -> list[Row]:
    """What any node saw after an instant, oldest first, at most a page of it."""
    return await tx.fetch(
        """SELECT lead_id, at, noted_at, seller_id, sub_id, address, maker, phone, email, form_ms FROM screened
           WHERE noted_at > :since ORDER BY noted_at, lead_id LIMIT :most""",
        since=since,
        most=AT_ONCE,
    )


async def label_leads(tx: Tx, since: int, now: int) -> int:
    """Give leads the label that buyers' words and approved returns of after an instant make. Bad stays bad, unless it
    was made by a return alone that was taken back since."""
    good, good_params = listed("good", GOOD_WORDS)
    bad, bad_params = listed("bad", BAD_WORDS)
    back, back_params = listed("back", BAD_RETURNS)
    goods = await tx.execute(
        f"""UPDATE screened SET label = 'good', labelled_at = :now WHERE label IS NULL AND lead_id IN
                (SELECT lead_id FROM dispositions WHERE told_at > :since AND kind IN {good})""",
        since=since,
        now=now,
        **good_params,
    )
    bads = await tx.execute(
        f"""UPDATE screened SET label = 'bad', labelled_at = :now WHERE (label IS NULL OR label = 'good') AND lead_id IN
                (SELECT lead_id FROM dispositions WHERE told_at > :since AND kind IN {bad}
                 UNION SELECT lead_id FROM return_requests WHERE decided_at > :since AND reason IN {back}
                     AND state IN ('approved', 'partial', 'replaced'))""",
        since=since,
        now=now,
        **bad_params,
        **back_params,
    )
    freed = await tx.execute(
        f"""UPDATE screened SET labelled_at = :now, label = CASE WHEN EXISTS (SELECT 1 FROM dispositions d
                WHERE d.lead_id = screened.lead_id AND d.kind IN {good}) THEN 'good' END
            WHERE label = 'bad' AND lead_id IN (SELECT lead_id FROM return_requests
                    WHERE decided_at > :since AND turned = 1 AND state = 'declined' AND reason IN {back})
                AND NOT EXISTS (SELECT 1 FROM dispositions d WHERE d.lead_id = screened.lead_id AND d.kind IN {bad})
                AND NOT EXISTS (SELECT 1 FROM return_requests r WHERE r.lead_id = screened.lead_id
                    AND r.reason IN {back} AND r.state IN ('approved', 'partial', 'replaced'))""",
        since=since,
        now=now,
        **good_params,
        **bad_params,
        **back_params,
    )
    return goods + bads + freed


async def set_label(tx: Tx, lead_id: str, label: str, now: int) -> None:
    """What a person decided about a held lead."""
    await tx.execute(
        "UPDATE screened SET label = :label, labelled_at = :now WHERE lead_id = :lead",
        label=label,
        now=now,
        lead=lead_id,
    )


async def signal_counts(tx: Tx, since: int) -> list[Row]:
    """How often each set of signals stood beside a bad and a good lead, of those whose outcome is known."""
    return await tx.fetch(
        """SELECT CASE WHEN outcome = 'refused' AND label IS NULL THEN teaches ELSE signals END AS names,
               CASE WHEN label = 'good' THEN 0 ELSE 1 END AS bad, COUNT(*) AS leads FROM screened
           WHERE at > :since AND signals <> '' AND (label IS NOT NULL OR outcome = 'refused') GROUP BY 1, 2""",
        since=since,
    )


async def source_counts(tx: Tx, since: int) -> list[Row]:
    """For each sub id how many leads came, and how many of them were refused as fraud or turned out bad."""
    return await tx.fetch(
        """SELECT seller_id, sub_id, COUNT(*) AS leads,
               CAST(SUM(CASE WHEN label = 'bad' OR (label IS NULL AND outcome = 'refused') THEN 1 ELSE 0 END)
                   AS BIGINT) AS bad
           FROM screened WHERE at > :since GROUP BY seller_id, sub_id""",
        since=since,
    )


def names_of(rows: Sequence[Row]) -> list[tuple[str, bool, int]]:
    """Rows of `signal_counts` by single signal: name, bad, leads."""
    return [(name, bool(row["bad"]), row["leads"]) for row in rows for name in str(row["names"]).split()]


async def forget_screened(tx: Tx, before: int) -> int:
    """Drop what was seen before an instant, a bounded number at once."""
    return await tx.execute(
        """DELETE FROM screened WHERE lead_id IN
               (SELECT lead_id FROM screened WHERE noted_at < :before ORDER BY noted_at LIMIT 500)""",
        before=before,
    )
