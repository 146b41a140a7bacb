"""Buyers that fetch: page after page by the API, and a CSV at an address, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from exchange.flows.by_hand import create_key, revoke
from exchange.flows.documents import save_document
from exchange.flows.market import refresh
from exchange.flows.receipts import expire_deliveries
from exchange.flows.resend import resend
from exchange.flows.revoke import Taken
from exchange.flows.revoke import revoke as take_back
from exchange.flows.shapes import CONNECTION
from exchange.flows.undo import reverse_sale
from exchange.model.actor import SYSTEM
from exchange.model.lead import Mode
from exchange.storage.postgres import open_postgres
from exchange.worker import run_jobs
from tests.flows.lab import OPERATOR, held, later, lead_of, owed, person, post, spent, told_about
from tests.flows.promises import broken
from tests.market import Exchange, buyer_key, buying, open_exchange, selling, usd
from tests.web.served import Heard, Served, serve_exchange

HOUR_MS = 3_600_000


@pytest.fixture
async def on_postgres(tmp_path: Path, postgres_migrated: str) -> AsyncIterator[Served]:
    db = await open_postgres(postgres_migrated)
    async with open_exchange(tmp_path, db=db) as exchange, serve_exchange(exchange) as running:
        await exchange.add(*selling("cedar"))
        yield running
    await db.close()


@pytest.fixture(params=["served", "on_postgres"])
def either(request: pytest.FixtureRequest) -> Served:
    """Each engine in turn."""
    running: Served = request.getfixturevalue(request.param)
    return running


async def fetches(exchange: Exchange, connector: str, name: str = "linden", **changes: Any) -> None:
    """A buyer that pays 30.00 for what it fetches."""
    document = {"connection": name, "connector": connector, **changes.pop("document", {})}
    await save_document(exchange.market, CONNECTION, name, document, SYSTEM)
    await exchange.add(*buying(name, price=usd("30"), **changes))


async def page(served: Served, since: str = "", limit: int = 200, who: str = "linden") -> Heard:
    return await served.get(f"buyer/leads?since={since}&limit={limit}", key=buyer_key(who))


def phones(heard: Heard) -> list[str]:
    return [each["lead"]["phone"][-4:] for each in heard["leads"]]


async def states(exchange: Exchange) -> list[str]:
    return [row["state"] for row in await exchange.rows("SELECT state FROM deliveries ORDER BY made_at, attempt_id")]


async def settle_down(exchange: Exchange) -> None:
    while await run_jobs(exchange.market):
        continue


async def test_asking_for_the_next_page_says_that_the_one_before_arrived(either: Served) -> None:
    exchange = either.exchange
    await fetches(exchange, "pull")
    answers = []
    for number in range(3):
        answers.append(await post(exchange, person(number)))
        later(exchange, 1)

    first = await page(either, limit=2)
    again = await page(either, limit=2)
    assert (("queued", "awaiting_receipt"), ["shelved"] * 3) == (answers[0].told, await states(exchange))
    assert (["0000", "0001"], True, first["leads"]) == (phones(first), first["more"], again["leads"])
    assert ("30.00", "linden-solar", "Maria") == (
        first["leads"][0]["price"],
        first["leads"][0]["contract_id"],
        first["leads"][0]["lead"]["first_name"],
    )

    second = await page(either, first["next"])
    assert (["0002"], False) == (phones(second), second["more"])
    assert (["delivered", "delivered", "shelved"], "60.00", "30.00") == (
        await states(exchange),
        await spent(exchange, "linden"),
        await held(exchange, "linden"),
    )
    last = await page(either, second["next"])
    assert ([], second["next"]) == (last["leads"], last["next"])
    assert (["delivered"] * 3, "72.00", "sold") == (
        await states(exchange),
        await owed(exchange),
        (await lead_of(exchange, answers[2]))["state"],
    )
    assert ["0000", "0001", "0002"] == phones(await page(either, "0"))
    assert [] == await broken(exchange.market)


async def test_whose_consent_was_taken_back_is_on_no_page(either: Served) -> None:
    exchange = either.exchange
    await fetches(exchange, "pull")
    await one_of_two_takes_it_back(exchange)

    assert ["0001"] == phones(await page(either))
    assert ["failed", "shelved"] == await states(exchange)
    assert "30.00" == await held(exchange, "linden")


async def test_whose_consent_was_taken_back_is_in_no_table(either: Served) -> None:
    exchange = either.exchange
    await fetches(exchange, "csv_url", document={"columns": {"call": "phone"}})
    path, _ = await address(exchange)
    await one_of_two_takes_it_back(exchange)

    assert ["+16029580001"] == [row["call"] for row in rows(await either.get(path, key=None))]
    assert ["failed", "delivered"] == await states(exchange)


async def one_of_two_takes_it_back(exchange: Exchange) -> None:
    for number in range(2):
        await post(exchange, person(number))
        later(exchange, 1)
    await take_back(exchange.market, Taken(person(0)["phone"]), OPERATOR)


async def test_what_comes_later_is_behind_no_cursor(either: Served) -> None:
    exchange = either.exchange
    await fetches(exchange, "pull")
    seen, since = [], ""
    for number in range(6):  # all in one moment of the clock
        await post(exchange, person(number))
        told = await page(either, since, 1)
        since = told["next"]
        seen += phones(told)

    assert [f"{number:04d}" for number in range(6)] == seen
    assert 5 == (await states(exchange)).count("delivered")


async def test_a_time_and_the_beginning_confirm_nothing(served: Served) -> None:
    exchange = served.exchange
    await fetches(exchange, "pull")
    await post(exchange)
    await page(served)

    for since in ("0", "", "2026-11-20T00:00:00Z"):
        assert ["0142"] == phones(await page(served, since))
    assert [] == (await page(served, "2026-11-22T00:00:00Z"))["leads"]
    head = await served.get("buyer/leads?since=99999999999999_x", key=buyer_key("linden"), method="HEAD")
    assert (405, ["shelved"]) == (head.http_status, await states(exchange))


async def test_each_buyer_sees_and_confirms_its_own(served: Served) -> None:
    exchange = served.exchange
    await fetches(exchange, "pull")
    await fetches(exchange, "pull", "maple")
    await post(exchange)

    other = await page(served, "99999999999999_z", who="maple")
    assert ([], ["shelved"]) == (other["leads"], await states(exchange))
    assert 401 == (await served.get("buyer/leads")).http_status
    assert (422, "invalid", "invalid") == (await page(served, "yesterday")).told


async def test_what_was_told_and_never_confirmed_is_unclear_and_what_was_not_told_goes_on(served: Served) -> None:
    exchange = served.exchange
    await fetches(exchange, "pull", give_up_ms=HOUR_MS)
    await exchange.add(*buying("acme", price=usd("20")))
    await post(exchange, person(1))
    told = await page(served)
    later(exchange, 1)
    await post(exchange, person(2))
    later(exchange, 3_601)
    await expire_deliveries(exchange.market)
    await settle_down(exchange)

    assert ["expired", "failed"] == await states(exchange)
    assert {"linden": ("failed", "post_failed"), "acme": ("accepted", None)} == await told_about(exchange)
    await page(served, told["next"])
    assert ("30.00", "delivered") == (await spent(exchange, "linden"), (await states(exchange))[0])


async def test_what_was_sent_again_is_told_again_after_everything_that_was(either: Served) -> None:
    exchange = either.exchange
    await fetches(exchange, "pull", give_up_ms=HOUR_MS, on_failure="unsold")
    await post(exchange, person(1))
    later(exchange, 3_601)
    await expire_deliveries(exchange.market)
    await settle_down(exchange)
    attempt_id = (await exchange.rows("SELECT id FROM attempts"))[0]["id"]
    await post(exchange, person(2))
    since = (await page(either))["next"]

    await resend(exchange.market, attempt_id, OPERATOR)
    await settle_down(exchange)

    told = await page(either, since)
    assert ["0001"] == phones(told)
    await page(either, told["next"])
    assert (["delivered"] * 2, "60.00") == (await states(exchange), await spent(exchange, "linden"))


async def address(exchange: Exchange, contract: str = "linden-solar") -> tuple[str, str]:
    """The path of a contract's CSV, and the id of the key that is in it."""
    market = exchange.market
    key = await create_key(market.db, market.clock, market.ids, "csv", contract, Mode.LIVE, "sheet", OPERATOR)
    await refresh(market)
    return f"/c/{key.secret}.csv", key.id


