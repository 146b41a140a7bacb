"""A market for the benchmark: one seller, N buyers that bid live, everything the exchange needs to start.

The folder gets `exchange.toml`, a configuration with one connection for each buyer, and a SQLite file with the parties.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from bench.bidders import address
from exchange.bootstrap import open_market
from exchange.catalog import default_config
from exchange.demo.market import parties_of
from exchange.demo.market_model import Parties
from exchange.settings import load_settings
from exchange.storage.database import Tx
from exchange.storage.parties import KeyRow, save_buyer, save_campaign, save_contract, save_key, save_seller

KEY = "ck_live_bench_0000000000000000"
VERTICAL = "solar"
WANTED = ("zip", "state", "monthly_bill", "homeowner", "roof_shade", "property_type", "credit_rating")
PERSONAL = ("first_name", "last_name", "email", "phone", "address", "city")

LEAD: Mapping[str, str] = {
    "campaign_key": KEY,
    "seller_lead_id": "@TOKEN@",
    "sub_id1": "@SUB@",
    "zip": "@ZIP@",
    "state": "AZ",
    "monthly_bill": "151-200",
    "homeowner": "yes",
    "roof_shade": "none",
    "property_type": "single_family",
    "credit_rating": "good",
    "first_name": "Maria",
    "last_name": "@NAME@",
    "email": "@EMAIL@",
    "phone": "@PHONE@",
    "address": "@HOUSE@ Lake Ct",
    "city": "Phoenix",
    "ip_address": "@ADDRESS@",
    "landing_page_url": "https://bench.example/start",
    "tcpa_consent": "yes",
    "tcpa_consent_text": "By clicking Get my quote, I agree to be called about my request at the number I gave.",
    "trustedform_cert_url": "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567",
}


def lead_body() -> bytes:
    """What the load generator sends to both programs; the bare one ignores all but the token."""
    return orjson.dumps(dict(LEAD))


async def write_market(folder: Path, pings: int, buyers_port: int, port: int) -> Path:
    """Everything below `folder`; returns the settings file for `exchange serve`."""
    config = folder / "config"
    shutil.copytree(default_config(), config, ignore=shutil.ignore_patterns("demo"))
    for number in range(pings):
        place = config / "connections" / f"bench_{number}"
        place.mkdir(parents=True)
        (place / "connection.yaml").write_bytes(orjson.dumps(_connection(number, buyers_port)))
    file = folder / "exchange.toml"
    file.write_text(_settings(port), encoding="utf-8")
    await _store(file, parties_of(_document(pings)))
    return file


def _settings(port: int) -> str:
    return f"""name = "Bench"
config_dir = "config"
database_url = "bench.db"
host = "127.0.0.1"
port = {port}
public_url = "http://127.0.0.1:{port}"
allowed_networks = ["127.0.0.0/8"]
"""


def _connection(number: int, port: int) -> dict[str, Any]:
    """JSON out, JSON back: `{"status": "accepted", "bid": "12.50", "reference": "…"}`."""
    base = f"http://{address(number)}:{port}"
    wanted: dict[str, object] = {"order": {"term": "reference"}} | {name: name for name in WANTED}
    carries = {"price": "json:bid", "reference": "json:reference"}
    yes = {"means": "accepted", "when": {"where": "json:status", "equals": "accepted"}}
    return {
        "connection": f"bench_{number}",
        "connector": "json_http",
        "ping": {
            "url": f"{base}/ping",
            "body": wanted,
            "reading": {
                "outcomes": [yes, {"means": "no_bid", "when": {"where": "json:status", "equals": "declined"}}],
                "carries": carries,
            },
        },
        "post": {
            "url": f"{base}/post",
            "body": wanted | {name: name for name in PERSONAL} | {"ping": {"term": "ping_reference"}},
            "reading": {
                "outcomes": [yes, {"means": "rejected", "when": {"where": "json:status", "equals": "rejected"}}],
                "carries": {"reference": "json:reference"},
            },
        },
    }


def _document(pings: int) -> dict[str, Any]:
    """Contracts as real ones are: a filter, states, a cap, credit."""
    campaign = {
        "id": "bench-solar",
        "name": "Bench",
        "vertical": VERTICAL,
        "keys": ["live"],
        "payout": {"percent": "70"},
        "tiers": [{"number": 1, "name": "All", "ping_ms": 2000}],
        "floor": "1.00",
        "rate": {"per_second": 1_000_000.0, "burst": 1_000_000, "running": 10_000},
    }
    return {
        "name": "Bench",
        "sellers": [{"id": "bench", "name": "Bench Media", "campaigns": [campaign]}],
        "buyers": [_buyer(number) for number in range(pings)],
    }


def _buyer(number: int) -> dict[str, Any]:
    contract = {
        "id": f"contract-{number}",
        "name": "Solar",
        "vertical": VERTICAL,
        "connection": f"bench_{number}",
        "max_bid": "100.00",
        "geo": {"states": ["AZ", "NV", "CA"]},
        "filters": {"all": [{"field": "homeowner", "operator": "equals", "values": ["yes"]}]},
        "caps": [{"window": "day", "sales": 100_000_000}],
    }
    return {
        "id": f"buyer-{number}",
        "name": f"Buyer {number}",
        "billing": "credit",
        "limit": "900000000.00",
        "contracts": [contract],
    }


async def _store(file: Path, parties: Parties) -> None:
    async with open_market(load_settings(file), process=False) as market:
        await market.db.write(save_all, parties, market.clock.now())


async def save_all(tx: Tx, parties: Parties, now: int) -> None:
    """Every party, the accounts with their limits, and the one key."""
    for seller in parties.sellers:
        await save_seller(tx, seller, now)
    for campaign in parties.campaigns:
        await save_campaign(tx, campaign, now, "bench")
        digest = sha256(KEY.encode()).digest()
        await save_key(tx, KeyRow("key_bench", "campaign", campaign.id, "live", digest, KEY[-4:], "bench", now))
    for buyer in parties.buyers:
        await save_buyer(tx, buyer, now)
    for contract in parties.contracts:
        await save_contract(tx, contract, now, "bench")
