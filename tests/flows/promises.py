"""What must always hold, read from the database alone: `assert [] == await broken(market)`.

Each sentence it returns is a promise of the exchange that was broken. With `at_rest` nothing may be under way: every
request is answered and no delivery hangs between its intent and its outcome.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from exchange.flows.market import Market
from exchange.model.money import Money
from exchange.storage.database import Row, Tx
from exchange.storage.parties import read_parties
from exchange.storage.verify import verify_audit, verify_books

TAKEN = ("reserved", "sending", "accepted", "pending", "unclear")
WAITING = ("pending", "unclear")
UNDER_WAY = ("reserved", "sending")
HOLDS_OF = {"accepted": {"posted"}, "rejected": {"void"}, "failed": {"void"}}


@dataclass(frozen=True)
class Stored:
    leads: Sequence[Row]
    attempts: Mapping[str, Sequence[Row]]  # by lead
    sales: Mapping[str, Sequence[Row]]  # by lead
    holds: Mapping[str, Sequence[Row]]  # by attempt
    caps: Sequence[Row]
    accounts: Sequence[Row]
    requests: Sequence[Row]
    claims: Mapping[str, Sequence[Row]]  # by lead
    slots: Mapping[tuple[str, int], int]  # by campaign version
    booked: Mapping[str, str]  # by a sale's reference, the account that paid
    undone: frozenset[str]  # references of sales that were reversed; of those given back the buyer has the lead
    spending: frozenset[str]  # accounts that buyers pay from now
    promised: Mapping[str, int]  # units made up for a promise, by lead
    corrected: Mapping[tuple[str, str], int]  # units given by people, or taken, by account and currency
    running: frozenset[str]  # requests whose idempotency key waits
    queues: frozenset[str]  # with a job that waits or runs


async def broken(market: Market, *, at_rest: bool = True) -> list[str]:
    books, audit = await verify_books(market.db), await verify_audit(market.db)
    found = [flaw.sentence for flaw in (*books.flaws, *audit.flaws)]
    found += [f"The books sum to {units} {currency}." for currency, units in books.totals.items() if units]
    stored = await market.db.read(_read)
    for lead in stored.leads:
        found += _lead(stored, lead, at_rest)
    found += _caps(stored)
    found += _accounts(stored)
    found += _requests(stored, market, at_rest)
    return found


async def _read(tx: Tx) -> Stored:
    campaigns = await tx.fetch("SELECT id, version, document FROM campaigns")
    extras = await tx.fetch(
        """SELECT t.cause, CASE WHEN p.source LIKE 'seller:%' THEN -p.units ELSE p.units END AS units
           FROM transactions t JOIN postings p ON p.reference = t.reference
           WHERE t.kind = 'adjustment' AND t.reference LIKE 'promise:%'"""
    )
    promised: dict[str, int] = defaultdict(int)
    for row in extras:
        promised[row["cause"]] += row["units"]
    undone = await tx.fetch(
        """SELECT reverses FROM transactions t WHERE kind = 'reversal' AND reference NOT LIKE 'return:%'
           AND NOT EXISTS (SELECT 1 FROM transactions r WHERE r.kind = 'reversal' AND r.reverses = t.reference)"""
    )
    sales = await tx.fetch(
        """SELECT t.reference, p.source FROM transactions t JOIN postings p ON p.reference = t.reference AND p.line = 1
           WHERE t.kind = 'sale'"""
    )
    corrected: dict[tuple[str, str], int] = defaultdict(int)
    for row in await tx.fetch("SELECT * FROM postings WHERE reference LIKE 'adjustment:%'"):
        corrected[row["source"], row["currency"]] -= row["units"]
        corrected[row["destination"], row["currency"]] += row["units"]
    requests = await tx.fetch("SELECT r.*, k.wrapped FROM requests r LEFT JOIN data_keys k ON k.subject = r.id")
    queues = await tx.fetch("SELECT queue FROM jobs WHERE state IN ('waiting', 'running')")
    running = await tx.fetch(
        "SELECT i.request_id FROM idempotency i JOIN requests r ON r.id = i.request_id WHERE r.status_code IS NULL"
    )
    return Stored(
        await tx.fetch("SELECT * FROM leads"),
        _by("lead_id", await tx.fetch("SELECT * FROM attempts ORDER BY made_at, slot, id")),
        _by("lead_id", await tx.fetch("SELECT * FROM sales")),
        _by("attempt_id", await tx.fetch("SELECT * FROM holds")),
        await tx.fetch("SELECT * FROM cap_use"),
        await tx.fetch("SELECT * FROM account_balances"),
        requests,
        _by("lead_id", await tx.fetch("SELECT * FROM claims")),
        {(row["id"], row["version"]): orjson.loads(row["document"])["slots"] for row in campaigns},
        {row["reference"]: row["source"] for row in sales},
        frozenset(row["reverses"] for row in undone),
        frozenset(buyer.account for buyer in (await read_parties(tx)).buyers),
        promised,
        corrected,
        frozenset(row["request_id"] for row in running),
        frozenset(row["queue"] for row in queues),
    )


def _by(column: str, rows: Sequence[Row]) -> Mapping[str, Sequence[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found


def _lead(stored: Stored, lead: Row, at_rest: bool) -> Iterator[str]:
    attempts = stored.attempts.get(lead["id"], [])
    sales = [row for row in stored.sales.get(lead["id"], []) if row["reversed_at"] is None or row["returned_at"]]
    name = f"Lead {lead['id']}"
    back = {row["attempt_id"] for row in sales if row["reversed_at"] and row["returned_at"]}  # they fill no slot
    taken = [row for row in attempts if row["state"] in TAKEN and row["id"] not in back]
    slots = stored.slots[(lead["campaign_id"], lead["campaign_version"])] if lead["mode"] == "live" else 1
    if len(taken) > slots:
        yield f"{name} has {slots} slots and {len(taken)} deliveries that are or may be sales."
    if len(taken) > 1 and any(row["exclusive"] for row in taken):
        yield f"{name} was sold exclusively and to somebody else."
    for what in ("leg", "slot"):
        values = [row[what] for row in attempts if row["state"] in TAKEN]
        if len(values) != len(set(values)):
            yield f"{name} was sold twice to one {what}: {values}."
    accepted = sorted(row["id"] for row in attempts if row["state"] == "accepted")
    if accepted != sorted(row["attempt_id"] for row in sales):
        yield f"{name} has the acceptances {accepted} and other sales."
    for row in attempts:
        yield from _attempt(stored, row, at_rest)
    yield from _sums(stored, lead, sales, name)
    if at_rest:
        yield from _ended(stored, lead, attempts, name)


def _attempt(stored: Stored, attempt: Row, at_rest: bool) -> Iterator[str]:
    """Holds follow the state, and money follows the sale."""
    name = f"Delivery {attempt['id']} ({attempt['state']})"
    holds = {row["state"] for row in stored.holds.get(attempt["id"], [])}
    paid_from = stored.booked.get(f"sale:{attempt['id']}")
    booked = paid_from is not None and f"sale:{attempt['id']}" not in stored.undone
    if attempt["mode"] == "test":
        if holds or booked:
            yield f"{name} is a test and moved caps or money."
        return
    refused_hold = attempt["reason"] in ("cap_full", "balance_short")
    wanted = set() if refused_hold else HOLDS_OF.get(attempt["state"], {"held"})
    if holds != wanted:
        yield f"{name} has holds {sorted(holds)}, not {sorted(wanted)}."
    held_on = {row["key"] for row in stored.holds.get(attempt["id"], []) if row["what"] == "account"}
    if booked and held_on != {paid_from}:
        yield f"{name} is paid from {paid_from}, its price was held on {sorted(held_on)}."
    if booked != (attempt["state"] == "accepted"):
        yield f"{name} {'is' if booked else 'is not'} in the books."
    if at_rest and attempt["state"] in UNDER_WAY:
        yield f"{name} was left between its intent and its outcome."


def _sums(stored: Stored, lead: Row, sales: Sequence[Row], name: str) -> Iterator[str]:
    live = lead["mode"] == "live"
    extra = stored.promised.get(lead["id"], 0) if live else 0
    wanted = (
        sum(row["price_units"] - row["returned_units"] for row in sales),
        sum(row["payout_units"] - row["returned_payout_units"] for row in sales) + extra,
        len(sales),
    )
    if wanted != (lead["revenue_units"], lead["payout_units"], lead["times_sold"]):
        yield f"{name} says {lead['revenue_units']}, {lead['payout_units']}, {lead['times_sold']}; its sales {wanted}."


def _ended(stored: Stored, lead: Row, attempts: Sequence[Row], name: str) -> Iterator[str]:
    """The lead's state is what its deliveries became, and its consumer is taken as long as that says so."""
    states = {row["state"] for row in attempts}
    state = lead["state"]
    resold = state == "selling" and f"resell:{lead['id']}" in stored.queues
    if state in ("open", "selling") and not resold:
        yield f"{name} is still {state}."
    if ("accepted" in states) != (state == "sold"):
        yield f"{name} is {state} with deliveries {sorted(states)}."
    if "accepted" not in states and bool(states & set(WAITING)) != (state in WAITING):
        yield f"{name} is {state} with deliveries {sorted(states)}."
    claims = stored.claims.get(lead["id"], [])
    if state in ("invalid", "duplicate") and claims:
        yield f"{name} is {state} and still holds its consumer."
    if state in ("sold", "unsold", "rejected", *WAITING) and any(not row["sold"] for row in claims):
        yield f"{name} is {state} and holds its consumer only while it is under way."


