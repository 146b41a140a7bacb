"""How often a search is mailed is set on the page; who wants no such mail leaves by the mail's own link."""

from __future__ import annotations

import re
from email import message_from_bytes
from typing import Any

from exchange.courier.mime import build
from exchange.flows.digests import plan_digests
from exchange.flows.shelf import list_unsold
from exchange.model.wire import Reply
from exchange.worker import run_jobs
from tests.flows.lab import post
from tests.market import consumer
from tests.web.served import Served
from tests.web.test_store import call, stocked
from tests.web.visitor import signed_in, stranger


async def test_a_mail_has_its_way_out_and_the_page_the_way_back(served: Served) -> None:
    exchange = served.exchange
    exchange.buyers.answers_posts("acme", Reply(250, {}, b"queued"))
    await stocked(served, "acme", numbers=0)
    assert 422 == (await call(served, "/searches", "acme", name="a", mail="often")).http_status
    await call(served, "/searches", "acme", name="Arizona", states="AZ", mail="daily")
    async with signed_in(served, "al@acme.example", "buyer", "acme") as visitor:
        await post(exchange, consumer(1))
        await list_unsold(exchange.market)
        await plan_digests(exchange.market)
        await run_jobs(exchange.market)
        (mail,) = exchange.buyers.mailed
        way_out = re.findall(r"No more of these mails: \S+(/l/\S+)", mail.text)[0]
        headers = message_from_bytes(build(mail, 0))
        assert f"<{exchange.market.public_url}{way_out}>" == headers["List-Unsubscribe"]
        assert "List-Unsubscribe=One-Click" == headers["List-Unsubscribe-Post"]

        async with stranger(served) as program:
            assert "Nothing changes by opening" in (await program.open(way_out)).text
            assert "You get no mail" not in (await visitor.open("/buyer/store")).text
            form: dict[str, Any] = {"List-Unsubscribe": "One-Click"}
            done = await program.send(way_out, **form)
            assert 200 == done.http_status and "no more of these mails" in done.text
            assert 404 == (await program.send(f"{way_out}x")).http_status

        shelf = await visitor.open("/buyer/store")
        assert "You get no mail about them" in shelf.text
        again = await visitor.send("/buyer/store/mails", csrf=shelf.token)
        assert "You get no mail" not in again.text
        search = re.findall(r"/buyer/store/searches/(\w+)/mail", shelf.source)[0]
        wrong = await visitor.send(f"/buyer/store/searches/{search}/mail", csrf=shelf.token, mail="often")
        assert 422 == wrong.http_status
        await visitor.send(f"/buyer/store/searches/{search}/mail", csrf=shelf.token, mail="never")
        assert "never" == (await call(served, "/searches", "acme", "GET"))["searches"][0]["mail"]
