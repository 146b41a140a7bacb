"""The API's door: a row for every request, hostile bytes, too much to do, and an answer for whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from aiohttp import ClientSession

from exchange.model.party import Rate
from exchange.storage.database import Db, StorageBusy, StorageError, StorageFull
from exchange.web.keys import THROTTLE
from tests.market import PING, POST, live_key, open_exchange, selling
from tests.web.failing import FailingDb
from tests.web.served import FORM, Served, serve_exchange

_REQUEST = re.compile(r"req_[0-9A-Z]{26}")


async def test_every_request_leaves_a_row_with_its_id_whatever_came_of_it(served: Served) -> None:
    answers = [
        await served.send("ping", PING),
        await served.send("ping", body=b"{"),
        await served.send("ping", PING, key="ck_live_wrong"),
        await served.send("ping", PING, key=None),
        await served.send("ping", PING, content_type="image/png"),
        await served.send("ping", body=b"x" * 300_000),
        await served.send("ping", PING, headers={"Idempotency-Key": "two words"}),
        await served.send("ping", PING, headers={"Expect": "tea"}),
        await served.send("ping", method="PUT"),
        await served.send("nowhere", PING),
        await served.get("leads/ld_none"),
        await served.get("leads?since=0"),
        await served.get("sales"),
        await served.get("../v2/ping"),
    ]

    rows = {row["id"]: row for row in await served.exchange.rows("SELECT * FROM requests")}
    assert [200, 400, 401, 401, 415, 413, 400, 417, 405, 404, 404, 200, 401, 404] == [
        each.http_status for each in answers
    ]
    assert [each.headers["X-Request-Id"] for each in answers] == [each["request_id"] for each in answers]
    assert {each["request_id"] for each in answers} == set(rows)
    assert [each.http_status for each in answers] == [rows[each["request_id"]]["status_code"] for each in answers]
    assert all(_REQUEST.fullmatch(request_id) for request_id in rows)


async def test_what_a_stranger_sent_is_not_kept_and_what_a_seller_sent_is_kept_sealed(served: Served) -> None:
    broken = b'{"zip": "85016", "note": "MARKER" '
    stranger = await served.send("post", body=broken, key=None)
    known = await served.send("post", body=broken)
    kept = {row["id"]: row for row in await served.exchange.rows("SELECT * FROM requests")}
    keys = {row["subject"]: row["wrapped"] for row in await served.exchange.rows("SELECT * FROM data_keys")}

    assert (None, None) == (kept[stranger["request_id"]]["raw"], keys.get(stranger["request_id"]))
    request_id = known["request_id"]
    vault = served.exchange.market.vault
    opened = vault.open(vault.data_key(keys[request_id]), f"raw:{request_id}", kept[request_id]["raw"])
    assert broken == opened
    assert b"MARKER" not in kept[request_id]["raw"]
    assert ("cedar", "cedar-solar") == (kept[request_id]["seller_id"], kept[request_id]["campaign_id"])


async def test_the_key_in_a_body_is_masked_before_the_body_is_kept(served: Served) -> None:
    sold = await served.send("post", {**POST, "campaign_key": live_key("cedar")}, key=None)
    broken = await served.send("ping", {"campaign_key": live_key("cedar"), "idempotency_key": "two words"}, key=None)
    vault = served.exchange.market.vault

    for request_id in (sold["request_id"], broken["request_id"]):
        (row,) = await served.exchange.rows(
            "SELECT r.raw, k.wrapped FROM requests r JOIN data_keys k ON k.subject = r.id WHERE r.id = :id",
            id=request_id,
        )
        raw = vault.open(vault.data_key(row["wrapped"]), f"raw:{request_id}", row["raw"])
        assert b"********" in raw
        assert live_key("cedar").encode() not in raw


def wrong_post(**fields: object) -> bytes:
    return json.dumps({**POST, **fields}).encode()


JSON, XML, FILE = "application/json", "application/xml", "multipart/form-data; boundary=x"
HOSTILE = (
    (b"", JSON),
    (b"null", JSON),
    (b"[]", JSON),
    (b'"x"', JSON),
    (b"[" * 100_000, JSON),
    (b'{"a":' * 40_000, JSON),
    (b'{"zip": 1' + b"0" * 5_000 + b"}", JSON),
    (b'{"zip": NaN}', JSON),
    (b'{"zip": "85016", "zip": "85017"}', JSON),
    (b'{"zip": "\\ud800"}', JSON),
    (b'{"zip": "\\u0000"}', JSON),
    (b'{"zip": "\xff\xfe"}', JSON),
    ('{"zip": "85016"}'.encode("utf-16"), JSON),
    (wrong_post(**{f"f{number}": "x" for number in range(301)}), JSON),
    (wrong_post(zip="x" * 2_001), JSON),
    (wrong_post(timeout_ms="1e309", min_price="-1", ping_id="'; DROP TABLE leads; --"), JSON),
    (wrong_post(first_name="<script>alert(1)</script>", email="a@b", phone="0", zip="9"), JSON),
    (wrong_post(zip="٨٥٠١٦", tcpa_consent_at="9" * 40), JSON),
    (wrong_post(zip={"$gt": ""}, status="sold", buyer_id="acme", lead_id=["x"]), JSON),
    (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', XML),
    (b"<a>" * 50_000, XML),
    (b"<a " + b"".join(b'b%d="1" ' % number for number in range(20_000)) + b"/>", XML),
    (b"zip=%ZZ&zip=%00&%FF=1", FORM),
    (b"&".join(b"a%d=1" % number for number in range(30_000)), FORM),
    (b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--\r\n', FILE),
    (b"zip=85016", "application/json; charset=utf-7"),
    (b"zip=85016", "text/plain"),
    (b"zip=85016", JSON),
)


@pytest.mark.parametrize("call", ["ping", "post", "pingpost", "validate"])
async def test_hostile_bodies_get_4xx_and_a_sentence_and_leave_no_lead_half_made(served: Served, call: str) -> None:
    for body, content_type in HOSTILE:
        answer = await served.send(call, body=body, content_type=content_type, headers={"Accept": "application/json"})

        assert answer.http_status in (400, 413, 415, 422), (body[:60], answer.body)
        assert answer["message"], body[:60]
    states = await served.exchange.rows("SELECT DISTINCT state FROM leads")
    assert {"invalid"} >= {row["state"] for row in states}
    assert [] == served.exchange.buyers.sent
    assert 200 == (await served.send("pingpost", POST)).http_status


@pytest.mark.parametrize("path", ["%00", "ld_%F0%28%8C%28", "..%2f..%2fetc", "'%20OR%201=1--", "x" * 3_000, "{{7*7}}"])
async def test_hostile_paths_and_queries_find_nothing_and_break_nothing(served: Served, path: str) -> None:
    assert (await served.get(f"leads/{path}")).http_status in (400, 404)
    assert (await served.get(f"leads?since={path}")).http_status in (400, 422)
    assert (await served.get(f"leads?seller_lead_id={path}")).http_status in (400, 404, 422)
    assert (await served.get(f"ping?zip={path}", key=None)).http_status in (400, 401, 405, 422)


async def test_a_wrong_method_says_which_is_right(served: Served) -> None:
    told = {
        path: (await served.send(path, PING, method="DELETE")).headers["Allow"]
        for path in ("ping", "validate", "leads/ld_1", "dispositions")
    }

    assert {"ping": "POST", "validate": "POST", "leads/ld_1": "GET, HEAD", "dispositions": "POST"} == told
    opened = await served.get("ping", key=None)  # as in a browser
    assert (405, "POST") == (opened.http_status, opened.headers["Allow"])


async def test_no_call_edits_or_deletes_an_entry_of_the_books(served: Served) -> None:
    """Every resource of the API refuses the methods that change what is there."""
    for resource in {route.resource.canonical for route in served.app.router.routes() if route.resource is not None}:
        path = re.sub(r"\{\w+\}", "any_1", resource)
        if path.startswith("/api/v1/"):
            for method in ("PUT", "PATCH", "DELETE"):
                assert 405 == (await served.send(path.removeprefix("/api/v1/"), {}, method=method)).http_status


async def test_every_answer_carries_safe_headers(served: Served) -> None:
    for answer in (
        await served.send("ping", PING),
        await served.send("ping", body=b"{"),
        await served.get("/health"),
        await served.get("/nothing-here"),
        await served.get("/api/openapi.json"),
    ):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert ("nosniff", "no-referrer") == (
            answer.headers["X-Content-Type-Options"],
            answer.headers["Referrer-Policy"],
        )
        assert "aiohttp" not in answer.headers["Server"]


# Overload


async def test_over_its_limit_posts_are_shed_last_and_told_when_to_come_back(tmp_path: Path) -> None:
    async with open_exchange(tmp_path, running_requests=100) as exchange, serve_exchange(exchange) as served:
        await exchange.add(*selling("cedar"))
        told = {}
        for running in (74, 75, 89, 90, 99, 100):
            exchange.market.live.requests = running
            told[running] = [
                (await served.send("post", POST)).http_status,
                (await served.send("ping", PING)).http_status,
                (await served.get("leads?since=0")).http_status,
            ]
        shed = await served.send("post", POST)
        exchange.market.live.requests = 0
        health = await served.get("/health")

    assert {
        74: [200, 200, 200],
        75: [200, 200, 503],
        89: [200, 200, 503],
        90: [200, 503, 503],
        99: [200, 503, 503],
        100: [503, 503, 503],
    } == told
    assert (503, "error", "overloaded") == shed.told
    assert 1 <= int(shed.headers["Retry-After"]) <= 3
    assert 200 == health.http_status


async def test_a_shed_request_has_its_row_too(tmp_path: Path) -> None:
    async with open_exchange(tmp_path, running_requests=1) as exchange:
        async with serve_exchange(exchange) as served:
            exchange.market.live.requests = 1
            shed = await served.send("post", POST)
        rows = await exchange.rows("SELECT id, status_code, reason, raw FROM requests")

    assert [{"id": shed["request_id"], "status_code": 503, "reason": "overloaded", "raw": None}] == rows


async def test_more_requests_of_a_campaign_at_once_than_it_may_have_wait(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        await exchange.add(*selling("cedar", rate=Rate(1_000, 1_000, 2)))
        allowance = served.app[THROTTLE].allowance(exchange.market.deals.campaigns["cedar-solar"], "live")
        with allowance.at_work(), allowance.at_work():
            busy = await served.send("ping", PING)
        free = await served.send("ping", PING)

    assert (429, "error", "rate_limited") == busy.told
    assert 200 == free.http_status


# What goes wrong inside


@pytest.mark.parametrize(
    ("error", "status", "reason", "health_status"),
    [
        (StorageFull("no space"), 503, "storage_down", 503),
        (StorageBusy("too many"), 503, "overloaded", 200),
        (StorageError("gone: 6029580142"), 503, "storage_down", 503),
        (ZeroDivisionError("6029580142"), 500, "internal", 200),
    ],
)
async def test_a_failure_inside_is_answered_with_an_id_and_nothing_of_its_own_words(
    tmp_path: Path, error: Exception, status: int, reason: str, health_status: int
) -> None:
    async with open_exchange(tmp_path) as exchange:
        await exchange.add(*selling("cedar"))
        db = FailingDb(exchange.market.db)
        async with serve_exchange(exchange.on(db)) as served:
            db.error = error
            failed = await served.send("post", POST)
            health = await served.get("/health")
            db.error = None
            mended = await served.send("post", POST)
            healthy = await served.get("/health")
        rows = await exchange.rows("SELECT status_code FROM requests WHERE id = :id", id=mended["request_id"])

    assert (status, "error", reason) == failed.told
    assert b"6029580142" not in failed.body
    assert _REQUEST.fullmatch(failed["request_id"])
    assert (200, 200, [{"status_code": 200}]) == (mended.http_status, healthy.http_status, rows)
    assert health_status == health.http_status


async def test_a_request_that_failed_after_it_was_opened_stays_open_for_recovery(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        await exchange.add(*selling("cedar"))
        db = FailingDb(exchange.market.db, after=1)
        async with serve_exchange(exchange.on(db)) as served:
            db.error = ZeroDivisionError()
            failed = await served.send("post", POST)
        rows = await exchange.rows("SELECT id, status_code FROM requests")

    assert 500 == failed.http_status
    assert [{"id": failed["request_id"], "status_code": None}] == rows


async def test_a_slow_body_of_one_client_holds_nobody_up(served: Served) -> None:
    host, port = served.address.removeprefix("http://").split(":")
    _, slow = await asyncio.open_connection(host, int(port))
    slow.write(b"POST /api/v1/post HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nContent-Type: text/plain\r\n\r\n1")
    await slow.drain()

    assert 200 == (await served.send("ping", PING)).http_status
    slow.close()


async def test_a_client_that_hangs_up_in_mid_post_still_sells_its_lead_and_a_retry_finds_it(served: Served) -> None:
    headers = {"Idempotency-Key": "k-1", "Authorization": f"Bearer {live_key('cedar')}"}
    gate, reached = asyncio.Event(), asyncio.Event()
    exchange = served.exchange
    hold = HeldDb(exchange.market.db, gate, reached)
    async with serve_exchange(exchange.on(hold)) as running:
        async with ClientSession() as session:
            cut = asyncio.create_task(session.post(f"{running.address}/api/v1/post", json=POST, headers=headers))
            await reached.wait()
            cut.cancel()
        gate.set()
        again = await running.send("post", body=json.dumps(POST).encode(), headers=headers)

    assert "accepted" == again["status"]
    assert 1 == len(exchange.buyers.posts("acme"))
    assert 1 == await exchange.count("sales")


class HeldDb(FailingDb):
    """A database whose first write waits until the gate opens."""

    def __init__(self, db: Db, gate: asyncio.Event, reached: asyncio.Event) -> None:
        super().__init__(db)
        self.gate, self.reached = gate, reached

    async def before_write(self) -> None:
        self.reached.set()
        await self.gate.wait()
