"""Sellers, campaigns, buyers, contracts and their keys. Campaigns and contracts are immutable versions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from exchange.model.endpoint import Endpoint
from exchange.model.ledger import Billing, buyer_account
from exchange.model.party import Buyer, Campaign, Contract, Seller, State
from exchange.model.payout import PaymentTerms
from exchange.storage.database import Row, Tx
from exchange.storage.endpoints import read_endpoints
from exchange.storage.ledger import set_account
from exchange.storage.seller_terms import read_terms
from exchange.storage.shaped import Shaped
from exchange.storage.touch import touch_market as touch_market  # given on to whoever stores parties

_CAMPAIGN = Shaped(Campaign)
_CONTRACT = Shaped(Contract)
_BUYER = Shaped(Buyer)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key as kept: `hash` is the SHA-256 of the secret, shown once when it was made. `duty` is the role that a
    program of operators has ('' an owner's); `expires_at` None: never."""

    id: str
    kind: str  # campaign | buyer | csv | operator
    party_id: str  # for csv a contract
    mode: str
    hash: bytes
    last4: str
    name: str
    made_at: int
    duty: str = ""
    expires_at: int | None = None
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class Parties:
    """Everything new work is decided under, read at one moment."""

    version: int
    sellers: tuple[Seller, ...]
    campaigns: tuple[Campaign, ...]
    buyers: tuple[Buyer, ...]
    contracts: tuple[Contract, ...]
    keys: tuple[KeyRow, ...]
    served: tuple[tuple[str, int], ...]
    endpoints: tuple[Endpoint, ...] = ()


async def read_parties(tx: Tx) -> Parties:
    version = (await tx.fetch("SELECT version FROM market_version WHERE one = 1"))[0]["version"]
    sellers = await tx.fetch("SELECT id, name, state, why, blocked FROM sellers ORDER BY id")
    terms = {seller_id: row.terms for seller_id, row in (await read_terms(tx)).items()}
    buyers = await tx.fetch("SELECT document FROM buyers ORDER BY id")
    campaigns = await tx.fetch("SELECT document FROM campaigns WHERE current = 1 ORDER BY id")
    contracts = await tx.fetch("SELECT document FROM contracts WHERE current = 1 ORDER BY id")
    keys = await tx.fetch("SELECT * FROM api_keys WHERE revoked_at IS NULL ORDER BY id")
    served = await tx.fetch("SELECT contract_id, served_at FROM tier_turns ORDER BY contract_id")
    return Parties(
        version,
        tuple(
            Seller(
                row["id"],
                row["name"],
                State(row["state"]),
                terms.get(row["id"], PaymentTerms()),
                row["why"],
                bool(row["blocked"]),
            )
            for row in sellers
        ),
        tuple(_CAMPAIGN.read(row["document"]) for row in campaigns),
        tuple(_BUYER.read(row["document"]) for row in buyers),
        tuple(_CONTRACT.read(row["document"]) for row in contracts),
        tuple(_key(row) for row in keys),
        tuple((row["contract_id"], row["served_at"]) for row in served),
        await read_endpoints(tx),
    )


async def read_version(tx: Tx) -> int:
    rows = await tx.fetch("SELECT version FROM market_version WHERE one = 1")
    return int(rows[0]["version"])


async def campaign_versions(tx: Tx, campaign_id: str, most: int) -> list[tuple[Campaign, int]]:
    """The newest versions of a campaign and when each was made, the newest first."""
    rows = await tx.fetch(
        "SELECT document, made_at FROM campaigns WHERE id = :id ORDER BY version DESC LIMIT :most",
        id=campaign_id,
        most=most,
    )
    return [(_CAMPAIGN.read(row["document"]), row["made_at"]) for row in rows]


async def touch_version(tx: Tx) -> None:
    """A durable write that changes nothing: whether the storage takes writes again."""
    await tx.execute("UPDATE market_version SET version = version WHERE one = 1")


async def save_seller(tx: Tx, seller: Seller, now: int) -> None:
    await tx.execute(
        """INSERT INTO sellers (id, name, state, why, blocked, changed_at)
           VALUES (:id, :name, :state, :why, :blocked, :now)
           ON CONFLICT (id) DO UPDATE SET name = :name, state = :state, why = :why, blocked = :blocked,
               changed_at = :now""",
        id=seller.id,
        name=seller.name,
        state=seller.state.value,
        why=seller.why,
        blocked=int(seller.blocked),
        now=now,
    )
    await touch_market(tx)


async def save_buyer(tx: Tx, buyer: Buyer, now: int) -> None:
    """Store a buyer and open the account it pays from, with its limit.

    One that no longer buys on credit gets none from then on, also from a process that has not heard of it. What it owes
    and what is held there stays, and is booked there.
    """
    on_credit = buyer.billing is Billing.CREDIT
    await tx.execute(
        """INSERT INTO buyers (id, name, document, changed_at) VALUES (:id, :name, :document, :now)
           ON CONFLICT (id) DO UPDATE SET name = :name, document = :document, changed_at = :now""",
        id=buyer.id,
        name=buyer.name,
        document=_BUYER.written(buyer),
        now=now,
    )
    await set_account(tx, buyer.account, buyer.limit.currency, buyer.limit.units if on_credit else 0)
    if not on_credit:
        credit = buyer_account(buyer.id, Billing.CREDIT)
        await tx.execute("UPDATE account_balances SET limit_units = 0 WHERE account = :account", account=credit)
    await touch_market(tx)


