"""`exchange buyer test`: shown, sent and read at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.home import Home, LeadBuyer


def test_the_request_is_shown_and_nothing_is_sent(market_home: Home, lead_buyer: LeadBuyer) -> None:
    ran = market_home.run("buyer", "test", "acme-solar", "--show", "--lead", "2")

    assert 0 == ran.code
    assert f"POST http://127.0.0.1:{lead_buyer.port}/post" in ran.out and '"zip":"10001"' in ran.out
    assert [] == lead_buyer.posts


def test_a_test_is_sent_read_and_told(market_home: Home, lead_buyer: LeadBuyer) -> None:
    ran = market_home.run("--yes", "--json", "buyer", "test", "acme-solar")

    assert (0, "accepted", "Accepted") == (ran.code, ran.json["outcome"], ran.json["answer"])
    assert 200 == ran.json["response"]["status"] and 1 == len(lead_buyer.posts)
    assert {"where": "json:status", "rule": "equals sold", "meaning": "Outcome: accepted"} == ran.json["read"][0]
    assert 0 == market_home.rows("SELECT COUNT(*) AS n FROM leads")[0]["n"]


def test_a_file_is_read_as_an_answer(market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path) -> None:
    refused, strange = tmp_path / "no.json", tmp_path / "strange.json"
    refused.write_text('{"status": "rejected", "reason": "full"}')
    strange.write_text('{"state": "held"}')
    no = market_home.run("buyer", "test", "acme", "--reply", refused)
    unmapped = market_home.run("buyer", "test", "acme", "--reply", strange)
    failing = market_home.run("--json", "buyer", "test", "acme", "--reply", refused, "--status", "500")

    assert 0 == no.code and "Rejected" in no.out and "full" in no.out
    assert 3 == unmapped.code and "Error, unmapped" in unmapped.out and "json:state  held" in unmapped.out
    assert (3, "unmapped") == (failing.code, failing.json["outcome"])
    assert [] == lead_buyer.posts


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("nobody",), 1, "no contract and no connection nobody"),
        (("acme", "--stage", "return"), 2, "--stage is ping or post"),
        (("acme", "--lead", "ld_none", "--show"), 1, "samples are 1 to 10"),
        (("acme", "--reply", "nowhere.json"), 2, "cannot be read"),
        (("acme",), 6, "Say --yes"),
    ],
)
def test_what_cannot_be_tried_is_told(market_home: Home, arguments: tuple[str, ...], code: int, told: str) -> None:
    ran = market_home.run("buyer", "test", *arguments)

    assert code == ran.code and told in ran.err


def test_a_buyer_that_is_down_is_told(market_home: Home, lead_buyer: LeadBuyer) -> None:
    lead_buyer.close()
    ran = market_home.run("--yes", "buyer", "test", "acme-solar")

    assert 3 == ran.code and "No response: 127.0.0.1 refused the connection." in ran.out
