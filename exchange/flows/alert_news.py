"""What people and programs hear of an alert: that it opened, that it is worse, that it is over.

Programs hear of it by webhook. People of the exchange get a notice, and so do the people of the buyer or seller whose
system or leads it is about, in words that are theirs. All notices of one alert are one group.
"""

from __future__ import annotations

from exchange.flows.market import Market
from exchange.flows.notify import notify
from exchange.flows.tell import News, tell
from exchange.model.actor import Role
from exchange.model.alert import RULES, Alert, Told
from exchange.model.notice import Notice
from exchange.model.work import JobRow
from exchange.stages.alert_words import span

OPENED, CLOSED = "alert.opened", "alert.closed"


def tell_opened(market: Market, alert: Alert, told: Told | None) -> tuple[JobRow, ...]:
    news = News(OPENED, Role.OPERATOR, None, alert.id, alert.seen_at, facts_of(alert))
    return (*tell(market, news), *_notices(market, alert, told, f"opened:{alert.times}"))


def tell_worse(market: Market, alert_id: str, alert: Alert, told: Told | None) -> tuple[JobRow, ...]:
    """`alert_id` is of the one that is open already."""
    return _notices(market, alert._replace(id=alert_id), told, f"worse:{alert.rule}:{alert.level}:{alert.times}")


def tell_closed(market: Market, alert: Alert, now: int, by: str = "exchange", note: str = "") -> tuple[JobRow, ...]:
    lasted = span(alert.lasted_ms(now))
    facts: dict[str, object] = {
        **facts_of(alert),
        "closed_by": by,
        "note": note or None,
        "lasted_seconds": alert.lasted_ms(now) // 1_000,
        "lasted": lasted,
    }
    ended = f"It is over and lasted {lasted}." if by == "exchange" else f"{by} has seen to it after {lasted}: {note}"
    notice = _ours(alert, f"over: {alert.title}", (ended,), f"closed:{alert.times}")
    return (*tell(market, News(CLOSED, Role.OPERATOR, None, alert.id, now, facts)), notify(market, notice))


def _notices(market: Market, alert: Alert, told: Told | None, when: str) -> tuple[JobRow, ...]:
    acts = " or ".join(act.word for act in alert.acts[:2])
    lines = (alert.effect, f"Likely cause: {alert.likely}", *((f"What to do: {acts}.",) if acts else ()))
    found = [_ours(alert, alert.title, lines, when)]
    theirs = RULES[alert.rule].theirs
    if told is not None and theirs:
        once = f"alert:{alert.id}:{when}"
        group = f"alert:{alert.id}"
        found.append(Notice(theirs, told.role, told.party_id, told.title, (told.text,), told.path, once, group))
    return tuple(notify(market, each) for each in found)


def _ours(alert: Alert, title: str, lines: tuple[str, ...], when: str) -> Notice:
    event, path = RULES[alert.rule].ours, f"/console/alerts/{alert.id}"
    return Notice(event, "operator", None, title, lines, path, f"alert:{alert.id}:{when}", f"alert:{alert.id}")


def facts_of(alert: Alert) -> dict[str, object]:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "about": alert.about,
        "title": alert.title,
        "effect": alert.effect,
        "likely": alert.likely,
    }
