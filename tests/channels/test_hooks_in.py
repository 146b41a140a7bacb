"""Leads sent by form builders and platforms to a served exchange, over HTTP, right, wrong and again."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import ClientResponse

from exchange.flows.documents import save_document, save_secret
from exchange.flows.polls import pause
from exchange.flows.recover import recover
from exchange.flows.shapes import SOURCE
from exchange.flows.sources import take, take_anew
from exchange.intake.encode import encode
from exchange.model.actor import SYSTEM
from exchange.model.party import Rate
from exchange.storage.timeline import read_lead_rows
from exchange.web.story.page import tell
from exchange.web.story.records import open_story
from tests.channels.graph import Graph, graph
from tests.flows.arrived import states, worked
from tests.flows.doom import Crash, doomed
from tests.flows.lab import OPERATOR, later
from tests.market import Exchange, consumer, selling
from tests.web.served import Served, serve_exchange

TOKEN, APP_SECRET = "page-token", "app-secret"
SECRETS = {"place": "9f2c4a7d", "shared": APP_SECRET, "token": TOKEN, "word": "agreed"}


@pytest.fixture
async def served(exchange: Exchange) -> AsyncIterator[Served]:
    for name, value in SECRETS.items():
        await save_secret(exchange.market, name, value, SYSTEM)
    async with serve_exchange(exchange) as running:
        yield running


@pytest.fixture
async def graph_api() -> AsyncIterator[Graph]:
    async with graph(TOKEN, APP_SECRET) as made:
        yield made


async def hooked(served: Served, preset: str, **more: Any) -> str:
    """A source of this preset; the address its messages are sent to."""
    base = {"source": "hooked", "preset": preset, "campaign": "cedar-solar", "address": "place"}
    await save_document(served.exchange.market, SOURCE, "hooked", {**base, **more}, SYSTEM)
    return f"{served.address}/in/hooked/{SECRETS['place']}"


async def on_facebook(served: Served, graph_api: Graph) -> str:
    fetch = {"base": graph_api.address}
    return await hooked(
        served, "facebook", secret="shared", access_token="token", verify="word", fetch=fetch, columns=QUESTIONS
    )


QUESTIONS = {
    "what's_your_bill?": "monthly_bill",
    "do_you_own_it?": "homeowner",
    "consent": "tcpa_consent",
    "ad_id": "sub_id1",
}


def asked_by_facebook(number: int) -> dict[str, str]:
    """A consumer's answers as Facebook names them."""
    names = {
        "monthly_bill": "what's_your_bill?",
        "homeowner": "do_you_own_it?",
        "tcpa_consent": "consent",
        "phone": "phone_number",
        "address": "street_address",
        "zip": "zip_code",
    }
    return {names.get(name, name): value for name, value in consumer(number).items()}


def leadgen(*ids: str) -> bytes:
    changes = [{"field": "leadgen", "value": {"leadgen_id": int(each), "form_id": 12312312312}} for each in ids]
    return orjson.dumps({"object": "page", "entry": [{"id": 1, "time": 2, "changes": changes}]})


async def sent_by_facebook(served: Served, url: str, body: bytes, secret: str = APP_SECRET) -> ClientResponse:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
    async with served.session.post(url, data=body, headers=headers) as response:
        await response.read()
        return response


async def sent(served: Served, url: str, fields: object, **headers: str) -> tuple[int, Any]:
    async with served.session.post(url, json=fields, headers=headers) as response:
        return response.status, await response.json()


async def test_facebook_is_shaken_hands_with_and_its_leads_are_fetched(served: Served, graph_api: Graph) -> None:
    exchange, url = served.exchange, await on_facebook(served, graph_api)
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "agreed"}
    async with served.session.get(url, params=query) as response:
        assert (200, "1158201444") == (response.status, await response.text())
    graph_api.leads = {"123": asked_by_facebook(1), "124": asked_by_facebook(2)}

    assert 200 == (await sent_by_facebook(served, url, leadgen("123", "124"))).status
    assert [] == graph_api.asked  # it is answered before anything is fetched
    await worked(exchange)

    assert [("taken", "accepted")] * 2 == await states(exchange)
    assert {"123", "124"} == set(graph_api.asked)
    assert {consumer(1)["email"], consumer(2)["email"]} == {post["email"] for post in exchange.buyers.posts("acme")}
    assert {"120210000000000000"} == {lead["sub_id1"] for lead in await exchange.rows("SELECT sub_id1 FROM leads")}
    lead_id = (await exchange.rows("SELECT id FROM leads ORDER BY id"))[0]["id"]
    rows = await exchange.market.db.read(read_lead_rows, OPERATOR, lead_id)
    assert rows is not None
    first = tell(exchange.market, open_story(exchange.market, rows)).fields()["timeline"][0]
    assert "Ping and post received from Cedar by webhook" == first["title"]
    assert "facebook, form 12312312312" in first["facts"]