def _caps(stored: Stored) -> Iterator[str]:
    counted: dict[tuple[str, int], int] = defaultdict(int)
    for rows in stored.holds.values():
        for row in rows:
            if row["what"] != "account" and row["state"] != "void":
                units = row["posted_units"] if row["state"] == "posted" else row["amount_units"]
                counted[(row["key"], row["window_start"])] += units
    for cap in stored.caps:
        key = (cap["key"], cap["window_start"])
        if cap["used_units"] > cap["most_units"]:
            yield f"Cap {key} stands at {cap['used_units']} of {cap['most_units']}."
        if cap["used_units"] != counted.get(key, 0):
            yield f"Cap {key} stands at {cap['used_units']}, its holds at {counted.get(key, 0)}."


def _accounts(stored: Stored) -> Iterator[str]:
    earned: dict[tuple[str, str], int] = defaultdict(int)
    for lead in stored.leads:
        if lead["mode"] == "live":
            earned[f"seller:{lead['seller_id']}:payable", lead["currency"]] += lead["payout_units"]
    for row in stored.accounts:
        account, key = row["account"], (row["account"], row["currency"])
        left = row["limit_units"] + row["posted_units"] - row["held_units"]
        if account in stored.spending and left < 0:
            yield f"{account} is {-left} beyond what it may spend."
        due = earned[key] + stored.corrected.get(key, 0)
        if stored.leads and account.endswith(":payable") and row["posted_units"] != due:
            yield f"{account} stands at {row['posted_units']}, its leads earned {due}."


