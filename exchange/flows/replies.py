"""Answers to the mails of deliveries: whoever got a lead by mail answers with a word, and that is its disposition.

A mail is about a delivery when it came to the address that only that delivery has, or has its mark in the subject; both
are signed, and whoever has them was given the mail. Without a mark it must answer our mail by its Message-ID, and come
from an address that the mail went to.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from typing import NamedTuple

from exchange.flows.bounces import deliveries_about
from exchange.flows.dispositions import Teller, own_words, read_words, record_reports
from exchange.flows.market import Market
from exchange.log import logger
from exchange.model.feedback import Channel, Report
from exchange.stages.answer_line import Said, read_line
from exchange.stages.dispositions import Verdict, meaning
from exchange.storage.database import Row
from exchange.storage.feedback import sales_meant
from exchange.storage.selling import read_attempt

REPLIES = "r+"
"""What an address begins with that answers come back to; the delivery's mark follows."""

_KIND = "reply"
_SIGN_CHARACTERS = 16
_MARK = re.compile(r"([a-z]{2,5})_([0-9a-z]{26})\.([0-9a-f]{16})", re.IGNORECASE)
_DAY_MS = 86_400_000
_OLD_MS = 2 * _DAY_MS

_LOG = logger(__name__)


class MailAnswer(NamedTuple):
    """A mail that may answer one of ours. `marks` are signed marks found in its addresses and subject, `answered` the
    left parts of the Message-IDs it answers, the nearest first; `line` is its first own line. `sent_at` is epoch ms.
    """

    sender: str
    marks: tuple[str, ...]
    answered: tuple[str, ...]
    line: str
    sent_at: int | None


def reply_mark(market: Market, attempt_id: str) -> str:
    """A delivery, signed so that nobody can make up another one. It survives an address in small letters."""
    sign = market.vault.index(_KIND, attempt_id.lower()).hex()[:_SIGN_CHARACTERS]
    return f"{attempt_id}.{sign}"


def reply_address(market: Market, attempt_id: str) -> str:
    """Where the mail of a delivery is answered; the bare mark where no mail reaches the exchange."""
    mark = reply_mark(market, attempt_id)
    return f"{REPLIES}{mark}@{market.mail_domain}" if market.mail_domain else mark


def marked(market: Market, text: str) -> str | None:
    """The delivery of a mark that is in a text, None when there is none or it was made up."""
    found = _MARK.search(text)
    if found is None:
        return None
    attempt_id = f"{found[1].lower()}_{found[2].upper()}"
    expected = market.vault.index(_KIND, attempt_id.lower()).hex()[:_SIGN_CHARACTERS]
    return attempt_id if hmac.compare_digest(found[3].lower(), expected) else None


async def take_answer(market: Market, answer: MailAnswer) -> bool:
    """Record what a mail says. True when it answers a delivery of ours, whether or not it said anything new."""
    attempt = await _answered(market, answer)
    if attempt is None:
        return False
    if not answer.line:
        _LOG.info("a mail answered a delivery and said nothing")
        return True
    buyer_id = attempt["buyer_id"]
    teller = Teller(Channel.MAIL, (buyer_id,), f"buyer {answer.sender}")
    sales = await market.db.read(sales_meant, (buyer_id,), (attempt["id"],))
    if not sales:
        _LOG.info("a mail answered a delivery that is no sale")
        return True
    said = await _said(market, sales[0], answer.line)
    at = _moment(answer.sent_at, sales[0]["accepted_at"], market.clock.now())
    (told,) = await record_reports(market, teller, (Report(attempt["id"], said.word, said.note, said.value, at),))
    if told.verdict is Verdict.INVALID:  # an amount that is none: the word counts all the same
        note = f"{said.value or ''} {said.note}".strip()
        await record_reports(market, teller, (Report(attempt["id"], said.word, note, None, at),))
    return True


async def _answered(market: Market, answer: MailAnswer) -> Row | None:
    """The delivery that it is about."""
    for text in answer.marks:
        attempt_id = marked(market, text)
        if attempt_id is not None:
            return await market.db.read(read_attempt, attempt_id)
    for reference in answer.answered:
        deliveries = await deliveries_about(market, reference)
        if len(deliveries) == 1 and _went_to(market, deliveries[0], answer.sender):
            return await market.db.read(read_attempt, deliveries[0]["attempt_id"])
        if deliveries:
            _LOG.info("a mail answers a delivery, but not from where that went, or several at once")
    return None


def _went_to(market: Market, delivery: Row, sender: str) -> bool:
    """Whether the mail of a delivery went to this address."""
    connection = market.connections.get(delivery["connection"])
    if connection is None or connection.mailed is None:
        return False
    return sender.lower() in {address.lower() for address in connection.mailed.recipients}


async def _said(market: Market, sale: Row, line: str) -> Said:
    vertical = market.verticals[sale["vertical"]]
    own = own_words(await read_words(market, (sale["buyer_id"],)), sale)
    return read_line(line, lambda word: meaning(word, own, vertical) is not None)


def _moment(sent_at: int | None, accepted_at: int, now: int) -> int | None:
    """When it was written, where its clock can be believed."""
    return sent_at if sent_at is not None and accepted_at - _OLD_MS <= sent_at <= now else None


def marks_in(texts: Sequence[str]) -> tuple[str, ...]:
    """Every text of these that holds what looks like a mark."""
    return tuple(text for text in texts if _MARK.search(text))
