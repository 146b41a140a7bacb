"""Characters that a database may not hold, wherever an address or a form can carry them: an answer, never a failure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exchange.storage.database import Db
from tests.filling_in import with_form
from tests.market import buyer_key, buying, open_exchange, selling
from tests.web.leads import sell
from tests.web.served import Served, serve_exchange
from tests.web.visitor import signed_in, stranger

STRANGE = ("%00", "%ff", "%ed%a0%80", "%C2%B2", "9" * 40, "%27%22%3E%3Csvg")
PUBLIC = (
    "/f/solar?sub_id1={}&utm_source={}&_page={}",
    "/f/solar/done/x{}",
    "/embed/solar.js?x={}",
    "/p/{}",
    "/l/{}",
    "/in/hooked/{}?hub.mode={}",
)
CONSOLE = (
    *(f"/console/{name}?before={{}}&buyer={{}}&status={{}}&vertical={{}}" for name in ("leads", "deliveries", "store")),
    *(f"/console/{name}?before={{}}&q={{}}" for name in ("sources", "forms", "inbox", "connectors", "webhooks")),
    "/console/sources/{}",
    "/console/forms/{}",
    "/console/connectors/{}",
    "/console/connectors/{}/test?lead={}",
    "/console/leads/{}",
)
BUYERS = ("/buyer/store?vertical={}&before=5_{}", "/buyer/store?states={}&grades={}&zip3={}", "/buyer/store/{}")
SELLERS = ("/console?campaign={}",)
PROGRAMS = ("store?vertical={}&before=5_{}", "sales?before={}&since={}&lead_id={}", "store/searches?x={}")


@pytest.fixture
async def here(tmp_path: Path, db: Db | None) -> AsyncIterator[Served]:
    async with open_exchange(tmp_path, db=db) as exchange, serve_exchange(exchange) as served:
        await exchange.add(*selling("cedar"), *buying("acme"))
        await with_form(exchange)
        await sell(served, 1)
        yield served


async def test_no_address_makes_a_page_fail(here: Served) -> None:
    roles = (("operator", None, CONSOLE), ("buyer", "acme", BUYERS), ("seller", "cedar", SELLERS))
    failed = []
    async with stranger(here) as visitor:
        for path in (made for each in PUBLIC for made in _filled(each)):
            if (await visitor.open(path, follow=False)).http_status >= 500:
                failed.append(path)
    for role, party, paths in roles:
        async with signed_in(here, f"{role}@example.test", role, party) as visitor:
            for path in (made for each in paths for made in _filled(each)):
                if (await visitor.open(path, follow=False)).http_status >= 500:
                    failed.append(path)
    assert [] == failed


async def test_no_word_of_a_buyer_makes_the_store_fail(here: Served) -> None:
    key = buyer_key("acme")
    for path in (made for each in PROGRAMS for made in _filled(each)):
        assert (await here.send(path, key=key, method="GET")).http_status < 500, path
    for word in ("\0", "²", "9" * 40):
        sent = {"name": word, "vertical": word, "states": word, "most": word, "grades": word}
        for path in ("store/searches", f"store/{word if word.isprintable() else 'x'}/claim"):
            told = await here.send(path, sent, key=key)
            assert told.http_status < 500, (path, word)
        assert (await here.send("store/searches", {"name": f"a{word}b", "vertical": word}, key=key)).http_status < 500


async def test_no_word_of_a_form_makes_a_page_fail(here: Served) -> None:
    async with stranger(here) as visitor:
        told = await visitor.send("/f/solar", zip="85\0", monthly_bill="\0", sub_id1="\0", _zone="\0")
        assert told.http_status < 500
    async with signed_in(here, "al@acme.example", "buyer", "acme") as visitor:
        token = (await visitor.open("/buyer/store")).token
        told = await visitor.send("/buyer/store/searches", csrf=token, name="a\0b", vertical="\0", states="\0")
        assert told.http_status < 500


def _filled(path: str) -> list[str]:
    return [path.replace("{}", each) for each in STRANGE]
