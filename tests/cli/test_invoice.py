"""`exchange invoice`: issued, shown, paid and cancelled from a terminal."""

from __future__ import annotations

import io

from pypdf import PdfReader

from tests.cli.home import Home
from tests.market import buyer


def test_a_document_is_issued_shown_printed_and_the_same_everywhere(market_home: Home) -> None:
    market_home.run("ledger", "adjust", "acme", "--reference", "a", "--note", "setup", "--yes", "--", "-49.995")
    issued = market_home.run("--json", "--yes", "invoice", "issue", "acme")
    number = issued.json["issued"][0]
    told = market_home.run("--json", "invoice", "show", number)
    printed = market_home.run("invoice", "show", number, "--pdf", str(market_home.folder / "s.pdf"))
    paper = PdfReader(io.BytesIO((market_home.folder / "s.pdf").read_bytes())).pages[0].extract_text()

    assert ("ST-2026-00001", "49.99", "49.995") == (number, told.json["total"], told.json["net"])
    assert "$49.99" in printed.out and "$49.99" in paper and number in paper
    assert [number] == [each["number"] for each in market_home.run("--json", "invoice", "list").json]
    assert "1 statement reproduce to the cent" in market_home.run("ledger", "verify").out


def test_an_invoice_is_paid_and_cancelled_and_nothing_happens_without_a_yes(market_home: Home) -> None:
    market_home.store((buyer("globex", credit="500"),))
    market_home.run("ledger", "adjust", "globex", "--reference", "a", "--note", "setup", "--yes", "--", "-80")
    assert 6 == market_home.run("invoice", "issue", "globex").code
    number = market_home.run("--json", "--yes", "invoice", "issue", "globex").json["issued"][0]
    assert 6 == market_home.run("invoice", "paid", number, "30", "--reference", "w1").code
    paid = [market_home.run("--json", "--yes", "invoice", "paid", number, "30", "--reference", "w1") for _ in range(2)]
    other = market_home.run("--yes", "invoice", "paid", number, "31", "--reference", "w1")
    gone = market_home.run("--json", "--yes", "invoice", "cancel", number, "--reason", "wrong address")
    again = market_home.run("--yes", "invoice", "cancel", number, "--reason", "wrong address")

    assert [(True, "50.00"), (False, "50.00")] == [(each.json["new"], each.json["open"]) for each in paid]
    assert (6, 6) == (other.code, again.code)
    assert ("CN-2026-00001", "INV-2026-00002") == (gone.json["credit_note"], gone.json["invoice"])
    assert 1 == market_home.run("invoice", "show", "INV-2026-00009").code
    assert 0 == market_home.run("ledger", "verify").code


def test_terms_are_set_and_mistakes_are_named(market_home: Home) -> None:
    changed = market_home.run(
        "--json", "invoice", "terms", "acme", "--every", "week", "--address", "1 Main St\\nTucson"
    )
    wrong = market_home.run("invoice", "terms", "acme", "--zone", "Mars")

    assert ("week", "1 Main St\nTucson") == (changed.json["every"], changed.json["address"])
    assert 2 == wrong.code and "zone is a time zone" in wrong.err
    assert 1 == market_home.run("payments", "connect").code
