"""A mail as messages of its source, one for each lead in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson

from exchange.intake.mail.leads import MailLead, leads_of
from exchange.intake.mail.message import BadMail, read_mail
from exchange.model.source import Item
from exchange.sources.document import Source
from exchange.sources.mail import MailboxDocument, MailDocument, allowed
from exchange.sources.taught import TaughtFormat

_WHOLE = "message/rfc822"


def items_of(
    raw: bytes, channel: str, now: int, taught: Sequence[TaughtFormat] = (), senders: tuple[str, ...] = ()
) -> tuple[Item, ...]:
    """The leads of a mail, or one item that says why there is none. Nothing at all for what a machine answered.

    `senders`, when there are some, are those whose mails are read.
    """
    try:
        mail = read_mail(raw)
    except BadMail as error:
        return (Item("", channel, None, raw, _WHOLE, now, (str(error),)),)
    if mail.automatic:
        return ()
    told = (f"from {mail.sender}",) if mail.sender else ()
    if not allowed(senders, mail.sender):
        return (Item(mail.key, channel, None, raw, _WHOLE, now, ("Nobody at this address may send leads.",), told),)
    leads = leads_of(mail, taught)
    return tuple(
        _item(lead, number, len(leads), mail.key, channel, raw, now, told) for number, lead in enumerate(leads, 1)
    )


def read(source: Source, item: Item) -> Item:
    """The lead of a mail that was kept, as its source reads it now. Those after a mail's first are kept as read."""
    document = source.document
    assert isinstance(document, MailDocument | MailboxDocument)
    if item.content_type != _WHOLE:
        return item
    found = items_of(item.original, item.channel, item.at, document.taught, document.senders)
    return replace(found[0], key=item.key) if found else item


def _item(
    lead: MailLead, number: int, of: int, key: str, channel: str, raw: bytes, now: int, told: tuple[str, ...]
) -> Item:
    """The first one keeps the whole mail, the others what they say: a mail may hold hundreds."""
    fields = None if lead.problems else lead.fields
    own = key if of == 1 else f"{key}#{number}"
    original, kind = (raw, _WHOLE) if number == 1 else (orjson.dumps(lead.fields), "application/json")
    return Item(own, channel, fields, original, kind, now, lead.problems, (*told, lead.where))
