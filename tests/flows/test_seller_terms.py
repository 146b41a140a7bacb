"""A person changes how a seller is paid: checked whole, sealed, told by last fours, written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange.flows.seller_terms import WrongTerms, account_of_seller, change_payer, change_terms, payer
from exchange.model.actor import Actor, Role
from exchange.model.billing import Every
from exchange.model.payout import AchAccount, AchPayer, Method, PaymentTerms
from tests.market import open_exchange, selling

ANN = Actor(Role.OPERATOR, "ann@harbor.example")
ACH = {
    "currency": "usd",
    "method": "ach",
    "holder": "Cedar Digital LLC",
    "routing": "021000021",
    "account": "000123456789",
}
PAYER = {"bank_name": "First Bank", "routing": "021000021", "company": "Harbor Exchange", "company_id": "1123456789"}


async def test_what_is_not_said_stays_and_the_line_says_what_changed(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        await exchange.add(*selling("cedar"))
        market = exchange.market
        await change_terms(market, "cedar", {**ACH, "reserve_percent": "7.5", "minimum": "50"}, ANN, "192.0.2.1")
        row = await change_terms(market, "cedar", {"every": "half_month", "chargeback_days": "14"}, ANN)

        assert row is not None
        terms = PaymentTerms(
            "USD", Every.HALF_MONTH, chargeback_days=14, reserve_bp=750, minimum_units=500_000, method=Method.ACH
        )
        assert (2, terms, "6789") == (row.version, row.terms, row.last4)
        assert terms == market.deals.sellers["cedar"].terms
        account = AchAccount("Cedar Digital LLC", "021000021", "000123456789")
        assert account == await account_of_seller(market, "cedar", Method.ACH)
        assert await account_of_seller(market, "cedar", Method.SEPA) is None
        assert await change_terms(market, "nobody", ACH, ANN) is None
        letters = await exchange.rows("SELECT payload FROM jobs")
        assert 1 == len(letters) and "ends in 6789" in letters[0]["payload"], "once, with the new account"
        rows = await exchange.rows("SELECT actor, ip, before_json, after_json FROM audit_lines")
        lines = {row["ip"]: row for row in rows}
        assert "ann@harbor.example" == lines["192.0.2.1"]["actor"]
        assert '"every":"week"' in lines[""]["before_json"] and '"every":"half_month"' in lines[""]["after_json"]


async def test_bank_details_are_sealed_at_rest(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        await exchange.add(*selling("cedar"))
        await change_terms(exchange.market, "cedar", ACH, ANN)
        assert "1123456789"[-4:] == await change_payer(exchange.market, Method.ACH, PAYER, ANN)
        assert AchPayer("First Bank", "021000021", "Harbor Exchange", "1123456789") == await payer(
            exchange.market, Method.ACH
        )
        assert await payer(exchange.market, Method.SEPA) is None

    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "db" in path.name)
    assert b"Harbor Exchange" not in stored and b"000123456789" not in stored and b"Cedar Digital LLC" not in stored


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"method": "ach"}, ["currency", "holder", "routing", "account"]),
        ({**ACH, "currency": "EUR"}, ["method"]),
        ({"minimum": "50"}, ["currency"]),
        ({"every": "day", "net_days": "-1", "zone": "Nowhere/Land", "method": "cash"}, None),
        (
            {"reserve_percent": "51", "minimum": "-1", "chargeback_days": "400"},
            ["currency", "reserve_percent", "minimum", "chargeback_days"],
        ),
        ({"reserve_percent": "x", "minimum": "1e9", "currency": "dollars"}, None),
    ],
)
async def test_everything_wrong_is_told_at_once_and_nothing_is_stored(
    tmp_path: Path, fields: dict[str, str], wrong: list[str] | None
) -> None:
    async with open_exchange(tmp_path) as exchange:
        await exchange.add(*selling("cedar"))
        with pytest.raises(WrongTerms) as told:
            await change_terms(exchange.market, "cedar", fields, ANN)

        named = [each.field for each in told.value.problems]
        assert sorted(wrong or fields) == sorted(named)
        assert 0 == await exchange.count("seller_terms")
        with pytest.raises(WrongTerms):
            await change_payer(exchange.market, Method.BY_HAND, PAYER, ANN)
        with pytest.raises(WrongTerms):
            await change_payer(exchange.market, Method.SEPA, {"iban": "DE00"}, ANN)
