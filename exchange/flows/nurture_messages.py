"""What a nurture plan writes to a consumer: only to who agreed to be contacted, with a way out in every message.

Whoever takes the way out takes the consent back: no message follows, the lead is sold to nobody, and whoever got one of
theirs is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from exchange.fields.area_codes import AREAS
from exchange.flows.links import STOP_MESSAGES, Link, make_link
from exchange.flows.market import Market
from exchange.flows.notice_send import Refused, hand_over_mail, hand_over_text
from exchange.flows.revoke import CannotRevoke, Taken, revoke
from exchange.model.actor import SYSTEM
from exchange.model.lead import Lead, Mode
from exchange.model.nurture import Step, StepKind
from exchange.model.wire import EmailMessage
from exchange.stages.calling import next_call, whereabouts_of
from exchange.stages.nurture import MESSAGES_APART_MS, filled
from exchange.storage.database import Row
from exchange.storage.nurture import last_message

_YEAR_MS = 365 * 86_400_000


class NotSent(Exception):
    """It will not go, however often it is tried. The sentence says why."""


class Going(NamedTuple):
    """A message about to go: the lead as understood, its row, the step that says what, its vertical's title."""

    lead: Lead
    row: Row
    step: Step
    vertical: str


async def why_not_written_to(market: Market, lead: Lead, row: Row, kind: StepKind) -> str | int | None:
    """Why a consumer gets no message, as a sentence; or the moment (epoch ms) at which one may go; None for now.

    Needs a consent that was given and shown: its text, or a certificate of the form.
    """
    now, consent = market.clock.now(), lead.consent
    if lead.mode is not Mode.LIVE:
        return "A test lead's consumer is never written to."
    if not consent.given:
        return "The consumer gave no consent to be contacted."
    if kind is StepKind.TEXT and not (consent.text or consent.trustedform_url or consent.jornaya_leadid):
        return "A text needs a consent whose words or certificate are on record."
    if lead.text("email" if kind is StepKind.EMAIL else "phone") is None:
        return f"The lead has no {'email address' if kind is StepKind.EMAIL else 'phone'}."
    if kind is StepKind.EMAIL and not market.issuer.address:
        return "Emails to consumers carry a postal address: set invoice_address in exchange.toml."
    if kind is StepKind.TEXT and market.sms is None:
        return "The exchange has no number of its own: sms_sender is not set."
    last = await market.db.read(last_message, row, now - MESSAGES_APART_MS)
    if last is not None:
        return int(last) + MESSAGES_APART_MS + 1
    if kind is StepKind.EMAIL:
        return None
    may_at = next_call(whereabouts_of(lead, market.places, market.tables.value(AREAS)), now)
    if may_at is None:
        return "Nobody knows what time it is where the consumer is."
    return may_at if may_at > now else None


async def send_message(market: Market, going: Going) -> None:
    """Raises `NotSent`; `DestinationDown` and `NotTaken` of the mail server or the provider of texts."""
    lead, step = going.lead, going.step
    values = _values(going)
    stop = make_link(market, Link(lead.id, STOP_MESSAGES, step.kind.value, market.clock.now() + _YEAR_MS))
    try:
        if step.kind is StepKind.TEXT:
            phone = lead.text("phone")
            assert phone is not None
            text = f"{market.name}: {filled(step.text, values)} No more texts: {stop}"
            await hand_over_text(market, phone, text)
        else:
            await hand_over_mail(market, _mail(market, going, values, stop))
    except Refused as refused:
        raise NotSent(str(refused)) from refused


def _values(going: Going) -> Mapping[str, str]:
    found = {name: going.lead.text(name) or "" for name in ("first_name", "city", "state")}
    return {**{name: " ".join(text.split()) for name, text in found.items()}, "vertical": going.vertical}


def _mail(market: Market, going: Going, values: Mapping[str, str], stop: str) -> EmailMessage:
    lead, step = going.lead, going.step
    address = lead.text("email")
    assert address is not None
    host = urlsplit(market.public_url).hostname or "localhost"
    return EmailMessage(
        f"{market.name} <exchange@{host}>",
        (address,),
        filled(step.subject, values),
        f"{filled(step.text, values)}\n\n-- \n{_foot(market, lead, stop)}",
        f"<nurture.{lead.id}.{step.key}@{host}>",
        delivers=True,
        unsubscribe=stop,
    )


def _foot(market: Market, lead: Lead, stop: str) -> str:
    """Why it was sent, by whom, and the way out."""
    at = lead.consent.agreed_at or lead.received_at
    day = datetime.fromtimestamp(at / 1000, UTC).strftime("%d %B %Y")
    page = f" on {lead.consent.page_url}" if lead.consent.page_url else ""
    return (
        f"You get this because you agreed to be contacted, on {day}{page}.\n"
        f"No more messages, and your consent taken back: {stop}\n"
        f"{market.issuer.name or market.name}\n{market.issuer.address}\n"
    )


async def stop_messages(market: Market, lead_id: str, kind: str) -> None:
    """Somebody took the way out of a message: their consent is taken back. Twice is as good as once."""
    means = f"the link in {'an email' if kind == StepKind.EMAIL.value else 'a text'}"
    try:
        await revoke(market, Taken(lead_id=lead_id, means=means, once=f"nurture:{lead_id}"), SYSTEM)
    except CannotRevoke:
        return  # the consumer's values were erased since: nobody can write to them any more
