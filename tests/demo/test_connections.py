"""The demo's connections speak with the demo's buyers over real HTTP: what one says the other understands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import ClientSession
from ruamel.yaml import YAML

from buyers import connectors
from buyers.loading import load_connection
from exchange.catalog import default_config, load_verticals
from exchange.clock import SimulatedClock
from exchange.connector import Connector, Terms
from exchange.demo.buyers import DemoBuyers
from exchange.demo.homes import CityHomes
from exchange.demo.market import read_connections, read_parties, rebased
from exchange.demo.people import generate
from exchange.demo.personalities import Personality, read_cast
from exchange.demo.shapes import Source
from exchange.fields import field_types
from exchange.fields.places import Places
from exchange.model.auction import Accepted, Award, Bid, NoBid, Rejected
from exchange.model.lead import Consent, FieldValue, Kind, Lead, Mode, Offer
from exchange.model.money import Money
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.vertical import Vertical
from exchange.model.wire import Message, Reply

DEMO = default_config() / "demo"
NOW = 1_795_021_200_000
FILES = (("market.yaml", "cast.yaml"), ("stream.yaml", "stream_cast.yaml"))
T = TypeVar("T")


@cache
def verticals() -> Mapping[str, Vertical]:
    return load_verticals(default_config())


@cache
def contracts() -> Mapping[str, Contract]:
    """Of the buyers of the cast that are asked: peers have tests of their own, and who buys in the store is not."""
    found = (c for market, _ in FILES for c in read_parties(DEMO / market, verticals()).contracts)
    return {c.id: c for c in found if c.buyer_id in people() and c.connection != "store"}


@cache
def people() -> Mapping[str, Personality]:
    return {who.name: who for _, file in FILES for who in read_cast(DEMO / file).buyers}


@cache
def documents() -> Mapping[str, dict[str, Any]]:
    return read_connections(DEMO / "connections")


@cache
def homes() -> CityHomes:
    return CityHomes(Places.load())


def somebody(name: str, **changed: object) -> Personality:
    """A buyer of the demo, at once and without troubles, with some habits changed."""
    calm: dict[str, object] = {
        "latency_ms": {"median": 0, "p95": 0},
        "troubles": (),
        "lost_percent": 0,
        "silent_percent": 0,
        "shaves": None,
    }
    return Personality.model_validate(people()[name].model_dump() | calm | changed)


@cache
def presets() -> dict[str, Any]:
    files = sorted((default_config() / "presets").glob("*.yaml"))
    return {path.stem: YAML(typ="safe").load(path.read_text(encoding="utf-8")) for path in files}


@dataclass
class Stage:
    """One buyer that runs, and the connector that knows where."""

    buyers: DemoBuyers
    connector: Connector


@asynccontextmanager
async def meeting(contract: Contract, **habits: object) -> AsyncIterator[Stage]:
    running = DemoBuyers([somebody(contract.buyer_id, **habits)], seed=3, clock=SimulatedClock(), hurry=True)
    ports = await running.start(any_port=True)
    document = rebased(documents()[contract.connection], ports)
    yield Stage(running, load_connection(document, presets(), connectors()).build())
    await running.close()


async def run(conversation: Generator[Message, Reply, T]) -> T:
    """Carry a conversation's messages over HTTP to its end."""
    try:
        message = next(conversation)
        async with ClientSession() as session:
            while True:
                shown = message.shown()
                sent = session.request(shown.method, shown.url, data=shown.body, headers=dict(shown.headers))
                async with sent as reply:
                    headers = {name.lower(): value for name, value in reply.headers.items()}
                    message = conversation.send(Reply(reply.status, headers, await reply.read()))
    except StopIteration as ended:
        answer: T = ended.value
        return answer


def values_for(vertical: Vertical) -> dict[str, FieldValue]:
    source = Source({"a": 1}, {"AZ": 1}, ("https://page.example/",))
    lead = next(generate(5, vertical, homes(), source, starts_at=NOW, per_minute=10.0))
    types, found = field_types(), {}
    for name, text in lead.values.items():
        if (spec := vertical.by_name.get(name)) is not None:
            value = types[spec.type].parse(text, spec, NOW)
            assert isinstance(value, FieldValue), (name, text, value)
            found[name] = value
    return found


