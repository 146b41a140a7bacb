"""`exchange import`: any usual file, each row once, however often it is stopped."""

from __future__ import annotations

import io
import json
import shlex
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import xlwt

from tests.cli.home import Home, LeadBuyer, exchange
from tests.cli.leads import people, result_rows, write_csv, write_lines
from tests.intake.test_sheets import xlsx
from tests.market import POST

CAMPAIGN = ("--campaign", "cedar-solar")


def sales(home: Home) -> int:
    return int(home.rows("SELECT COUNT(*) AS sales FROM sales")[0]["sales"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_delimiter_is_seen(market_home: Home, tmp_path: Path, delimiter: str) -> None:
    file = write_csv(tmp_path / "leads.csv", people(3), delimiter=delimiter)
    done = market_home.run("--json", "import", file, *CAMPAIGN)

    assert (0, {"accepted": 3}) == (done.code, done.json["counts"])


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_charset_is_seen(market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path, charset: str) -> None:
    row = {**people(1)[0], "first_name": "Zoë"}
    done = market_home.run("--json", "import", write_csv(tmp_path / "leads.csv", [row], charset=charset), *CAMPAIGN)

    assert (0, {"accepted": 1}) == (done.code, done.json["counts"])
    assert "Zoë" == result_rows(done.json["result"])[0]["first_name"]
    assert ["+16029580001"] == lead_buyer.phones()


def test_json_lines_nested_as_in_the_api_are_sold_and_kept(market_home: Home, tmp_path: Path) -> None:
    first, second = people(2)
    contact = {name: second.pop(name) for name in ("first_name", "last_name", "phone", "email")}
    file = tmp_path / "leads.jsonl"
    file.write_text(f"{json.dumps(first)}\n\n{json.dumps({**second, 'contact': contact})}\nnot json\n", "utf-8")
    done = market_home.run("--json", "import", file, *CAMPAIGN)
    lines = [json.loads(line) for line in Path(done.json["result"]).read_text("utf-8").splitlines()]

    assert (3, {"accepted": 2, "invalid": 1}) == (done.code, done.json["counts"])
    assert ["accepted", "accepted", "invalid"] == [line["exchange_status"] for line in lines]
    assert contact == lines[1]["contact"]


def test_the_result_has_every_column_and_what_became_of_the_row(market_home: Home, tmp_path: Path) -> None:
    good, bad = people(2)
    rows = [{**good, "Notes": '=HYPERLINK("x")'}, {**bad, "Notes": '"@SUM(1)', "zip": "8501"}]
    done = market_home.run("--json", "import", write_csv(tmp_path / "leads.csv", rows), *CAMPAIGN)
    sold, refused = result_rows(done.json["result"])

    assert 3 == done.code
    assert ("accepted", "16.00") == (sold["exchange_status"], sold["exchange_price"])
    assert sold["exchange_lead_id"].startswith("ld_")
    assert ("invalid", "invalid") == (refused["exchange_status"], refused["exchange_reason"])
    assert refused["exchange_errors"].startswith("zip ")
    assert ('\'=HYPERLINK("x")', "'\"@SUM(1)") == (sold["Notes"], refused["Notes"])
    assert [good["phone"], bad["phone"]] == [sold["Phone Number"], refused["Phone Number"]]


def test_a_mapping_names_columns_leaves_some_out_and_adds_values(market_home: Home, tmp_path: Path) -> None:
    row = {**POST, "Telefon": POST["phone"], "Bill ($)": POST["monthly_bill"], "phone": "not theirs"}
    del row["monthly_bill"], row["tcpa_consent"]
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        '[columns]\nTelefon = "phone"\nphone = ""\n"Bill ($)" = "monthly_bill"\n'
        '[constants]\ntcpa_consent = "yes"\nsub_id1 = "list-7"\n'
    )
    file = write_csv(tmp_path / "leads.csv", [row], renamed={})
    done = market_home.run("--json", "import", file, *CAMPAIGN, "--map", mapping)

    assert {"accepted": 1} == done.json["counts"], done.out
    assert ["list-7"] == [lead["sub_id1"] for lead in market_home.rows("SELECT sub_id1 FROM leads")]


@pytest.mark.parametrize(
    "text", ["columns = 3", '[columns]\na = "no_such_field"', "[columns]\na = 1", "[other]\na = 'zip'", "not toml"]
)
def test_a_mapping_that_is_wrong_is_told_before_anything_is_sold(market_home: Home, tmp_path: Path, text: str) -> None:
    (tmp_path / "mapping.toml").write_text(text)
    file = write_csv(tmp_path / "leads.csv", people(1))
    refused = market_home.run("import", file, *CAMPAIGN, "--map", tmp_path / "mapping.toml")

    assert (2, 0) == (refused.code, sales(market_home))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "archive"),
        (b"[{}]", "array"),
        (b"a\0b,c\n", "no text"),
        (b"zip,zip\n1,2\n", "more than once"),
        (b"colour,shape\nred,round\n", "header"),
        (b'zip,phone\n85016,"never closed\n' + b"x" * 140_000, "quote"),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_is_refused_whole(
    market_home: Home, tmp_path: Path, content: bytes, word: str
) -> None:
    (tmp_path / "leads.csv").write_bytes(content)
    refused = market_home.run("import", tmp_path / "leads.csv", *CAMPAIGN)

    assert (1, True) == (refused.code, word in refused.err)
    assert [] == market_home.rows("SELECT id FROM imports")


