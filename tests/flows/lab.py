"""The seller's side for tests of the flows: what it sends, what it hears, and what the database says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from exchange.clock import SimulatedClock, month_of
from exchange.flows.submit import Written, submit
from exchange.intake.encode import encode
from exchange.model.actor import Actor, Role
from exchange.model.lead import Kind, Mode, Submission
from exchange.model.party import Strategy, Tier
from exchange.model.wire import Loss, Lost
from tests.market import PING, POST, Exchange, consumer, usd

OPERATOR = Actor(Role.OPERATOR, "pat@exchange.example")
HUNG_UP = Lost(Loss.RESET, "The buyer hung up.")
TIMED_OUT = Lost(Loss.TIMEOUT, "The buyer did not answer in time.")
UNREACHABLE = Lost(Loss.CONNECT, "The buyer refuses connections.")


@dataclass(frozen=True)
class Heard:
    """An answer as the seller reads it."""

    status_code: int
    fields: Mapping[str, Any]
    body: bytes
    headers: Mapping[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.fields.get(name)

    @property
    def told(self) -> tuple[str, str | None]:
        """Status and reason."""
        return self.fields["status"], self.fields.get("reason")

    @property
    def replayed(self) -> bool:
        return self.headers.get("Idempotent-Replayed") == "true"


def submission(
    exchange: Exchange,
    kind: Kind,
    fields: Mapping[str, str],
    *,
    seller: str = "cedar",
    campaign: str | None = None,
    key: str | None = None,
    mode: Mode = Mode.LIVE,
) -> Submission:
    """A request as the front door hands it on. `key` is the header `Idempotency-Key`."""
    market = exchange.market
    now = market.clock.now()
    return Submission(
        market.ids.new("req", now),
        seller,
        campaign or f"{seller}-solar",
        mode,
        kind,
        "api",
        dict(fields),
        orjson.dumps(dict(fields)),
        "application/json",
        "json",
        "198.51.100.7",
        f"key_{seller}",
        key,
        now,
        month_of(now),
    )


async def send(exchange: Exchange, sent: Submission) -> Heard:
    written = await submit(sent, exchange.market, encode)
    return heard(written)


def heard(written: Written) -> Heard:
    return Heard(written.status_code, orjson.loads(written.body), written.body, dict(written.headers))


async def ping(exchange: Exchange, fields: Mapping[str, str] | None = None, **who: Any) -> Heard:
    return await send(exchange, submission(exchange, Kind.PING, PING if fields is None else fields, **who))


async def post(exchange: Exchange, fields: Mapping[str, str] | None = None, **who: Any) -> Heard:
    return await send(exchange, submission(exchange, Kind.POST, POST if fields is None else fields, **who))


async def post_on(exchange: Exchange, pinged: Heard, fields: Mapping[str, str] | None = None, **who: Any) -> Heard:
    """Post the lead that was pinged."""
    return await post(exchange, {**(fields or POST), "ping_id": pinged["ping_id"]}, **who)


def tiers(*strategies: Strategy) -> tuple[Tier, ...]:
    """Tiers 1, 2 … each with its strategy."""
    return tuple(Tier(number, f"Tier {number}", each) for number, each in enumerate(strategies, start=1))


def tier(strategy: Strategy, **changes: Any) -> tuple[Tier, ...]:
    return (replace(tiers(strategy)[0], **changes),)


def later(exchange: Exchange, seconds: float) -> None:
    """Let time pass."""
    assert isinstance(exchange.clock, SimulatedClock)
    exchange.clock.advance(seconds)


async def attempts(exchange: Exchange, lead_id: str | None = None) -> list[dict[str, Any]]:
    """What was delivered, oldest first."""
    rows = await exchange.rows("SELECT * FROM attempts ORDER BY made_at, slot, id")
    return [row for row in rows if lead_id is None or row["lead_id"] == lead_id]


async def told_about(exchange: Exchange) -> dict[str, tuple[str, str | None]]:
    """State and reason of the last delivery to each buyer."""
    return {row["buyer_id"]: (row["state"], row["reason"]) for row in await attempts(exchange)}


async def lead_of(exchange: Exchange, answer: Heard) -> dict[str, Any]:
    return (await exchange.rows("SELECT * FROM leads WHERE id = :id", id=answer["lead_id"]))[0]


async def owed(exchange: Exchange, seller: str = "cedar") -> str:
    """What the seller has earned, as decimal text."""
    rows = await exchange.rows(
        "SELECT posted_units FROM account_balances WHERE account = :account", account=f"seller:{seller}:payable"
    )
    return replace(usd("0"), units=rows[0]["posted_units"] if rows else 0).text


async def spent(exchange: Exchange, buyer_id: str, deposit: str = "1000") -> str:
    """What a buyer made by `buying` has paid, as decimal text."""
    balance = await exchange.balance(buyer_id)
    return (usd(deposit) - balance.posted).text


async def held(exchange: Exchange, buyer_id: str) -> str:
    return (await exchange.balance(buyer_id)).held.text


async def used(exchange: Exchange, key: str) -> int:
    """What a cap counts, over all its windows."""
    rows = await exchange.rows("SELECT used_units FROM cap_use WHERE key = :key", key=key)
    return sum(row["used_units"] for row in rows)


def person(number: int, **more: str) -> dict[str, str]:
    return {**consumer(number), **more}
