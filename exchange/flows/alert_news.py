"""What people and programs hear of an alert: that it opened, that it is worse, that it is over."""

from __future__ import annotations

from exchange.flows.letters import letter
from exchange.flows.market import Market
from exchange.flows.tell import News, tell
from exchange.model.actor import Role
from exchange.model.alert import Alert, Told
from exchange.model.work import JobRow
from exchange.stages.alert_words import span

OPENED, CLOSED = "alert.opened", "alert.closed"


async def tell_opened(market: Market, alert: Alert, told: Told | None) -> tuple[JobRow, ...]:
    news = News(OPENED, Role.OPERATOR, None, alert.id, alert.seen_at, facts_of(alert))
    told_ours = (alert.effect, alert.likely)
    mail = letter(
        market, Role.OPERATOR, None, alert.title, told_ours, f"/console/alerts#{alert.id}", f"alert:{alert.id}"
    )
    return (*tell(market, news), mail)


async def tell_worse(market: Market, alert: Alert, told: Told | None) -> tuple[JobRow, ...]:
    return ()


def tell_closed(market: Market, alert: Alert, now: int, by: str = "exchange", note: str = "") -> tuple[JobRow, ...]:
    facts: dict[str, object] = {
        **facts_of(alert),
        "closed_by": by,
        "note": note or None,
        "lasted_seconds": alert.lasted_ms(now) // 1_000,
        "lasted": span(alert.lasted_ms(now)),
    }
    return tell(market, News(CLOSED, Role.OPERATOR, None, alert.id, now, facts))


def facts_of(alert: Alert) -> dict[str, object]:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "about": alert.about,
        "title": alert.title,
        "effect": alert.effect,
        "likely": alert.likely,
    }
