"""The pages of suppression lists and of consent taken back, without a script."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import FormData

from exchange.flows.revoke import Taken, revoke
from exchange.model.actor import Actor, Role
from exchange.worker import run_jobs
from tests.market import POST, buying, consumer
from tests.web.served import Served
from tests.web.visitor import Page, Visitor, signed_in

MARIA = consumer(1)


@asynccontextmanager
async def operator(served: Served) -> AsyncIterator[Visitor]:
    await served.exchange.add(*buying("acme"), *buying("birch"))
    async with signed_in(served) as visitor:
        yield visitor


async def upload(visitor: Visitor, text: str, token: str | None = None, **fields: str) -> Page:
    csrf = (await visitor.open("/console/suppression")).token if token is None else token
    form = FormData({"csrf": csrf, **fields})
    form.add_field("file", io.BytesIO(text.encode()), filename="partners.csv", content_type="text/csv")
    async with visitor.session.post(f"{visitor.served.address}/console/suppression", data=form) as answer:
        return Page(answer.status, {**answer.headers, "at": str(answer.url)}, await answer.text())


async def worked(visitor: Visitor) -> None:
    while await run_jobs(visitor.served.exchange.market):
        continue


async def test_a_file_is_brought_asked_changed_and_removed(served: Served) -> None:
    async with operator(served) as visitor:
        assert "No list yet" in (await visitor.open("/console/suppression")).part("empty")
        brought = await upload(visitor, f"phone\n{MARIA['phone']}\n", owner="buyer:acme")
        assert "Waiting" in brought.part("loads") and "partners.csv" in brought.part("loads")
        await worked(visitor)
        page = await visitor.open("/console/suppression")
        assert "Acme" in page.part("lists") and "phones" in page.part("lists") and "Done" in page.part("loads")
        hit = await visitor.submit("/console/suppression/check", value=MARIA["phone"])
        assert "On 1 list: partners.csv (buyer acme, suppression list)." in hit.part("hits")
        assert MARIA["phone"] not in hit.source
        (row,) = (await visitor.open("/console/suppression.json")).fields["lists"]
        path = f"/console/suppression/{row['list_id']}"
        await visitor.submit(f"{path}/entry", value=MARIA["phone"], action="remove")
        free = await visitor.submit("/console/suppression/check", value=MARIA["phone"])
        assert "On none of 1 list." in free.part("hits")
        wrong = await visitor.submit(f"{path}/entry", value="nobody", action="add")
        assert (422, True) == (wrong.http_status, "holds phones: write one" in wrong.part("problem"))
        assert "No list yet" in (await visitor.submit(f"{path}/remove")).part("empty")
        assert 404 == (await visitor.submit(f"{path}/remove")).http_status


async def test_a_bad_file_is_told_by_line_and_a_wrong_wish_at_once(served: Served) -> None:
    async with operator(served) as visitor:
        await upload(visitor, f"{MARIA['phone']}\nnobody\n")
        await worked(visitor)
        page = await visitor.open("/console/suppression")
        assert "Refused" in page.part("loads") and "line 2: it is not a phone number" in page.part("loads")
        wrong = await upload(visitor, "1\n", purpose="dnc_state")
        assert (422, True) == (wrong.http_status, "names its state" in wrong.part("problem"))
        strange = await upload(visitor, "1\n", token="x")
        assert 403 == strange.http_status
        nobody = await visitor.submit("/console/suppression/check", value="nobody")
        assert 422 == nobody.http_status


async def test_consent_is_taken_back_and_each_recipient_followed(served: Served) -> None:
    sold = await served.send("pingpost", POST)
    async with operator(served) as visitor:
        assert "Nobody took a consent back yet" in (await visitor.open("/console/revocations")).part("empty")
        wrong = await visitor.submit("/console/revocations", who="nobody")
        assert (422, True) == (wrong.http_status, "phone or email" in wrong.part("problem"))
        await visitor.submit("/console/revocations", who=sold["lead_id"], means="by telephone")
        await worked(visitor)
        page = await visitor.open("/console/revocations")
        assert "by hand" in page.part("notice") and "Acme" in page.part("notice")
        assert "1 recipient still to acknowledge" in page.part("total")
        (row,) = (await visitor.open("/console/revocations.json")).fields["revocations"]
        path = f"/console/revocations/{row['notices'][0]['notice_id']}"
        late = await visitor.open("/console/revocations.csv?state=open&buyer=acme&source=consumer&sort=-due")
        assert f"{row['revocation_id']}," in late.source and late.source.endswith(
            f",by telephone,{sold['lead_id']},1,1\r\n"
        )
        none = await visitor.open("/console/revocations?state=over&vertical=everything&period=today")
        assert "No revocations match" in none.part("empty")
        done = await visitor.submit(path)
        assert "acknowledged" in done.part("notice") and "0 recipients still" in done.part("total")
        assert 0 == (await visitor.open("/console/revocations.json?state=open")).fields["count"]
        assert 409 == (await visitor.submit(path)).http_status
        lead = await visitor.open(f"/console/leads/{sold['lead_id']}")
        assert "The consumer took the consent back (by telephone)" in lead.text


async def test_the_lists_show_an_old_registry_and_no_page_shows_a_phone(served: Served) -> None:
    async with operator(served) as visitor:
        fields = {"purpose": "dnc_national", "dated": "2026-09-01", "name": "national"}
        await upload(visitor, f"{MARIA['phone']}\n", **fields)
        await worked(visitor)
        await revoke(served.exchange.market, Taken(MARIA["phone"]), Actor(Role.OPERATOR, "pat"))
        page = await visitor.open("/console/suppression")
        assert "Over 31 days" in page.part("old") and MARIA["phone"] not in page.source
        assert MARIA["phone"] not in (await visitor.open("/console/revocations")).source
