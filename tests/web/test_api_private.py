"""Nothing of a consumer in the clear: not in logs, not in pings, not in answers to errors, not in the files."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from exchange.log import DroppingHandler, Logging, logger, start_logging
from exchange.model.wire import Loss, Lost
from exchange.worker import run_jobs, seal_chains
from tests.market import (
    OPERATOR_KEY,
    PING,
    POST,
    buyer_key,
    buying,
    key_for_tests,
    live_key,
    open_exchange,
    operator,
    selling,
)
from tests.web.failing import FailingDb
from tests.web.served import serve_exchange

CANARY = {
    "first_name": "Wilhelmine",
    "last_name": "Zanzibarova",
    "email": "canary.bird@consumer.example",
    "phone": "6029580177",
    "phone2": "6029580178",
    "address": "4711 Kanarienvogelweg",
    "comments": "please ring the yellow doorbell",
    "ip_address": "203.0.113.77",
    "sub_id1": "canary.bird@consumer.example",
    "sub_id2": "602-958-0177",
    "utm_term": "Wilhelmine Zanzibarova",
    "seller_lead_id": "canary.bird@consumer.example",
    "utility_provider": "Zanzibarova, Wilhelmine",
    "landing_page_url": "https://savings.example/?email=canary.bird%40consumer.example&phone=6029580177",
    "referrer_url": "https://search.example/?q=canary.bird@consumer.example",
}
PERSONAL = (
    "Zanzibarova",
    "canary.bird",
    "6029580177",
    "602) 958-0177",
    "602-958-0177",
    "6029580178",
    "Kanarienvogelweg",
    "yellow doorbell",
    "203.0.113.77",
)
SECRETS = (live_key("cedar"), key_for_tests("cedar"), buyer_key("acme"), OPERATOR_KEY)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything this process logs, from the lowest level on."""
    written = io.StringIO()
    running: Logging = start_logging(written, logging.DEBUG)
    yield written
    running.close()
    logging.getLogger().setLevel(logging.WARNING)


def found(text: bytes, words: tuple[str, ...]) -> list[str]:
    """The words that stand in it, as UTF-8 or UTF-16, whatever their case."""
    low = text.lower()
    return [word for word in words if word.lower().encode() in low or word.lower().encode("utf-16-le") in low]


async def test_a_consumers_values_are_nowhere_in_the_clear(tmp_path: Path, log: io.StringIO) -> None:
    lead = {**POST, **CANARY, "campaign_key": live_key("cedar")}
    answers: list[bytes] = []
    async with open_exchange(tmp_path) as exchange:
        await exchange.add(*selling("cedar"), *buying("acme"), operator())
        db = FailingDb(exchange.market.db)
        async with serve_exchange(exchange.on(db)) as served:
            for call in ("ping", "validate", "post", "post", "pingpost"):
                answers.append((await served.send(call, lead, key=None)).body)
            answers.append((await served.send("ping", {**PING, **CANARY})).body)
            own = {"Idempotency-Key": f"{CANARY['email']}/{CANARY['phone']}"}
            keyed = [(await served.send("post", lead, key=None, headers=own)).fields for _ in range(2)]
            assert keyed[0]["lead_id"] == keyed[1]["lead_id"]
            exchange.buyers.answers_posts("acme", Lost(Loss.RESET))
            unclear = {**lead, "phone": "6029580179", "email": "other.canary.bird@consumer.example"}
            answers.append((await served.send("post", unclear)).body)
            answers.append((await served.send("post", {**unclear, "zip": "00011"}, key=key_for_tests("cedar"))).body)
            answers.append((await served.send("post", body=json.dumps(lead).encode()[:-1])).body)
            (lead_row,) = await exchange.rows("SELECT id FROM leads WHERE state = 'sold'")
            answers.append((await served.get(f"leads/{lead_row['id']}")).body)
            answers.append((await served.get("sales?since=0", key=buyer_key("acme"))).body)
            answers.append((await served.get("deliveries", key=OPERATOR_KEY)).body)
            db.error = ValueError(f"cannot store {CANARY['phone']} of {CANARY['email']}")
            answers.append((await served.send("post", lead)).body)
            db.error = None
            await run_jobs(exchange.market)
            await seal_chains(exchange.market)
        pings = json.dumps(exchange.buyers.pings("acme")).encode()
        posts = json.dumps(exchange.buyers.posts("acme")).encode()
        files = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("exchange.db*")))
        sold = await exchange.count("sales")

    assert 1 == sold
    assert ["Zanzibarova", "6029580177"] == found(posts, ("Zanzibarova", "6029580177"))
    assert [] == found(pings, (*PERSONAL, "Wilhelmine"))
    assert [] == found(files, (*PERSONAL, *SECRETS))
    assert [] == found(b"".join(answers), (*PERSONAL, *SECRETS))
    assert "A request failed" in log.getvalue()
    assert [] == found(log.getvalue().encode(), (*PERSONAL, "Wilhelmine", *SECRETS))


