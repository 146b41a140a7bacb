"""Addresses and postbacks: what can be saved, what a postback says, and whose an address is."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from exchange.flows.dispositions import record_disposition
from exchange.flows.endpoints import (
    NotSaved,
    NotYours,
    Wanted,
    listed,
    rotate,
    save,
    set_state,
    try_out,
)
from exchange.model.endpoint import EndpointKind
from exchange.model.feedback import Report
from exchange.model.lead import Mode
from exchange.stages.macros import MACROS
from tests.flows.lab import later, post
from tests.flows.receivers import ACME, CEDAR, arrived, hook, listen, run_all
from tests.market import POST, Exchange, buying, reply, selling

POSTBACK = EndpointKind.POSTBACK


async def open_market(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", deposit="9000"))


async def test_a_postback_fills_every_macro(exchange: Exchange) -> None:
    await open_market(exchange)
    url = hook("ember", "/p?" + "&".join(f"{name}={{{name}}}" for name in MACROS))
    await listen(exchange, url, CEDAR, kind=POSTBACK, method="GET")
    sub_ids = {f"sub_id{number}": f"s&{number} ü" for number in range(1, 11)}
    answer = await post(exchange, {**POST, **sub_ids, "click_id": "c/7", "seller_lead_id": "L 1"})
    later(exchange, 1)
    await record_disposition(Report(str(answer["lead_id"]), "contacted", "", None, None), exchange.market, ACME)
    await run_all(exchange)

    sold, disposed = (
        dict(parse_qsl(urlsplit(each.url).query, keep_blank_values=True))
        for each in arrived(exchange, hook("ember", "/p"))
    )
    common = {"lead_id": answer["lead_id"], "seller_lead_id": "L 1", "test": "0", **sub_ids, "click_id": "c/7"}
    assert common.items() <= sold.items() and common.items() <= disposed.items()
    assert ("accepted", "20.00", "USD", "", "") == tuple(
        sold[name] for name in ("status", "price", "currency", "disposition", "returned_amount")
    )
    assert "contacted" == disposed["disposition"] and set(MACROS) == set(sold) == set(disposed)


async def test_a_test_lead_is_told_as_one(exchange: Exchange) -> None:
    await open_market(exchange)
    await listen(exchange, hook("ember", "/p?s={status}&t={test}"), CEDAR, kind=POSTBACK, method="GET")
    answer = await post(exchange, POST, mode=Mode.TEST)
    assert "accepted" == answer["status"], answer
    await run_all(exchange)

    assert [hook("ember", "/p?s=accepted&t=1")] == [each.url for each in arrived(exchange, hook("ember", "/p"))]


async def test_a_postback_of_one_campaign_hears_of_that_one(exchange: Exchange) -> None:
    await open_market(exchange)
    await listen(exchange, hook("ember"), CEDAR, kind=POSTBACK, campaign_id="cedar-solar")
    with pytest.raises(NotSaved, match="no such campaign"):
        await listen(exchange, hook("flint"), CEDAR, kind=POSTBACK, campaign_id="birch-solar")
    await post(exchange)
    await run_all(exchange)

    (plain,) = arrived(exchange, hook("ember"))
    assert ("accepted", "20.00") == tuple(orjson.loads(plain.body)[name] for name in ("status", "price"))


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Wanted(POSTBACK, "https://t.example/?a={leadid}"), "url"),
        (Wanted(POSTBACK, "https://t.example/", ("lead.bought",)), "events"),
        (Wanted(POSTBACK, "https://t.example/", method="PUT"), "method"),
        (Wanted(EndpointKind.SIGNED, "http://169.254.169.254/latest"), "url"),
        (Wanted(EndpointKind.SIGNED, "http://2130706433/"), "url"),
        (Wanted(EndpointKind.SIGNED, "http://[::ffff:10.0.0.1]/"), "url"),
        (Wanted(EndpointKind.SIGNED, "ftp://t.example/"), "url"),
        (Wanted(EndpointKind.SIGNED, "https://u:p@t.example/"), "url"),
        (Wanted(EndpointKind.SIGNED, "https://t.example/" + "x" * 3_000), "url"),
        (Wanted(EndpointKind.SIGNED, "https://t.example/", per_second=0), "per_second"),
    ],
)
async def test_what_cannot_be_is_refused_when_it_is_saved_and_when_it_is_tried(
    exchange: Exchange, wanted: Wanted, field: str
) -> None:
    await open_market(exchange)
    for refused in (
        save(exchange.market, wanted, CEDAR, (), party=None),
        try_out(exchange.market, wanted, CEDAR, ()),
    ):
        with pytest.raises(NotSaved) as told:
            await refused
        assert [field] == [problem.field for problem in told.value.problems]
    assert (0, []) == (await exchange.count("webhook_endpoints"), exchange.buyers.sent)


async def test_a_party_has_a_bounded_number_of_addresses(exchange: Exchange) -> None:
    await open_market(exchange)
    for number in range(20):
        await listen(exchange, hook("ember", f"/{number}"), CEDAR)
    with pytest.raises(NotSaved, match="20 already"):
        await listen(exchange, hook("ember", "/21"), CEDAR)


async def test_a_test_shows_the_request_and_the_answer_and_keeps_nothing(exchange: Exchange) -> None:
    await open_market(exchange)
    exchange.buyers.answers_posts("ember", reply(http_status=404, error="no such page"))
    wanted = Wanted(POSTBACK, hook("ember", "/p?l={lead_id}&p={price}"), method="GET")
    tried = await try_out(exchange.market, wanted, CEDAR, ())

    assert hook("ember", "/p?l=ld_01KAG2V7RN6M4T&p=26.60") == tried.message.url
    assert ("HTTP 404", 404) == (tried.error, tried.result.status)
    assert [0, 0] == [await exchange.count(table) for table in ("webhook_events", "webhook_sends")]


async def test_what_is_not_ones_own_cannot_be_changed_or_tried(exchange: Exchange) -> None:
    await open_market(exchange)
    saved = await listen(exchange, hook("ember"), CEDAR)
    wanted = Wanted(EndpointKind.SIGNED, hook("flint"), id=saved.endpoint.id)
    for refused in (
        save(exchange.market, wanted, ACME, (), party=None),
        try_out(exchange.market, wanted, ACME, ()),
        rotate(exchange.market, saved.endpoint.id, ACME),
        set_state(exchange.market, saved.endpoint.id, "removed", ACME),
    ):
        with pytest.raises(NotYours):
            await refused
    assert [] == await listed(exchange.market, ACME)


async def test_the_address_of_a_campaign_is_listed_and_can_be_disabled(exchange: Exchange) -> None:
    await open_market(exchange)
    await exchange.add(*selling("cedar", postback_url=hook("ember")))
    (row,) = await listed(exchange.market, CEDAR)
    assert ("pbk_cedar-solar", "active", 1) == (row["id"], row["state"], row["late_only"])

    with pytest.raises(NotSaved, match="stands in the campaign"):
        await set_state(exchange.market, row["id"], "removed", CEDAR)
    assert await set_state(exchange.market, row["id"], "disabled", CEDAR)
    assert ["disabled"] == [each["state"] for each in await listed(exchange.market, CEDAR)]
    await exchange.add(*selling("cedar", postback_url=hook("flint")))
    assert "active" == exchange.market.deals.hearers.by_id["pbk_cedar-solar"].state


async def test_an_address_stays_what_it_is_and_a_campaigns_is_changed_in_the_campaign(exchange: Exchange) -> None:
    await open_market(exchange)
    await exchange.add(*selling("cedar", postback_url=hook("ember")))
    made = (await listen(exchange, hook("flint", "/p?{lead_id}"), CEDAR, kind=POSTBACK)).endpoint

    for wanted, told in (
        (Wanted(EndpointKind.SIGNED, hook("flint", "/{nobody}"), id=made.id), "stays one"),
        (Wanted(POSTBACK, hook("flint"), id="pbk_cedar-solar"), "stands in the campaign"),
    ):
        with pytest.raises(NotSaved, match=told):
            await save(exchange.market, wanted, CEDAR, exchange.settings.allowed_networks, party=None)
    assert await set_state(exchange.market, "pbk_cedar-solar", "disabled", CEDAR)
    assert "disabled" == exchange.market.deals.hearers.by_id["pbk_cedar-solar"].state
    assert made.url == exchange.market.deals.hearers.by_id[made.id].url
