"""Bursts and farms that the screen saw: kept, and leads that came before them flagged. `alerts.py` tells of them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import TypeAdapter

from exchange.clock import month_of
from exchange.flows.case import Case
from exchange.flows.jobs import SCREEN_ALERT, job
from exchange.flows.market import Market
from exchange.model.screen import AlertRow
from exchange.model.work import JobRow
from exchange.storage.screen import note_alert

_ALERT: TypeAdapter[AlertRow] = TypeAdapter(AlertRow)


def alert_jobs(case: Case, market: Market, now: int) -> tuple[JobRow, ...]:
    """One job for every alert that a lead gave; those of one source run one after the other."""
    return tuple(
        job(market, f"{SCREEN_ALERT}:{each.seller_id}", SCREEN_ALERT, each._asdict(), now, now, f"screen:{each.id}")
        for each in case.alerts
    )


async def note_screen_alert(market: Market, payload: Mapping[str, object]) -> None:
    """Keep it. A second run changes nothing."""
    await market.db.write(note_alert, _ALERT.validate_python(payload), month_of(market.clock.now()))