def rows(heard: Heard) -> list[dict[str, str]]:
    assert (200, "text/csv; charset=utf-8") == (heard.http_status, heard.headers["Content-Type"])
    return list(csv.DictReader(io.StringIO(heard.body.decode())))


async def test_a_spreadsheet_fetches_all_that_was_bought_and_that_is_its_delivery(either: Served) -> None:
    exchange = either.exchange
    columns = {"id": {"term": "reference"}, "name": "first_name", "call": {"field": "phone", "phone": "dashes"}}
    await fetches(exchange, "csv_url", document={"columns": columns})
    path, _ = await address(exchange)
    answer = await post(exchange, {**person(1), "first_name": "Åsa"})
    assert (("queued", "awaiting_receipt"), "30.00") == (answer.told, await held(exchange, "linden"))

    heard = await either.get(path, key=None)

    reference = (await exchange.rows("SELECT id FROM attempts"))[0]["id"]
    assert [{"id": reference, "name": "Åsa", "call": "602-958-0001"}] == rows(heard)
    assert (["delivered"], "30.00", "24.00") == (
        await states(exchange),
        await spent(exchange, "linden"),
        await owed(exchange),
    )
    later(exchange, 61)
    await post(exchange, person(2))
    assert ["602-958-0001", "602-958-0002"] == [row["call"] for row in rows(await either.get(path, key=None))]
    assert [] == await broken(exchange.market)


