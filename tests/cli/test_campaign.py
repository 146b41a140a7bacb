"""Posting instructions, forms of answers and verticals from the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from tests.cli.home import Home
from tests.market import selling

ROOT = Path(__file__).parents[2]


@pytest.fixture
def sold_by_cedar(home: Home) -> Home:
    home.store(*selling("cedar"))
    return home


def test_the_list_tells_the_address_of_each_posting_page(sold_by_cedar: Home) -> None:
    listed = sold_by_cedar.run("campaign", "list", "--json").json

    assert [("cedar-solar", "cedar", "active", "standard")] == [
        (row["campaign"], row["seller"], row["state"], row["answers"]) for row in listed
    ]
    assert "/p/cedar-solar-" in listed[0]["page"]
    assert "/p/cedar-solar-" in sold_by_cedar.run("campaign", "list").out


def test_the_instructions_come_in_every_format(sold_by_cedar: Home) -> None:
    told = {
        form: sold_by_cedar.run("campaign", "spec", "cedar-solar", "--format", form)
        for form in ("md", "csv", "openapi", "json")
    }

    assert {0} == {ran.code for ran in told.values()}
    assert "| `monthly_bill` | required | required | One of 6: 0-50" in told["md"].out
    rows = list(csv.DictReader(io.StringIO(told["csv"].out)))
    assert "zip" in {row["field"] for row in rows}
    validate(told["openapi"].json)
    assert (1, len(rows)) == (told["json"].json["version"], len(told["json"].json["fields"]))


def test_a_campaign_that_is_not_there_is_told_with_those_that_are(sold_by_cedar: Home) -> None:
    for words in (("spec", "nobody"), ("answers", "nobody")):
        ran = sold_by_cedar.run("campaign", *words)
        assert (1, True) == (ran.code, "There are cedar-solar." in ran.err)


def test_a_campaign_is_paused_with_a_reason_runs_again_and_goes_live_once(sold_by_cedar: Home) -> None:
    asked = sold_by_cedar.run("campaign", "pause", "cedar-solar")
    paused = sold_by_cedar.run("campaign", "pause", "cedar-solar", "--why", "bad numbers", "--yes", "--json").json
    again = sold_by_cedar.run("campaign", "pause", "cedar-solar", "--yes")
    resumed = sold_by_cedar.run("campaign", "resume", "cedar-solar")
    live = sold_by_cedar.run("campaign", "live", "cedar-solar")
    key = sold_by_cedar.run("key", "create", "--campaign", "cedar-solar", "--json").json

    assert (6, "cedar-solar goes on." in asked.err) == (asked.code, True)
    assert ("paused", 2) == (paused["state"], paused["version"])
    assert (1, True) == (again.code, "is paused already" in again.err)
    assert "cedar-solar runs again: version 3." in resumed.out
    assert (1, True) == (live.code, "is live already" in live.err)
    assert "/p/cedar-solar-" in key["page"]


def test_a_form_of_answers_is_shown_before_it_is_chosen(sold_by_cedar: Home) -> None:
    refused = sold_by_cedar.run("campaign", "answers", "cedar-solar", "matched")
    chosen = sold_by_cedar.run("campaign", "answers", "cedar-solar", "matched", "--yes")
    shown = sold_by_cedar.run("campaign", "answers", "cedar-solar")

    assert 6 == refused.code and "<status>Matched</status>" in refused.err
    assert (0, "  cedar-solar answers in the form matched: version 2.\n") == (chosen.code, chosen.out)
    assert "<status>Unmatched</status>" in shown.out
    lines = sold_by_cedar.rows("SELECT subject FROM audit_lines WHERE action = 'campaign.answers'")
    assert ["campaign:cedar-solar"] == [line["subject"] for line in lines]


def test_a_form_of_ones_own_comes_from_a_file(sold_by_cedar: Home, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("format: nvp\nfields: {RESULT: word, PRICE: price}\nwords: {accepted: YES, otherwise: NO}\n")
    bad.write_text("fields: {RESULT: buyer}\n")

    chosen = sold_by_cedar.run("campaign", "answers", "cedar-solar", "--file", good, "--yes", "--json")
    refused = sold_by_cedar.run("campaign", "answers", "cedar-solar", "--file", bad, "--yes")
    missing = sold_by_cedar.run("campaign", "answers", "cedar-solar", "--file", tmp_path / "none.yaml", "--yes")

    assert {"campaign": "cedar-solar", "answers": "custom", "version": 2} == chosen.json
    assert (4, True) == (refused.code, "fields.RESULT: 'buyer' is not one of" in refused.err)
    assert (4, True) == (missing.code, "cannot be read" in missing.err)


def test_a_vertical_is_applied_with_what_changes_told_first(sold_by_cedar: Home, tmp_path: Path) -> None:
    file = tmp_path / "solar.yaml"
    text = (ROOT / "config/verticals/solar.yaml").read_text("utf-8")
    before, after = "[none, partial, full, unsure]", "[none, partial, full, trees]"
    file.write_text(text.replace(before, after).replace("score:\n", "score:\n  par: 0.3\n"), "utf-8")

    refused = sold_by_cedar.run("vertical", "apply", file)
    applied = sold_by_cedar.run("vertical", "apply", file, "--yes", "--json")
    spec = sold_by_cedar.run("campaign", "spec", "cedar-solar", "--format", "json").json

    assert 6 == refused.code and "cedar-solar: roof_shade takes trees." in refused.err
    assert "grades: No lead of these days was graded." in refused.err
    assert (1, ["roof_shade takes trees.", "roof_shade no longer takes unsure."]) == (
        applied.json["version"],
        applied.json["changes"]["cedar-solar"],
    )
    shade = next(field for field in spec["fields"] if field["field"] == "roof_shade")
    assert ["none", "partial", "full", "trees"] == shade["allowed"]


def test_a_vertical_that_cannot_be_used_changes_nothing(sold_by_cedar: Home, tmp_path: Path) -> None:
    for text, told in (
        ("title: Solar\nfields: []\n", "fields"),
        ("title: Solar\nfields: [{name: a, type: choice, label: A, ping: absent, post: optional}]\n", "allowed"),
        ("- a\n", "begins with"),
        ("{", "cannot be used"),
    ):
        file = tmp_path / "solar.yaml"
        file.write_text(text)
        ran = sold_by_cedar.run("vertical", "apply", file, "--yes")
        assert (4, True) == (ran.code, told in ran.err), ran
    assert [] == sold_by_cedar.rows("SELECT * FROM documents")


def test_the_settings_of_a_form_are_kept_as_json(sold_by_cedar: Home, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("root: r\nfields: {a: {constant: '1'}, b: {of: price, otherwise: '0'}}\n")
    sold_by_cedar.run("campaign", "answers", "cedar-solar", "--file", file, "--yes")
    stored = sold_by_cedar.rows("SELECT document FROM campaigns WHERE current = 1")[0]["document"]

    assert [("a", "", "1"), ("b", "price", "0")] == [
        (field["name"], field["of"], field["otherwise"]) for field in json.loads(stored)["answer_shape"]["fields"]
    ]


def test_a_campaign_is_made_with_its_seller_and_takes_leads_at_once(home: Home) -> None:
    made = home.run("campaign", "add", "solar-acme", "--seller", "acme", "--vertical", "solar", "--json")
    more = home.run(
        "campaign", "add", "more-acme", "--seller", "acme", "--vertical", "solar", "--name", "More", "--share", "62.5"
    )

    assert (0, 0) == (made.code, more.code), (made.err, more.err)
    assert ("solar-acme", "acme", "solar") == tuple(made.json[name] for name in ("campaign", "seller", "vertical"))
    assert "/p/solar-acme-" in made.json["page"]
    assert [{"id": "acme", "name": "Acme"}] == [dict(row) for row in home.rows("SELECT id, name FROM sellers")]
    assert ["campaign.added"] * 2 == [
        row["action"] for row in home.rows("SELECT action FROM audit_lines WHERE action LIKE 'campaign%'")
    ]
    assert "# More" in home.run("campaign", "spec", "more-acme").out
    assert 0 == home.run("key", "create", "--campaign", "solar-acme").code


def test_a_campaign_that_cannot_be_is_told_with_all_that_is_wrong(sold_by_cedar: Home) -> None:
    ran = sold_by_cedar.run(
        "campaign", "add", "cedar-solar", "--seller", "No", "--vertical", "boats",
        "--share", "101", "--slots", "0", "--floor", "-1",
    )  # fmt: skip

    assert 4 == ran.code
    for told in (
        "one called cedar-solar",
        "seller: 'No'",
        "called boats; there are solar",
        "share:",
        "slots:",
        "floor:",
    ):
        assert told in ran.err
    assert 1 == len(sold_by_cedar.run("campaign", "list", "--json").json)


def test_the_verticals_in_force_are_listed_with_what_nobody_may_choose_by(sold_by_cedar: Home) -> None:
    source = ROOT / "config" / "verticals" / "education.yaml"
    applied = sold_by_cedar.run("vertical", "apply", source, "--yes")
    listed = sold_by_cedar.run("vertical", "list", "--json").json

    assert 0 == applied.code
    assert [("education", 0, "written"), ("solar", 1, "any")] == [
        (row["vertical"], row["campaigns"], row["consent"]) for row in listed
    ]
    assert {"gender", "dob"} == set(listed[0]["no_filters"])
    assert "no filters on gender, dob" in sold_by_cedar.run("vertical", "list").out
