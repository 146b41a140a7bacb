"""`exchange reconcile`: a book brought, shown and decided from a terminal."""

from __future__ import annotations

from tests.cli.home import Home


def test_a_book_is_brought_shown_and_decided_once(market_home: Home) -> None:
    book = market_home.folder / "november.csv"
    book.write_text("who,cost,date\nld_a,30.00,2026-11-05\nld_b,x,2026-11-06\n", encoding="utf-8")
    columns = ("--column", "who=lead", "--column", "cost=price")
    unsure = market_home.run("reconcile", "bring", str(book), "buyer:acme", "--column", "nobody=lead")
    brought = market_home.run("--json", "reconcile", "bring", str(book), "buyer:acme", *columns)
    name = brought.json["reconciliation_id"]
    assert (2, 6) == (unsure.code, market_home.run("reconcile", "bring", str(book), "buyer:nobody").code)
    assert [("unreadable", "0.00"), ("only_theirs", "30.00")] == [(x["kind"], x["more"]) for x in brought.json["lines"]]
    assert ["0.00", "30.00", 2] == [brought.json[each] for each in ("ours", "theirs", "differences")]

    shown = market_home.run("reconcile", "show", name, "--kind", "only_theirs")
    assert "0 agree, 2 differ" in shown.out and "ld_a" in shown.out and "ld_b" not in shown.out
    decide = ("reconcile", "decide", name, "theirs", "2")
    assert 6 == market_home.run(*decide, "--note", "their invoice").code  # nobody said yes
    assert 6 == market_home.run("--yes", *decide).code
    done = [market_home.run("--json", "--yes", *decide, "--note", "their invoice").json["decided"] for _ in range(2)]
    assert [1, 0] == done
    failed = market_home.run("--yes", "reconcile", "decide", name, "theirs", "--kind", "unreadable", "--note", "so")
    assert (3, True) == (failed.code, "correct the file" in failed.err)
    assert 2 == market_home.run("reconcile", "decide", name, "theirs", "--note", "which").code
    (listed,) = market_home.run("--json", "reconcile", "list").json
    assert (1, name) == (listed["waiting"], listed["reconciliation_id"])
    assert 0 == market_home.run("ledger", "verify").code
    assert 1 == market_home.run("reconcile", "show", "rcn_none").code
