"""A buyer's money on its own pages and on the operators': top-up, automatic top-up, terms, bookings, documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from exchange.flows.market import refresh
from exchange.storage.auto_top_ups import read_auto
from exchange.worker import seal_chains
from tests.flows.billed import later
from tests.flows.paying import GOOD, Shop, open_shop
from tests.flows.test_charges import spend
from tests.market import usd
from tests.web.visitor import Page, Visitor, signed_in

HOME, CONSOLE = "/buyer/billing", "/console/billing/acme"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        yield opened


async def own(visitor: Visitor, path: str, *, follow: bool = True, **form: str) -> Page:
    """A form of the buyer's own page."""
    return await visitor.send(path, follow=follow, csrf=(await visitor.open(HOME)).token, **form)


async def test_a_buyer_tops_up_on_the_providers_page_and_sees_it_when_it_is_booked(shop: Shop) -> None:
    async with signed_in(shop.served, "ann@acme.example", "buyer", "acme") as ann:
        wrong = await own(ann, f"{HOME}/top-up", amount="12.345")
        gone = await own(ann, f"{HOME}/top-up", follow=False, amount="250.00", save="yes")
        place = gone.headers["Refresh"].removeprefix("0; url=")
        async with ann.session.post(place, data={"card": GOOD}, allow_redirects=False) as paid:
            back = paid.headers["Location"].partition("127.0.0.1:8080")[2]
        waiting = await ann.open(back)
        await shop.arrive()
        booked = await ann.open(back)
        left = await ann.open(f"{HOME}?left=chg_1")
        twin = (await ann.open(f"{HOME}.json")).fields

    assert 422 == wrong.http_status and "whole cents" in wrong.text
    assert place.startswith(shop.till.base) and "on its way" in waiting.part("came-back")
    assert "is on your account" in booked.part("came-back") and "nothing was charged" in left.part("came-back")
    assert "$250.00" == booked.part("available").split()[0] and "250.00" == twin["available"]
    assert "Visa •••• 4242" in booked.part("card") and "Paid" in booked.part("charges")


async def test_an_account_is_set_to_fill_itself_up_and_the_card_is_taken_away_again(shop: Shop) -> None:
    await shop.paid("60.00", save=True)
    await shop.arrive()
    async with signed_in(shop.served, "ann@acme.example", "buyer", "acme") as ann:
        form: dict[str, Any] = {"threshold": "50", "auto_amount": "100", "most_per_day": "2", "on": "yes"}
        refused = await own(ann, f"{HOME}/auto", **{**form, "most_per_day": "99"})
        await own(ann, f"{HOME}/auto", **form)
        set_so = await shop.exchange.market.db.read(read_auto, "acme")
        removed = await own(ann, f"{HOME}/card/remove")
        again = await own(ann, f"{HOME}/auto", **form)

    assert 422 == refused.http_status and "20 times a day" in refused.text
    assert set_so is not None and ("on", usd("50"), usd("100"), 2) == (
        set_so.state, set_so.threshold, set_so.amount, set_so.most_per_day,
    )  # fmt: skip
    assert 'data-testid="card"' not in removed.source and "Pay once by card" in again.text


async def test_a_buyer_reads_its_own_documents_and_nobody_elses(shop: Shop) -> None:
    await shop.paid("100.00")
    await shop.arrive()
    await spend(shop, "a", "40")
    later(shop.exchange, 0.1)
    await seal_chains(shop.exchange.market)
    async with signed_in(shop.served) as olive:
        await olive.submit("/console/invoices/issue", buyer="acme")
    async with signed_in(shop.served, "ann@acme.example", "buyer", "acme") as ann:
        listed = await ann.open(HOME)
        number = listed.attributes("document", "data-document")[0]
        page, twin = await ann.open(f"{HOME}/{number}"), (await ann.open(f"{HOME}/{number}.json")).fields
        rows = (await ann.open(f"{HOME}/{number}.csv")).source.splitlines()
    async with signed_in(shop.served, "bob@birch.example", "buyer", "birch") as bob:
        theirs = [await bob.open(f"{HOME}/{number}{ending}") for ending in (".json", ".csv", ".pdf", "")]

    assert "$40.00" in page.part("total") and "40.00" == twin["total"]
    assert ("0.00", "60.00", ["100.00"]) == (twin["opening"], twin["closing"], [x["amount"] for x in twin["payments"]])
    assert 2 == len(rows) and "Book a payment" not in page.text
    assert {404} == {each.http_status for each in theirs}


async def test_operators_book_correct_and_give_back_by_forms_that_say_what_is_wrong(shop: Shop) -> None:
    async with signed_in(shop.served) as olive:
        for _ in range(2):
            await olive.submit(f"{CONSOLE}/top-up", amount="100.00", reference="wire-1")
        await olive.submit(f"{CONSOLE}/correct", amount="-9.50", reference="case-8", note="sent twice")
        account = await olive.submit(f"{CONSOLE}/give-back", amount="40", reference="back-1", note="asked")
        too_much = await olive.submit(f"{CONSOLE}/give-back", amount="50.51", reference="back-2", note="asked")
        no_why = await olive.submit(f"{CONSOLE}/correct", amount="5", reference="case-9", note="")
        other = await olive.submit(f"{CONSOLE}/top-up", amount="1.00", reference="wire-1")
        await olive.submit(f"{CONSOLE}/deposit", do="keep", amount="75", reference="sec-1")
        used = await olive.submit(f"{CONSOLE}/deposit", do="use", amount="25", reference="sec-2", note="did not pay")
        nobody = await olive.open("/console/billing/nobody")
        everybody = await olive.open("/console/billing")

    assert "$50.50" == account.part("available").split()[0] and "$75.50" == used.part("available").split()[0]
    assert (409, 422, 409, 404) == (too_much.http_status, no_why.http_status, other.http_status, nobody.http_status)
    assert "$50.50 can be given back" in too_much.text and "note is required" in no_why.text
    assert "Security, USD $50.00" in used.text and "Acme" in everybody.part("accounts")


async def test_terms_are_set_for_documents_to_come_and_mistakes_are_named(shop: Shop) -> None:
    async with signed_in(shop.served) as olive:
        form: dict[str, Any] = {
            "every": "week",
            "zone": "Europe/Berlin",
            "due_days": "30",
            "tax_percent": "19",
            "tax_name": "VAT",
        }
        wrong = await olive.submit(f"{CONSOLE}/terms", **{**form, "zone": "Mars/Base", "tax_percent": "lots"})
        done = await olive.submit(f"{CONSOLE}/terms", **form, address="2 New St\n\n Berlin ")
    await refresh(shop.exchange.market)
    terms = shop.exchange.market.deals.buyers["acme"].terms

    assert (
        422 == wrong.http_status and "zone is a time zone" in wrong.text and "tax_percent is 0 to 99.99" in wrong.text
    )
    assert 200 == done.http_status
    assert ("week", "Europe/Berlin", 30, 1_900, "2 New St\nBerlin") == (
        terms.every.value if terms.every else "", terms.zone, terms.due_days, terms.tax_bp, terms.address,
    )  # fmt: skip
