"""Our own book of a buyer's or a seller's sales, as it is laid beside theirs."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed

OURS_MOST = 100_000  # lines of our book that are laid beside another
NAMED_AT_ONCE = 256
"""So many names are looked up in one statement."""


def units_of(party: str) -> str:
    """SQL: what stands of a sale `s` in a party's book: its price or payout, less what went back, and what was booked
    by deciding about it. Takes `:party`, and `:file`, whose own decisions do not count."""
    buyers = party.startswith("buyer:")
    stands = "s.price_units - s.returned_units" if buyers else "s.payout_units - s.returned_payout_units"
    return f"""CASE WHEN s.reversed_at IS NOT NULL AND s.returned_at IS NULL THEN 0 ELSE {stands} END
        + COALESCE((SELECT CAST(SUM(d.more_units) AS BIGINT) FROM reconciliation_lines d
            JOIN reconciliations r ON r.id = d.reconciliation_id
            WHERE d.lead_id = s.lead_id AND d.sale_id = s.id AND d.reference IS NOT NULL AND r.party = :party
                AND r.id <> :file), 0)"""


_SALES = """SELECT s.id AS sale_id, s.attempt_id, s.lead_id, s.buyer_reference, a.reference, a.bid_reference,
       l.seller_lead_id, s.phone_index, s.email_index, s.accepted_at AS at, {whole} AS whole_units,
       {units} AS units, s.reversed_at, 'accepted' AS state
   FROM sales s JOIN attempts a ON a.id = s.attempt_id JOIN leads l ON l.id = s.lead_id
   WHERE s.mode = 'live' AND s.currency = :currency AND {party} = :who AND {which}
   ORDER BY s.accepted_at, s.id LIMIT :most"""
_UNCLEAR = """SELECT a.id AS sale_id, a.id AS attempt_id, a.lead_id, a.buyer_reference, a.reference, a.bid_reference,
       l.seller_lead_id, l.phone_index, l.email_index, a.made_at AS at, {whole} AS whole_units, {whole} AS units,
       NULL AS reversed_at, a.state
   FROM attempts a JOIN leads l ON l.id = a.lead_id
   WHERE a.state = 'unclear' AND a.mode = 'live' AND a.currency = :currency AND {party} = :who AND {which}
   ORDER BY a.made_at, a.id LIMIT :most"""


async def our_book(tx: Tx, party: str, currency: str, file_id: str, since: int, until: int) -> list[Row]:
    """What we know of live sales of [since, until) with a party: booked ones, returned ones, unclear posts.
    `whole_units` is what each was sold for or earned, `units` what stands of it."""
    within = "{at} >= :since AND {at} < :until"
    sales, unclear = _statements(party, within.format(at="s.accepted_at"), within.format(at="a.made_at"))
    values = {**_whose(party, currency), "since": since, "until": until, "most": OURS_MOST}
    found = await tx.fetch(sales, **values, party=party, file=file_id)
    return [*found, *await tx.fetch(unclear, **values)]


async def our_named(
    tx: Tx, party: str, currency: str, file_id: str, names: Sequence[str], people: Sequence[bytes]
) -> list[Row]:
    """As `our_book`, whatever their time, by names that either side gave them or keyed hashes of their consumers: at
    most `NAMED_AT_ONCE` of each."""
    named, params = listed("name", names or [""])
    whose, hashes = listed("person", people or [b""])
    lead = f"SELECT id FROM leads WHERE seller_id = :who AND seller_lead_id IN {named}"
    sales, unclear = _statements(
        party,
        f"""s.id IN (SELECT id FROM sales WHERE id IN {named}
             UNION SELECT id FROM sales WHERE attempt_id IN {named}
             UNION SELECT id FROM sales WHERE lead_id IN {named}
             UNION SELECT id FROM sales WHERE buyer_reference IN {named}
             UNION SELECT id FROM sales WHERE attempt_id IN (SELECT id FROM attempts WHERE reference IN {named})
             UNION SELECT id FROM sales WHERE lead_id IN ({lead})
             UNION SELECT id FROM sales WHERE phone_index IN {whose}
             UNION SELECT id FROM sales WHERE email_index IN {whose})""",
        f"""a.id IN (SELECT id FROM attempts WHERE id IN {named}
             UNION SELECT id FROM attempts WHERE lead_id IN {named}
             UNION SELECT id FROM attempts WHERE reference IN {named}
             UNION SELECT id FROM attempts WHERE lead_id IN ({lead}))""",
    )
    values = {**_whose(party, currency), "most": OURS_MOST, **params}
    found = await tx.fetch(sales, **values, **hashes, party=party, file=file_id)
    return [*found, *await tx.fetch(unclear, **values)]


def _whose(party: str, currency: str) -> dict[str, str]:
    return {"who": party.partition(":")[2], "currency": currency}


def _statements(party: str, sales: str, unclear: str) -> tuple[str, str]:
    """Of sales and of unclear posts, each with what chooses among them."""
    buyers = party.startswith("buyer:")
    whole = "s.price_units" if buyers else "s.payout_units"
    who = "s.buyer_id" if buyers else "s.seller_id"
    booked = _SALES.format(whole=whole, units=units_of(party), party=who, which=sales)
    whole = "a.price_units" if buyers else "COALESCE(a.promised_units, 0)"
    return booked, _UNCLEAR.format(whole=whole, party="a.buyer_id" if buyers else "l.seller_id", which=unclear)


async def sealed_leads(tx: Tx, lead_ids: Sequence[str]) -> list[Row]:
    """The sealed values of leads with their keys, without those that were erased."""
    those, params = listed("lead", lead_ids)
    return await tx.fetch(
        f"""SELECT l.id AS lead_id, l.sealed, k.wrapped FROM leads l JOIN data_keys k ON k.subject = l.subject
            WHERE l.id IN {those} AND l.sealed IS NOT NULL AND k.wrapped IS NOT NULL""",
        **params,
    )
