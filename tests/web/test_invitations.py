"""Invitations: the link is shown once, and with a mail server another one is mailed; again on demand."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from exchange.worker import run_jobs
from tests.web.served import Served, serve_exchange
from tests.web.visitor import Page, signed_in, stranger

LINK = re.compile(r"/login/([\w-]{20,})")


@pytest.fixture
async def mailing(served: Served) -> AsyncIterator[Served]:
    """The same with a mail server."""
    market = replace(served.exchange.market, mails=True)
    async with serve_exchange(replace(served.exchange, market=market)) as there:
        yield there


async def mails_to(served: Served, email: str) -> list[str]:
    """The links that were mailed there."""
    while await run_jobs(served.exchange.market):
        continue
    invited = [each for each in served.exchange.buyers.mailed if "you are invited" in each.subject]
    return [LINK.findall(each.text)[0] for each in invited if each.to == (email,)]


async def opens(served: Served, secret: str) -> bool:
    async with stranger(served) as visitor:
        return 303 == (await visitor.open(f"/login/{secret}", follow=False)).http_status


def shown(page: Page) -> str:
    return str(LINK.findall(page.part("link"))[0])


async def test_somebody_of_the_exchange_gets_a_link_by_mail_too_and_another_on_demand(mailing: Served) -> None:
    async with signed_in(mailing) as owner:
        page = await owner.submit("/console/users", email="fay@operator.example", role="finance")
        assert "on its way to them by mail" in page.part("link")
        [mailed] = await mails_to(mailing, "fay@operator.example")
        people = (await owner.open("/console/users.json")).fields["users"]
        [fay] = [each["id"] for each in people if "fay" in each["email"]]
        again = await owner.submit(f"/console/users/{fay}/link")
        [_, second] = await mails_to(mailing, "fay@operator.example")
        assert "Send invitation again" in again.text

    secrets = [shown(page), mailed, shown(again), second]
    assert 4 == len(set(secrets)) and all([await opens(mailing, secret) for secret in secrets])
    assert not await opens(mailing, mailed)
    assert not await mailing.exchange.rows("SELECT id FROM jobs WHERE payload LIKE :it", it=f"%{mailed}%")


async def test_people_of_sellers_and_buyers_get_theirs(mailing: Served) -> None:
    async with signed_in(mailing) as owner:
        await owner.submit("/console/sellers/cedar/users", email="sam@cedar.example")
    async with signed_in(mailing, "ann@acme.example", "buyer", "acme") as admin:
        token = (await admin.open("/buyer/agents")).token
        await admin.send("/buyer/agents", csrf=token, email="bob@acme.example", name="Bob", duty="agent")
        [agent] = (await admin.open("/buyer/agents")).attributes("agent", "data-agent")
        again = await admin.send(f"/buyer/agents/{agent}/link", csrf=token)
        assert await opens(mailing, shown(again))
        assert 404 == (await admin.send("/buyer/agents/usr_none/link", csrf=token)).http_status

    assert 1 == len(await mails_to(mailing, "sam@cedar.example"))
    assert 2 == len(await mails_to(mailing, "bob@acme.example"))


async def test_without_a_mail_server_the_link_is_all_there_is(served: Served) -> None:
    async with signed_in(served) as owner:
        page = await owner.submit("/console/users", email="fay@operator.example", role="finance")

    assert "by mail" not in page.part("link") and "New sign-in link" in page.text
    assert [] == await mails_to(served, "fay@operator.example")
