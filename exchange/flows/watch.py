"""Leads as they are answered, one after another, read from the database: whoever answered them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from exchange.flows.market import Market, refresh
from exchange.model.actor import SYSTEM
from exchange.model.money import Money
from exchange.storage.database import Row
from exchange.storage.recent import answers_and_buyers, newest_leads
from exchange.vault import VaultError

WATCHED = 400  # newest leads looked at each time
POLL_SECONDS = 0.4
LATE_MS = 60_000  # a lead that came so long before watching began is told no more when it changes
_LETTERS_SHOWN, _DIGITS_SHOWN = 4, 6  # of a value that could not be read
_UNDER_WAY = frozenset({"open", "selling"})


@dataclass(frozen=True, slots=True)
class Watched:
    """One lead that was answered. A buyer with two companies in it is named once.

    `problems` are (field, code, value) without values that may be a person's.
    """

    lead_id: str
    at: int
    seller: str
    campaign_id: str
    mode: str
    state: str
    reason: str | None
    buyers: tuple[str, ...]
    revenue: Money
    took_ms: int
    problems: tuple[tuple[str, str, str], ...]


async def watch(market: Market, last: int = 0) -> AsyncIterator[Watched]:
    """The `last` answered leads, then each further one within a poll of its answer, until cancelled."""
    seen: dict[tuple[str, str], None] = {}
    first, since = True, 0
    while True:
        rows = [row for row in await market.db.read(newest_leads, SYSTEM, WATCHED) if row["state"] not in _UNDER_WAY]
        fresh = [row for row in rows if (row["id"], row["state"]) not in seen]
        seen = {(row["id"], row["state"]): None for row in rows} | dict(list(seen.items())[-WATCHED * 4 :])
        if first:
            fresh = fresh[-last:] if last else []
            since = rows[-1]["received_at"] - LATE_MS if rows else 0
            first = False
        else:
            fresh = [row for row in fresh if row["received_at"] >= since]
        if any(row["campaign_id"] not in market.deals.campaigns for row in fresh):
            await refresh(market)  # somebody new sells
        for told in await _told(market, fresh):
            yield told
        await market.clock.sleep(POLL_SECONDS)


async def _told(market: Market, rows: list[Row]) -> list[Watched]:
    answers, buyers = await market.db.read(answers_and_buyers, [row["id"] for row in rows])
    return [_watched(market, row, answers.get(row["id"]), buyers.get(row["id"], [])) for row in rows]


def _watched(market: Market, row: Row, answer: Row | None, buyers: list[str]) -> Watched:
    deals = market.deals
    seller = deals.sellers.get(row["seller_id"])
    return Watched(
        row["id"],
        row["received_at"],
        seller.name if seller is not None else row["seller_id"],
        row["campaign_id"],
        row["mode"],
        row["state"],
        row["reason"],
        tuple(deals.buyers[buyer].name if buyer in deals.buyers else buyer for buyer in dict.fromkeys(buyers)),
        Money(row["revenue_units"], row["currency"]),
        answer["took_ms"] if answer is not None else 0,
        _problems(market, row, answer) if answer is not None and row["state"] == "invalid" else (),
    )


def _problems(market: Market, row: Row, answer: Row) -> tuple[tuple[str, str, str], ...]:
    """What was wrong with the fields. The value is told where it can be nobody's."""
    if answer["answer"] is None or answer["wrapped"] is None:
        return ()
    try:
        key = market.vault.data_key(bytes(answer["wrapped"]))
        found = orjson.loads(market.vault.open(key, f"answer:{answer['id']}", bytes(answer["answer"])))
    except (VaultError, orjson.JSONDecodeError):  # erased, or answered as XML or a form
        return ()
    vertical = market.verticals.get(row["vertical"])
    personal = {spec.name for spec in vertical.fields if spec.personal} if vertical is not None else set()
    return tuple(_problem(problem, personal, known=vertical is not None) for problem in found.get("errors", ()))


def _problem(problem: Mapping[str, Any], personal: set[str], *, known: bool) -> tuple[str, str, str]:
    name, got = str(problem.get("field", "")), str(problem.get("got", ""))
    may_show = known and name not in personal and not _may_be_somebodys(got)
    return name, str(problem.get("code", "")), got if may_show else ""


def _may_be_somebodys(got: str) -> bool:
    """Names and phones are sent under wrong heads, and what is watched ends in logs: only `8501` or `$120` is told."""
    return sum(map(str.isalpha, got)) > _LETTERS_SHOWN or sum(map(str.isdigit, got)) > _DIGITS_SHOWN