async def test_an_answer_is_kept_a_minute_and_told_by_its_tag(served: Served) -> None:
    exchange = served.exchange
    await fetches(exchange, "csv_url")
    path, _ = await address(exchange)
    await post(exchange, person(1))
    first = await served.get(path, key=None)
    later(exchange, 1)
    await post(exchange, person(2))
    kept = await served.get(path, key=None)
    async with served.session.get(served.address + path, headers={"If-None-Match": first.headers["ETag"]}) as same:
        assert (304, b"") == (same.status, await same.read())
    assert (first.body, ["delivered", "shelved"]) == (kept.body, await states(exchange))
    assert "private, max-age=60" == kept.headers["Cache-Control"]

    later(exchange, 59)
    async with served.session.get(served.address + path, headers={"If-None-Match": first.headers["ETag"]}) as new:
        assert 200 == new.status
    assert ["delivered"] * 2 == await states(exchange)


async def test_the_last_days_are_those_of_the_document(served: Served) -> None:
    exchange = served.exchange
    await fetches(exchange, "csv_url", document={"days": 2})
    path, _ = await address(exchange)
    for number in range(3):
        await post(exchange, person(number))
        await served.get(path, key=None)
        later(exchange, 86_400)

    assert ["+16029580001", "+16029580002"] == [row["phone"] for row in rows(await served.get(path, key=None))][-2:]
    assert 2 == len(rows(await served.get(path, key=None)))


async def test_no_cell_of_an_address_begins_a_formula(served: Served) -> None:
    exchange = served.exchange
    await fetches(exchange, "csv_url")
    path, _ = await address(exchange)
    await post(exchange, {**person(1), "address": '=HYPERLINK("http://evil.example","x")'})

    (row,) = rows(await served.get(path, key=None))
    assert '\'=HYPERLINK("http://evil.example","x")' == row["address"] and "+16029580001" == row["phone"]


async def test_an_address_that_was_taken_back_or_never_was_is_nothing(served: Served) -> None:
    exchange = served.exchange
    await fetches(exchange, "csv_url")
    path, key_id = await address(exchange)
    await post(exchange)
    assert 405 == (await served.get(path, key=None, method="HEAD")).http_status
    assert ["shelved"] == await states(exchange)
    assert 1 == len(rows(await served.get(path, key=None)))

    market = exchange.market
    assert await revoke(market.db, market.clock, market.ids, key_id, OPERATOR)
    await refresh(market)

    api_key = f"/c/{buyer_key('linden')}.csv"
    for gone in (path, "/c/cu_live_guessed.csv", api_key):
        assert 404 == (await served.get(gone, key=None)).http_status
    token = path.removeprefix("/c/").removesuffix(".csv")
    assert 401 == (await served.get("buyer/leads", key=token)).http_status


async def test_a_sale_undone_leaves_the_table(served: Served) -> None:
    exchange = served.exchange
    await fetches(exchange, "csv_url")
    path, _ = await address(exchange)
    await post(exchange)
    assert 1 == len(rows(await served.get(path, key=None)))
    market = exchange.market
    attempt_id = (await exchange.rows("SELECT id FROM attempts"))[0]["id"]
    await reverse_sale(market, attempt_id, "not wanted", OPERATOR)
    later(exchange, 61)

    assert [] == rows(await served.get(path, key=None))


async def test_who_guesses_addresses_is_slowed_down_and_who_has_one_is_not(served: Served) -> None:
    await fetches(served.exchange, "csv_url")
    path, _ = await address(served.exchange)
    guesses = [(await served.get(f"/c/guess{number:08d}.csv", key=None)).http_status for number in range(100)]

    assert {404, 429} == set(guesses) and 429 == guesses[-1]
    assert 200 == (await served.get(path, key=None)).http_status
