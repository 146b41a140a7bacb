"""Webhooks in the console, postbacks in the seller's portal: who sees what, and what each button does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from exchange.model.endpoint import EndpointKind
from tests.flows.receivers import CEDAR, arrived, hook, listen, run_all, run_for
from tests.market import reply, selling
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.visitor import Page, Visitor, signed_in

PLACE = "/seller/postbacks"
SECRET = r"whsec_[\w+/=]{20,}"


@pytest.fixture
async def ann(served: Served) -> AsyncIterator[Visitor]:
    """Somebody of the seller cedar."""
    async with signed_in(served, "ann@cedar.example", "seller", "cedar") as visitor:
        yield visitor


@pytest.fixture
async def pat(served: Served) -> AsyncIterator[Visitor]:
    async with signed_in(served) as visitor:
        yield visitor


async def act(visitor: Visitor, place: str, path: str = "", **form: str) -> Page:
    """Post a form of the page as it stands there."""
    token = (await visitor.open(place)).token
    return await visitor.send(place + path, follow=True, csrf=token, **form)


def postback(url: str, **more: str) -> dict[str, str]:
    return {"kind": "postback", "url": url, "method": "GET", "events": "lead.sold", "per_second": "20", **more}


async def test_a_seller_adds_a_postback_and_sees_what_was_sent(served: Served, ann: Visitor) -> None:
    page = await act(ann, PLACE, **postback(hook("ember", "/p?l={lead_id}&p={price}")))
    assert 200 == page.http_status and "1 address" in page.text
    lead = await sell(served, 1)
    await run_all(served.exchange)
    page = await ann.open(PLACE)

    assert [hook("ember", f"/p?l={lead['lead_id']}&p=20.00")] == [
        each.url for each in arrived(served.exchange, hook("ember", "/p"))
    ]
    assert "lead.sold" in page.part("sends") and "Delivered" in page.part("sends")
    assert "1 of 8" in page.part("sends") and "200" in page.part("sends")


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (postback("https://t.example/?a={leadid}"), "There is no macro {leadid}"),
        (postback("http://10.0.0.7/"), "The address 10.0.0.7 is a private network"),
        (postback("https://t.example/", events="lead.bought"), "There is no event lead.bought"),
        (postback("https://t.example/", per_second="many"), "per_second must be 1 to 50"),
        (postback("https://t.example/", campaign_id="oak-solar"), "no such campaign"),
    ],
)
@pytest.mark.parametrize("path", ["", "/test"])
async def test_a_wrong_one_is_refused_with_the_fix_and_keeps_what_was_typed(
    served: Served, ann: Visitor, form: dict[str, str], told: str, path: str
) -> None:
    page = await act(ann, PLACE, path, **form)

    assert 422 == page.http_status
    assert told in page.text and form["url"] in page.source.replace("&amp;", "&")
    assert 0 == await served.exchange.count("webhook_endpoints")


async def test_the_test_button_shows_the_request_and_the_answer(served: Served, ann: Visitor) -> None:
    served.exchange.buyers.answers_posts("ember", reply(http_status=404, error="no such page"))
    page = await act(ann, PLACE, "/test", **postback(hook("ember", "/p?s={sub_id1}")))

    shown = page.part("tried")
    assert "The test failed HTTP 404" in shown
    assert f"GET {hook('ember', '/p?s=sub_id1%20value')}" in shown and '{"error":"no such page"}' in shown
    assert 0 == await served.exchange.count("webhook_endpoints")


async def test_a_secret_is_shown_once_and_then_its_last_four(served: Served, ann: Visitor) -> None:
    form = {"kind": "webhook", "url": hook("ember"), "events": "*"}
    secret = re.findall(SECRET, (await act(ann, PLACE, **form)).source)
    listed = await ann.open(PLACE)
    (endpoint,) = listed.attributes("endpoint", "data-endpoint")
    renewed = re.findall(SECRET, (await act(ann, PLACE, f"/{endpoint}/rotate")).source)

    assert 1 == len(secret) == len(renewed) and secret != renewed
    assert [] == re.findall(SECRET, (await ann.open(PLACE)).source)
    assert f"…{secret[0][-4:]}" in listed.text


async def test_an_address_is_disabled_enabled_and_removed(served: Served, ann: Visitor) -> None:
    await listen(served.exchange, hook("ember"), CEDAR, "*")
    (endpoint,) = (await ann.open(PLACE)).attributes("endpoint", "data-endpoint")

    assert "By ann@cedar.example." in (await act(ann, PLACE, f"/{endpoint}/disable")).part("endpoints")
    assert "Active" in (await act(ann, PLACE, f"/{endpoint}/enable")).part("endpoints")
    assert "Nobody is told of anything yet" in (await act(ann, PLACE, f"/{endpoint}/remove")).text


async def test_a_replay_counts_first_and_then_sends(served: Served, ann: Visitor) -> None:
    exchange = served.exchange
    exchange.buyers.answers_posts("ember", reply(http_status=410))
    saved = await listen(exchange, hook("ember"), CEDAR, "lead.sold")
    await sell(served, 1)
    await run_all(exchange)
    exchange.buyers.answers_posts("ember", reply(http_status=200))
    await act(ann, PLACE, f"/{saved.endpoint.id}/enable")

    asked = await act(ann, PLACE, "/replay", state="failed")
    assert "Replay 1 send?" in asked.part("ask") and 1 == len(arrived(exchange, hook("ember")))
    assert "1 event goes out again now." in (await act(ann, PLACE, "/replay", state="failed", sure="yes")).text
    await run_all(exchange)
    assert 2 == len({id(each) for each in arrived(exchange, hook("ember"))})
    event = (await ann.open(PLACE)).attributes("send", "data-event")[0]
    told = (await ann.open(f"{PLACE}/events/{event}")).fields
    assert [410, 200] == [each["http_status"] for each in told["tries"]] and "delivered" == told["state"]
    assert 422 == (await act(ann, PLACE, "/replay", since="yesterday")).http_status


async def test_a_seller_sees_and_touches_only_its_own(served: Served, ann: Visitor) -> None:
    await served.exchange.add(*selling("birch"))
    saved = await listen(served.exchange, hook("ember"), CEDAR, "*")
    await sell(served, 1)
    await run_all(served.exchange)
    (event,) = [each["id"] for each in await served.exchange.rows("SELECT id FROM webhook_events")]
    async with signed_in(served, "bo@birch.example", "seller", "birch") as stranger:
        page = await stranger.open(PLACE)
        tried = [
            (await act(stranger, PLACE, f"/{saved.endpoint.id}/disable")).http_status,
            (await act(stranger, PLACE, f"/{saved.endpoint.id}/rotate")).http_status,
            (await act(stranger, PLACE, "/test", id=saved.endpoint.id)).http_status,
            (await act(stranger, PLACE, "/replay", event=event)).http_status,
            (await act(stranger, PLACE, url=hook("flint"), id=saved.endpoint.id)).http_status,
            (await stranger.open(f"{PLACE}/events/{event}")).http_status,
            (await stranger.open("/console/webhooks")).http_status,
        ]

    assert "Nobody is told" in page.text and hook("ember") not in page.source and "cedar" not in page.source
    assert [404] * 6 + [403] == tried
    assert saved.endpoint.id in (await ann.open(PLACE)).source


async def test_an_operator_sees_all_and_adds_for_a_party(served: Served, pat: Visitor) -> None:
    await listen(served.exchange, hook("ember"), CEDAR, "*")
    form = {"kind": "webhook", "url": hook("flint"), "events": "lead.delivered", "party": "buyer:acme"}
    await act(pat, "/console/webhooks", **form)
    await sell(served, 1)
    await run_all(served.exchange)
    page = await pat.open("/console/webhooks")

    assert "2 addresses" in page.text and "Acme. Webhook: lead.delivered" in page.part("endpoints")
    assert {"lead.sold", "lead.delivered"} == {
        each["type"] for each in (await pat.open("/console/webhooks.json")).fields["sends"]
    }
    only = (await pat.open("/console/webhooks.json?type=lead.delivered")).fields["sends"]
    assert ["lead.delivered"] == [each["type"] for each in only]


async def test_the_timeline_of_a_lead_tells_each_try_and_the_next(served: Served, pat: Visitor) -> None:
    served.exchange.buyers.answers_posts("ember", reply(http_status=500), reply(http_status=200))
    await listen(served.exchange, hook("ember", "/p?l={lead_id}"), CEDAR, kind=EndpointKind.POSTBACK, method="GET")
    lead = await sell(served, 1)
    await run_all(served.exchange)
    before = (await pat.open(f"/console/leads/{lead['lead_id']}")).part("timeline")
    await run_for(served.exchange, 10)
    after = (await pat.open(f"/console/leads/{lead['lead_id']}")).part("timeline")

    assert re.search(r"Postback to Cedar: HTTP 500, next try \d\d:\d\d:\d\d lead.sold, try 1 of 8", before)
    assert "Postback to Cedar: HTTP 500 lead.sold, try 1 of 8" in after
    assert "Postback to Cedar: HTTP 200 lead.sold, try 2 of 8" in after


async def test_the_log_goes_on_page_by_page(served: Served, ann: Visitor) -> None:
    await listen(served.exchange, hook("ember"), CEDAR, "lead.*", per_second=50)
    for number in range(52):
        await sell(served, number)
    await run_all(served.exchange)
    page = await ann.open(PLACE)
    found = re.search(r'rel="next" href="([^"]+)"', page.source)
    assert found is not None
    older = await ann.open(found[1].replace("&amp;", "&").partition("#")[0])

    first, second = (each.attributes("send", "data-event") for each in (page, older))
    assert (50, 2) == (len(first), len(second)) and not set(first) & set(second)


async def test_a_form_without_its_token_changes_nothing(served: Served, ann: Visitor) -> None:
    page = await ann.send(PLACE, follow=True, **postback(hook("ember")))

    assert (403, 0) == (page.http_status, await served.exchange.count("webhook_endpoints"))


async def test_a_seller_who_signs_in_comes_to_its_own_part(ann: Visitor) -> None:
    page = await ann.open("/console")

    assert (200, True) == (page.http_status, "Your part of the exchange" in page.text)
    assert "How to post: Cedar solar" in page.text and PLACE in page.source
    assert 'data-testid="search"' not in page.source and "Sign out" in page.text
