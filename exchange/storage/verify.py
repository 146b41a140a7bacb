"""Checks the books and the audit log from first to last, in bounded memory, while the exchange runs.

The seals are walked page by page, each page one short read. What came after the walk began is compared in one last
snapshot, so that sales made meanwhile are no drift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exchange.storage.chain import GENESIS, Chain, booked_bodies, chain_head, next_hash, row_bodies
from exchange.storage.database import Db, Row, Tx
from exchange.storage.ledger import keeps_balance

PAGE = 500
FLAWS_TOLD = 20

Sums = Mapping[tuple[str, str], int]

_SEALED = {
    Chain.TRANSACTIONS: ("transactions", "t.reference", "t.at"),
    Chain.AUDIT: ("audit_lines", "t.id", "t.at"),
    Chain.STATEMENTS: ("statements", "t.number", "t.issued_at"),
    Chain.PAYOUTS: ("payout_runs", "t.number", "t.issued_at"),
}
"""By chain: the table whose rows it seals, their id and their time."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is not as it was booked. `row_id` is the entry or the account."""

    where: str
    row_id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verification:
    """How a check ended. `unsealed` rows wait for the sealer, which is allowed; `head` is worth keeping elsewhere."""

    chain: Chain
    sealed: int
    unsealed: int
    head: str
    flaws: tuple[Flaw, ...]
    totals: Mapping[str, int] = field(default_factory=dict)  # by currency, over all accounts: zero each

    @property
    def sound(self) -> bool:
        return not self.flaws and not any(self.totals.values())


async def verify_books(db: Db) -> Verification:
    """Walk the chain of transactions and compare every balance and hold with what was booked."""
    walk = await _walk(db, Chain.TRANSACTIONS)
    flaws = list(walk.flaws)
    flaws += await db.read(_strays, Chain.TRANSACTIONS)
    flaws += await _stray_postings(db)
    totals: dict[str, int] = {}
    if not flaws:
        drift, totals = await db.read(_compare, walk.position, list(walk.sums.items()))
        flaws += drift
        flaws += await db.read(_hold_drift)
        flaws += await db.read(_undone_drift)
        flaws += await db.read(_sale_drift)
        flaws += await db.read(_returned_drift)
    unsealed = await db.read(_waiting, Chain.TRANSACTIONS)
    return Verification(Chain.TRANSACTIONS, walk.position, unsealed, walk.head, tuple(flaws[:FLAWS_TOLD]), totals)


async def verify_audit(db: Db) -> Verification:
    """Walk the chain of the audit log."""
    return await _verify_chain(db, Chain.AUDIT)


async def verify_documents(db: Db) -> Verification:
    """Walk the chain of issued documents: that none was altered. Whether they reproduce is for the books to say."""
    return await _verify_chain(db, Chain.STATEMENTS)


async def verify_payouts(db: Db) -> Verification:
    """The same for the statements of sellers."""
    return await _verify_chain(db, Chain.PAYOUTS)


async def _verify_chain(db: Db, chain: Chain) -> Verification:
    walk = await _walk(db, chain)
    flaws = [*walk.flaws, *await db.read(_strays, chain)]
    return Verification(chain, walk.position, await db.read(_waiting, chain), walk.head, tuple(flaws[:FLAWS_TOLD]))


@dataclass(frozen=True, slots=True)
class _Walk:
    position: int
    head: str
    sums: Sums
    flaws: tuple[Flaw, ...]


async def _walk(db: Db, chain: Chain) -> _Walk:
    """Hash every sealed row again, up to the head that stood when the walk began, and stop at the first bad one."""
    last, head = await db.read(chain_head, chain)
    sums: Counter[tuple[str, str]] = Counter()
    position, digest = 0, GENESIS
    while position < last:
        seals, bodies, postings = await db.read(_page, chain, position, min(PAGE, last - position))
        for seal in seals:
            position += 1
            digest = next_hash(digest, bodies.get(seal["row_id"], ""))
            if seal["position"] != position or seal["hash"] != digest:
                return _Walk(position, digest, sums, (_broken(chain, seal, position, bodies),))
        if not seals:
            gone = Flaw(chain.value, str(position + 1), f"The seals after {position} are gone, up to {last}.")
            return _Walk(position, digest, sums, (gone,))
        _add(sums, postings)
    flaws = () if digest == head else (Flaw(chain.value, str(last), f"The head of the chain is not its seal {last}."),)
    return _Walk(position, digest, sums, flaws)


def _broken(chain: Chain, seal: Row, position: int, bodies: Mapping[str, str]) -> Flaw:
    row_id = seal["row_id"]
    if seal["position"] != position:
        return Flaw(chain.value, str(position), f"Seal {position} is gone.")
    if row_id not in bodies:
        return Flaw(chain.value, row_id, f"Entry {row_id} (seal {position}) is gone.")
    return Flaw(chain.value, row_id, f"Entry {row_id} (seal {position}) is not what was sealed: it was altered.")