async def test_what_a_ping_should_not_carry_is_found_nowhere_and_the_seller_is_told(tmp_path: Path) -> None:
    sent = {**PING, **CANARY, "contact": "call 602-958-0177 or canary.bird@consumer.example"}
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        await exchange.add(*selling("cedar"), *buying("acme"))
        answer = await served.send("ping", sent)
        vault = exchange.market.vault
        (row,) = await exchange.rows(
            """SELECT r.id, r.raw, l.id AS lead_id, l.sealed, k.wrapped FROM requests r
               JOIN leads l ON l.id = r.lead_id JOIN data_keys k ON k.subject = r.id"""
        )
        data_key = vault.data_key(row["wrapped"])
        opened = vault.open(data_key, f"raw:{row['id']}", row["raw"])
        opened += vault.open(data_key, f"lead:{row['lead_id']}", row["sealed"])
        sealed_answer = vault.open(
            data_key, f"answer:{row['id']}", (await exchange.rows("SELECT answer FROM requests"))[0]["answer"]
        )

    discarded = {each["field"] for each in answer["warnings"] if each["code"] == "not_for_ping"}
    assert {"phone", "email", "last_name", "first_name", "address", "contact"} <= discarded
    kept = tuple(word for word in PERSONAL if word != CANARY["ip_address"])  # this vertical's pings may carry it
    assert [] == found(opened + sealed_answer + answer.body, (*kept, "Wilhelmine"))


def test_a_log_line_holds_only_fields_of_the_list_and_of_an_error_only_its_type_and_place(log: io.StringIO) -> None:
    try:
        raise ValueError("about 6029580177")
    except ValueError as error:
        logger("exchange.web").warning("It went wrong", request="req_1", phone="6029580177", exc_info=error)
        logging.getLogger("somelibrary").exception("while reading %s", "canary.bird@consumer.example")
    logging.getLogger("aiohttp.access").info("GET /?key=ck_live_cedar_0001")
    lines = read(log, 2)

    assert ("It went wrong", "req_1", "ValueError") == tuple(lines[0][name] for name in ("event", "request", "error"))
    assert "phone" not in lines[0]
    assert (
        str(lines[0]["where"])
        .rstrip("]'")
        .endswith("test_a_log_line_holds_only_fields_of_the_list_and_of_an_error_only_its_type_and_place")
    )
    assert ("ValueError", "A library reported an error") == (lines[1]["error"], lines[1]["event"])
    assert [] == found(log.getvalue().encode(), (*PERSONAL, *SECRETS))


def test_records_that_do_not_fit_are_dropped_and_counted_and_nobody_waits() -> None:
    queue: Queue[logging.LogRecord] = Queue(2)
    queued = DroppingHandler(queue)
    for number in range(5):
        queued.handle(logging.LogRecord("exchange.flows", logging.INFO, "", number, "Sold", (), None))

    assert 3 == queued.dropped
    assert 2 == queue.qsize()


def read(log: io.StringIO, lines: int) -> list[dict[str, object]]:
    """The first lines, once they are written: the log is closed to be sure of it."""
    for handler in list(logging.getLogger().handlers):
        queue = getattr(handler, "queue", None)
        if queue is not None:
            queue.join()
    return [json.loads(line) for line in log.getvalue().splitlines()][:lines]