def offer_for(contract: Contract, values: Mapping[str, FieldValue]) -> Offer:
    vertical = verticals()[contract.vertical]
    shown = {name: value for name, value in values.items() if not vertical.by_name[name].personal}
    return Offer("ld_1", contract.vertical, Mode.LIVE, shown, {"sub_id1": "a"}, Money.zero("USD"), 1, "s-17")


def lead_for(contract: Contract, values: Mapping[str, FieldValue]) -> Lead:
    consent = Consent(True, "I agree", NOW, None, None, (), None, None, NOW)
    return Lead(
        id="ld_1",
        request_id="req_1",
        seller_id="acme",
        campaign_id="acme-x",
        vertical=contract.vertical,
        mode=Mode.LIVE,
        kind=Kind.POST,
        values=values,
        consent=consent,
        tracking={"sub_id1": "a"},
        seller_lead_id=None,
        ping_id=None,
        min_price=None,
        timeout_ms=None,
        test_outcome=None,
        grade=None,
        received_at=NOW,
        month="2026-11",
    )


TERMS = Terms(NOW, "ref-000001", {})


async def bid_of(stage: Stage, contract: Contract, values: Mapping[str, FieldValue]) -> Bid:
    if contract.price is not None:
        return Bid(contract.id, contract.leg, contract.price, True, None, None)
    bids = await run(stage.connector.ping(offer_for(contract, values), contract, TERMS))
    assert isinstance(bids, list)
    return bids[0]


@pytest.mark.parametrize("contract_id", sorted(contracts()))
async def test_a_willing_buyer_bids_and_takes_the_lead_at_its_bid(contract_id: str) -> None:
    contract = contracts()[contract_id]
    values = values_for(verticals()[contract.vertical])

    async with meeting(contract, bid_percent=100, accept_percent=100) as stage:
        bid = await bid_of(stage, contract, values)
        award = Award(bid, 1, TERMS.reference)
        answer = await run(stage.connector.post(lead_for(contract, values), award, contract, TERMS))

    assert isinstance(answer, Accepted)
    assert answer.price == bid.price
    assert answer.reference
    assert stage.buyers.taken(contract.buyer_id) == {TERMS.reference}


@pytest.mark.parametrize("contract_id", sorted(contracts()))
async def test_an_unwilling_buyer_is_understood_as_a_refusal(contract_id: str) -> None:
    contract = contracts()[contract_id]
    values = values_for(verticals()[contract.vertical])
    award = Award(Bid(contract.id, contract.leg, contract.max_bid, True, "P1", None), 1, TERMS.reference)

    async with meeting(contract, bid_percent=0, accept_percent=0, duplicate_percent=0) as stage:
        if contract.price is None:
            assert isinstance(await run(stage.connector.ping(offer_for(contract, values), contract, TERMS)), NoBid)
        refused = await run(stage.connector.post(lead_for(contract, values), award, contract, TERMS))

    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.BUYER_REJECTED


@pytest.mark.parametrize("contract_id", ["brightroof-solar", "rookery-auto", "harvest-deposits", "vista-solar"])
async def test_a_buyer_that_has_the_consumer_already_says_so(contract_id: str) -> None:
    contract = contracts()[contract_id]
    values = values_for(verticals()[contract.vertical])
    award = Award(Bid(contract.id, contract.leg, contract.max_bid, True, "P1", None), 1, TERMS.reference)

    async with meeting(contract, accept_percent=0, duplicate_percent=100) as stage:
        refused = await run(stage.connector.post(lead_for(contract, values), award, contract, TERMS))

    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.DUPLICATE_AT_BUYER


async def test_a_reseller_bids_for_each_company_behind_it() -> None:
    contract = contracts()["quoteharbor-auto"]
    values = values_for(verticals()["auto_insurance"])

    async with meeting(contract, bid_percent=100) as stage:
        bids = await run(stage.connector.ping(offer_for(contract, values), contract, TERMS))

    assert isinstance(bids, list)
    assert {bid.brand for bid in bids} == {"Anchor Quotes", "Beacon Rates"}


def test_no_buyer_can_bid_above_its_contract() -> None:
    for contract in contracts().values():
        cents = people()[contract.buyer_id].bid_cents_most
        assert contract.price is not None or Money(cents * 100, "USD") <= contract.max_bid


def test_the_demo_folder_is_where_the_product_keeps_it() -> None:
    assert Path(__file__).parents[2] / "config" / "demo" == DEMO