@pytest.mark.parametrize(
    "query",
    [
        {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "wrong"},
        {"hub.mode": "subscribe", "hub.challenge": "1"},
        {"hub.mode": "subscribe", "hub.challenge": "<script>", "hub.verify_token": "agreed"},
        {"hub.challenge": "1", "hub.verify_token": "agreed"},
        {},
    ],
)
async def test_a_wrong_handshake_is_answered_with_nothing(
    served: Served, graph_api: Graph, query: dict[str, str]
) -> None:
    url = await on_facebook(served, graph_api)
    async with served.session.get(url, params=query) as response:
        assert response.status in (403, 405)
        assert "<script>" not in await response.text()


async def test_a_message_that_facebook_did_not_sign_changes_nothing(served: Served, graph_api: Graph) -> None:
    url = await on_facebook(served, graph_api)
    graph_api.leads = {"123": asked_by_facebook(1)}

    assert 403 == (await sent_by_facebook(served, url, leadgen("123"), "guessed")).status
    assert 404 == (await sent_by_facebook(served, url[:-1], leadgen("123"))).status
    await worked(served.exchange)

    assert [] == list(await states(served.exchange))
    assert 0 == await served.exchange.count("leads")


async def test_the_same_notice_again_is_no_second_lead(served: Served, graph_api: Graph) -> None:
    exchange, url = served.exchange, await on_facebook(served, graph_api)
    graph_api.leads = {"123": asked_by_facebook(1)}
    for _ in range(3):
        assert 200 == (await sent_by_facebook(served, url, leadgen("123"))).status
        await worked(exchange)
        later(exchange, 86_400 * 20)

    assert [("taken", "accepted")] == await states(exchange)
    assert ["123"] == graph_api.asked


async def test_while_the_platform_is_down_its_leads_wait(served: Served, graph_api: Graph) -> None:
    exchange, url = served.exchange, await on_facebook(served, graph_api)
    graph_api.leads = {"123": asked_by_facebook(1)}
    graph_api.down = True
    await sent_by_facebook(served, url, leadgen("123"))
    await worked(exchange)
    assert [("waiting", None)] == await states(exchange)

    graph_api.down = False
    later(exchange, 10)
    await worked(exchange)

    assert [("taken", "accepted")] == await states(exchange)


async def test_a_token_that_is_no_longer_good_loses_no_lead(served: Served, graph_api: Graph) -> None:
    exchange, url = served.exchange, await on_facebook(served, graph_api)
    graph_api.leads = {"123": asked_by_facebook(1)}
    graph_api.token = "renewed"
    await sent_by_facebook(served, url, leadgen("123"))
    await worked(exchange)
    assert [("waiting", None)] == await states(exchange)
    resting = await exchange.rows("SELECT last_error FROM job_queues WHERE down_since IS NOT NULL")
    assert [{"last_error": "The server answered HTTP 401."}] == resting

    await save_secret(exchange.market, "token", "renewed", SYSTEM)
    later(exchange, 60)
    await worked(exchange)

    assert [("taken", "accepted")] == await states(exchange)


async def test_a_lead_that_the_platform_does_not_know_says_so_and_is_fetched_again_on_request(
    served: Served, graph_api: Graph
) -> None:
    exchange, url = served.exchange, await on_facebook(served, graph_api)
    await sent_by_facebook(served, url, leadgen("999"))
    await worked(exchange)
    assert [("failed", "invalid")] == await states(exchange)

    graph_api.leads = {"999": asked_by_facebook(9)}
    await take_anew(exchange.market, (await exchange.rows("SELECT id FROM source_items"))[0]["id"], OPERATOR)
    await worked(exchange)

    assert [("taken", "accepted")] == await states(exchange)


async def test_whenever_it_dies_while_it_fetches_what_was_fetched_once_is_sold_once(
    served: Served, graph_api: Graph
) -> None:
    exchange, url = served.exchange, await on_facebook(served, graph_api)
    for at in range(1, 60):
        graph_api.leads = {str(at): asked_by_facebook(at)}
        await sent_by_facebook(served, url, leadgen(str(at)))
        key = (await exchange.rows("SELECT item_key FROM source_items WHERE state = 'waiting'"))[0]["item_key"]
        survived = True
        try:
            await take(doomed(exchange, at).market, {"source": "hooked", "key": key})
        except Crash:
            survived = False
        for _ in range(4):
            later(exchange, 100)
            await recover(exchange.market, exchange.market.clock.now() - 90_000, encode)
            await worked(exchange)
        ended = await states(exchange)  # what the buyer had and did not get to answer for is unclear
        assert at == len(ended) and set(ended) <= {("taken", "accepted"), ("taken", "queued")}, f"after point {at}"
        posts = [post["email"] for post in exchange.buyers.posts("acme")]
        assert len(set(posts)) == len(posts) >= list(ended).count(("taken", "accepted")), f"after point {at}"
        if survived:
            break
    assert survived and at > 5