def test_a_row_with_too_many_cells_fails_alone(market_home: Home, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "leads.csv", people(2))
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], lines[1] + ",surplus", lines[2]]) + "\n")
    done = market_home.run("--json", "import", file, *CAMPAIGN)

    assert (3, {"accepted": 1, "invalid": 1}) == (done.code, done.json["counts"])


def test_a_dry_run_counts_everything_and_stores_nothing(market_home: Home, tmp_path: Path) -> None:
    assert 0 == market_home.run("import", write_csv(tmp_path / "sold.csv", people(1)), *CAMPAIGN).code
    before = market_home.rows("SELECT COUNT(*) AS requests FROM requests")
    rows = [*people(4), people(4)[2], {**people(1, 7)[0], "zip": "8501"}, {**people(1, 8)[0], "zip": "", "phone": "5"}]
    counted = market_home.run("--json", "import", write_csv(tmp_path / "leads.csv", rows), *CAMPAIGN, "--dry-run")

    assert 3 == counted.code
    assert (3, 1, 1, 2) == tuple(
        counted.json[name] for name in ("valid", "duplicate_in_file", "in_exchange", "invalid")
    )
    assert {"zip": 2, "phone": 1} == counted.json["invalid_by"]
    assert before == market_home.rows("SELECT COUNT(*) AS requests FROM requests")
    assert 1 == len(market_home.rows("SELECT id FROM imports"))


def test_test_leads_go_to_simulated_buyers_only(market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path) -> None:
    done = market_home.run("--json", "import", write_csv(tmp_path / "leads.csv", people(2)), *CAMPAIGN, "--test")

    assert ({"accepted": 2}, []) == (done.json["counts"], lead_buyer.posts)


def test_the_same_file_again_is_recognised_and_asks(market_home: Home, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "leads.csv", people(2))
    first = market_home.run("--json", "import", file, *CAMPAIGN).json["import"]
    asked = market_home.run("import", file.rename(tmp_path / "other name.csv"), *CAMPAIGN)
    again = market_home.run("--json", "import", tmp_path / "other name.csv", *CAMPAIGN, "--yes")

    assert (6, True, True) == (asked.code, first in asked.err, "--yes" in asked.err)
    assert {"duplicate": 2} == again.json["counts"]
    assert 2 == sales(market_home)


def test_a_finished_import_is_not_resumed(market_home: Home, tmp_path: Path) -> None:
    done = market_home.run("--json", "import", write_csv(tmp_path / "leads.csv", people(1)), *CAMPAIGN).json

    assert 6 == market_home.run("import", "--resume", done["import"]).code
    assert 1 == market_home.run("import", "--resume", "imp_nothing").code
    assert 2 == market_home.run("import", "--resume", done["import"], *CAMPAIGN).code


@pytest.mark.parametrize(("rate", "code"), [("20/s", 0), ("6000/min", 0), ("20/day", 2), ("0", 2), ("fast", 2)])
def test_a_rate_is_rows_in_a_time(market_home: Home, tmp_path: Path, rate: str, code: int) -> None:
    file = write_csv(tmp_path / "leads.csv", people(2))

    assert code == market_home.run("import", file, *CAMPAIGN, "--rate", rate).code


