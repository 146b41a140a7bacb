"""`exchange why`, `tail` and `settle` on leads that were sold, refused and lost."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from exchange.model.party import State
from tests.cli.home import Home, LeadBuyer, until
from tests.cli.leads import people, write_csv
from tests.market import contract, usd


@pytest.fixture
def sold_home(market_home: Home, tmp_path: Path) -> Home:
    """Two leads were sold; one was refused for its bill."""
    moving = contract("birch", price=usd("9"), state=State.PAUSED, paused_reason="moving", connection="acme")
    market_home.store(replace(moving, buyer_id="acme"))
    rows = [*people(2), {**people(1, 3)[0], "monthly_bill": "a lot"}]
    assert 3 == market_home.run("import", write_csv(tmp_path / "leads.csv", rows), "--campaign", "cedar-solar").code
    return market_home


def leads(home: Home, state: str) -> list[str]:
    return [row["id"] for row in home.rows(f"SELECT id FROM leads WHERE state = '{state}' ORDER BY id")]


def test_why_tells_a_line_for_every_contract(sold_home: Home) -> None:
    told = sold_home.run("why", leads(sold_home, "sold")[0])

    assert 0 == told.code
    assert re.search(r"acme-solar +Bought \$20\.00 +Accepted the post\.", told.out)
    assert re.search(r'birch-solar +Paused +Paused: "moving"\.', told.out)


def test_why_tells_every_check_of_one_contract(sold_home: Home) -> None:
    lead = leads(sold_home, "sold")[0]
    told = sold_home.run("--json", "why", lead, "BIRCH-solar").json

    assert lead == told["lead_id"]
    assert [("birch-solar", ['Paused: "moving".'])] == [
        (each["contract"], each["sentences"]) for each in told["contracts"]
    ]


def test_a_lead_is_found_by_its_phone_and_by_its_delivery(sold_home: Home) -> None:
    def found(text: str) -> str:
        return str(sold_home.run("--json", "why", text).json["lead_id"])

    by_phone = [found("(602) 958-0001"), found("602-958-0002")]
    deliveries = [sold_home.rows(f"SELECT id FROM attempts WHERE lead_id = '{each}'")[0]["id"] for each in by_phone]

    assert leads(sold_home, "sold") == sorted(by_phone)
    assert by_phone == [found(each) for each in deliveries]


def test_a_contract_that_was_not_looked_at_is_told(sold_home: Home) -> None:
    assert 1 == sold_home.run("why", leads(sold_home, "sold")[0], "oak").code


def test_tail_shows_sales_and_what_was_wrong(sold_home: Home) -> None:
    sold = sold_home.run("tail", "--last", "5", "--count", "2", "--status", "sold")
    refused = sold_home.run("tail", "--last", "5", "--count", "1", "--seller", "ced", "--status", "rejected")

    assert 2 == len(
        re.findall(r"^  \d\d:\d\d:\d\d  sold +Cedar > Acme +\$20\.00   [\d.]+ m?s$", sold.out, re.MULTILINE)
    )
    assert re.search(r'rejected +Cedar +monthly_bill \w+ "a lot"', refused.out)


def test_tail_as_json_has_a_document_a_line(sold_home: Home) -> None:
    lines = sold_home.run("--json", "tail", "--last", "3", "--count", "3").out.splitlines()

    assert ["invalid", "sold", "sold"] == sorted(json.loads(line)["status"] for line in lines)


def test_tail_beside_others_hears_of_a_lead_when_it_is_answered(market_home: Home, tmp_path: Path) -> None:
    with market_home.start("tail", "--last", "1", "--json") as watching:
        first, second = write_csv(tmp_path / "1.csv", people(1)), write_csv(tmp_path / "2.csv", people(1, 2))
        assert watching.stdout is not None
        assert 0 == market_home.run("import", first, "--campaign", "cedar-solar").code
        assert "sold" == json.loads(until(bool, watching.stdout))["status"]
        assert 0 == market_home.run("import", second, "--campaign", "cedar-solar").code
        assert "sold" == json.loads(until(bool, watching.stdout))["status"]
        watching.terminate()
        assert 130 == watching.wait(20)


@pytest.fixture
def unclear_home(market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path) -> Home:
    """The buyer took a lead and hung up."""
    lead_buyer.hangs_up = True
    assert 0 == market_home.run("import", write_csv(tmp_path / "u.csv", people(1)), "--campaign", "cedar-solar").code
    return market_home


def test_unclear_deliveries_are_listed(unclear_home: Home) -> None:
    listed, document = unclear_home.run("settle"), unclear_home.run("--json", "settle").json

    assert [("acme", "unclear", "20.00")] == [(each["buyer_id"], each["state"], each["price"]) for each in document]
    assert document[0]["id"] in listed.out


@pytest.mark.parametrize(("word", "state", "balance"), [("accepted", "sold", "-20.00"), ("rejected", "unsold", "0.00")])
def test_a_word_settles_one_delivery_once_with_a_line(unclear_home: Home, word: str, state: str, balance: str) -> None:
    delivery = unclear_home.run("--json", "settle").json[0]["id"]
    asked = unclear_home.run("settle", delivery, word)
    settled = unclear_home.run("--json", "settle", delivery, word, "--note", "told by phone", "--yes")
    again = unclear_home.run("settle", delivery, word, "--yes")
    balances = {each["account"]: each for each in unclear_home.run("--json", "ledger", "balances").json}

    assert (6, 0, 1) == (asked.code, settled.code, again.code)
    assert state == settled.json["lead_state"]
    assert usd("100000") + usd(balance) == usd(balances["buyer:acme:prepaid"]["available"])
    lines = unclear_home.rows("SELECT after_json FROM audit_lines WHERE action = 'delivery.settled'")
    assert ["told by phone"] == [json.loads(line["after_json"])["why"] for line in lines]
    assert 0 == unclear_home.run("ledger", "verify").code


def test_a_delivery_is_settled_at_what_the_buyer_pays_by_its_leads_id(unclear_home: Home) -> None:
    lead = leads(unclear_home, "unclear")[0]
    settled = unclear_home.run("settle", lead, "accepted", "--price", "12.50", "--yes")

    assert 0 == settled.code
    assert "accepted at $12.50" in settled.out
    assert [125_000] == [row["price_units"] for row in unclear_home.rows("SELECT price_units FROM sales")]


def test_a_price_above_the_bid_is_refused(unclear_home: Home) -> None:
    lead = leads(unclear_home, "unclear")[0]

    assert 1 == unclear_home.run("settle", lead, "accepted", "--price", "99", "--yes").code
    assert 1 == unclear_home.run("settle", "dlv_nothing", "accepted", "--yes").code
