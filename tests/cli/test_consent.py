"""`exchange consent`: taken back for one and for many, and listed with who was told."""

from __future__ import annotations

import io
import sys

from tests.cli.home import Home, exchange


def test_a_consent_is_taken_back_and_listed(home: Home) -> None:
    made = exchange("consent", "revoke", "6025550142", "--means", "by telephone", "--data", home.folder, "--json")
    assert (0, "by telephone") == (made.code, made.json[0]["means"])
    assert 4 == exchange("suppression", "check", "6025550142", "--data", home.folder).code
    listed = exchange("consent", "list", "--data", home.folder)
    assert (0, True, False) == (listed.code, "nobody has a lead" in listed.out, "6025550142" in listed.out)
    assert "No consent was taken back." in exchange("consent", "list", "--open", "--data", home.folder).out


def test_what_is_no_consumer_is_wrong_usage(home: Home) -> None:
    wrong = exchange("consent", "revoke", "nobody", "--data", home.folder)
    assert (2, "who: Say the consumer's phone or email address.") == (wrong.code, wrong.err.strip())
    assert 2 == exchange("consent", "revoke", "--lead", "ld_none", "--data", home.folder).code


def test_many_come_from_a_file_and_wrong_lines_are_told(home: Home) -> None:

    before, sys.stdin = sys.stdin, io.StringIO("6025550142\nnobody\nmaria@consumer.example\n")
    try:
        ran = exchange("consent", "revoke", "-", "--data", home.folder)
    finally:
        sys.stdin = before
    assert (3, True, 2) == (ran.code, "line 2: Say the consumer's phone" in ran.err, ran.out.count("rev_"))


def test_a_consumer_is_erased_by_who_says_why_and_means_it(home: Home) -> None:
    asked = ("consent", "erase", "6025550142", "--why", "Request 2026-118", "--data", home.folder)
    unsure = exchange(*asked)
    assert (6, True) == (unsure.code, "--yes" in unsure.err)
    done = exchange(*asked, "--yes", "--json")
    assert (0, {"erased": 0, "held": 0, "under_way": 0}) == (done.code, done.json)
    assert 4 == exchange("suppression", "check", "6025550142", "--data", home.folder).code