async def read_buyer(tx: Tx, buyer_id: str, *, locked: bool = False) -> Buyer | None:
    """`locked`: nobody else changes it before this transaction ends."""
    lock = tx.for_update if locked else ""
    rows = await tx.fetch(f"SELECT document FROM buyers WHERE id = :id {lock}", id=buyer_id)
    return _BUYER.read(rows[0]["document"]) if rows else None


async def save_campaign(tx: Tx, campaign: Campaign, now: int, made_by: str) -> int:
    """Add a version and make it the current one; its number is given here. Returns it."""
    version = await _next_version(tx, "campaigns", campaign.id)
    campaign = replace(campaign, version=version)
    await tx.execute(
        """INSERT INTO campaigns (id, version, seller_id, vertical, document, current, made_at, made_by)
           VALUES (:id, :version, :seller, :vertical, :document, 1, :now, :by)""",
        id=campaign.id,
        version=version,
        seller=campaign.seller_id,
        vertical=campaign.vertical,
        document=_CAMPAIGN.written(campaign),
        now=now,
        by=made_by,
    )
    await touch_market(tx)
    return version


async def save_contract(tx: Tx, contract: Contract, now: int, made_by: str) -> int:
    """Add a version and make it the current one; its number is given here. Returns it."""
    version = await _next_version(tx, "contracts", contract.id)
    contract = replace(contract, version=version)
    await tx.execute(
        """INSERT INTO contracts (id, version, buyer_id, vertical, tier, document, current, made_at, made_by)
           VALUES (:id, :version, :buyer, :vertical, :tier, :document, 1, :now, :by)""",
        id=contract.id,
        version=version,
        buyer=contract.buyer_id,
        vertical=contract.vertical,
        tier=contract.tier,
        document=_CONTRACT.written(contract),
        now=now,
        by=made_by,
    )
    await touch_market(tx)
    return version


async def save_key(tx: Tx, key: KeyRow) -> None:
    await tx.execute(
        """INSERT INTO api_keys (id, kind, party_id, mode, hash, last4, name, made_at, duty, expires_at, made_by)
           VALUES (:id, :kind, :party, :mode, :hash, :last4, :name, :made_at, :duty, :expires_at, :made_by)
           ON CONFLICT (hash) DO NOTHING""",
        id=key.id,
        kind=key.kind,
        party=key.party_id,
        mode=key.mode,
        hash=key.hash,
        last4=key.last4,
        name=key.name,
        made_at=key.made_at,
        duty=key.duty,
        expires_at=key.expires_at,
        made_by=key.made_by,
    )
    await touch_market(tx)


async def revoke_key(tx: Tx, key_id: str, now: int) -> bool:
    changed = await tx.execute(
        "UPDATE api_keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL", id=key_id, now=now
    )
    await touch_market(tx)
    return changed == 1


async def read_contract_version(tx: Tx, contract_id: str, version: int) -> Contract | None:
    """The terms an award was made under."""
    rows = await tx.fetch(
        "SELECT document FROM contracts WHERE id = :id AND version = :version", id=contract_id, version=version
    )
    return _CONTRACT.read(rows[0]["document"]) if rows else None


async def read_campaign_version(tx: Tx, campaign_id: str, version: int) -> Campaign | None:
    """The terms a lead was taken under."""
    rows = await tx.fetch(
        "SELECT document FROM campaigns WHERE id = :id AND version = :version", id=campaign_id, version=version
    )
    return _CAMPAIGN.read(rows[0]["document"]) if rows else None


async def _next_version(tx: Tx, table: str, party_id: str) -> int:
    rows = await tx.fetch(f"SELECT COALESCE(MAX(version), 0) AS last FROM {table} WHERE id = :id", id=party_id)
    await tx.execute(f"UPDATE {table} SET current = 0 WHERE id = :id AND current = 1", id=party_id)
    return int(rows[0]["last"]) + 1


def _key(row: Row) -> KeyRow:
    values: dict[str, Any] = {name: row[name] for name in KeyRow.__dataclass_fields__}
    return KeyRow(**{**values, "hash": bytes(row["hash"])})


async def contract_versions(tx: Tx, contract_id: str, most: int) -> list[tuple[Contract, int, str]]:
    """The newest versions of a contract, when each was made and by whom, the newest first."""
    rows = await tx.fetch(
        "SELECT document, made_at, made_by FROM contracts WHERE id = :id ORDER BY version DESC LIMIT :most",
        id=contract_id,
        most=most,
    )
    return [(_CONTRACT.read(row["document"]), row["made_at"], row["made_by"]) for row in rows]
