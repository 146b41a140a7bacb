"""Files for banks: what is due is exported once, stays the same bytes, and is paid as a whole."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest

from exchange.flows.payout_files import Exported, export, open_file, withdraw
from exchange.flows.payout_payments import mark_file_paid
from exchange.flows.payouts import CannotPay, approve, prepare
from exchange.flows.seller_terms import change_payer, change_terms
from exchange.model.payout import Method, PaymentState
from exchange.storage.payout_payments import files, payments_by_file, payments_in_file
from tests.flows.payouts import ANN, BOB, at, balance, booked, paid_seller, sale
from tests.market import Exchange, open_exchange, usd

ACH = {"method": "ach", "holder": "Cedar Digital LLC", "routing": "021000021", "account": "000123456789"}
SEPA = {"currency": "EUR", "method": "sepa", "holder": "Dune GmbH", "iban": "NL91ABNA0417164300"}
BANK = {"bank_name": "First Bank", "routing": "011401533", "company": "Harbor Exchange", "company_id": "1123456789"}


async def approved(exchange: Exchange, seller: str, currency: str = "USD") -> str:
    run = await prepare(exchange.market, seller, currency, ANN)
    await approve(exchange.market, run.id, BOB)
    return run.id


async def test_what_is_due_goes_into_one_file_and_the_file_stays(either: Exchange) -> None:
    exchange, market = either, either.market
    await paid_seller(exchange, **ACH)
    await paid_seller(exchange, "birch", **ACH | {"holder": "Birch"})
    await booked(exchange, sale("a1", "40.00", at(3)), sale("a2", "60.50", at(3), "birch"))
    await approved(exchange, "cedar")
    await approved(exchange, "birch")
    with pytest.raises(CannotPay, match="Say first which account is paid from by ACH"):
        await export(market, Method.ACH, ANN)
    await change_payer(market, Method.ACH, BANK, ANN)

    done = await asyncio.gather(*(export(market, Method.ACH, who) for who in (ANN, BOB)), return_exceptions=True)
    made = [each for each in done if isinstance(each, Exported)]
    assert 1 == len(made) and any(isinstance(each, CannotPay) for each in done)
    file = made[0].file
    assert (2, usd("100.50").units, "2026-11-23") == (file.payments, file.units, file.effective_day)
    assert "payouts-2026-11-21-a.ach" == file.name and sha256(made[0].content).hexdigest() == file.sha256
    assert b"CEDAR DIGITAL LLC" in made[0].content and b"0000006050" in made[0].content

    await change_terms(market, "cedar", {**ACH, "account": "999"}, ANN)
    again = await open_file(market, file.id, BOB)
    assert again == (file, made[0].content), "the same bytes, whatever changed since"
    with pytest.raises(CannotPay, match="Nothing is due by ACH"):
        await export(market, Method.ACH, ANN)

    for _ in range(2):
        paid = await mark_file_paid(market, file.id, "batch 1", ANN)
        assert {PaymentState.PAID} == {each.state for each in paid}
    assert (usd("0"), usd("0")) == (await balance(exchange), await balance(exchange, "birch"))
    assert [file] == await market.db.read(files) and 2 == len(await market.db.read(payments_in_file, file.id))
    lines = await exchange.rows(
        "SELECT action, actor FROM audit_lines WHERE subject = :file", file=f"payout_file:{file.id}"
    )
    assert {"payout.exported", "payout.file_taken"} == {line["action"] for line in lines}


async def test_account_numbers_of_a_file_are_sealed_at_rest(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        await paid_seller(exchange, **ACH)
        await booked(exchange, sale("a1", "40.00", at(3)))
        await approved(exchange, "cedar")
        await change_payer(exchange.market, Method.ACH, BANK, ANN)
        await export(exchange.market, Method.ACH, ANN)

    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "db" in path.name)
    assert b"000123456789" not in stored and b"Cedar Digital LLC" not in stored and b"PAYOUT " not in stored


async def test_sepa_pays_in_euros_and_what_cannot_go_is_told(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        market = exchange.market
        await paid_seller(exchange, "dune", **SEPA)
        await paid_seller(exchange, "elm", **SEPA | {"holder": "Elm"})
        await booked(
            exchange,
            sale("a1", "40.00", at(3), "dune", "EUR"),
            sale("a2", "9.99", at(3), "elm", "EUR"),
            sale("a3", "5.00", at(3), "elm"),
        )
        for seller, currency in (("dune", "EUR"), ("elm", "EUR"), ("elm", "USD")):
            await approved(exchange, seller, currency)
        await change_payer(market, Method.SEPA, {"holder": "Harbor", "iban": "DE89370400440532013000"}, ANN)
        await change_terms(market, "elm", {**SEPA, "iban": "GB29NWBK60161331926819"}, ANN)

        done = await export(market, Method.SEPA, ANN)
        assert b"40.00" in done.content and b"9.99" not in done.content
        assert ["You changed the bank details of Elm after PO-2026-00002 was approved: another person exports it."] == [
            each.why for each in done.left_out
        ]
        assert b"GB29NWBK60161331926819" in (await export(market, Method.SEPA, BOB)).content
        with pytest.raises(CannotPay, match="by hand goes into no file"):
            await export(market, Method.BY_HAND, BOB)


async def test_a_file_that_the_bank_refused_is_withdrawn_and_its_payments_go_into_another(either: Exchange) -> None:
    exchange, market = either, either.market
    await paid_seller(exchange, **ACH)
    await booked(exchange, sale("a1", "40.00", at(3)))
    await approved(exchange, "cedar")
    await change_payer(market, Method.ACH, BANK, ANN)
    first = (await export(market, Method.ACH, ANN)).file
    for reason in ("", "x" * 201):
        with pytest.raises(CannotPay, match="Say what the bank said"):
            await withdraw(market, first.id, reason, ANN)
    assert 1 == await withdraw(market, first.id, "wrong origin", ANN)
    with pytest.raises(CannotPay, match="Nothing of this file waits"):
        await withdraw(market, first.id, "wrong origin", ANN)

    second = (await export(market, Method.ACH, ANN)).file
    assert ("a", "b") == (first.letter.lower(), second.letter.lower()) and first.id != second.id
    assert {second.id: (1, 1)} == await market.db.read(payments_by_file, [first.id, second.id])
    await mark_file_paid(market, second.id, "batch 2", ANN)
    assert usd("0") == await balance(exchange)
    with pytest.raises(CannotPay, match="Nothing of this file waits"):
        await withdraw(market, second.id, "too late", ANN)
