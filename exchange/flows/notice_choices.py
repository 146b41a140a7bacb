"""How somebody wants to be told: by which ways of what, when not, at which number; and the Slack of a team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from exchange.courier.addresses import check_url
from exchange.flows.by_hand import audit_line
from exchange.flows.job_ends import DestinationDown
from exchange.flows.market import Market
from exchange.flows.notice_send import (
    NotTaken,
    Refused,
    hand_over_mail,
    hand_over_slack,
    hand_over_text,
)
from exchange.flows.notify import slack_name
from exchange.model.actor import Actor
from exchange.model.lead import Problem
from exchange.model.notice import EVENTS, Channel, Choice, Event, Person
from exchange.model.wire import EmailMessage
from exchange.stages.notices import choice_of, concerns, team_of
from exchange.storage.documents import SecretRow, put_secret
from exchange.storage.notice_people import choices_of, choose, drop_secret, read_person, save_person, secret_named
from exchange.storage.notices import mark_read
from exchange.storage.users import UserRow

OWN = (Channel.IN_APP, Channel.EMAIL, Channel.SMS)


class NotSaved(ValueError):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Line(NamedTuple):
    """An event that concerns somebody, with what holds by each way."""

    name: str
    event: Event
    chosen: Mapping[Channel, Choice]


class Choices(NamedTuple):
    lines: tuple[Line, ...]
    person: Person
    slack_set: bool
    slack_last: str


async def choices(market: Market, user: UserRow) -> Choices:
    team = team_of(user.role, user.party_id)
    chosen = await market.db.read(choices_of, [user.id, team])
    lines = []
    for name, event in EVENTS.items():
        if concerns(event, user.role, user.duty):
            own = {each: choice_of(chosen, user.id, name, user.role, each) for each in OWN}
            own[Channel.SLACK] = choice_of(chosen, team, name, user.role, Channel.SLACK)
            lines.append(Line(name, event, own))
    person = await market.db.read(read_person, user.id) or Person(user.id, zone=market.zone)
    row = await market.db.read(secret_named, slack_name(team))
    return Choices(tuple(lines), person, row is not None, row["last4"] if row is not None else "")


async def choose_ways(market: Market, user: UserRow, given: Mapping[str, str]) -> None:
    """`given` by `event:channel` (`cap.near:email`): now, digest or off. What is not named stays. Raises `NotSaved`."""
    own: dict[tuple[str, str], str] = {}
    for key, choice in given.items():
        name, _, channel = key.rpartition(":")
        known = name in EVENTS and concerns(EVENTS[name], user.role, user.duty)
        if not known or channel not in {each.value for each in OWN}:
            raise NotSaved(Problem(key, "unknown", f"{key}: there is no such event and way.", key[:40]))
        allowed = ("now", "digest", "off") if channel == Channel.EMAIL.value else ("now", "off")
        if choice not in allowed:
            raise NotSaved(Problem(key, "not_allowed", f"{key} is {' or '.join(allowed)}.", choice[:20]))
        own[(name, channel)] = choice
    await market.db.write(choose, user.id, own)


async def choose_reach(market: Market, user: UserRow, form: Mapping[str, str], actor: Actor, ip: str) -> None:
    """The number, quiet hours and hour of the daily mail. Raises `NotSaved`."""
    zone = form.get("zone", "") or market.zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise NotSaved(Problem("zone", "unknown", f"zone: no time zone is called {zone[:40]!r}.", zone[:40])) from None
    begins, ends = _minute("quiet_from", form), _minute("quiet_until", form)
    if (begins is None) != (ends is None):
        raise NotSaved(Problem("quiet_until", "missing", "quiet_until: quiet hours have a begin and an end."))
    digest = _minute("digest", form)
    before = await market.db.read(read_person, user.id)
    quiet = (begins, ends) if begins is not None and ends is not None and begins != ends else None
    person = Person(
        user.id,
        _phone(form.get("phone", "")),
        quiet,
        zone,
        form.get("urgent") == "yes",
        digest if digest is not None else 480,
        before.digested_at if before is not None else 0,
    )
    after = {"quiet": form.get("quiet_from", ""), "phone": person.phone[-4:], "zone": zone}
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "notifications.set", f"user:{user.id}", after=after, ip=ip)
    await market.db.write(save_person, person, line)


def _minute(name: str, form: Mapping[str, str]) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(text) <= 5) or int(hours) > 23 or int(minutes) > 59:
        raise NotSaved(Problem(name, "pattern", f"{name} is a time such as 22:00. Got {text[:10]!r}.", text[:10]))
    return int(hours) * 60 + int(minutes)


def _phone(text: str) -> str:
    """E.164; empty for none. A number of another country begins with +."""
    if not text.strip():
        return ""
    try:
        read = phonenumbers.parse(text.strip()[:40], "US")
    except phonenumbers.NumberParseException:
        read = None
    if read is None or not phonenumbers.is_possible_number(read):
        raise NotSaved(Problem("phone", "pattern", "phone is a number such as +1 602 555 0142.", text[:40]))
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


async def choose_team(
    market: Market, user: UserRow, url: str, events: Mapping[str, bool], allowed: Sequence[Any], actor: Actor, ip: str
) -> None:
    """The Slack of a team, and what it hears. An empty `url` leaves it, `-` takes it away. Raises `NotSaved`."""
    team, now = team_of(user.role, user.party_id), market.clock.now()
    name, url = slack_name(team), url.strip()
    line = audit_line(market.ids, now, actor, "notifications.slack_set", team, after={"removed": url == "-"}, ip=ip)
    if url == "-":
        await market.db.write(drop_secret, name, line)
        return
    if url:
        if not url.startswith(("https://", "http://")) or len(url) > 500:
            raise NotSaved(Problem("slack", "pattern", "slack is the whole address, beginning with https://.", ""))
        if (wrong := check_url(url, allowed)) is not None:
            raise NotSaved(Problem("slack", "not_allowed", f"slack: {wrong}", ""))
        row = SecretRow(name, market.vault.seal_secret(name, url.encode()), url[-4:], now)
        await market.db.write(put_secret, row, line)
    chosen = {(event, Channel.SLACK.value): "now" if on else "off" for event, on in events.items() if event in EVENTS}
    changed = audit_line(market.ids, now, actor, "notifications.team_set", team, after={"events": len(chosen)}, ip=ip)
    await market.db.write(choose, team, chosen, changed)


async def send_test(market: Market, user: UserRow, channel: str) -> str:
    """Send a test by one way now. Returns what came of it, in a sentence."""
    told = f"A test from {market.name}: this is how notifications reach you."
    url = f"{market.public_url}/account/notifications"
    try:
        if channel == Channel.EMAIL.value:
            now = market.clock.now()
            message = EmailMessage(
                f"{market.name} <exchange@localhost>", (user.email,), f"{market.name}: a test",
                f"{told}\n\n{url}\n", f"<test.{user.id}.{now}@localhost>", delivers=True,
            )  # fmt: skip
            await hand_over_mail(market, message)
            return f"Sent to {user.email}."
        if channel == Channel.SMS.value:
            person = await market.db.read(read_person, user.id)
            if person is None or not person.phone:
                return "Not sent: give your number first."
            await hand_over_text(market, person.phone, f"{told} {url}")
            return f"Sent to the number that ends in {person.phone[-4:]}."
        await hand_over_slack(market, team_of(user.role, user.party_id), f"{told} {url}")
    except (Refused, DestinationDown, NotTaken) as error:
        return f"Not sent: {error.detail if isinstance(error, DestinationDown) else error}"
    return "Sent to Slack."


async def stop_event(market: Market, user_id: str, name: str) -> None:
    """Somebody wants no mail of an event any more. Twice is as good as once."""
    if name in EVENTS and EVENTS[name].stops:
        await market.db.write(choose, user_id, {(name, Channel.EMAIL.value): Choice.OFF.value})


async def have_read(market: Market, user: UserRow, notice_id: str) -> str | None:
    """Where it leads, now that it is read; with an empty id all are. None when it is not in their inbox."""
    return await market.db.write(mark_read, user.id, notice_id, market.clock.now())
