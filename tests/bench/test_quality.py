"""The judgement of a stream counts what it says it counts: on a few rows made here, whose truth is plain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from bench.quality import report, run
from bench.quality_figures import Figure, Judged, figures, same, who_refused

CERTIFICATE = "0123456789abcdef0123456789abcdef01234567"


def row(number: int, minute: int, phone: str, **changes: Any) -> dict[str, Any]:
    contact = {
        "first_name": "Maria",
        "last_name": "Sandoval",
        "email": f"maria.sandoval{number}@mailhost.example",
        "phone": phone,
        "address": f"{number} Lake Ct",
        "city": "Phoenix",
        "state": "AZ",
        "zip": "85016",
    }
    at = f"2026-03-02T15:{minute:02d}:30Z"
    return {
        "lead_id": f"T{number}",
        "ts": at,
        "seller_id": "Cedar",
        "sub_id": "sg-1",
        "vertical": "term_deposit",
        "source": "call",
        "landing_page": "https://deposit.example/a",
        "ip": "198.51.100.77",
        "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
        "form_ms": 40_000,
        "hp": "",
        "consent": {"cert": CERTIFICATE, "ts": f"2026-03-02T15:{minute:02d}:20Z", "url": "https://deposit.example/a"},
        "fields": {"job": "retired"},
        "contact": {**contact, **changes},
    }


def truth(number: int, kind: str = "clean", *dirt: str, **changes: Any) -> dict[str, Any]:
    reject = kind not in ("clean", "fixable")
    plain: dict[str, Any] = {"canonical": {}, "dup_of": None, "trap": None, "converted": False, "dispositions": []}
    expect = "reject" if reject else "accept"
    return {"lead_id": f"T{number}", "class": kind, "dirt": dirt, "expect": expect, **plain, **changes}


ROWS = (
    row(1, 1, "6029584101"),
    row(2, 2, "(602) 958-4102", first_name="CAROL", last_name="FISHER", email="c.fisher@mailhost.example"),
    row(3, 3, "9730594245"),
    row(4, 9, "6029584101", email="maria.sandoval1@mailhost.example"),
    row(5, 20, "6029587755", first_name="Peter", last_name="Wood", email="pwood@mailhost.example", zip="85016-1234"),
)
TRUTHS = (
    truth(1, dispositions=[{"ts": "2026-03-02T15:10:00Z", "status": "contacted"}], converted=True),
    truth(2, "fixable", "phone_format", canonical={"phone": "6029584102", "first_name": "Carol"}),
    truth(3, "bad", "phone_invalid"),
    truth(4, "duplicate", "dup_exact", dup_of="T1"),
    truth(5, "fixable", "zip_format", canonical={"zip": "85016"}),
)


def lines(found: list[Judged]) -> Mapping[str, Figure]:
    return {figure.name: figure for _, section in figures(found) for figure in section}


def test_each_figure_is_counted_from_what_the_exchange_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stream, beside = tmp_path / "stream.jsonl", tmp_path / "stream_truth.jsonl"
    stream.write_bytes(b"\n".join(map(orjson.dumps, ROWS)))
    beside.write_bytes(b"\n".join(map(orjson.dumps, TRUTHS)))

    judged, cost = run(stream, beside)

    found = lines(judged)
    assert (2, 2) == (found["precision"].hits, found["precision"].of)
    assert (2, 2) == (found["recall"].hits, found["recall"].of)
    assert (0, 1) == (found["later converting"].hits, found["later converting"].of)
    assert (1, 1) == (found["duplicates paired with the right row"].hits, found["exact duplicates"].hits)
    assert (3, 3) == (found["all"].hits, found["all"].of)
    assert {"bad": 1, "duplicate": 1} == sum(who_refused(judged).values(), Counter[str]())
    assert 5 == cost.leads
    assert report(judged, cost, with_mistakes=True)
    assert "T1" not in capsys.readouterr().out  # no row was judged wrongly


def test_a_figure_without_rows_falls_short_of_nothing() -> None:
    assert Figure("farms", 0, 0, least=0.95).met
    assert not Figure("farms", 9, 10, least=0.95).met
    assert not Figure("lost", 1, 10, most=0.0).met


def test_a_phone_is_compared_without_its_country() -> None:
    assert same("phone", "+16029584102", "6029584102")
    assert not same("zip", None, "85016")