def _add(sums: Counter[tuple[str, str]], postings: Sequence[Row]) -> None:
    for row in postings:
        sums[row["source"], row["currency"]] -= row["units"]
        sums[row["destination"], row["currency"]] += row["units"]


async def _page(tx: Tx, chain: Chain, after: int, limit: int) -> tuple[list[Row], dict[str, str], list[Row]]:
    """The next seals, the rows they seal as canonical JSON, and those rows' postings."""
    seals = await tx.fetch(
        """SELECT position, row_id, hash FROM seals WHERE chain = :chain AND position > :after
           ORDER BY position LIMIT :limit""",
        chain=chain.value,
        after=after,
        limit=limit,
    )
    if not seals:
        return [], {}, []
    row_ids = [seal["row_id"] for seal in seals]
    if chain is not Chain.TRANSACTIONS:
        return seals, await row_bodies(tx, chain, row_ids), []
    return seals, *await booked_bodies(tx, row_ids)


async def _strays(tx: Tx, chain: Chain) -> list[Flaw]:
    """Rows that neither have a seal nor wait for one: they were put in by hand."""
    table, row, at = _SEALED[chain]
    rows = await tx.fetch(
        f"""SELECT {row} AS row_id FROM {table} AS t
            WHERE {row} IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM seals WHERE seals.chain = :chain AND seals.row_id = {row})
            AND NOT EXISTS (SELECT 1 FROM unsealed WHERE unsealed.chain = :chain AND unsealed.at = {at}
                            AND unsealed.row_id = {row})
            ORDER BY {row} LIMIT 1""",
        chain=chain.value,
    )
    return [
        Flaw(chain.value, each["row_id"], f"Entry {each['row_id']} was put in beside the exchange: no seal knows it.")
        for each in rows
    ]


async def _stray_postings(db: Db) -> list[Flaw]:
    """A posting without its transaction."""
    after = ""
    while True:
        after, stray = await db.read(_posting_page, after)
        if stray is not None:
            return [Flaw("postings", stray, f"Posting {stray} belongs to no transaction.")]
        if not after:
            return []


async def _posting_page(tx: Tx, after: str) -> tuple[str, str | None]:
    """The last reference of the next page (empty at the end), and the first of it that has no transaction."""
    rows = await tx.fetch(
        """SELECT p.reference, t.reference AS known
           FROM (SELECT DISTINCT reference FROM postings WHERE reference > :after
                 ORDER BY reference LIMIT :limit) AS p
           LEFT JOIN transactions AS t ON t.reference = p.reference ORDER BY p.reference""",
        after=after,
        limit=PAGE * 10,
    )
    stray = next((row["reference"] for row in rows if row["known"] is None), None)
    return (rows[-1]["reference"] if rows else ""), stray


async def _compare(
    tx: Tx, position: int, walked: Sequence[tuple[tuple[str, str], int]]
) -> tuple[list[Flaw], dict[str, int]]:
    """Balances against postings in one snapshot: what was walked, and what was booked since."""
    sums: Counter[tuple[str, str]] = Counter(dict(walked))
    since = await tx.fetch(
        """SELECT p.source, p.destination, p.units, p.currency FROM postings AS p
           WHERE p.reference IN (SELECT row_id FROM seals WHERE chain = :chain AND position > :position)
           OR p.reference IN (SELECT row_id FROM unsealed WHERE chain = :chain)""",
        chain=Chain.TRANSACTIONS.value,
        position=position,
    )
    _add(sums, since)
    totals: Counter[str] = Counter()
    for (account, currency), units in sums.items():
        totals[currency] += 0 if keeps_balance(account) else units
    flaws = []
    for row in await tx.fetch("SELECT account, currency, posted_units FROM account_balances ORDER BY account"):
        booked = sums.pop((row["account"], row["currency"]), 0)
        totals[row["currency"]] += row["posted_units"]
        if booked != row["posted_units"]:
            flaws.append(_drift(row["account"], row["currency"], row["posted_units"], booked))
    flaws += [
        _drift(account, currency, 0, units)
        for (account, currency), units in sums.items()
        if units and keeps_balance(account)
    ]
    return flaws, dict(totals)


def _drift(account: str, currency: str, stands: int, booked: int) -> Flaw:
    return Flaw(
        "account_balances", account, f"{account} stands at {stands} {currency} units; its postings sum to {booked}."
    )


async def _hold_drift(tx: Tx) -> list[Flaw]:
    """What each account holds against its open holds."""
    rows = await tx.fetch(
        """SELECT b.account, b.held_units, COALESCE(h.units, 0) AS open_units FROM account_balances AS b
           LEFT JOIN (SELECT key, currency, CAST(SUM(amount_units) AS BIGINT) AS units FROM holds
                      WHERE state = 'held' AND what = 'account' GROUP BY key, currency) AS h
           ON h.key = b.account AND h.currency = b.currency
           WHERE b.held_units <> COALESCE(h.units, 0) ORDER BY b.account LIMIT :limit""",
        limit=FLAWS_TOLD,
    )
    return [
        Flaw(
            "account_balances",
            row["account"],
            f"{row['account']} holds {row['held_units']} units; its open holds sum to {row['open_units']}.",
        )
        for row in rows
    ]


