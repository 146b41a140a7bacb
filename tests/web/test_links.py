"""Links without sign-in: opening one never acts, pressing its button acts once, and none can be made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from exchange.flows.links import DISPOSITION, PATH, BadLink, Link, make_link, read_link
from exchange.web.front import add_headers
from exchange.web.keys import FRAMED
from tests.flows.lab import attempts, later, post
from tests.market import Exchange, buying, open_exchange, selling
from tests.web.served import serve_exchange
from tests.web.visitor import Page, stranger

DAY_MS = 86_400_000


async def sold(exchange: Exchange, **changes: Any) -> str:
    """The delivery of a lead that acme bought."""
    await exchange.add(*selling("cedar"), *buying("acme", **changes))
    assert "accepted" == (await post(exchange))["status"]
    return str((await attempts(exchange))[0]["id"])


def path_of(exchange: Exchange, attempt_id: str, word: str = "appointment_set", kind: str = DISPOSITION) -> str:
    now = exchange.market.clock.now()
    url = make_link(exchange.market, Link(attempt_id, kind, word, now + DAY_MS))
    assert url.startswith(exchange.settings.public_url + PATH)
    return url.removeprefix(exchange.settings.public_url)


async def told(exchange: Exchange) -> list[tuple[str, str]]:
    return [(r["kind"], r["told_by"]) for r in await exchange.rows("SELECT * FROM dispositions ORDER BY at, id")]


async def test_opening_never_acts_and_the_button_acts_once(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, stranger(served) as visitor:
        path = path_of(exchange, await sold(exchange))

        for _ in range(3):
            opened = await visitor.open(path)
            assert 200 == opened.http_status and "Record appointment set" in opened.text
        assert [] == await told(exchange)

        for _ in range(3):
            later(exchange, 1)
            assert "Recorded: appointment set" in (await visitor.send(path)).text
        assert [("appointment_set", "buyer acme (link)")] == await told(exchange)


async def test_another_word_later_is_recorded_too_and_one_that_is_used_no_more_is_not(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, stranger(served) as visitor:
        attempt_id = await sold(exchange)
        for word in ("contacted", "quoted", "contacted"):
            later(exchange, 60)
            await visitor.send(path_of(exchange, attempt_id, word))

        refused = await visitor.send(path_of(exchange, attempt_id, "eaten"))

        assert ["contacted", "quoted", "contacted"] == [kind for kind, _ in await told(exchange)]
        assert 409 == refused.http_status


async def test_a_link_is_good_for_its_time_its_exchange_and_its_words(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, stranger(served) as visitor:
        path = path_of(exchange, await sold(exchange))
        other = path_of(exchange, "dlv_other")
        body, mark = path.removeprefix(PATH).split(".")
        forged = [
            f"{PATH}{other.removeprefix(PATH).split('.')[0]}.{mark}",
            f"{PATH}{body}.{mark[:-2]}",
            f"{PATH}{body}",
            f"{PATH}{'A' * 4_000}.{mark}",
            f"{PATH}x.%ff",
            path_of(exchange, "dlv_1", kind="nothing"),
        ]
        for each in forged:
            for answer in (await visitor.open(each), await visitor.send(each)):
                assert (404, True) == (answer.http_status, "leads nowhere" in answer.text), each

        assert 400 == (await visitor.open(f"{PATH}%00.{mark}")).http_status
        assert 409 == (await visitor.send(other)).http_status
        later(exchange, DAY_MS / 1000)
        assert 410 == (await visitor.open(path)).http_status == (await visitor.send(path)).http_status
        assert [] == await told(exchange)


@pytest.mark.parametrize("token", ["", ".", "x", "WyJ4Il0.AAAA", "é.ü", "WyJ4Il0"])
async def test_what_was_made_up_is_unknown(tmp_path: Path, token: str) -> None:
    async with open_exchange(tmp_path) as exchange:
        assert BadLink.UNKNOWN is read_link(exchange.market, token)


async def test_a_link_holds_nothing_of_the_lead_and_is_kept_by_nobody(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, stranger(served) as visitor:
        opened: Page = await visitor.open(path_of(exchange, await sold(exchange)))

        assert not [word for word in ("Maria", "Sandoval", "602555", "consumer.example") if word in opened.source]
        assert ("no-store", "no-referrer") == (opened.headers["Cache-Control"], opened.headers["Referrer-Policy"])
        assert "DENY" == opened.headers["X-Frame-Options"]


async def framed(request: web.Request) -> web.Response:
    request[FRAMED] = "https://acme.example https://*.acme.example"
    return web.Response(text="a form")


async def test_a_page_that_may_be_framed_says_by_whom() -> None:
    app = web.Application()
    app.on_response_prepare.append(add_headers)
    app.router.add_get("/f", framed)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with ClientSession() as session, session.get(f"http://{host}:{port}/f") as answer:
        assert "X-Frame-Options" not in answer.headers
        policy = answer.headers["Content-Security-Policy"]
    await runner.cleanup()

    assert "frame-ancestors https://acme.example https://*.acme.example;" in policy
    assert "default-src 'self'" in policy and "'none'" in policy
