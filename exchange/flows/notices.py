"""What was told becomes notices; and how single mails are handed over."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from exchange.courier.courier import Call
from exchange.courier.smtp import NO_MAIL_SERVER
from exchange.flows.invite_mail import INVITED, invite_mail
from exchange.flows.job_ends import DestinationDown
from exchange.flows.letters import LETTER
from exchange.flows.market import Market
from exchange.flows.notify import TOLD, notice_in, spread
from exchange.flows.reset_mail import RESET, reset_mail
from exchange.flows.security_news import SECURITY, security_words
from exchange.model.actor import Role
from exchange.model.endpoint import Endpoint
from exchange.model.notice import Notice
from exchange.model.wire import EmailMessage, Message, Reply
from exchange.storage.people import guardians_of

_SECONDS = 30.0


class NotMailed(Exception):
    """The mail was not taken; the job is tried again."""


async def work_notice(market: Market, payload: Mapping[str, Any]) -> None:
    """Tell everybody whom something concerns; or mail what lets somebody in, or choose a password.

    Jobs that an earlier release left behind are told too. Raises `NotMailed`.
    """
    at = int(payload["at"])
    if RESET in payload:
        if (reset := await reset_mail(market, str(payload[RESET]), at)) is not None:
            await send_softly(market, reset)
        return
    if INVITED in payload:
        if (invited := await invite_mail(market, payload[INVITED], at)) is not None:
            await send_softly(market, invited)
        return
    for notice in await _notices(market, payload, at):
        await spread(market, notice, at)


async def _notices(market: Market, payload: Mapping[str, Any], at: int) -> list[Notice]:
    if TOLD in payload:
        return [notice_in(payload[TOLD])]
    if SECURITY in payload:
        return [await _of_account(market, payload[SECURITY], at)]
    if LETTER in payload:
        told = payload[LETTER]
        text, _, path = str(told["text"]).strip().rpartition("\n\n")
        title = str(told["subject"]).removeprefix(f"{market.name}: ")
        where = path.removeprefix(market.public_url)
        return [Notice(LETTER, told["role"], told["party_id"], title, (text,), where, str(told["once"]))]
    endpoint = market.deals.hearers.by_id.get(str(payload.get("endpoint_id", "")))
    return _of_endpoint(market, endpoint, str(payload["why"]), at) if endpoint is not None else []


async def _of_account(market: Market, told: Mapping[str, Any], at: int) -> Notice:
    """To the owners of the exchange, or the admins of the party, and to whom it is about."""
    people = await market.db.read(guardians_of, told["role"], told["party_id"])
    about = str(told["facts"].get("person", ""))
    title, paragraphs = security_words(market, told, at)
    once = f"{told['event']}:{at}:{sha256(repr(sorted(told['facts'].items())).encode()).hexdigest()[:12]}"
    only = tuple(dict.fromkeys([*people, *([about] if about else [])]))
    return Notice("security", told["role"], told["party_id"], title, paragraphs, told["path"], once, only=only)


def _of_endpoint(market: Market, endpoint: Endpoint, why: str, at: int) -> list[Notice]:
    """To whom an address belongs, and to the operators."""
    what = "webhook" if endpoint.kind.value == "webhook" else "postback"
    moment = f"{datetime.fromtimestamp(at // 1000, ZoneInfo(market.zone)):%a %d %b %Y, %H:%M:%S %Z}"
    target = urlsplit(endpoint.url).hostname or ""
    paragraphs = (
        f"The {what} to {target} was disabled on {moment}.",
        why,
        "Until it is enabled again nothing is sent there. What happens meanwhile is kept and can be replayed. "
        "Mend it, enable it and replay what failed:",
    )
    title, once = f"the {what} to {target} was disabled", f"disabled:{endpoint.id}:{at}"
    ours = Notice(
        "webhook.disabled", "operator", None, title, paragraphs, f"/console/webhooks?endpoint={endpoint.id}", once
    )
    if endpoint.role is Role.OPERATOR:
        return [ours]
    place = "/seller/postbacks" if endpoint.role is Role.SELLER else "/account/notifications"
    theirs = ours._replace(role=endpoint.role.value, party_id=endpoint.party_id, path=place)
    return [theirs, ours]


async def send_softly(market: Market, message: EmailMessage) -> None:
    """Pages show it too: an exchange without a mail server goes without. Raises `NotMailed` while one is away."""
    try:
        await send_mail(market, message)
    except NotMailed as error:
        if NO_MAIL_SERVER not in str(error):
            raise


async def send_mail(market: Market, message: EmailMessage) -> None:
    """Hand a mail to the mail server. Raises `NotMailed`, and `DestinationDown` while nobody takes any."""
    result = await market.courier.converse(
        Call("notices", _once(message), delivers=True), market.clock.monotonic() + _SECONDS
    )
    if result.lost is not None and NO_MAIL_SERVER not in (result.lost.detail or ""):
        raise DestinationDown(result.lost.detail or "The mail server does not answer.")
    if result.status is None or not 200 <= result.status < 300:
        told = result.lost.detail if result.lost is not None else f"answer {result.status}"
        raise NotMailed(result.error.why if result.error is not None else told)


def _once(message: EmailMessage) -> Generator[Message, Reply, Reply]:
    return (yield message)
