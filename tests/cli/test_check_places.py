"""`exchange check` passes over no file in silence, and tells addresses that would be refused."""

from __future__ import annotations

import re

from tests.cli.home import Home
from tests.market import selling


def test_files_that_would_be_passed_over_in_silence_are_told(market_home: Home) -> None:
    connections = market_home.folder / "config" / "connections"
    market_home.connect("acme_again", 9)
    again = connections / "acme_again" / "connection.yaml"
    again.write_text(again.read_text("utf-8").replace("acme_again", "acme"), "utf-8")
    (connections / "list").mkdir()
    (connections / "list" / "connection.yaml").write_text("- acme\n", "utf-8")
    problems = {each["problem"] for each in market_home.run("--json", "check").json["problems"]}

    assert problems == {
        f"{again}: connection: acme is the name of another file's connection too",
        f"{connections / 'list' / 'connection.yaml'}: document: is not a mapping of names to values",
    }


def test_addresses_that_will_be_refused_are_told_before_a_lead_waits_for_one(market_home: Home) -> None:
    file = market_home.folder / "config" / "connections" / "acme" / "connection.yaml"
    text = re.sub(r"url: http://127[^\n]*", "url: http://169.254.169.254/latest", file.read_text("utf-8"))
    file.write_text(text, "utf-8")
    market_home.store(selling("oak", postback_url="http://10.0.0.7/sold"))
    problems = market_home.run("--json", "check").json["problems"]

    assert [("connections", "connection acme: post.url"), ("parties", "campaign oak-solar: postback_url")] == [
        (each["check"], ": ".join(each["problem"].split(": ")[:2])) for each in problems
    ]
    assert "a cloud's metadata service" in problems[0]["problem"]
    assert "a private network" in problems[1]["problem"]


def test_files_that_cannot_be_read_are_told_and_hide_no_other(market_home: Home) -> None:
    config = market_home.folder / "config"
    folders = {config / "connections" / "two" / "connection.yaml", config / "verticals" / "dir.yaml"}
    for folder in folders:
        folder.mkdir(parents=True)
    dangling = config / "presets" / "gone.yaml"
    dangling.symlink_to(config / "presets" / "nowhere.yaml")
    cases = config / "connections" / "acme" / "cases"
    cases.mkdir()
    deep = {
        config / place for place in ("verticals/deep.yaml", "presets/deep.yaml", "connections/deep/connection.yaml")
    }
    deep.add(cases / "deep.yaml")
    for file in deep:
        file.parent.mkdir(exist_ok=True)
        file.write_text("- " * 20_000, "utf-8")
    found = market_home.run("--json", "check")

    told = [each["problem"] for each in found.json["problems"]]
    assert 4 == found.code
    assert sorted(told) == sorted(
        [
            *(f"{folder}: cannot be read: Is a directory." for folder in folders),
            f"{dangling}: cannot be read: No such file or directory.",
            *(f"{file}: is nested too deeply{'' if file.parent == cases else '.'}" for file in deep),
        ]
    )
