"""The demo's market and its stream run through the real flows: leads are sold, money is booked, dirt is refused."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from pathlib import Path

from exchange.clock import SimulatedClock
from exchange.demo.homes import CityHomes
from exchange.demo.people import EVEN, generate
from exchange.demo.shapes import GeneratedLead
from exchange.demo.stream import epoch_ms, fields_of
from exchange.model.ledger import BANK, MARGIN, buyer_account, seller_account
from exchange.model.verification import HOUSE_VERIFICATION
from exchange.storage.ledger import balances, house_balance
from tests.demo.whole import Whole, opened

NOON = 1_795_021_200_000
STATUSES = {"accepted", "unsold", "duplicate", "rejected", "invalid", "queued"}


async def demo_leads(whole: Whole, each: int) -> Counter[tuple[str, str]]:
    """`each` leads of every campaign, in the order they come; counts by (campaign, status)."""
    market, campaigns = whole.market, {campaign.id: campaign for campaign in whole.parties.campaigns}
    homes, streams = CityHomes(market.places), []
    for number, habits in enumerate(whole.cast.sellers):
        vertical = market.verticals[campaigns[habits.campaign].vertical]
        rate = habits.share / 10
        leads = generate(number, vertical, homes, habits.source, starts_at=NOON, per_minute=rate, hourly=EVEN)
        streams.append([(lead.arrived_at, number, lead) for lead in itertools.islice(leads, each)])
    counts: Counter[tuple[str, str]] = Counter()
    ordered: list[tuple[int, int, GeneratedLead]] = list(heapq.merge(*streams, key=lambda item: item[:2]))
    for at, number, lead in ordered:
        habits = whole.cast.sellers[number]
        whole.clock.set(max(at, whole.clock.now()))
        answer = await whole.sell(campaigns[habits.campaign], lead.values, habits.mode)
        counts[(habits.campaign, answer["status"])] += 1
    return counts


async def test_every_campaign_of_the_demo_sells_and_the_books_balance(tmp_path: Path) -> None:
    async with opened(tmp_path, "market.yaml", "cast.yaml", SimulatedClock(NOON)) as whole:
        counts = await demo_leads(whole, 12)
        accounts = [buyer_account(buyer.id, buyer.billing) for buyer in whole.parties.buyers]
        accounts += [seller_account(seller.id) for seller in whole.parties.sellers]
        posted = {name: found.posted for name, found in (await whole.market.db.read(balances, accounts)).items()}
        vendors = {each.card.vendor for each in whole.market.deals.shapes.verifiers.values()}
        own = (MARGIN, BANK, *(f"{HOUSE_VERIFICATION}{vendor}" for vendor in sorted(vendors)))
        house = [await whole.market.db.read(house_balance, account, "USD") for account in own]

    assert {status for _, status in counts} <= STATUSES
    for habits in whole.cast.sellers:
        older = habits.campaign == "tidewater-solar"  # asks too much for an auction, and is offered in the store
        sold, held = (counts[(habits.campaign, status)] for status in ("accepted", "queued"))
        if older:
            assert counts[(habits.campaign, "unsold")] >= 4
        else:  # a lead that somebody is rung for is held until they press a key
            assert sold >= 2 and sold + held >= 8, habits.campaign
    assert sum(money.units for money in (*posted.values(), *house)) == 0
    assert posted["seller:acme:payable"].units > 0


async def test_a_row_of_each_kind_of_the_stream_sells_and_its_dirt_is_refused(tmp_path: Path) -> None:
    now = epoch_ms("2025-03-03T12:56:05Z")
    contact = {
        "first_name": " MARIA ",
        "last_name": "Sandoval",
        "email": "maria@mail.example",
        "phone": "(515) 958-0142",
        "address": "1 Lake Ct",
        "city": "des moines",
        "state": "IA",
        "zip": "50309-1234",
    }
    row = {
        "lead_id": "X1",
        "sub_id": "sg-1",
        "source": "call_cellular",
        "landing_page": "https://page.example/a",
        "ip": "198.51.100.7",
        "user_agent": "Browser",
        "form_ms": 20502,
        "hp": "",
        "consent": {"cert": "ab" * 20, "ts": "2025-03-03T12:55:50Z", "url": "https://page.example/a"},
        "contact": contact,
    }
    saver = {"fields": {"job": "admin", "balance_eur": 219, "credit_default": "no"}}
    shop = {"fields": {"first_contact_weekday": "Tue"}, "contact": contact | {"phone": "5159580143"}}
    dirty = {"contact": {"first_name": "Maria", "zip": None}, "fields": {}}

    async with opened(tmp_path, "stream.yaml", "stream_cast.yaml", SimulatedClock(now)) as whole:
        campaigns = {campaign.id: campaign for campaign in whole.parties.campaigns}
        sold = await whole.sell(campaigns["bk-trades-deposit"], fields_of(row | saver))
        listed = await whole.sell(campaigns["ol-email-market"], fields_of(row | shop | {"lead_id": "X2"}))
        refused = await whole.sell(campaigns["bk-pro-deposit"], fields_of(row | dirty | {"lead_id": "X3"}))

    assert sold["status"] == "accepted"
    assert listed["status"] == "accepted"
    assert refused["status"] == "invalid"