def test_ctrl_c_ends_what_is_under_way_and_prints_a_resume_that_works(
    market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "leads.csv", people(60))
    with market_home.start("--json", "import", file, *CAMPAIGN, "--rate", "30/s") as importing:
        lead_buyer.wait_for(10)
        importing.send_signal(signal.SIGINT)
        paused = json.loads(importing.communicate(timeout=60)[0])
    resumed = exchange("--json", *shlex.split(paused["resume"])[1:])  # as it is printed, from wherever

    assert (130, "paused", True) == (importing.returncode, paused["state"], 10 <= paused["done"] < 60)
    assert (0, {"accepted": 60}) == (resumed.code, resumed.json["counts"])
    check_every_row_was_sold_once(market_home, lead_buyer, resumed.json["result"], 60)


def test_a_killed_import_is_taken_up_and_nothing_is_sold_twice(
    market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "leads.csv", people(200))
    with market_home.start("import", file, *CAMPAIGN) as importing:
        lead_buyer.wait_for(30)
        lead_buyer.gate.clear()  # from here on leads arrive and their answers wait: the kill finds posts under way
        lead_buyer.wait_for(len(lead_buyer.posts) + 1)
        importing.kill()
        importing.communicate(timeout=60)
    lead_buyer.gate.set()
    import_id = market_home.rows("SELECT id FROM imports")[0]["id"]
    resumed = market_home.run("--json", "import", "--resume", import_id)
    counts = resumed.json["counts"]

    assert (0, 200) == (resumed.code, sum(counts.values()))
    assert {"accepted", "queued"} == set(counts)  # what was under way is unclear: held, and never sent again
    check_every_row_was_sold_once(market_home, lead_buyer, resumed.json["result"], 200)
    assert 0 == market_home.run("ledger", "verify").code


def check_every_row_was_sold_once(home: Home, buyer: LeadBuyer, result: str, rows: int) -> None:
    """By the buyer's own count, by the books, and by the result file."""
    assert [] == [phone for phone, count in Counter(buyer.phones()).items() if count > 1]
    sold = [row for row in result_rows(result) if row["exchange_status"] == "accepted"]
    assert rows == len(result_rows(result))
    assert rows == len({row["Phone Number"] for row in result_rows(result)})
    assert len(sold) == sales(home) == len({row["exchange_lead_id"] for row in sold})


def test_an_import_that_runs_is_not_run_beside_itself(market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "leads.jsonl", people(40))
    lead_buyer.gate.clear()
    with market_home.start("import", file, *CAMPAIGN) as importing:
        lead_buyer.wait_for(5)
        import_id = market_home.rows("SELECT id FROM imports")[0]["id"]
        beside = market_home.run("import", "--resume", import_id)
        lead_buyer.gate.set()
        importing.communicate(timeout=60)

    assert (6, True) == (beside.code, "Another process" in beside.err)
    assert (0, 40) == (importing.returncode, len(lead_buyer.posts))


def test_a_file_that_was_changed_is_not_resumed(market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "leads.csv", people(60))
    with market_home.start("--json", "import", file, *CAMPAIGN, "--rate", "20/s") as importing:
        lead_buyer.wait_for(3)
        importing.send_signal(signal.SIGTERM)
        paused = json.loads(importing.communicate(timeout=60)[0])
    write_csv(file, people(60, 500))
    refused = market_home.run("import", "--resume", paused["import"])

    assert (130, 6) == (importing.returncode, refused.code)
    assert "is not the file it was" in refused.err


@pytest.mark.parametrize("name", ["leads.xlsx", "leads.xls"])
def test_a_spreadsheet_is_sold_stopped_and_resumed_like_a_csv(
    market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path, name: str
) -> None:
    rows = people(40)
    data = xlsx(list(rows[0]), *(list[object](row.values()) for row in rows))
    (tmp_path / name).write_bytes(data if name.endswith("x") else old_xls(rows))
    with market_home.start("--json", "import", tmp_path / name, *CAMPAIGN, "--rate", "30/s") as importing:
        lead_buyer.wait_for(5)
        importing.send_signal(signal.SIGINT)
        paused = json.loads(importing.communicate(timeout=60)[0])
    resumed = market_home.run("--json", *paused["resume"].split()[1:])

    assert ("paused", {"accepted": 40}) == (paused["state"], resumed.json["counts"])
    assert 40 == len(result_rows(resumed.json["result"]))


