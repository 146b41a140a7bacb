"""`exchange report`: what a page would show, as a table, CSV and JSON."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.cli.home import Home, LeadBuyer
from tests.cli.leads import people, write_csv


def test_reports_are_listed_and_shown_in_every_form(market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path) -> None:
    market_home.run("import", write_csv(tmp_path / "leads.csv", people(3)), "--campaign", "cedar-solar")
    listed = market_home.run("--json", "report", "list").json
    table = market_home.run("report", "show", "sellers", "--measures", "leads,sold,revenue")
    rows = market_home.run("report", "show", "--by", "seller", "--measures", "leads,revenue", "--format", "csv")
    told = market_home.run("--json", "report", "show", "sellers", "--where", "seller=cedar", "--period", "7d").json
    nobody = market_home.run("--json", "report", "show", "explorer", "--where", "seller=nobody").json

    assert {"sellers", "buyers", "funnel"} <= {each["name"] for each in listed}
    assert ["Seller", "Leads", "Sold", "Revenue"] == table.out.splitlines()[0].split()
    assert ["Cedar", "3", "3", "$60.00"] == table.out.splitlines()[1].split()
    assert [("cedar", "3", "60.00")] == [
        (row["seller"], row["leads"], row["revenue"]) for row in csv.DictReader(io.StringIO(rows.out))
    ]
    assert (3, "60.00") == (told["total"]["leads"], told["total"]["revenue"])
    assert (0, []) == (nobody["total"]["leads"], nobody["rows"])
    for flags, words in ((("nothing",), "no report nothing"), (("--by", "luck"), "there is no luck"),
                         (("--where", "seller"), "a name and a value")):  # fmt: skip
        bad = market_home.run("report", "show", *flags)
        assert (2, True) == (bad.code, words in bad.err)
