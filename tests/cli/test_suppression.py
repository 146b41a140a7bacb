"""`exchange suppression`: files brought and taken away, and where somebody stands; each way it can end has its code."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from tests.cli.home import Home, exchange
from tests.market import buying, selling

PHONE = "6025550142"


def test_a_list_from_its_first_file_to_its_end(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "partners.csv"
    file.write_text(f"phone\n(602) 555-0142\n{PHONE[:-1]}3\n")

    made = exchange("suppression", "add", "partners", file, "--data", home.folder, "--json")
    assert (0, 2, "plain") == (made.code, made.json["rows"], made.json["hash"])
    shown = exchange("suppression", "list", "--data", home.folder)
    assert (0, True) == (shown.code, "2 rows" in shown.out and "exchange" in shown.out)
    on = exchange("suppression", "check", f"+1{PHONE}", "--data", home.folder, "--json")
    assert (4, ["partners"]) == (on.code, [each["name"] for each in on.json["lists"]])
    assert 0 == exchange("suppression", "check", "6025550149", "--data", home.folder).code

    gone = tmp_path / "gone.txt"
    gone.write_text(f"{PHONE}\n")
    assert 0 == exchange("suppression", "remove", "partners", gone, "--data", home.folder).code
    assert 0 == exchange("suppression", "check", PHONE, "--data", home.folder).code
    refused = exchange("suppression", "remove", "partners", "--data", home.folder)
    assert (6, True) == (refused.code, "stays as it is" in refused.err)
    assert 0 == exchange("suppression", "remove", "partners", "--yes", "--data", home.folder).code
    assert "There is no list." in exchange("suppression", "list", "--data", home.folder).out
    assert 1 == exchange("suppression", "remove", "partners", "--yes", "--data", home.folder).code


def test_a_bad_file_is_refused_by_line_and_a_list_of_another_hash_too(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "mixed.csv"
    digest = hashlib.md5(PHONE.encode()).hexdigest()
    file.write_text(f"{digest}\nnobody\n")

    bad = exchange("suppression", "add", "mixed", file, "--data", home.folder)
    assert (1, True) == (bad.code, "line 2: it is not an MD5. Write an MD5 in hex or Base64" in bad.err)
    some = exchange("suppression", "add", "mixed", file, "--leave-out", "--data", home.folder, "--json")
    assert (3, 1, 1) == (some.code, some.json["rows"], some.json["left_out"])
    file.write_text(f"{PHONE}\n")
    other = exchange("suppression", "add", "mixed", file, "--data", home.folder)
    assert (1, True) == (other.code, "cannot be used" in other.err)
    assert 4 == exchange("suppression", "check", digest, "--data", home.folder).code


def test_wrong_usage_says_what_is_wrong(home: Home, tmp_path: Path) -> None:
    home.store(*buying("acme"), *selling("cedar"))
    file = tmp_path / "list.csv"
    file.write_text(f"{PHONE}\n")

    def ran(*more: str) -> tuple[int, str]:
        found = exchange("suppression", "add", "x", file, *more, "--data", home.folder)
        return found.code, found.err.strip()

    assert (2, "--purpose is one of") == (ran("--purpose", "x")[0], ran("--purpose", "x")[1][:19])
    assert (2, "buyer: There is no buyer 'nobody'.") == ran("--buyer", "nobody")
    assert (2, "--dated is a day such as 2026-11-20, not soon.") == ran("--dated", "soon")
    assert 2 == ran("--mode", "x")[0] == ran("--hash", "x")[0] == ran("--buyer", "acme", "--vertical", "solar")[0]
    assert (1, True) == (ran("--purpose", "dnc_national")[0], "of which day" in ran("--purpose", "dnc_national")[1])
    assert 0 == ran("--buyer", "acme")[0]
    assert 5 == exchange("suppression", "add", "x", tmp_path / "no.csv", "--data", home.folder).code
    assert 2 == exchange("suppression", "check", "nobody", "--data", home.folder).code


def test_a_deletion_list_is_tried_processed_and_answered(home: Home, tmp_path: Path) -> None:
    digest = base64.b64encode(hashlib.sha256(PHONE.encode()).digest()).decode()
    file = tmp_path / "20261112_4821_Phone.csv"
    file.write_text(f"ID,Hash\naaaaaaaaaaaa,{digest}\n")

    dry = exchange("suppression", "drop", file, "--dry-run", "--data", home.folder, "--json")
    assert (0, {"5": 1}, None) == (dry.code, dry.json["answers"], dry.json["file"])
    assert 6 == exchange("suppression", "drop", file, "--data", home.folder).code
    done = exchange("suppression", "drop", file, "--yes", "--data", home.folder)
    assert (0, True) == (done.code, "1 rows: 1 not found; 0 leads erased." in done.out)
    assert "Id,Status\naaaaaaaaaaaa,5\n" == (tmp_path / "20261112_4821_Phone_response.csv").read_text()
    assert 4 == exchange("suppression", "check", PHONE, "--data", home.folder).code
    other = tmp_path / "list.csv"
    other.write_text(f"ID,Hash\naaaaaaaaaaaa,{digest}\n")
    assert 1 == exchange("suppression", "drop", other, "--yes", "--data", home.folder).code
    assert 5 == exchange("suppression", "drop", tmp_path / "no.csv", "--yes", "--data", home.folder).code
