"""Notices: one job of the unit something happens in, which tells everybody it concerns by the ways they chose.

The job writes the notice, a line in each inbox and a send for each other way, all in one unit: told twice it adds
nothing. What is sent, and when, is `notice_send.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from exchange.flows.jobs import NOTICE, NOTICE_SEND, job
from exchange.flows.market import Market
from exchange.model.notice import EVENTS, Channel, Choice, Notice
from exchange.model.work import JobRow
from exchange.stages.notices import choice_of, concerns, team_of
from exchange.storage.notice_people import choices_of, lead_hearers, people_of, read_person, secret_named
from exchange.storage.notices import DIGEST, WAITING, NewSend, NoticeRow, add_notice
from exchange.storage.users import UserRow

TOLD = "told"


def notify(market: Market, notice: Notice) -> JobRow:
    """The job that tells of it, for the unit it belongs to."""
    now = market.clock.now()
    party = f"{notice.role}:{notice.party_id or ''}"
    payload: dict[str, object] = {TOLD: notice._asdict(), "at": now}
    return job(market, f"notices:{party}", NOTICE, payload, now, now, f"notice:{party}:{notice.once}")


def notice_in(told: Mapping[str, Any]) -> Notice:
    only = told.get("only")
    return Notice(
        str(told["event"]),
        str(told["role"]),
        told["party_id"],
        str(told["title"]),
        tuple(told["paragraphs"]),
        str(told["path"]),
        str(told["once"]),
        str(told.get("group", "")),
        tuple(only) if only is not None else None,
    )


async def spread(market: Market, notice: Notice, at: int) -> bool:
    """Write it down for everybody it concerns, with a job for each message that goes out. False: told before."""
    event = EVENTS[notice.event]
    people = [
        each
        for each in await market.db.read(people_of, notice.role, notice.party_id)
        if (notice.only is None and concerns(event, notice.role, each.duty))
        or (notice.only is not None and each.email in notice.only)
    ]
    team = team_of(notice.role, notice.party_id)
    chosen = await market.db.read(choices_of, [team, *(each.id for each in people)])
    row = _row(notice, at)

    def wants(subject: str, channel: Channel) -> Choice:
        return choice_of(chosen, subject, notice.event, notice.role, channel)

    readers = [each.id for each in people if wants(each.id, Channel.IN_APP) is Choice.NOW]
    sends = [send for each in people for send in await _sends(market, each, wants)]
    if wants(team, Channel.SLACK) is Choice.NOW and await market.db.read(secret_named, slack_name(team)) is not None:
        sends.append(NewSend(team, Channel.SLACK.value, WAITING))
    jobs = [send_job(market, row.id, each, at) for each in sends if each.state == WAITING]
    return await market.db.write(add_notice, row, readers, sends, jobs)


async def _sends(market: Market, user: UserRow, wants: Any) -> Sequence[NewSend]:
    found = []
    email = wants(user.id, Channel.EMAIL)
    if email is not Choice.OFF:
        found.append(NewSend(user.id, Channel.EMAIL.value, DIGEST if email is Choice.DIGEST else WAITING))
    if wants(user.id, Channel.SMS) is Choice.NOW:
        person = await market.db.read(read_person, user.id)
        if person is not None and person.phone:
            found.append(NewSend(user.id, Channel.SMS.value, WAITING))
    return found


def send_job(market: Market, notice_id: str, send: NewSend, now: int) -> JobRow:
    """Mails share a queue, and texts: they rest together while nobody takes them. Each team's Slack has its own."""
    queue = f"notices:{send.channel}" + (f":{send.target}" if send.channel == Channel.SLACK.value else "")
    payload: dict[str, object] = {"notice_id": notice_id, "target": send.target, "channel": send.channel}
    return job(market, queue, NOTICE_SEND, payload, now, now, f"send:{notice_id}:{send.target}:{send.channel}")


def slack_name(team: str) -> str:
    """Under which name a team's address is sealed; no document can name it."""
    return f"slack {team}"


def _row(notice: Notice, at: int) -> NoticeRow:
    """Its id is made of whom it is for and its name: another node, or a second run, makes the same."""
    name = "\0".join((notice.role, notice.party_id or "", notice.once))
    return NoticeRow(
        f"ntc_{sha256(name.encode()).hexdigest()[:26].upper()}",
        notice.event,
        notice.group or notice.once,
        at,
        notice.role,
        notice.party_id or "",
        notice.title,
        "\n\n".join(notice.paragraphs),
        notice.path,
    )


async def note_lead_hearers(market: Market) -> None:
    """Whose people hear of every lead, so that the others cost nothing when one is sold."""
    market.live.lead_hearers = await market.db.read(lead_hearers)
