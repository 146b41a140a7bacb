"""Makes the demo's market in an empty database: parties, accounts with what was paid in, keys, users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exchange.clock import month_of
from exchange.demo.market_model import Parties
from exchange.flows.by_hand import create_key, invite
from exchange.flows.documents import save_secret
from exchange.flows.market import Market, refresh
from exchange.flows.new_buyer import save_step, start
from exchange.model.actor import SYSTEM
from exchange.model.lead import Mode
from exchange.model.ledger import BANK, Posting, Transaction, TransactionKind
from exchange.model.party import Contract, Rate, State
from exchange.model.pause import Pause
from exchange.storage.database import Tx
from exchange.storage.ledger import book
from exchange.storage.parties import save_buyer, save_campaign, save_contract, save_seller

FIXED = "acme"  # whose keys are printed in the manual
UNLIMITED = Rate(per_second=1_000.0, burst=1_000_000, running=1_000)  # a stopped clock refills no bucket
_HALF_DONE: Mapping[str, Mapping[str, str]] = {
    "company": {"name": "Ridgeline Roofing", "billing": "credit", "currency": "USD", "limit": "2500.00"},
    "buying": {"vertical": "home_services", "sale_mode": "exclusive", "states": "AZ, NV", "tier": "1"},
    "price": {"pricing": "fixed", "price": "34.00", "per_day": "20"},
}
OPERATOR, SELLER, BUYER = "operator@demo.local", "acme@demo.local", "brightroof@demo.local"
WHO_PAUSED = "olive@demo.local"
SHORT = "vista"  # a buyer that wants more from the store than it can pay


async def found(market: Market, parties: Parties, *, frozen: bool) -> None:
    """Store everybody, and take up what was stored."""
    now = market.clock.now()
    campaigns = tuple(replace(each, rate=UNLIMITED) if frozen else each for each in parties.campaigns)
    contracts = tuple(_paused_by(each, now) for each in parties.contracts)
    await market.db.write(store, replace(parties, campaigns=campaigns, contracts=contracts), now)
    await refresh(market)


def _paused_by(contract: Contract, now: int) -> Contract:
    """A contract that begins paused, with who did that."""
    if contract.state is not State.PAUSED:
        return contract
    return replace(contract, pause=Pause(contract.paused_reason, WHO_PAUSED, now))


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
            reference = f"top_up:{buyer.id}:deposit"
            await book(tx, Transaction(reference, kind, (posting,), now, month_of(now), "demo"))
    for contract in parties.contracts:
        await save_contract(tx, contract, now, "demo")


async def keep_secrets(market: Market, secrets: Mapping[str, str]) -> None:
    """What connections need to reach the peers that listen now: some are made anew with each start."""
    for name, value in secrets.items():
        await save_secret(market, name, value, SYSTEM)


async def make_keys(market: Market, parties: Parties, *, fixed: bool, frozen: bool) -> Mapping[str, str]:
    """Keys for every campaign, every buyer and every CSV address: secrets by `campaign:acme-solar:live`,
    `buyer:lumen:live` and `csv:lattice-home:live`.

    `fixed` gives Acme Media the keys the manual prints; `frozen` gives every campaign one that can be guessed.
    """
    secrets: dict[str, str] = {}
    for grant in parties.keys:
        printed = f"ck_{grant.mode.value}_demo_{grant.name}" if frozen or (fixed and grant.name == FIXED) else ""
        made = await create_key(
            market.db, market.clock, market.ids, "campaign", grant.campaign_id, grant.mode, "demo", SYSTEM, printed
        )
        secrets[f"campaign:{grant.campaign_id}:{grant.mode.value}"] = made.secret
    for buyer in parties.buyers:
        made = await create_key(market.db, market.clock, market.ids, "buyer", buyer.id, Mode.LIVE, "demo", SYSTEM)
        secrets[f"buyer:{buyer.id}:live"] = made.secret
    for contract in parties.contracts:
        connection = market.connections.get(contract.connection)
        if connection is not None and connection.tables is not None:
            made = await create_key(market.db, market.clock, market.ids, "csv", contract.id, Mode.LIVE, "demo", SYSTEM)
            secrets[f"csv:{contract.id}:live"] = made.secret
    await refresh(market)
    return secrets


async def begin_buyer(market: Market) -> None:
    """A buyer somebody began to set up: its delivery is the next step."""
    draft = await start(market, SYSTEM)
    for step, typed in _HALF_DONE.items():
        draft = await save_step(market, draft, step, typed, SYSTEM)


async def invite_everybody(market: Market, parties: Parties) -> None:
    """An operator, a user of the first seller, and two buyers' who meet in the store, one of them short of money."""
    people = [
        (OPERATOR, "operator", None),
        (SELLER, "seller", parties.sellers[0].id),
        (BUYER, "buyer", parties.buyers[0].id),
        *((f"{SHORT}@demo.local", "buyer", each.id) for each in parties.buyers if each.id == SHORT),
    ]
    for email, role, party_id in people:
        await invite(market.db, market.clock, market.ids, email, role, party_id, SYSTEM)