async def _undone_drift(tx: Tx) -> list[Flaw]:
    """Sales that say they were undone against the reversals in the books. A test moved no money.

    A reversal that was itself reversed leaves the sale standing.
    """
    again = "(SELECT 1 FROM transactions AS r WHERE r.kind = 'reversal' AND r.reverses = t.reference)"
    rows = await tx.fetch(
        f"""SELECT s.attempt_id AS id, 0 AS booked FROM sales AS s
           WHERE s.reversed_at IS NOT NULL AND s.mode = 'live' AND NOT EXISTS (SELECT 1 FROM transactions AS t
               WHERE t.kind = 'reversal' AND t.reverses = 'sale:' || s.attempt_id AND NOT EXISTS {again})
           UNION ALL SELECT SUBSTR(t.reverses, 6) AS id, 1 AS booked FROM transactions AS t
           WHERE t.kind = 'reversal' AND SUBSTR(t.reverses, 1, 5) = 'sale:' AND EXISTS (SELECT 1 FROM sales AS s
               WHERE s.attempt_id = SUBSTR(t.reverses, 6) AND s.reversed_at IS NULL) AND NOT EXISTS {again}
           ORDER BY 1 LIMIT :limit""",
        limit=FLAWS_TOLD,
    )
    said = ("says that it was undone, and the books know nothing of it.", "was reversed in the books and stands.")
    return [Flaw("sales", row["id"], f"The sale of {row['id']} {said[row['booked']]}") for row in rows]


async def _sale_drift(tx: Tx) -> list[Flaw]:
    """What sales cost and what their sellers got for them, as pages and lists tell it, against the books. A test moved
    no money."""
    rows = await tx.fetch(
        """SELECT s.id, s.currency, s.price_units, s.payout_units, COALESCE(p.units, 0) AS price,
               COALESCE(q.units, 0) AS payout, COALESCE(p.currency, s.currency) AS booked_in
           FROM sales AS s LEFT JOIN postings AS p ON p.reference = 'sale:' || s.attempt_id AND p.line = 1
           LEFT JOIN postings AS q ON q.reference = 'sale:' || s.attempt_id AND q.line = 2
           WHERE s.mode = 'live' AND (COALESCE(p.units, 0) <> s.price_units OR COALESCE(q.units, 0) <> s.payout_units
               OR p.currency <> s.currency) LIMIT :limit""",
        limit=FLAWS_TOLD,
    )
    return [
        Flaw(
            "sales",
            row["id"],
            f"Sale {row['id']} says {row['price_units']} and {row['payout_units']} {row['currency']} units for buyer "
            f"and seller; the books say {row['price']} and {row['payout']} {row['booked_in']}.",
        )
        for row in rows
    ]


async def _returned_drift(tx: Tx) -> list[Flaw]:
    """What sales say that their buyers got back against what the books gave them for it, less what was charged again;
    a lead that was given for another one is given back by an entry of its own."""
    rows = await tx.fetch(
        """SELECT id, returned_units, given FROM (SELECT s.id, s.returned_units,
               (SELECT COALESCE(CAST(SUM(p.units) AS BIGINT), 0) FROM transactions AS t
                JOIN postings AS p ON p.reference = t.reference AND p.destination = b.source
                WHERE t.reverses = b.reference)
               - (SELECT COALESCE(CAST(SUM(p.units) AS BIGINT), 0) FROM transactions AS t
                  JOIN transactions AS u ON u.reverses = t.reference
                  JOIN postings AS p ON p.reference = u.reference AND p.source = b.source
                  WHERE t.reverses = b.reference)
               + (SELECT COALESCE(CAST(SUM(p.units) AS BIGINT), 0) FROM transactions AS t
                  JOIN postings AS p ON p.reference = t.reference AND p.destination = b.source
                  WHERE t.cause = s.lead_id AND SUBSTR(t.reference, 1, 12) = 'replacement:') AS given
           FROM sales AS s JOIN postings AS b ON b.reference = 'sale:' || s.attempt_id AND b.line = 1
           WHERE s.mode = 'live' AND s.returned_units <> 0) AS told
           WHERE returned_units <> given LIMIT :limit""",
        limit=FLAWS_TOLD,
    )
    told = "Sale {id} says that {returned_units} units of it were given back; the books say {given}."
    return [Flaw("sales", row["id"], told.format(**row)) for row in rows]


async def _waiting(tx: Tx, chain: Chain) -> int:
    rows = await tx.fetch("SELECT COUNT(*) AS count FROM unsealed WHERE chain = :chain", chain=chain.value)
    return int(rows[0]["count"])
