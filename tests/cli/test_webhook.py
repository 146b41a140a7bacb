"""`exchange webhook`: addresses, the log, and what failed again, from the shell."""

from __future__ import annotations

import asyncio

from tests.cli.home import Home, LeadBuyer


def test_an_address_is_added_listed_tried_and_removed(market_home: Home, lead_buyer: LeadBuyer) -> None:
    url = f"http://127.0.0.1:{lead_buyer.port}/hook"
    added = market_home.run("webhook", "add", url, "--seller", "cedar", "--events", "lead.*", "--json").json
    (listed,) = market_home.run("webhook", "list", "--json").json
    tried = market_home.run("webhook", "test", added["id"], "--json")
    renewed = market_home.run("webhook", "rotate", added["id"], "--json").json
    moved = [market_home.run("webhook", word, added["id"], "--yes").code for word in ("disable", "enable", "remove")]

    assert added["secret"].startswith("whsec_") and added["secret"] != renewed["secret"]
    assert ("seller", "cedar", "lead.*", url) == tuple(listed[n] for n in ("role", "party_id", "events", "url"))
    assert added["secret"] not in market_home.run("webhook", "list").out
    assert (0, 200) == (tried.code, tried.json["http_status"])
    assert ([0, 0, 0], []) == (moved, market_home.run("webhook", "list", "--json").json)


def test_what_cannot_be_is_refused_with_the_fix(market_home: Home) -> None:
    unknown = market_home.run("webhook", "add", "https://t.example/", "--seller", "nobody")
    macro = market_home.run("webhook", "add", "https://t.example/?a={lead}", "--seller", "cedar", "--postback")
    both = market_home.run("webhook", "add", "https://t.example/", "--seller", "cedar", "--buyer", "acme")
    private = market_home.run("webhook", "add", "http://10.0.0.7/")

    assert [1, 1, 2, 1] == [each.code for each in (unknown, macro, both, private)]
    assert "There is no seller nobody" in unknown.err and "There is no macro {lead}" in macro.err
    assert "is a private network" in private.err
    for words in (("test", "whk_x"), ("rotate", "whk_x"), ("enable", "whk_x"), ("replay", "evt_x")):
        assert 1 == market_home.run("webhook", *words).code
    assert 2 == market_home.run("webhook", "log", "--since", "soon").code


def test_the_log_is_shown_and_what_failed_goes_out_again(market_home: Home, lead_buyer: LeadBuyer) -> None:
    url = f"http://127.0.0.1:{lead_buyer.port}/hook"
    added = market_home.run("webhook", "add", url, "--seller", "cedar", "--events", "lead.*", "--json").json
    asyncio.run(one_failed(market_home, added["id"]))

    (send,) = market_home.run("webhook", "log", "--state", "failed", "--json").json
    assert "lead.sold" in market_home.run("webhook", "log").out and "HTTP 500" in market_home.run("webhook", "log").out
    assert 6 == market_home.run("webhook", "replay").code
    assert {"replayed": 1} == market_home.run("webhook", "replay", "--yes", "--json").json
    assert {"replayed": 0} == market_home.run("webhook", "replay", send["event_id"], "--json").json


async def one_failed(home: Home, endpoint_id: str) -> None:
    from exchange.clock import month_of
    from exchange.model.work import JobRow
    from exchange.storage.engine import open_database
    from exchange.storage.parties import read_parties
    from exchange.storage.webhooks import EventRow, NewSend, TryRow, add_event, note_try
    from tests.cli.home import NOW

    db = await open_database(str(home.database), process=False)
    (endpoint,) = (await db.read(read_parties)).endpoints
    event = EventRow("evt_1", month_of(NOW), NOW, "lead.sold", "ld_1", "seller", "cedar", "{}")
    job = JobRow("job_1", f"webhook:{endpoint_id}", "webhook", "{}", NOW, NOW)
    await db.write(add_event, event, [NewSend(endpoint, job, given=False)])
    await db.write(note_try, TryRow("evt_1", endpoint_id, 1, NOW, 500, 12, "HTTP 500", "failed", None), None, None)
    await db.close()
