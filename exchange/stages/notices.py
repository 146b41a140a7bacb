"""Who is told of something and by which ways, when somebody is not to be woken, and how a message reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from exchange.model.notice import EVENTS, Channel, Choice, Event, Person
from exchange.model.rights import WHO, staff_of

HOUR_MS, _DAY_MINUTES = 3_600_000, 1_440
Chosen = Mapping[tuple[str, str, str], str]


def team_of(role: str, party_id: str | None) -> str:
    """How the people of a party are called who share a channel."""
    return f"team:{role}:{party_id or ''}"


def concerns(event: Event, role: str, duty: str) -> bool:
    """Whether somebody of this role is told of it at all."""
    if role not in event.usual:
        return False
    if role == "operator":
        return staff_of(duty) in WHO[event.right]
    return role != "buyer" or (duty or "admin") in event.duties


def choice_of(chosen: Chosen, subject: str, name: str, role: str, channel: Channel) -> Choice:
    """What somebody chose, or how it comes."""
    said = chosen.get((subject, name, channel.value))
    return Choice(said) if said is not None else EVENTS[name].usual[role].of(channel)


def quiet_until(person: Person, now: int) -> int | None:
    """When somebody's quiet hours end, if it is quiet now."""
    if person.quiet is None:
        return None
    begins, ends = person.quiet
    local = datetime.fromtimestamp(now / 1_000, ZoneInfo(person.zone))
    minute = local.hour * 60 + local.minute
    if not (begins <= minute < ends if begins < ends else minute >= begins or minute < ends):
        return None
    day = local.replace(hour=ends // 60, minute=ends % 60, second=0, microsecond=0)
    if ends <= minute:
        day += timedelta(days=1)
    return int(day.timestamp() * 1_000)


def digest_due(person: Person, now: int) -> bool:
    """Whether today's mail of somebody is due and has not gone."""
    local = datetime.fromtimestamp(now / 1_000, ZoneInfo(person.zone))
    minute = person.digest_minute % _DAY_MINUTES
    due = local.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    return local >= due and person.digested_at < int(due.timestamp() * 1_000)


def sms_text(name: str, title: str, url: str) -> str:
    """Short enough for one text: what, and where."""
    return f"{name}: {title[:90]}{'…' if len(title) > 90 else ''} {url}"
