"""`exchange verifier` and what `exchange check` says of verifiers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from exchange.flows.shapes import VERIFIER
from exchange.model.verification import VerifierRule
from tests.cli.home import Home
from tests.flows.vendors import document
from tests.market import campaign

ADDRESS = "https://lines.vendor.example"


def open_to_all() -> dict[str, Any]:
    """A verifier that needs no secret."""
    made = document(ADDRESS)
    return {**made, "verify": {name: value for name, value in made["verify"].items() if name != "headers"}}


def test_verifiers_are_listed_shown_and_read_at_the_command_line(market_home: Home, tmp_path: Path) -> None:
    market_home.keep(VERIFIER, "line_check", open_to_all())
    good, strange = tmp_path / "good.json", tmp_path / "strange.json"
    good.write_text('{"valid": true, "line": "mobile"}')
    strange.write_text('{"ok": 1}')
    listed = market_home.run("verifier", "list", "--json")
    shown = market_home.run("verifier", "test", "line_check", "--show", "--lead", "2")
    read = market_home.run("verifier", "test", "line_check", "--reply", good, "--json")
    unmapped = market_home.run("verifier", "test", "line_check", "--reply", strange)

    assert {"trustedform", "twilio_lookup", "line_check"} <= {each["verifier"] for each in listed.json}
    assert 0 == shown.code and f"POST {ADDRESS}/lines/" in shown.out
    assert (0, "good") == (read.code, read.json["verdict"])
    assert 3 == unmapped.code and "No answer that counts" in unmapped.out


def test_what_cannot_be_tried_is_told(market_home: Home) -> None:
    nobody = market_home.run("verifier", "test", "nobody")
    closed = market_home.run("verifier", "test", "twilio_lookup", "--show")
    keeps = market_home.run("verifier", "test", "twilio_lookup", "--stage", "retain")
    wrong = market_home.run("verifier", "test", "twilio_lookup", "--stage", "burn")

    assert 1 == nobody.code and "There is no verifier nobody" in nobody.err
    assert 1 == closed.code and "the secret twilio_account_sid is not set" in closed.err
    assert "EXCHANGE_SECRET_TWILIO_ACCOUNT_SID in the environment" in closed.err
    assert 1 == keeps.code and "that keeps proofs" in keeps.err
    assert 2 == wrong.code


def test_check_tells_of_verifiers_that_are_missing_or_lack_a_secret(market_home: Home) -> None:
    rules = (VerifierRule("nobody"), VerifierRule("twilio_lookup"))
    market_home.store(replace(campaign("cedar"), verifiers=rules))
    told = market_home.run("check")

    assert 4 == told.code
    assert "campaign cedar-solar: no verifier is called nobody" in told.out
    assert "verifier twilio_lookup needs the variable EXCHANGE_SECRET_TWILIO_ACCOUNT_SID" in told.out
