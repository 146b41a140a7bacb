"""Mail to the people of a party about something that needs them: what happened, what it means, what to do."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from exchange.courier.courier import Call
from exchange.courier.smtp import NO_MAIL_SERVER
from exchange.flows.letters import LETTER, as_message
from exchange.flows.market import Market
from exchange.flows.reset_mail import RESET, reset_mail
from exchange.flows.security_news import SECURITY, security_mail
from exchange.model.actor import Role
from exchange.model.endpoint import Endpoint
from exchange.model.follow import Duty
from exchange.model.wire import EmailMessage, Message, Reply
from exchange.storage.endpoints import emails_of
from exchange.storage.people import guardians_of

_SECONDS = 30.0


class NotMailed(Exception):
    """The mail was not taken; the job is tried again."""


async def mail_notice(market: Market, payload: Mapping[str, Any]) -> None:
    """Tell whoever an address belongs to, and the operators, that it was disabled; or the operators of an alert;
    or bring a letter that was written when it was made.

    Raises `NotMailed`.
    """
    if SECURITY in payload:
        await _tell_of_account(market, payload[SECURITY], int(payload["at"]))
        return
    if RESET in payload:
        if (reset := await reset_mail(market, str(payload[RESET]), int(payload["at"]))) is not None:
            await send_softly(market, reset)
        return
    if LETTER in payload:
        told = payload[LETTER]
        people = await market.db.read(emails_of, told["role"], told["party_id"], (Duty.ADMIN, Duty.FINANCE))
        if people:
            await send_softly(market, as_message(market, told, int(payload["at"]), tuple(people)))
        return
    if "alert" in payload:
        people = await market.db.read(emails_of, "operator", None)
        if people:
            await send_softly(market, _alert_message(market, payload["alert"], int(payload["at"]), tuple(people)))
        return
    endpoint = market.deals.hearers.by_id.get(str(payload["endpoint_id"]))
    if endpoint is None:
        return
    people = await market.db.read(emails_of, endpoint.role.value, endpoint.party_id)
    if endpoint.role is not Role.OPERATOR:
        people += [each for each in await market.db.read(emails_of, "operator", None) if each not in people]
    if not people:
        return
    await send_mail(market, _message(market, endpoint, str(payload["why"]), int(payload["at"]), tuple(people)))


async def _tell_of_account(market: Market, told: Mapping[str, Any], at: int) -> None:
    people = await market.db.read(guardians_of, told["role"], told["party_id"])
    about = told["facts"].get("person", "")
    people += [about] if about and about not in people else []
    if people:
        await send_softly(market, security_mail(market, told, at, tuple(people)))


async def send_softly(market: Market, message: EmailMessage) -> None:
    """Pages show it too: an exchange without a mail server goes without. Raises `NotMailed` while one is away."""
    try:
        await send_mail(market, message)
    except NotMailed as error:
        if NO_MAIL_SERVER not in str(error):
            raise


async def send_mail(market: Market, message: EmailMessage) -> None:
    """Hand a mail to the mail server. Raises `NotMailed`."""
    result = await market.courier.converse(
        Call("notices", _once(message), delivers=True), market.clock.monotonic() + _SECONDS
    )
    if result.status is None or not 200 <= result.status < 300:
        told = result.lost.detail if result.lost is not None else f"answer {result.status}"
        raise NotMailed(result.error.why if result.error is not None else told)


def _message(market: Market, endpoint: Endpoint, why: str, at: int, people: tuple[str, ...]) -> EmailMessage:
    host = urlsplit(market.public_url).hostname or "localhost"
    what = "webhook" if endpoint.kind.value == "webhook" else "postback"
    place = "/console/webhooks" if endpoint.role is Role.OPERATOR else f"/{endpoint.role.value}/postbacks"
    moment = f"{datetime.fromtimestamp(at // 1000, ZoneInfo(market.zone)):%a %d %b %Y, %H:%M:%S %Z}"
    target = urlsplit(endpoint.url).hostname or ""
    text = (
        f"The {what} to {target} was disabled on {moment}.\n\n{why}\n\n"
        "Until it is enabled again nothing is sent there. What happens meanwhile is kept and can be replayed.\n\n"
        f"Mend it, enable it and replay what failed: {market.public_url}{place}\n"
    )
    subject = f"{market.name}: the {what} to {target} was disabled"
    message_id = f"<{endpoint.id}.{at}@{host}>"
    return EmailMessage(f"{market.name} <exchange@{host}>", people, subject, text, message_id, delivers=True)


def _alert_message(market: Market, alert: Mapping[str, Any], at: int, people: tuple[str, ...]) -> EmailMessage:
    """What the fraud screen saw. Nothing of a consumer is in it."""
    host = urlsplit(market.public_url).hostname or "localhost"
    if alert["kind"] == "proof":
        subject = f"{market.name}: proofs of consent are not kept"
        text = (
            f"{alert['detail']}.\n\nA vendor keeps a certificate that nobody retained for 72 hours, then it is "
            "gone: see whether its account and key are in order.\n\n"
            f"The verifier: {market.public_url}/console/verifiers/"
            f"{alert['sub_id']}\nThe alert: {market.public_url}/console/screen\n"
        )
        message_id = f"<{alert['id']}.{at}@{host}>"
        return EmailMessage(f"{market.name} <exchange@{host}>", people, subject, text, message_id, delivers=True)
    seller = market.deals.sellers.get(str(alert["seller_id"]))
    who = seller.name if seller is not None else str(alert["seller_id"])
    source = f"{who}, sub id {alert['sub_id']}" if alert["sub_id"] else who
    what = {"burst": "a burst of leads", "farm": "a lead farm", "rotten": "a rotten source"}.get(
        str(alert["kind"]), "a seller's way of sending"
    )
    moment = f"{datetime.fromtimestamp(at // 1000, ZoneInfo(market.zone)):%a %d %b %Y, %H:%M:%S %Z}"
    text = (
        f"The fraud screen saw {what} on {moment}: {source}.\n\n{alert['detail']}.\n\n"
        f"Look at it, and block the sub id if it is junk: {market.public_url}/console/screen\n"
    )
    subject = f"{market.name}: {what} from {source}"
    return EmailMessage(
        f"{market.name} <exchange@{host}>", people, subject, text, f"<{alert['id']}.{at}@{host}>", delivers=True
    )


def _once(message: EmailMessage) -> Generator[Message, Reply, Reply]:
    return (yield message)
