"""Conversions told to advertising platforms over real sockets: once each, corrected when a sale is returned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from ipaddress import ip_network

import pytest

from exchange.courier.courier import HttpCourier
from exchange.demo.peers.adverts import Platforms
from exchange.demo.peers.serving import serving
from exchange.flows.advert_files import events_in, make_file
from exchange.flows.adverts import CannotAdvertise, event_of, keep_account, plan_conversions
from exchange.flows.revoke import Taken, revoke
from exchange.flows.undo import reverse_sale
from exchange.model.advert import AdAccount
from exchange.model.delivery import DeliveryState
from exchange.stages.adverts.files import csv_of, documents_of
from exchange.storage.adverts import conversions_of
from tests.flows.lab import OPERATOR, attempts, later, person, post
from tests.flows.receivers import run_for
from tests.market import Exchange, buying, selling

ALLOWED = (ip_network("127.0.0.0/8"),)
EMAIL = "person-cem@consumer.example"
TOKENS = {"client_id": "cl-1", "client_secret": "cs-1", "refresh_token": "rt-1"}
FIELDS = {
    "google": {"account": "123-456-7890", "action": "777", **TOKENS},
    "meta": {"account": "998877", "action": "Purchase", "hashed": "1", "access_token": "at-1"},
    "microsoft": {"account": "4455", "action": "Sold lead", "login": "66", "developer_token": "dev-1", **TOKENS},
    "tiktok": {"account": "C9ABC", "action": "CompletePayment", "hashed": "1", "access_token": "at-1"},
}
CLICKS = {"google": "gclid", "meta": "fbclid", "microsoft": "msclkid", "tiktok": "ttclid"}
Row = tuple[str, int, str, int]


@asynccontextmanager
async def platforms() -> AsyncIterator[tuple[Platforms, str]]:
    """The four of them on a free port, and their address."""
    made = Platforms()
    async with serving(0, made.routes()) as address:
        yield made, address


async def office(exchange: Exchange, address: str, *names: str, **more: str) -> tuple[Exchange, dict[str, AdAccount]]:
    """Accounts at these platforms; and the exchange with a way out to real sockets."""
    await exchange.add(*selling("cedar"), *buying("acme"))
    accounts = {}
    for name in names:
        places = {"url": f"{address}/{name}", "token_url": f"{address}/token"}
        fields = {"platform": name, "name": name, "verticals": "solar", **FIELDS[name], **places, **more}
        accounts[name] = await keep_account(exchange.market, fields, OPERATOR, ALLOWED)
    market = exchange.market
    courier = HttpCourier(market.clock, market.breaker, ALLOWED)
    return replace(exchange, market=replace(market, courier=courier)), accounts


async def told(exchange: Exchange, account: AdAccount) -> list[Row]:
    rows = await exchange.market.db.read(conversions_of, account.id, (2**62, "", 0), 100)
    return [(row.kind, row.number, row.state, row.units) for row in reversed(rows)]


async def look(exchange: Exchange, real: Exchange) -> None:
    await plan_conversions(exchange.market)
    await run_for(real, 1)


async def test_every_platform_hears_of_a_sale_once_and_of_its_return_once(either: Exchange) -> None:
    async with platforms() as (there, address):
        real, accounts = await office(either, address, *FIELDS)
        clicks = {click: f"{click}-1" for click in CLICKS.values()}
        answer = await post(
            either,
            person(
                1, landing_page_url="https://www.savings.example/solar?x=y", user_agent="Mozilla/5.0 (X11)", **clicks
            ),
        )
        later(either, 1)
        for _ in range(2):
            await look(either, real)
        sale = there.heard
        sent = {name: await told(either, account) for name, account in accounts.items()}
        (attempt,) = await attempts(either)
        later(either, 86_400)
        await reverse_sale(either.market, attempt["id"], "test", OPERATOR, DeliveryState.BOUNCED, "")
        for _ in range(2):
            await look(either, real)

        assert {name: [("conversion", 0, "sent", 250_000)] for name in FIELDS} == sent
        assert (4, 8) == (sale, there.heard)
        for account in accounts.values():
            assert [("conversion", 0, "sent", 250_000), ("retraction", 1, "sent", 0)] == await told(either, account)
        assert [2, 2, 2, 2] == [len(words) for words in there.told.values()]
        sold, back = there.told["google"].values()
        lead_id = answer["lead_id"]
        names = ("adIdentifiers", "transactionId", "conversionValue", "currency", "eventTimestamp")
        assert ({"gclid": "gclid-1"}, lead_id, 25.0, "USD", "2026-11-21T14:34:08Z") == tuple(sold[x] for x in names)
        assert ({"gclid": "gclid-1"}, lead_id, 0.0, "USD", "2026-11-21T14:34:08Z") == tuple(back[x] for x in names)
        assert "userData" not in sold and "2026-11-22T14:34:11Z" == back["lastUpdatedTimestamp"]
        bought = there.told["meta"][f"Purchase {lead_id}"]
        assert sha256(EMAIL.encode()).hexdigest() == bought["user_data"]["em"][0]
        assert sha256(b"16029580001").hexdigest() == bought["user_data"]["ph"][0]
        assert f"fb.1.{1_795_271_648_000}.fbclid-1" == bought["user_data"]["fbc"]
        assert ("website", "https://www.savings.example/solar", "Mozilla/5.0 (X11)") == (
            bought["action_source"], bought["event_source_url"], bought["user_data"]["client_user_agent"]
        )  # fmt: skip
        assert (
            sha256(b"+16029580001").hexdigest() == there.told["tiktok"][f"CompletePayment {lead_id}"]["user"]["phone"]
        )
        assert {"Retract"} == {
            word["AdjustmentType"] for key, word in there.told["microsoft"].items() if "Adjustments" in key
        }
        assert EMAIL not in str(there.told) and "602958" not in str(there.told)


async def test_nobody_who_took_consent_back_is_told_of_and_a_retraction_still_is(exchange: Exchange) -> None:
    async with platforms() as (there, address):
        real, accounts = await office(exchange, address, "google", "meta")
        first = await post(exchange, person(1, gclid="g-1"))
        later(exchange, 1)
        await look(exchange, real)
        second = await post(exchange, person(2, gclid="g-2"))
        for lead in (first, second):
            await revoke(exchange.market, Taken("", lead["lead_id"], "", "consumer", ""), OPERATOR, "")
        await reverse_sale(
            exchange.market, (await attempts(exchange, first["lead_id"]))[0]["id"], "x", OPERATOR,
            DeliveryState.BOUNCED, "",
        )  # fmt: skip
        later(exchange, 1)
        await look(exchange, real)

        google, meta = [await told(exchange, accounts[name]) for name in ("google", "meta")]
        assert [("conversion", 0, "sent"), ("retraction", 1, "sent")] == [
            row[:3] for row in google if row[1] or row[2] == "sent"
        ]
        assert [("conversion", 0, "sent"), ("conversion", 0, "skipped"), ("retraction", 1, "skipped")] == sorted(
            row[:3] for row in meta
        )
        assert (2, 1) == (len(there.told["google"]), len(there.told["meta"]))
        why = await exchange.rows("SELECT DISTINCT why FROM conversions WHERE state = 'skipped'")
        assert ["The consumer took the consent back."] == [row["why"] for row in why]


async def test_a_lead_of_no_click_of_theirs_is_told_only_where_hashes_may_be(exchange: Exchange) -> None:
    async with platforms() as (there, address):
        real, accounts = await office(exchange, address, "google", "tiktok")
        await post(exchange, person(1))
        later(exchange, 1)
        await look(exchange, real)
        again, plain = await office(exchange, address, "meta", hashed="")
        await post(exchange, person(2))
        later(exchange, 1)
        await look(exchange, again)

        assert [("conversion", 0, "skipped", 250_000)] == (await told(exchange, accounts["google"]))[:1]
        assert "sent" == (await told(exchange, accounts["tiktok"]))[0][2]
        assert ["skipped"] == [row[2] for row in await told(exchange, plain["meta"])]
        assert {} == there.told["meta"] == there.told["google"]
    (row,) = (await exchange.market.db.read(conversions_of, plain["meta"].id, (2**62, "", 0), 1))[:1]
    event = await event_of(exchange.market, plain["meta"], row)
    assert event is not None and event.person is None


async def test_google_finds_people_by_hashes_where_consent_covers_it_and_is_told_no_more_of_them(
    exchange: Exchange,
) -> None:
    async with platforms() as (there, address):
        real, accounts = await office(exchange, address, "google", hashed="1")
        bare = await post(exchange, person(1, email="Maria.Sandoval+solar@gmail.com"))
        clicked = await post(exchange, person(2, wbraid="w-1"))
        later(exchange, 1)
        await look(exchange, real)
        for lead in (bare, clicked):
            await revoke(exchange.market, Taken("", lead["lead_id"], "", "consumer", ""), OPERATOR, "")
            (attempt,) = await attempts(exchange, lead["lead_id"])
            await reverse_sale(exchange.market, attempt["id"], "x", OPERATOR, DeliveryState.BOUNCED, "")
        later(exchange, 1)
        await look(exchange, real)

        told_of = {key.partition(" ")[0]: word for key, word in there.told["google"].items() if key.endswith(" ")}
        people = told_of[bare["lead_id"]]["userData"]["userIdentifiers"]
        assert [
            {"emailAddress": sha256(b"mariasandoval@gmail.com").hexdigest()},
            {"phoneNumber": sha256(b"+16029580001").hexdigest()},
        ] == people  # fmt: skip
        assert {"adUserData": "CONSENT_GRANTED"} == told_of[clicked["lead_id"]]["consent"]
        (back,) = [word for key, word in there.told["google"].items() if not key.endswith(" ")]
        assert ({"wbraid": "w-1"}, 0.0, False) == (back["adIdentifiers"], back["conversionValue"], "userData" in back)
        states = sorted((row[1], row[2]) for row in await told(exchange, accounts["google"]))
        assert [(0, "sent"), (0, "sent"), (1, "sent"), (1, "skipped")] == states


async def test_a_platform_that_is_down_is_asked_again_and_hears_it_once(exchange: Exchange) -> None:
    async with platforms() as (there, address):
        real, accounts = await office(exchange, address, "tiktok")
        tokens = await office(exchange, f"{address}/nowhere", "google")
        await post(exchange, person(1, ttclid="t-1", gclid="g-1"))
        later(exchange, 1)
        await look(exchange, real)
        await run_for(real, 30 * 3_600)  # longer than a job's own tries last
        waits = await told(exchange, tokens[1]["google"])
        fields = {"name": "google", "verticals": "solar", "account": "1", "action": "2"}
        places = {"url": f"{address}/google", "token_url": f"{address}/token"}
        await keep_account(exchange.market, {**fields, **places}, OPERATOR, ALLOWED, tokens[1]["google"].id)
        await run_for(real, 3_600)

        assert [("conversion", 0, "waiting", 250_000)] == waits
        assert [("conversion", 0, "sent", 250_000)] == await told(exchange, tokens[1]["google"])
        assert [("conversion", 0, "sent", 250_000)] == await told(exchange, accounts["tiktok"])
        assert (1, 1) == (len(there.told["google"]), len(there.told["tiktok"]))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"platform": "myspace"}, "platform"),
        ({"name": ""}, "name"),
        ({"account": "../x"}, "account"),
        ({"action": ""}, "action"),
        ({"verticals": "roofing"}, "verticals"),
        ({"verticals": ""}, "verticals"),
        ({"access_token": ""}, "access_token"),
        ({"url": "http://169.254.169.254/"}, "url"),
        ({"url": "ftp://a.example"}, "url"),
    ],
)
async def test_an_account_with_a_mistake_is_not_kept(exchange: Exchange, changes: dict[str, str], field: str) -> None:
    fields = {"platform": "meta", "name": "meta", "verticals": "solar", **FIELDS["meta"], **changes}
    with pytest.raises(CannotAdvertise) as refused:
        await keep_account(exchange.market, fields, OPERATOR, ())

    assert field == refused.value.field and 0 == await exchange.count("ad_accounts")


async def test_secrets_are_sealed_and_stay_when_they_are_left_empty(exchange: Exchange) -> None:
    fields = {"platform": "meta", "name": "meta", "verticals": "solar", **FIELDS["meta"]}
    account = await keep_account(exchange.market, fields, OPERATOR, ())
    (before,) = await exchange.rows("SELECT secrets, document FROM ad_accounts")
    await keep_account(exchange.market, {**fields, "access_token": "", "name": "renamed"}, OPERATOR, (), account.id)
    (after,) = await exchange.rows("SELECT name, secrets FROM ad_accounts")

    assert ("renamed", bytes(before["secrets"])) == (after["name"], bytes(after["secrets"]))
    assert b"at-1" not in bytes(before["secrets"]) and "at-1" not in before["document"]


async def test_accounts_told_by_hand_get_files_with_every_word_once(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme"))
    accounts = {}
    for name in FIELDS:
        fields = {**FIELDS[name], "platform": name, "name": name, "verticals": "solar", "state": "by_file"}
        fields |= dict.fromkeys((*TOKENS, "developer_token", "access_token"), "")
        accounts[name] = await keep_account(exchange.market, fields, OPERATOR, ())
    clicks = {click: f"{click}-1" for click in CLICKS.values()}
    sold = await post(exchange, person(1, **clicks))
    taken_back = await post(exchange, person(2, **clicks))
    await post(exchange, person(3))
    await revoke(exchange.market, Taken("", taken_back["lead_id"], "", "consumer", ""), OPERATOR, "")
    later(exchange, 1)
    await plan_conversions(exchange.market)
    google, microsoft = accounts["google"], accounts["microsoft"]
    made = await make_file(exchange.market, google, OPERATOR)
    again = await make_file(exchange.market, google, OPERATOR)
    assert made is not None and again is None
    events = await events_in(exchange.market, google, made)
    first = csv_of(google, events, "America/New_York", changed=False)
    attempt = (await attempts(exchange, sold["lead_id"]))[0]["id"]
    later(exchange, 86_400)
    await reverse_sale(exchange.market, attempt, "x", OPERATOR, DeliveryState.BOUNCED, "")
    await plan_conversions(exchange.market)
    later(exchange, 1)
    back = await make_file(exchange.market, google, OPERATOR)
    assert back is not None
    corrected = csv_of(google, await events_in(exchange.market, google, back), "America/New_York", changed=True)
    both = await make_file(exchange.market, microsoft, OPERATOR)
    assert both is not None
    theirs = await events_in(exchange.market, microsoft, both)

    lead_id = sold["lead_id"]
    assert ["Parameters:TimeZone=America/New_York"] == first[0]
    assert [["gclid-1", "777", "2026-11-21 09:34:08-0500", "25.00", "USD", lead_id]] == first[2:]
    assert [[lead_id, "777", "2026-11-22 09:34:09-0500", "RETRACT", "", ""]] == corrected[2:]
    assert [
        ["Parameters:TimeZone=+0000"],
        ["Microsoft Click ID", "Conversion Name", "Conversion Time", "Conversion Value", "Conversion Currency"],
        ["msclkid-1", "Sold lead", "2026-11-21 14:34:08", "25.00", "USD"],
    ] == csv_of(microsoft, theirs, "America/New_York", changed=False)
    head, version, back_row = csv_of(microsoft, theirs, "America/New_York", changed=True)
    assert "6.0" == dict(zip(head, version, strict=True))["Name"]
    told_back = dict(zip(head, back_row, strict=True))
    assert ("11/21/2026 2:34:08 PM", "Retract", "11/22/2026 2:34:09 PM", "") == tuple(
        told_back[name] for name in ("Conversion Time", "Adjustment Type", "Adjustment Time", "Adjustment Value")
    )
    assert ("Offline Conversion", "msclkid-1") == (told_back["Type"], told_back["Microsoft Click Id"])
    meta = await make_file(exchange.market, accounts["meta"], OPERATOR)
    assert meta is not None
    bodies = documents_of(accounts["meta"], await events_in(exchange.market, accounts["meta"], meta))
    assert 3 == len(bodies) and "602958" not in str(bodies) and "consumer.example" not in str(bodies)
    with pytest.raises(ValueError, match="meta"):
        csv_of(accounts["meta"], (), "UTC", changed=False)
