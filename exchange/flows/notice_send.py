"""A notice on its way: by mail, text or Slack, outside quiet hours, and about one thing one message an hour.

A destination that is down rests the queue and costs no job an attempt. A message that was broken off after it went out
goes again under the same Message-ID: whoever reads mail sees it once.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from exchange.courier.courier import Call, Result
from exchange.courier.smtp import NO_MAIL_SERVER
from exchange.flows.job_ends import ComeBack, DestinationDown, Ended
from exchange.flows.jobs import NOTICE_DIGEST, job
from exchange.flows.links import UNSUBSCRIBE, Link, make_link
from exchange.flows.market import Market
from exchange.flows.notify import slack_name
from exchange.model.notice import EVENTS, Channel, Person
from exchange.model.wire import EmailMessage, HttpMessage, Message, PhoneMessage, Reply
from exchange.stages.notices import HOUR_MS, digest_due, quiet_until, sms_text
from exchange.storage.accounts import read_account
from exchange.storage.database import Row
from exchange.storage.notice_people import begin_digest, read_person, secret_named, waiting_for_digest
from exchange.storage.notices import FAILED, SENT, digest_of, end_sends, read_send, waiting_of

SECONDS = 30.0
STOP = "notice:"
_YEAR_MS = 365 * 86_400_000
_GONE = (403, 404, 410)
_BUSY = 429


class Refused(Exception):
    """It will not be taken, however often it is sent. The sentence says why."""


async def send_notice(market: Market, payload: Mapping[str, Any]) -> Ended | None:
    """The job: one message to one place. Raises `ComeBack`, `DestinationDown`."""
    notice_id, target, channel = str(payload["notice_id"]), str(payload["target"]), str(payload["channel"])
    found = await market.db.read(read_send, notice_id, target, channel)
    if found is None or found["state"] != "waiting":
        return Ended.UNASKED
    now = market.clock.now()
    if channel != Channel.SLACK.value:
        person = await market.db.read(read_person, target)
        urgent = EVENTS[found["event"]].urgent and person is not None and person.urgent
        until = quiet_until(person, now) if person is not None and not urgent else None
        if until is not None:
            raise ComeBack(until)
    if found["last_at"] is not None and now - found["last_at"] < HOUR_MS:
        raise ComeBack(found["last_at"] + HOUR_MS)
    rows = await market.db.read(waiting_of, target, channel, found["group_key"])
    ids = [row["id"] for row in rows]
    try:
        await _WAYS[Channel(channel)](market, target, rows)
    except Refused as refused:
        await market.db.write(end_sends, ids, target, channel, FAILED, now, str(refused))
        return Ended.UNASKED
    await market.db.write(end_sends, ids, target, channel, SENT, market.clock.now(), "")
    return None


async def _by_mail(market: Market, user_id: str, rows: Sequence[Row]) -> None:
    newest = rows[-1]
    parts = [_told(market, row) for row in reversed(rows)]
    await _mail(market, user_id, newest["title"], parts, f"{newest['id']}.{user_id}", newest["event"])


async def _mail(
    market: Market, user_id: str, title: str, parts: Sequence[str], name: str, event: str, stops: bool = True
) -> None:
    account = await market.db.read(read_account, user_id)
    if account is None:
        raise Refused("Nobody has this account any more.")
    host = urlsplit(market.public_url).hostname or "localhost"
    stop = ""
    foot = f"What you are told, and how: {market.public_url}/account/notifications/settings\n"
    if stops and EVENTS[event].stops:
        stop = make_link(market, Link(user_id, UNSUBSCRIBE, f"{STOP}{event}", market.clock.now() + _YEAR_MS))
        foot += f"No more mail of this kind: {stop}\n"
    message = EmailMessage(
        f"{market.name} <exchange@{host}>",
        (account.user.email,),
        f"{market.name}: {title}",
        "\n\n".join(parts) + f"\n\n-- \n{foot}",
        f"<{name}@{host}>",
        delivers=True,
        unsubscribe=stop,
    )
    await hand_over_mail(market, message)


async def hand_over_mail(market: Market, message: EmailMessage) -> None:
    """Raises `Refused` for a mail that is not taken, `DestinationDown` while nobody takes any."""
    result = await _converse(market, "notices", message)
    if result.lost is not None:
        if NO_MAIL_SERVER in (result.lost.detail or ""):
            raise Refused(NO_MAIL_SERVER)
        raise DestinationDown(result.lost.detail or "The mail server does not answer.")
    status = result.status or 0
    if status == 421 or result.error is not None:
        raise DestinationDown(result.error.why if result.error is not None else f"answer {status}")
    if 400 <= status < 500:
        raise NotTaken(f"The mail server put it off ({status}).")
    if not 200 <= status < 300:
        raise Refused(f"The mail server refused it ({status}).")


class NotTaken(Exception):
    """Not now: the job is tried again."""


def _told(market: Market, row: Row) -> str:
    return f"{row['body']}\n\n{market.public_url}{row['path']}"


async def _by_text(market: Market, user_id: str, rows: Sequence[Row]) -> None:
    person, sms = await market.db.read(read_person, user_id), market.sms
    if sms is None:
        raise Refused("The exchange has no number of its own: sms_sender is not set.")
    if person is None or not person.phone:
        raise Refused("They gave no number.")
    newest = rows[-1]
    text = sms_text(market.name, newest["title"], f"{market.public_url}{newest['path']}")
    await hand_over_text(market, person.phone, text)


async def hand_over_text(market: Market, to: str, text: str) -> None:
    sms = market.sms
    if sms is None:
        raise Refused("The exchange has no number of its own: sms_sender is not set.")
    result = await _converse(market, "sms", PhoneMessage("sms", sms.account, to, sms.sender, text, delivers=True))
    _judge(result, "The provider of texts")


async def _by_slack(market: Market, team: str, rows: Sequence[Row]) -> None:
    newest = rows[-1]
    text = "\n\n".join(f"*{row['title']}*\n{_told(market, row)}" for row in reversed(rows))
    await hand_over_slack(
        market, team, f"{text}" if len(text) < 3_000 else f"*{newest['title']}*\n{_told(market, newest)}"
    )


async def hand_over_slack(market: Market, team: str, text: str) -> None:
    """A message as Slack's incoming webhooks take it, and Mattermost's, Discord's (`/slack`) and others."""
    name = slack_name(team)
    row = await market.db.read(secret_named, name)
    if row is None:
        raise Refused("The address was taken away.")
    url = market.vault.open_secret(name, bytes(row["sealed"])).decode()
    body = orjson.dumps({"text": text})
    message = HttpMessage("POST", url, {"Content-Type": "application/json"}, body, True, (url,))
    _judge(await _converse(market, name, message), "Slack")


