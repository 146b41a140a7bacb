"""What was closed and issued, for whoever counts it again from the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.ledger import Posting
from exchange.model.money import Money
from exchange.model.statement import Period
from exchange.storage.database import Tx
from exchange.storage.rows import listed
from exchange.storage.statements import number_of, period_in


async def closed_accounts(tx: Tx) -> list[tuple[str, str]]:
    """Every account that has a closed period."""
    rows = await tx.fetch("SELECT DISTINCT account, currency FROM money_periods ORDER BY account, currency")
    return [(row["account"], row["currency"]) for row in rows]


async def closed_periods(tx: Tx, account: str, currency: str) -> list[tuple[Period, int]]:
    """The account's periods, oldest first, with its balance at the end of each."""
    rows = await tx.fetch(
        "SELECT * FROM money_periods WHERE account = :account AND currency = :currency ORDER BY until_at",
        account=account,
        currency=currency,
    )
    return [(period_in(row), row["balance_units"]) for row in rows]


async def number_gaps(tx: Tx) -> list[str]:
    """The first number that is missing in each series and year: one that was given and has no document."""
    rows = await tx.fetch(
        """SELECT n.series, n.year, n.last, COUNT(s.place) AS have, COALESCE(MAX(s.place), 0) AS highest
           FROM statement_numbers AS n LEFT JOIN statements AS s ON s.series = n.series AND s.year = n.year
           GROUP BY n.series, n.year, n.last ORDER BY n.series, n.year"""
    )
    found = []
    for row in rows:
        if row["have"] and not row["last"] == row["have"] == row["highest"]:
            found.append(number_of(row["series"], row["year"], await _first_gap(tx, row["series"], row["year"])))
    return found


async def _first_gap(tx: Tx, series: str, year: int) -> int:
    rows = await tx.fetch(
        "SELECT place FROM statements WHERE series = :series AND year = :year ORDER BY place", series=series, year=year
    )
    places = {row["place"] for row in rows}
    return next(place for place in range(1, len(places) + 2) if place not in places)


async def booked_postings(tx: Tx, references: Sequence[str]) -> dict[str, tuple[Posting, ...]]:
    """The postings of these transactions; one that is not booked is left out."""
    names, params = listed("reference", references)
    rows = await tx.fetch(f"SELECT * FROM postings WHERE reference IN {names} ORDER BY reference, line", **params)
    found: dict[str, tuple[Posting, ...]] = {}
    for row in rows:
        posting = Posting(row["source"], row["destination"], Money(row["units"], row["currency"]))
        found[row["reference"]] = (*found.get(row["reference"], ()), posting)
    return found