async def test_googles_test_lead_is_a_test_lead(served: Served) -> None:
    url = await hooked(served, "google", secret="shared", columns={"BILL": "monthly_bill"})
    names = {"phone": "PHONE_NUMBER", "email": "EMAIL", "zip": "POSTAL_CODE", "monthly_bill": "BILL"}

    def lead(number: int, **more: Any) -> dict[str, Any]:
        columns = [
            {"column_id": names.get(name, name), "string_value": value} for name, value in consumer(number).items()
        ]
        return {"lead_id": f"L{number}", "google_key": APP_SECRET, "user_column_data": columns, **more}

    assert (200, {"status": "ok", "received": 1, "new": 1}) == await sent(served, url, lead(1))
    assert 200 == (await sent(served, url, lead(2, is_test=True)))[0]
    assert 403 == (await sent(served, url, lead(3, google_key="guessed")))[0]
    assert (200, {"status": "ok", "received": 1, "new": 0}) == await sent(served, url, lead(1))
    await worked(served.exchange)

    modes = await served.exchange.rows("SELECT mode FROM leads ORDER BY mode")
    assert [{"mode": "live"}, {"mode": "test"}] == modes
    assert 1 == len(served.exchange.buyers.posts("acme"))


async def test_gravity_forms_own_numbers_become_fields(served: Served) -> None:
    numbers = {"1.3": "first_name", "1.6": "last_name", "2": "email", "3": "phone", "4.1": "address", "4.5": "zip"}
    more = {"6": "monthly_bill", "7": "homeowner", "5.1": "tcpa_consent", "4.4": "state"}
    url = await hooked(served, "gravity", columns={**numbers, **more})
    fields = consumer(1)
    entry = {number: fields[name] for number, name in {**numbers, **more}.items()}

    assert 200 == (await sent(served, url, {"id": "102", "form_id": "7", "status": "active", **entry}))[0]
    await worked(served.exchange)

    assert [("taken", "accepted")] == await states(served.exchange)
    assert fields["email"] == served.exchange.buyers.posts("acme")[0]["email"]


async def test_a_form_without_json_is_taken_too(served: Served) -> None:
    url = await hooked(served, "cf7", columns={"your-email": "email", "your-tel": "phone"})
    fields = {**consumer(1), "your-email": consumer(1)["email"], "your-tel": consumer(1)["phone"]}
    del fields["email"], fields["phone"]
    async with served.session.post(url, data=fields) as response:
        assert 200 == response.status
    await worked(served.exchange)

    assert [("taken", "accepted")] == await states(served.exchange)


async def test_what_cannot_be_read_is_told_at_once_and_kept(served: Served) -> None:
    url = await hooked(served, "zapier")
    async with served.session.post(url, data=b'{"email": ', headers={"Content-Type": "application/json"}) as response:
        told = await response.json()
    assert (400, "invalid") == (response.status, told["status"]) and "ends too early" in told["errors"][0]
    async with served.session.post(url, data=b"x" * 300_000) as response:
        assert 413 == response.status
    await worked(served.exchange)

    assert [("failed", "invalid")] == await states(served.exchange)
    assert {"invalid", "error"} == {row["status"] for row in await served.exchange.rows("SELECT status FROM requests")}


async def test_a_paused_source_takes_nothing_and_asks_to_come_again(served: Served) -> None:
    url = await hooked(served, "zapier")
    await pause(served.exchange.market, "hooked", True, OPERATOR)
    async with served.session.post(url, json=consumer(1)) as response:
        assert (503, "600") == (response.status, response.headers["Retry-After"])
    await pause(served.exchange.market, "hooked", False, OPERATOR)

    assert 200 == (await sent(served, url, consumer(1)))[0]


async def test_a_flood_is_told_to_come_slower(served: Served) -> None:
    url = await hooked(served, "zapier")
    await served.exchange.add(*selling("cedar", rate=Rate(per_second=1, burst=2, running=2)))
    heard = [await sent(served, url, consumer(number)) for number in range(1, 4)]
    assert [200, 200, 429] == [http_status for http_status, _ in heard]

    later(served.exchange, 2)
    assert 200 == (await sent(served, url, consumer(3)))[0]
    assert 3 == await served.exchange.count("source_items")


async def test_only_sources_of_this_kind_have_an_address(served: Served) -> None:
    await hooked(served, "zapier")
    for path in ("nobody/9f2c4a7d", "hooked/", "hooked/wrong", "hooked/9f2c4a7d/more", "cedar_feed/9f2c4a7d"):
        assert 404 == (await served.session.post(f"{served.address}/in/{path}", json={})).status
    assert 0 == await served.exchange.count("source_items")
    stored = await served.exchange.rows("SELECT endpoint FROM requests WHERE endpoint LIKE '%9f2c%'")
    assert [] == stored


@pytest.mark.parametrize("preset", ["zapier", "gravity"])
async def test_half_a_character_is_taken_and_stored_as_none(served: Served, preset: str) -> None:
    """JSON can hold what no text is: a lone surrogate, in a value and in a name."""
    url = await hooked(served, preset)
    body = b'{"id":"e1\\ud800","phone\\udfff":"6025550142","last_name":"Sandoval\\ud83d","zip":"85016"}'
    async with served.session.post(url, data=body, headers={"Content-Type": "application/json"}) as response:
        told = await response.json()
    await worked(served.exchange)

    assert (200, {"status": "ok", "received": 1, "new": 1}) == (response.status, told)
    assert 1 == len(await states(served.exchange))