def _judge(result: Result, who: str) -> None:
    """Raises `Refused`, or `DestinationDown` for what is worth another try."""
    if result.lost is not None or result.error is not None:
        told = result.lost.detail if result.lost is not None else result.error.why if result.error is not None else ""
        raise DestinationDown(told or f"{who} does not answer.")
    status = result.status or 0
    if status == _BUSY or status >= 500:
        raise DestinationDown(f"{who} answered {status}.")
    if not 200 <= status < 300:
        raise Refused(f"{who} refused it ({status}).")


async def _converse(market: Market, key: str, message: Message) -> Result:
    deadline = market.clock.monotonic() + SECONDS
    return await market.courier.converse(Call(key, _once(message), delivers=True), deadline)


def _once(message: Message) -> Generator[Message, Reply, Reply]:
    return (yield message)


_WAYS = {Channel.EMAIL: _by_mail, Channel.SMS: _by_text, Channel.SLACK: _by_slack}


async def plan_daily(market: Market) -> int:
    """The duty: begin the daily mail of everybody whose hour has come. Returns of how many."""
    now, begun = market.clock.now(), 0
    for user_id, known in await market.db.read(waiting_for_digest):
        person = known or Person(user_id, zone=market.zone)
        if digest_due(person, now):
            payload: dict[str, object] = {"user": user_id, "at": now}
            daily = job(market, "notices:email", NOTICE_DIGEST, payload, now, now, f"daily:{user_id}")
            begun += await market.db.write(begin_digest, person, now, (daily,))
    return begun


async def send_daily(market: Market, payload: Mapping[str, Any]) -> Ended | None:
    """The job: all of a day in one mail."""
    user_id, at = str(payload["user"]), int(payload["at"])
    rows = await market.db.read(digest_of, user_id, at)
    if not rows:
        return Ended.UNASKED
    ids, count = [row["id"] for row in rows], len(rows)
    title = f"{count} things of the day" if count > 1 else rows[0]["title"]
    parts = [f"{row['title']}\n{_told(market, row)}" for row in rows]
    try:
        await _mail(market, user_id, title, parts, f"daily.{user_id}.{at}", rows[0]["event"], stops=count == 1)
    except Refused as refused:
        await market.db.write(end_sends, ids, user_id, Channel.EMAIL.value, FAILED, at, str(refused))
        return Ended.UNASKED
    await market.db.write(end_sends, ids, user_id, Channel.EMAIL.value, SENT, market.clock.now(), "")
    return None
