"""Saved reports by mail: a duty plans each reader's, a job writes it as that reader would see the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from exchange.flows.job_queues import MAIL_QUEUE
from exchange.flows.jobs import REPORT_MAIL, job
from exchange.flows.links import UNSUBSCRIBE, Link, make_link
from exchange.flows.market import Market
from exchange.flows.notices import send_softly
from exchange.model.actor import Actor
from exchange.model.rights import Right, may, needed
from exchange.model.wire import Attachment, EmailMessage
from exchange.storage.report_mails import (
    REPORTS,
    MailRow,
    mails_due,
    note_mailed,
    plan,
    read_mail,
    read_report,
    schedule,
    unschedule,
)
from exchange.storage.searches import mail_stopped, resume_mail
from exchange.storage.users import UserRow, find_user, find_user_by_id

LIST = "analytics"
"""The name that saved reports are kept under, among the views of lists."""
EVERY = ("daily", "weekly", "monthly")
NEVER = "never"
_YEAR_MS = 365 * 86_400_000


class CannotMail(Exception):
    """Why a report is not mailed, as a sentence that names the field."""


class Written(NamedTuple):
    """A report as a mail brings it: its text, and all of its rows as CSV."""

    text: str
    csv: bytes


def next_time(every: str, hour: int, zone: ZoneInfo, now: int) -> int:
    """The first time after now: each day, each Monday, or the first of each month, at an hour of the zone."""
    day = datetime.fromtimestamp(now / 1_000, zone).date()
    while True:
        at = int(datetime(day.year, day.month, day.day, hour, tzinfo=zone).timestamp()) * 1_000
        if at > now and _fits(every, day):
            return at
        day += timedelta(days=1)


def _fits(every: str, day: date) -> bool:
    return every == "daily" or (every == "weekly" and day.weekday() == 0) or (every == "monthly" and day.day == 1)


async def mail_it(market: Market, user: UserRow, view_id: str, every: str, hour: str, to: str = "") -> None:
    """Have a saved report mailed, or no more (`never`). `to` is somebody else, by email. Raises `CannotMail`."""
    reader = await _reader(market, user, to)
    report = await market.db.read(read_report, user, view_id, LIST)
    if report is None:
        raise CannotMail("report: there is no such saved report. It may have been deleted.")
    if every == NEVER:
        await market.db.write(unschedule, view_id, reader.id)
        return
    if every not in EVERY:
        raise CannotMail(f"every: choose {', '.join(EVERY)} or {NEVER}.")
    if not (hour.isascii() and hour.isdigit() and int(hour) < 24):
        raise CannotMail("hour: a whole hour from 0 to 23, such as 7.")
    if reader.id != user.id and not report.shared:
        raise CannotMail("to: share the report first. Others are mailed what they may open.")
    if reader.id == user.id:
        await market.db.write(resume_mail, reader.id, REPORTS)
    elif await market.db.read(mail_stopped, reader.id, REPORTS):
        raise CannotMail("to: they want no reports by mail. They can have one mailed to themselves to get them again.")
    now = market.clock.now()
    at = next_time(every, int(hour), ZoneInfo(market.zone), now)
    row = MailRow(market.ids.new("rpm", now), view_id, reader.id, every, int(hour), at, None, now, user.actor.name)
    await market.db.write(schedule, row)


async def _reader(market: Market, user: UserRow, to: str) -> UserRow:
    if not to or to.lower() == user.email.lower():
        return user
    if not may(user.actor, Right.SETTINGS):
        raise CannotMail(f"to: only {needed(Right.SETTINGS)} have reports mailed to others.")
    found = await market.db.read(find_user, to)
    if found is None or found.role != "operator":
        raise CannotMail("to: nobody of the exchange signs in with this address.")
    return found


async def plan_report_mails(market: Market) -> int:
    """The duty. Returns how many mails were queued; one that was missed comes once, not for each time."""
    now, planned = market.clock.now(), 0
    for row in await market.db.read(mails_due, now):
        made = job(
            market, MAIL_QUEUE, REPORT_MAIL, {"mail": row.id, "at": row.next_at}, now, now, f"{row.id}:{row.next_at}"
        )
        planned += await market.db.write(plan, row, next_time(row.every, row.hour, ZoneInfo(market.zone), now), [made])
    return planned


async def mail_report(market: Market, payload: Mapping[str, Any]) -> None:
    """The job. Who was shut out, unsubscribed or may not open the report any more gets none. Raises `NotMailed`."""
    row = await market.db.read(read_mail, str(payload["mail"]))
    user = await market.db.read(find_user_by_id, row.user_id) if row is not None else None
    if row is None or user is None or not _may_see(user.actor):
        return
    report = await market.db.read(read_report, user, row.view_id, LIST)
    if report is None or await market.db.read(mail_stopped, user.id, REPORTS):
        return
    assert market.live.write_report is not None, "who serves pages writes reports"
    written: Written = await market.live.write_report(market, user, report.name, report.query)
    host = urlsplit(market.public_url).hostname or "localhost"
    stop = make_link(market, Link(user.id, UNSUBSCRIBE, REPORTS, int(payload["at"]) + _YEAR_MS))
    text = f"{written.text}\nNo more reports by mail: {stop}\n"
    message = EmailMessage(
        f"{market.name} <exchange@{host}>",
        (user.email,),
        f"{market.name}: {report.name}",
        text,
        f"<report.{row.id}.{payload['at']}@{host}>",
        attachments=(Attachment("report.csv", "text/csv", written.csv),),
        unsubscribe=stop,
    )
    await send_softly(market, message)
    await market.db.write(note_mailed, row.id, market.clock.now())


def _may_see(actor: Actor) -> bool:
    return may(actor, Right.SEE)
