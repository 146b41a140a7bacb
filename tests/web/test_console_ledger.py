"""The ledger's page: both sides, filters, a running balance, what led to each entry, whether the books are sound."""

from __future__ import annotations

import csv
import io

import pytest

from exchange.flows.alerts import look_for_alerts
from exchange.flows.check_books import EVERY_MS, check_books
from exchange.flows.payments import correct
from exchange.flows.payouts import CannotPay, require_sound
from exchange.storage.database import StorageError, Tx
from exchange.worker import seal_chains
from tests.flows.billed import CREDIT, OPERATOR, issued, later, on_credit, returned, sold
from tests.flows.test_invoices import alter
from tests.market import usd
from tests.web.served import Served
from tests.web.visitor import signed_in

PATH = "/console/ledger"


async def busy(served: Served) -> None:
    exchange = served.exchange
    await on_credit(exchange)
    await sold(exchange, "ld_1", "10.0035")
    later(exchange, 0.01)
    second = await sold(exchange, "ld_2", "20")
    later(exchange, 0.01)
    await returned(exchange, second)
    later(exchange, 1)
    await issued(exchange)
    later(exchange, 0.01)
    await correct(exchange.market, CREDIT, usd("-3"), "case-1", "sent twice", OPERATOR)


async def test_an_account_has_a_running_balance_and_each_entry_leads_to_its_cause(served: Served) -> None:
    await busy(served)
    async with signed_in(served) as visitor:
        page = await visitor.open(f"{PATH}?account={CREDIT}")
        whole = await visitor.open(PATH)
        twin = (await visitor.open(f"{PATH}.json?account={CREDIT}")).fields

    entries = page.part("entries")
    assert "$10.0035" in entries  # four decimals where they are
    balances = [each.split("<")[0] for each in page.source.split('data-testid="running">')[1:]]
    assert ["−$13.00", "−$10.00", "−$10.0035", "−$30.0035", "−$10.0035"] == [each.strip() for each in balances]
    assert 'href="/console/leads/ld_1"' in page.source and 'href="/console/invoices/INV-2026-00001"' in page.source
    assert "takes back sale:ld_2" in entries and "Acme, on credit" in whole.part("entries")
    assert 5 == len(twin["entries"]) and "10.0035" == twin["entries"][-1]["amount"]


async def test_entries_are_found_by_account_kind_lead_document_and_amount(served: Served) -> None:
    await busy(served)
    ways = {
        f"account={CREDIT}": 5,
        "account=buyer:acme": 6,
        "account=buyer:ac": 0,
        "kind=reversal": 1,
        "lead=ld_2": 2,
        "document=INV-2026-00001": 1,
        "document=sale:ld_2": 2,
        "amount=20": 2,
        "amount=twenty": 6,
        "kind=reversal&lead=ld_1": 0,
    }
    async with signed_in(served) as visitor:
        found = {query: (await visitor.open(f"{PATH}.json?{query}")).fields["entries"] for query in ways}
        rows = list(csv.DictReader(io.StringIO((await visitor.open(f"{PATH}.csv?account=buyer:acme")).source)))

    assert ways == {query: len(entries) for query, entries in found.items()}
    assert 6 == len(rows) and {"sale", "reversal", "adjustment", "invoice", "top_up"} == {row["kind"] for row in rows}


async def test_many_entries_are_read_page_by_page_with_the_balance_going_on(served: Served) -> None:
    await on_credit(served.exchange)
    for number in range(60):
        await sold(served.exchange, f"n{number:02d}", "1")
    async with signed_in(served) as visitor:
        first = await visitor.open(f"{PATH}?account={CREDIT}")
        second = await visitor.open(first.link("older"))

    assert (50, 10) == (first.source.count('data-testid="entry"'), second.source.count('data-testid="entry"'))
    assert "−$60.00" in first.part("entries") and "−$10.00" in second.part("entries")


async def test_the_books_are_checked_hourly_and_what_is_wrong_locks_payouts_and_is_told(served: Served) -> None:
    exchange = served.exchange
    await busy(served)
    await seal_chains(exchange.market)
    first = await check_books(exchange.market)
    assert first is not None and first.sound and await check_books(exchange.market) is None
    async with signed_in(served) as visitor:
        sound = await visitor.open(PATH)
        await exchange.market.db.write(alter, "postings", "units = units + 1")
        later(exchange, EVERY_MS / 86_400_000)
        await check_books(exchange.market)
        await look_for_alerts(exchange.market)
        broken = await visitor.open(PATH)
        with pytest.raises(CannotPay, match="payouts are locked"):
            await require_sound(exchange.market, "cedar", "USD")
        await exchange.market.db.write(alter, "postings", "units = units - 1")
        later(exchange, 0.001)
        mended = await visitor.submit(f"{PATH}/check")
    later(exchange, 0.001)
    await look_for_alerts(exchange.market)
    alerts = await exchange.rows("SELECT likely, note FROM alerts WHERE cause = 'ledger:books'")

    assert "Verified" in sound.part("verified") and "sum 0.00 USD" in sound.part("verified")
    assert "Not sound" in broken.part("verified") and "was altered" in broken.part("verified")
    assert "Verified" in mended.part("verified")
    await require_sound(exchange.market, "cedar", "USD")
    assert ["was altered" in each["likely"] and "The cause is over" in each["note"] for each in alerts] == [True]


async def test_no_page_and_no_call_changes_an_entry(served: Served) -> None:
    """Whoever goes around the pages is refused by the database; no address of ours takes another way."""
    await busy(served)
    refused = 0
    for table in ("postings", "transactions", "statements", "money_periods"):
        for change in (f"DELETE FROM {table}", f"UPDATE {table} SET currency = 'EUR'"):
            try:
                await served.exchange.market.db.write(_run, change)
            except StorageError:
                refused += 1
    changing = {
        resource.canonical
        for route in served.app.router.routes()
        if (resource := route.resource) is not None and route.method not in ("GET", "HEAD")
        if "ledger" in resource.canonical or "entries" in resource.canonical
    }

    assert 8 == refused and {f"{PATH}/check"} == {each for each in changing if each.startswith("/console")}
    assert not [each for each in changing if route_deletes(served, each)]


def route_deletes(served: Served, path: str) -> bool:
    return any(
        route.method in ("DELETE", "PUT", "PATCH")
        for route in served.app.router.routes()
        if route.resource is not None and route.resource.canonical == path
    )


async def _run(tx: Tx, change: str) -> None:
    await tx.execute(change)