def _requests(stored: Stored, market: Market, at_rest: bool) -> Iterator[str]:
    leads = {row["id"]: row for row in stored.leads}
    for row in stored.requests:
        name = f"Request {row['id']}"
        if row["status_code"] is None:
            if at_rest:
                yield f"{name} was never answered."
            continue
        if row["id"] in stored.running:
            yield f"{name} is answered and its key still waits."
        if row["status"] == "accepted" and row["endpoint"] in ("post", "pingpost"):
            yield from _accepted(stored, market, row, leads, name)


def _accepted(stored: Stored, market: Market, row: Row, leads: Mapping[str, Any], name: str) -> Iterator[str]:
    """An answer "accepted" has its sale, and the seller earned at least what it was told."""
    lead = leads.get(row["lead_id"])
    if lead is None or not stored.sales.get(lead["id"]):
        yield f"{name} was answered accepted and nothing was sold."
        return
    if row["wrapped"] is None or row["answer"] is None:
        return  # erased with its lead
    key = market.vault.data_key(bytes(row["wrapped"]))
    told = orjson.loads(market.vault.open(key, f"answer:{row['id']}", bytes(row["answer"])))
    price = Money.parse(told["price"], told["currency"])
    stands = all(sale["reversed_at"] is None and sale["returned_at"] is None for sale in stored.sales[lead["id"]])
    if stands and price.units > lead["payout_units"]:
        yield f"{name} was told {price.text}, its seller earned {lead['payout_units']} units."
