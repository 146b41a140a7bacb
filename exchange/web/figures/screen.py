"""What the fraud screen shows: alerts, held leads, blocked sub ids, what signals are worth, who pings and posts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange.flows.market import Market
from exchange.stages.screen.judge import Count
from exchange.stages.screen.signals import KINDS
from exchange.storage.database import Row
from exchange.storage.screen import held_leads, open_alerts, read_blocks

LISTED = 100
_SELLERS = 20


@dataclass(frozen=True, slots=True)
class Worth:
    """One signal: its points now, what it began with, and the labelled leads it stood beside."""

    name: str
    words: str
    points: int
    began: int
    bad: int
    good: int


@dataclass(frozen=True, slots=True)
class Pinger:
    """A seller's pings and posts of 24 hours, as this node counted them."""

    seller_id: str
    name: str
    pings: int
    posts: int


@dataclass(frozen=True, slots=True)
class Screen:
    alerts: tuple[Row, ...]
    held: tuple[Row, ...]
    blocks: tuple[Row, ...]
    worth: tuple[Worth, ...]
    pingers: tuple[Pinger, ...]

    @property
    def open(self) -> int:
        """How many alerts and leads wait for somebody."""
        return sum(1 for alert in self.alerts if alert["state"] == "open") + len(self.held)


async def screen_of(market: Market, mode: str) -> Screen:
    """Everything at once: each list is short."""
    return Screen(
        tuple(await market.db.read(open_alerts, LISTED)),
        tuple(await market.db.read(held_leads, mode, LISTED)),
        tuple(await market.db.read(read_blocks)),
        _worth(market),
        _pingers(market),
    )


def seller_name(market: Market, seller_id: str) -> str:
    seller = market.deals.sellers.get(seller_id)
    return seller.name if seller is not None else seller_id


def words_of(signals: str | None) -> str:
    """Signals of a row as sentences."""
    return ". ".join(KINDS[name].words for name in (signals or "").split() if name in KINDS)


def alert_fields(alert: Row) -> dict[str, Any]:
    """An alert for programs; times are added by who writes them."""
    return {
        "alert_id": alert["id"],
        "kind": alert["kind"],
        "state": alert["state"],
        "seller_id": alert["seller_id"],
        "sub_id": alert["sub_id"],
        "leads": alert["leads"],
        "detail": alert["detail"],
        "note": alert["note"] or None,
    }


def held_fields(lead: Row) -> dict[str, Any]:
    return {
        "lead_id": lead["id"],
        "seller_id": lead["seller_id"],
        "campaign_id": lead["campaign_id"],
        "vertical": lead["vertical"],
        "sub_id": lead["sub_id1"],
        "fraud": lead["fraud"],
        "signals": (lead["signals"] or "").split(),
    }


def _worth(market: Market) -> tuple[Worth, ...]:
    learned = market.screening.learned
    found = []
    for kind in KINDS.values():
        count = learned.signals.get(kind.name, Count())
        points = round(100 * learned.precision(kind))
        found.append(Worth(kind.name, kind.words, points, round(100 * kind.prior), count.bad, count.good))
    return tuple(found)


def _pingers(market: Market) -> tuple[Pinger, ...]:
    """The sellers with the most pings."""
    harvest, now = market.screening.harvest, market.clock.now()
    shares = [(seller_id, harvest.shares(seller_id, now)) for seller_id in harvest.sellers()]
    counted = sorted((each for each in shares if each[1].pings), key=lambda each: -each[1].pings)[:_SELLERS]
    return tuple(Pinger(seller_id, seller_name(market, seller_id), *share) for seller_id, share in counted)
