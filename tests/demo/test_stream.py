"""A file of leads runs through the API on its own clock, and what buyers say follows at its own time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession

from exchange.catalog import default_config, load_verticals
from exchange.clock import SimulatedClock
from exchange.demo.market import read_parties
from exchange.demo.stream import Access, BadStream, Replay, epoch_ms, fields_of, read_rows, read_truth, truth_path
from tests.demo.api import running

SHARED = Path(__file__).parents[3] / "shared" / "lead-data" / "stream_public.jsonl"
ACCESS = Access(
    {"bk-trades-deposit": "ck_trades", "ol-other-market": "ck_other"},
    {"meridian": "bk_meridian", "bazaar": "bk_bazaar"},
    {("bk-trades", "term_deposit"): "bk-trades-deposit", ("ol-other", "b2b_marketplace"): "ol-other-market"},
    {"term_deposit": ("contacted", "wrong_number", "not_interested", "converted")},
)


def row(number: int, ts: str, **changed: object) -> dict[str, Any]:
    values: dict[str, Any] = {
        "lead_id": f"X{number}",
        "ts": ts,
        "seller_id": "BK-trades",
        "sub_id": "sg-1",
        "vertical": "term_deposit",
        "source": "call_cellular",
        "landing_page": "https://page.example/a",
        "contact": {"first_name": "Maria", "phone": f"602958{number:04d}", "zip": None, "email": ""},
        "ip": "198.51.100.7",
        "user_agent": "Browser",
        "form_ms": 20502,
        "hp": "",
        "consent": {"cert": "ab" * 20, "ts": "2025-03-03T12:55:50Z", "url": "https://page.example/a"},
        "fields": {"job": "admin", "balance_eur": 219},
    }
    return values | changed


def written(tmp_path: Path, rows: list[dict[str, Any]], truths: list[dict[str, Any]] | None = None) -> Path:
    path = tmp_path / "leads.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(each) for each in rows) + b"\n")
    if truths is not None:
        truth_path(path).write_bytes(b"\n".join(orjson.dumps(each) for each in truths))
    return path


def sells(call: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
    return {"status": "accepted", "lead_id": f"ld_{fields['seller_lead_id']}", "price": "7.00"}


def test_a_row_becomes_canonical_fields() -> None:
    fields = fields_of(row(1, "2025-03-03T12:56:05Z"))

    assert fields["sub_id1"] == "sg-1"
    assert fields["trustedform_cert_url"] == "ab" * 20
    assert fields["ip_address"] == "198.51.100.7"
    assert fields["form_ms"] == "20502"
    assert (fields["job"], fields["balance_eur"]) == ("admin", "219")
    assert "zip" not in fields and fields["email"] == ""
    assert "hp" not in fields and fields_of(row(1, "x", hp="http://spam.example"))["hp"] == "http://spam.example"


async def test_rows_go_in_order_on_the_streams_own_clock(tmp_path: Path) -> None:
    times = ["2025-03-03T12:56:05Z", "2025-03-03T13:05:52Z", "2025-03-04T00:00:00Z"]
    clock, seen = SimulatedClock(0), []

    def answer(call: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        seen.append((fields["seller_lead_id"], fields["campaign_key"], clock.now()))
        return {"status": "unsold", "reason": "no_bid"}

    async with running(answer) as api, ClientSession() as session:
        path = written(tmp_path, [row(n, ts) for n, ts in enumerate(times)])
        summary = await Replay(api.url, ACCESS, clock, session).run(path)

    assert seen == [(f"X{n}", "ck_trades", epoch_ms(ts)) for n, ts in enumerate(times)]
    assert (summary.rows, summary.statuses["unsold"], summary.reasons["no_bid"]) == (3, 3, 3)
    assert (summary.first_at, summary.last_at) == (epoch_ms(times[0]), epoch_ms(times[2]))


async def test_buyers_speak_at_their_time_with_their_own_key_in_the_verticals_words(tmp_path: Path) -> None:
    rows = [row(1, "2025-03-03T12:00:00Z"), row(2, "2025-03-05T12:00:00Z")]
    told = [
        {"ts": "2025-03-06T08:00:00Z", "status": "converted", "reason": ""},
        {"ts": "2025-03-04T08:00:00Z", "status": "bad_number", "reason": "disconnected"},
    ]
    clock = SimulatedClock(0)
    async with running(sells) as api, ClientSession() as session:
        api.owners["ld_X1"] = "bk_bazaar"
        path = written(tmp_path, rows, [{"lead_id": "X1", "expect": "accept", "dispositions": told}])
        summary = await Replay(api.url, ACCESS, clock, session).run(path)

    assert [(key, body["disposition"], body["at"], body["note"]) for key, body in api.told] == [
        ("bk_bazaar", "wrong_number", "2025-03-04T08:00:00.000Z", "bad_number: disconnected"),
        ("bk_bazaar", "converted", "2025-03-06T08:00:00.000Z", "converted"),
    ]
    assert summary.dispositions == {"recorded": 2}
    assert summary.judged == {("accept", "accepted"): 1}
    assert clock.now() == epoch_ms("2025-03-06T08:00:00Z")


async def test_what_buyers_would_say_of_unsold_leads_is_counted_not_sent(tmp_path: Path) -> None:
    truth = {
        "lead_id": "X1",
        "expect": "reject",
        "dispositions": [{"ts": "2025-03-06T08:00:00Z", "status": "contacted"}],
    }
    async with running(lambda call, fields: {"status": "rejected"}) as api, ClientSession() as session:
        path = written(tmp_path, [row(1, "2025-03-03T12:00:00Z")], [truth])
        summary = await Replay(api.url, ACCESS, SimulatedClock(0), session).run(path)

    assert (api.told, summary.dispositions) == ([], {"not_sold": 1})


async def test_a_disposition_nobody_may_tell_is_counted_as_refused(tmp_path: Path) -> None:
    truth = {
        "lead_id": "X1",
        "expect": "accept",
        "dispositions": [{"ts": "2025-03-06T08:00:00Z", "status": "contacted"}],
    }
    async with running(sells) as api, ClientSession() as session:
        path = written(tmp_path, [row(1, "2025-03-03T12:00:00Z")], [truth])
        summary = await Replay(api.url, ACCESS, SimulatedClock(0), session).run(path)

    assert summary.dispositions == {"refused": 1}


async def test_an_unknown_source_falls_to_its_familys_rest_or_to_nobody(tmp_path: Path) -> None:
    rows = [
        row(1, "2025-03-03T12:00:00Z", seller_id="OL-new", vertical="b2b_marketplace"),
        row(2, "2025-03-03T12:00:01Z", seller_id="ZZ-new"),
    ]
    async with running(sells) as api, ClientSession() as session:
        summary = await Replay(api.url, ACCESS, SimulatedClock(0), session).run(written(tmp_path, rows))

    assert [fields["campaign_key"] for _, fields in api.calls] == ["ck_other"]
    assert summary.statuses == {"accepted": 1, "no_campaign": 1}


@pytest.mark.parametrize("line", [b"{", b"[]", b'"x"', b"{}", b'{"lead_id":"A","ts":"yesterday"}'])
def test_a_line_that_is_no_lead_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(orjson.dumps(row(1, "2025-03-03T12:00:00Z")) + b"\n" + line + b"\n")

    with pytest.raises(BadStream, match=r"broken\.jsonl, line 2"):
        list(read_rows(path))


def test_the_streams_market_takes_every_family_and_the_shared_stream_fits_it(tmp_path: Path) -> None:
    """With the shared file every row is mapped and has a campaign; without it, the small one."""
    path = SHARED if SHARED.exists() else written(tmp_path, [row(1, "2025-03-03T12:00:00Z")], [])
    verticals = load_verticals(default_config())
    parties = read_parties(default_config() / "demo" / "stream.yaml", verticals)
    campaigns = {(campaign.seller_id, campaign.vertical): campaign.id for campaign in parties.campaigns}
    access = Access({}, {}, campaigns, {name: vertical.dispositions for name, vertical in verticals.items()})

    rows = list(read_rows(path))
    truths = read_truth(truth_path(path))

    assert [each.at for each in rows] == sorted(each.at for each in rows)
    for each in rows:
        assert access.campaign_of(each) == campaigns[(each.seller_id.lower(), each.vertical)]
        unknown = set(each.values) - set(verticals[each.vertical].by_name) - KNOWN
        assert not unknown, unknown
        for told in truths[each.lead_id].told if each.lead_id in truths else ():
            assert access.word_for(told.kind, each.vertical) in verticals[each.vertical].dispositions
    assert len(rows) == (2_000 if path == SHARED else 1)


KNOWN = {
    "seller_lead_id",
    "sub_id1",
    "landing_page_url",
    "user_agent",
    "trustedform_cert_url",
    "tcpa_consent",
    "tcpa_consent_at",
}
