"""Bursts and farms that the screen saw: kept, told to operators, and the leads that came before them flagged."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import TypeAdapter

from exchange.clock import month_of
from exchange.flows.case import Case
from exchange.flows.jobs import NOTICE, SCREEN_ALERT, job
from exchange.flows.market import Market
from exchange.flows.tell import News, tell
from exchange.model.actor import Role
from exchange.model.screen import AlertRow
from exchange.model.work import JobRow
from exchange.storage.screen import note_alert

OPENED = "alert.opened"
_ALERT: TypeAdapter[AlertRow] = TypeAdapter(AlertRow)


def alert_jobs(case: Case, market: Market, now: int) -> tuple[JobRow, ...]:
    """One job for every alert that a lead gave; those of one source run one after the other."""
    return tuple(
        job(market, f"{SCREEN_ALERT}:{each.seller_id}", SCREEN_ALERT, each._asdict(), now, now, f"screen:{each.id}")
        for each in case.alerts
    )


async def note_screen_alert(market: Market, payload: Mapping[str, object]) -> None:
    """Keep it, and tell operators of a new one. A second run changes nothing."""
    alert = _ALERT.validate_python(payload)
    now = market.clock.now()
    news = News(OPENED, Role.OPERATOR, None, alert.id, alert.at, _facts(alert))
    mail = job(market, NOTICE, NOTICE, {"alert": _facts(alert), "at": alert.at}, now, now, f"mail:{alert.id}")
    await market.db.write(note_alert, alert, month_of(now), (*tell(market, news), mail))


def _facts(alert: AlertRow) -> dict[str, object]:
    return {
        "id": alert.id,
        "kind": alert.kind,
        "seller_id": alert.seller_id,
        "sub_id": alert.sub_id,
        "detail": alert.detail,
    }
