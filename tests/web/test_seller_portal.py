"""The seller's portal: its own leads with the operator's words, what to fix, its campaigns, keys and people; nothing of
others."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.market import POST, buying, consumer, live_key, selling
from tests.web.leads import sell
from tests.web.served import FORM, Served
from tests.web.visitor import Page, Visitor, later, signed_in


@asynccontextmanager
async def cedar(served: Served, who: str = "ana@cedar.example") -> AsyncIterator[Visitor]:
    async with signed_in(served, who, "seller", "cedar") as visitor:
        yield visitor


async def send(visitor: Visitor, path: str, **form: str) -> Page:
    token = (await visitor.open("/seller/keys")).token
    url = visitor.served.address + path
    async with visitor.session.post(url, data={"csrf": token, **form}) as response:
        return Page(response.status, response.headers, await response.text())


async def test_a_rejected_lead_is_told_in_the_sentences_that_the_operator_reads(served: Served) -> None:
    sent = {**POST, "zip": "8501", "monthly_bill": "$120", "seller_lead_id": "A-1"}
    await served.send("post", sent)
    [row] = await served.exchange.rows("SELECT id FROM leads")
    async with cedar(served) as visitor:
        page = await visitor.open(f"/seller/leads/{row['id']}")
        listed = (await visitor.open("/seller/leads.json")).fields["leads"]
        csv = await visitor.open("/seller/leads.csv?status=invalid")
        other = await visitor.open("/seller/leads?status=sold")
    async with signed_in(served) as operator:
        seen = await operator.open(f"/console/leads/{row['id']}")

    errors = page.part("errors")
    assert "zip must be 5 digits" in errors and "8501" in errors and "Closest: 101-150" in errors
    for sentence in re.findall(r"(zip must be [^.<]+)\.", errors):
        assert sentence in seen.text
    assert "One or more fields are wrong." in page.part("outcome")
    assert [("A-1", "invalid", "One or more fields are wrong.")] == [
        (each["seller_lead_id"], each["status"], each["message"]) for each in listed
    ]
    assert "buyer" not in " ".join(listed[0]) and "A-1" in csv.source
    assert 'Without "Status: sold" there is 1.' in other.text
    assert "6029580142" in page.part("timeline") and live_key("cedar") not in page.source


async def test_what_is_wrong_is_told_whatever_the_format_of_the_answer(served: Served) -> None:
    await served.send("post", {**POST, "zip": "8501"}, content_type=FORM)
    [row] = await served.exchange.rows("SELECT id FROM leads")
    async with cedar(served) as visitor:
        page = await visitor.open(f"/seller/leads/{row['id']}")

    assert "zip must be 5 digits" in page.part("errors")


async def test_what_was_sent_is_hidden_after_thirty_days(served: Served) -> None:
    lead = await sell(served, 1)
    later(served, 31 * 86_400)
    async with cedar(served) as visitor:
        page = await visitor.open(f"/seller/leads/{lead['lead_id']}")

    assert "6029580001" not in page.source and "What is personal is hidden after 30 days." in page.text


async def test_home_counts_the_day_and_says_what_to_fix_first(served: Served) -> None:
    await sell(served, 1)
    for number in (2, 3):
        await served.send("post", {**consumer(number), "zip": "8501"})
    await served.send("post", {**consumer(4), "zip": "8501", "monthly_bill": "$120"})
    async with cedar(served) as visitor:
        page = await visitor.open("/seller")

    assert "4" in page.part("leads") and "$20.00" in page.part("earned")
    fixes = re.findall(r'data-testid="fix" data-field="(\w+)".*?<td class="num">(\d+)</td>', page.source, re.DOTALL)
    assert [("zip", "3"), ("monthly_bill", "1")] == fixes
    assert "You earned $20.00 today with 1 sold lead, by the hour" in page.source
    assert "4 posts, 1 passed the checks, 1 sold" in page.source


async def test_a_seller_pauses_its_own_campaign_and_not_another_s(served: Served) -> None:
    await served.exchange.add(*selling("birch"))
    async with cedar(served) as visitor:
        await send(visitor, "/seller/campaigns/cedar-solar/pause", why="New forms")
        heard = await served.send("post", consumer(1))
        foreign = await send(visitor, "/seller/campaigns/birch-solar/pause")
        shown = await visitor.open("/seller/campaigns")
        await send(visitor, "/seller/campaigns/cedar-solar/resume")
        again = await served.send("post", consumer(2))
        async with signed_in(served) as operator:
            token = (await operator.open("/console/campaigns/cedar-solar")).token
            await operator.send("/console/campaigns/cedar-solar/pause", csrf=token, why="Bad leads")
        refused = await send(visitor, "/seller/campaigns/cedar-solar/resume")

    assert (403, "campaign_paused") == (heard.http_status, heard["reason"])
    assert 404 == foreign.http_status and "birch" not in shown.source
    assert "accepted" == again["status"]
    assert (422, True) == (refused.http_status, "The exchange paused Cedar solar: Bad leads" in refused.text)


async def test_a_change_is_asked_for_and_answered(served: Served) -> None:
    async with cedar(served) as visitor:
        await send(visitor, "/seller/campaigns/cedar-solar/ask", text="Please raise the cap to 80.")
        async with signed_in(served) as operator:
            waiting = await operator.open("/console/sellers")
            tab = await operator.open("/console/sellers/cedar/campaigns")
            wish = re.findall(r"/wishes/(wsh_\w+)", tab.source)[0]
            bare = await operator.send(f"/console/sellers/cedar/wishes/{wish}", csrf=tab.token, act="declined")
            await operator.send(
                f"/console/sellers/cedar/wishes/{wish}", csrf=tab.token, act="done", answer="From Monday"
            )
        told = await visitor.open("/seller/campaigns")

    assert "1 request of sellers waits for an answer: Cedar" in waiting.part("asked")
    assert "Please raise the cap to 80." in tab.part("wishes")
    assert 422 == bare.http_status
    assert "Done From Monday" in told.part("wishes")


async def test_keys_and_people_are_a_seller_s_own(served: Served) -> None:
    await served.exchange.add(*selling("birch"), *buying("delta"))
    [foreign] = await served.exchange.rows("SELECT id FROM api_keys WHERE party_id = 'birch-solar' AND mode = 'live'")
    async with cedar(served) as visitor:
        made = await send(visitor, "/seller/keys", campaign="cedar-solar", mode="live", name="Second")
        full = await send(visitor, "/seller/keys", campaign="cedar-solar", mode="live")
        other = await send(visitor, "/seller/keys", campaign="birch-solar", mode="test")
        theirs = await send(visitor, f"/seller/keys/{foreign['id']}/revoke")
        keys = await visitor.open("/seller/keys")
        secret = re.findall(r"ck_live_[\w-]{20,}", made.part("new-key"))[0]
        sold = await served.send("post", consumer(1), key=secret)
        own = re.findall(rf"…{re.escape(secret[-4:])}.*?/seller/keys/(key_\w+)/revoke", keys.source, re.DOTALL)[0]
        await send(visitor, f"/seller/keys/{own}/revoke")
        refused = await served.send("post", consumer(2), key=secret)
        invited = await send(visitor, "/seller/users", email="bo@cedar.example")
        again = await send(visitor, "/seller/users", email="olive@operator.example.wrong@")
        people = await visitor.open("/seller/users")

    assert ("accepted", 401) == (sold["status"], refused.http_status)
    assert (422, 422, 404) == (full.http_status, other.http_status, theirs.http_status)
    assert secret not in keys.source and f"…{secret[-4:]}" in keys.source
    assert "/login/" in invited.part("link") and 422 == again.http_status
    assert "bo@cedar.example" in people.part("people") and "birch" not in people.source