def old_xls(rows: list[dict[str, str]]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Leads")
    for number, cells in enumerate([list(rows[0]), *[list(row.values()) for row in rows]]):
        for column, cell in enumerate(cells):
            sheet.write(number, column, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_columns_are_guessed_told_and_overruled_by_a_mapping(market_home: Home, tmp_path: Path) -> None:
    renamed = {"phone": "Telefon", "email": "Emial Adress", "zip": "PLZ"}
    file = write_csv(tmp_path / "leads.csv", people(4), renamed=renamed)
    checked = market_home.run("import", file, *CAMPAIGN, "--dry-run")
    (tmp_path / "map.toml").write_text('[columns]\nPLZ = ""\n')
    overruled = market_home.run("--json", "import", file, *CAMPAIGN, "--dry-run", "--map", tmp_path / "map.toml")

    assert 0 == checked.code, checked.err
    assert "Telefon is phone" in checked.err and "PLZ (content: 85016)" in checked.err
    assert "Emial Adress (like: person-cem@consumer.example)" in checked.err
    assert (3, {"zip": 4}) == (overruled.code, overruled.json["invalid_by"])
    assert "Missing     zip" in overruled.err


def test_a_dry_run_tells_what_the_file_would_earn(market_home: Home, tmp_path: Path) -> None:
    counted = market_home.run("import", write_csv(tmp_path / "leads.csv", people(3)), *CAMPAIGN, "--dry-run")

    assert "Would earn  about $60.00 (range $60.00 to $60.00), $48.00 of it the seller's" in counted.out


def test_rows_are_sold_in_the_order_and_at_the_hours_that_are_said(
    market_home: Home, lead_buyer: LeadBuyer, tmp_path: Path
) -> None:
    """The newest consent first, at first outside of its hours; a stop keeps the order."""
    rows = [{**each, "tcpa_consent_at": _hours_ago(n * 7 % 40)} for n, each in enumerate(people(40), start=1)]
    closed = _hours_ago(-2)[11:16] + "-" + _hours_ago(-3)[11:16] + " UTC"
    file = write_csv(tmp_path / "leads.csv", rows)
    with market_home.start(
        "--json", "import", file, *CAMPAIGN, "--order", "newest", "--hours", closed, "--rate", "30/s"
    ) as importing:
        assert importing.stderr is not None
        assert any("Waiting" in line and closed in line for line in iter(importing.stderr.readline, ""))
        importing.send_signal(signal.SIGINT)
        waited = json.loads(importing.communicate(timeout=60)[0])
    assert (130, 0, []) == (importing.returncode, waited["done"], lead_buyer.posts)
    with market_home.start("--json", *waited["resume"].split()[1:], "--hours", "any") as importing:
        lead_buyer.wait_for(10)
        importing.send_signal(signal.SIGINT)
        importing.communicate(timeout=60)
    done = market_home.run("--json", *waited["resume"].split()[1:])

    assert {"accepted": 40} == done.json["counts"]
    told = result_rows(done.json["result"])
    assert sorted((row["tcpa_consent_at"] for row in told), reverse=True) == [row["tcpa_consent_at"] for row in told]
    check_every_row_was_sold_once(market_home, lead_buyer, done.json["result"], 40)
    assert [] == market_home.rows("SELECT * FROM import_orders")


def _hours_ago(hours: int) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_file_that_mostly_fails_stops_by_itself_and_goes_on_when_it_is_meant(
    market_home: Home, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "leads.csv", [{**each, "zip": "1"} for each in people(90)])
    stopped = market_home.run("--json", "import", file, *CAMPAIGN, "--stop-percent", "20", "--rate", "500/s")
    done = market_home.run("--json", "import", "--resume", stopped.json["import"], "--stop-percent", "100")

    assert (3, "paused", True) == (stopped.code, stopped.json["state"], 50 <= stopped.json["done"] < 90)
    assert "more than 20%" in stopped.json["error"]
    assert (3, {"invalid": 90}) == (done.code, done.json["counts"])


@pytest.mark.parametrize("option", [("--order", "oldest"), ("--hours", "late"), ("--stop-percent", "0")])
def test_an_order_hours_or_a_share_that_is_none_is_wrong_usage(
    market_home: Home, tmp_path: Path, option: tuple[str, str]
) -> None:
    file = write_csv(tmp_path / "leads.csv", people(1))

    assert (2, 0) == (market_home.run("import", file, *CAMPAIGN, *option).code, sales(market_home))
