"""The demo's market on a real database, with its buyers behind a scripted courier: the real flows decide everything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import orjson

from exchange.bootstrap import load_catalog, open_market
from exchange.catalog import default_config
from exchange.clock import SimulatedClock, month_of
from exchange.courier.scripted import SIMULATED, ScriptedCourier, by_url
from exchange.demo.folder import write_shapes
from exchange.demo.market import read_parties
from exchange.demo.market_model import Parties
from exchange.demo.personalities import Cast, read_cast
from exchange.demo.scripted import CastScript
from exchange.flows.market import Market, refresh
from exchange.flows.simulated import answer_as_asked
from exchange.flows.submit import submit
from exchange.ids import SeededIds
from exchange.intake.encode import encode
from exchange.model.lead import Kind, Mode, Submission
from exchange.model.ledger import BANK, Posting, Transaction, TransactionKind
from exchange.model.party import Campaign
from exchange.settings import load_settings
from exchange.storage.database import Tx
from exchange.storage.ledger import book
from exchange.storage.parties import save_buyer, save_campaign, save_contract, save_seller

DEMO = default_config() / "demo"
UNMOVED: Mapping[int, int] = MappingProxyType({})


async def store(tx: Tx, parties: Parties, now: int) -> None:
    """A unit of work: every party, its account, and what it put in."""
    for seller in parties.sellers:
        await save_seller(tx, seller, now)
    for campaign in parties.campaigns:
        await save_campaign(tx, campaign, now, "demo")
    for buyer in parties.buyers:
        await save_buyer(tx, buyer, now)
        if (deposit := parties.deposits.get(buyer.id)) is not None:
            posting = Posting(BANK, buyer.account, deposit)
            kind = TransactionKind.TOP_UP
            await book(tx, Transaction(f"deposit-{buyer.id}", kind, (posting,), now, month_of(now)))
    for contract in parties.contracts:
        await save_contract(tx, contract, now, "demo")


@dataclass
class Whole:
    market: Market
    parties: Parties
    cast: Cast
    script: CastScript
    clock: SimulatedClock

    async def sell(self, campaign: Campaign, values: Mapping[str, str], mode: str = "live") -> dict[str, str]:
        """One lead posted in one call, and the answer."""
        now = self.clock.now()
        submission = Submission(
            id=self.market.ids.new("req", now),
            seller_id=campaign.seller_id,
            campaign_id=campaign.id,
            mode=Mode(mode),
            kind=Kind.DIRECT,
            channel="api",
            fields=values,
            raw=orjson.dumps(dict(values)),
            content_type="application/json",
            answer_format="json",
            remote_ip="203.0.113.9",
            key_id="key_1",
            idempotency_key=None,
            received_at=now,
            month=month_of(now),
        )
        answer: dict[str, str] = orjson.loads((await submit(submission, self.market, encode)).body)
        return answer


@asynccontextmanager
async def opened(
    folder: Path, parties_file: str, cast_file: str, clock: SimulatedClock, moved: Mapping[int, int] = UNMOVED
) -> AsyncIterator[Whole]:
    """With the demo's own files among the shapes. `moved` are the ports its peers really have."""
    write_shapes(folder, moved)
    catalog = load_catalog(folder / "config")
    parties, cast = read_parties(DEMO / parties_file, catalog.verticals), read_cast(DEMO / cast_file)
    script, now = CastScript(cast.buyers, seed=7), clock.now()
    wire = by_url({SIMULATED: answer_as_asked, "": script})
    settings = load_settings(
        None,
        database_url=str(folder / "demo.db"),
        key_file=folder / "demo.key",
        allowed_networks=("127.0.0.0/8",),
    )
    async with open_market(
        settings,
        process=False,
        clock=clock,
        ids=SeededIds(3),
        catalog=catalog,
        courier=lambda clock, breaker: ScriptedCourier(wire, clock),
    ) as market:
        await market.db.write(store, parties, now)
        await refresh(market)
        yield Whole(market, parties, cast, script, clock)
