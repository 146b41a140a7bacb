"""Answers to the mails of deliveries: whoever got a lead by mail answers with a word, and that is its disposition.

A mail is about a delivery when it came to the address that only that delivery has, or has its mark in the subject; both
are signed, and whoever has them was given the mail. Without a mark it must answer our mail by its Message-ID, and come
from an address that the mail went to. A mail with several leads has a mark of its own; its answer names each lead by
its number.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from exchange import limits
from exchange.flows.bounces import deliveries_about
from exchange.flows.dispositions import Teller, Words, own_words, read_words, record_reports
from exchange.flows.market import Market
from exchange.log import logger
from exchange.model.feedback import Channel, Report
from exchange.stages.answer_line import SENTENCE, Said, read_line, read_numbered
from exchange.stages.dispositions import Verdict, meaning
from exchange.storage.batches import batch_members
from exchange.storage.database import Row
from exchange.storage.feedback import sales_meant
from exchange.storage.selling import read_attempt

REPLIES = "r+"
"""What an address begins with that answers come back to; the delivery's mark follows."""

_KIND = "reply"
_SIGN_CHARACTERS = 16
_AT_ONCE = 500
_MARK = re.compile(r"([a-z]{2,5})_([0-9a-z]{26})\.([0-9a-f]{16})", re.IGNORECASE)
_DAY_MS = 86_400_000
_OLD_MS = 2 * _DAY_MS

_LOG = logger(__name__)


class MailAnswer(NamedTuple):
    """A mail that may answer one of ours. `marks` are signed marks found in its addresses and subject, `answered` the
    left parts of the Message-IDs it answers, the nearest first; `lines` are its own. `sent_at` is epoch ms.
    """

    sender: str
    marks: tuple[str, ...]
    answered: tuple[str, ...]
    lines: tuple[str, ...]
    sent_at: int | None


def reply_mark(market: Market, sent_id: str) -> str:
    """A delivery or a batch, signed so that nobody can make up another one. It survives an address in small letters."""
    sign = market.vault.index(_KIND, sent_id.lower()).hex()[:_SIGN_CHARACTERS]
    return f"{sent_id}.{sign}"


def reply_address(market: Market, sent_id: str) -> str:
    """Where the mail of a delivery or a batch is answered; the bare mark where no mail reaches the exchange."""
    mark = reply_mark(market, sent_id)
    return f"{REPLIES}{mark}@{market.mail_domain}" if market.mail_domain else mark


def marked(market: Market, text: str) -> str | None:
    """The delivery or batch of a mark that is in a text, None when there is none or it was made up."""
    found = _MARK.search(text)
    if found is None:
        return None
    sent_id = f"{found[1].lower()}_{found[2].upper()}"
    expected = market.vault.index(_KIND, sent_id.lower()).hex()[:_SIGN_CHARACTERS]
    return sent_id if hmac.compare_digest(found[3].lower(), expected) else None


async def take_answer(market: Market, answer: MailAnswer) -> bool:
    """Record what a mail says. True when it answers a mail of ours, whether or not it said anything new."""
    sent = await _answered(market, answer)
    if not sent:
        return False
    if not answer.lines:
        _LOG.info("a mail answered a delivery and said nothing")
        return True
    buyer_id = sent[0].buyer_id
    sales = {row["meant"]: row for row in await _sales(market, buyer_id, [each.attempt_id for each in sent])}
    if not sales:
        _LOG.info("a mail answered a delivery that is no sale")
        return True
    words = await read_words(market, (buyer_id,))
    said = (
        {sent[0].attempt_id: _read(market, sales[sent[0].attempt_id], words, answer.lines[0])}
        if len(sent) == 1
        else _by_number(market, [each.attempt_id for each in sent], sales, words, answer.lines)
    )
    await _record(market, Teller(Channel.MAIL, (buyer_id,), f"buyer {answer.sender}"), said, sales, answer.sent_at)
    return True


class _Sent(NamedTuple):
    attempt_id: str
    buyer_id: str


async def _answered(market: Market, answer: MailAnswer) -> list[_Sent]:
    """The delivery that it is about, or those of the batch, in the order of their numbers."""
    for text in answer.marks:
        sent_id = marked(market, text)
        if sent_id is not None:
            attempt = await market.db.read(read_attempt, sent_id)
            members = [sent_id] if attempt is not None else await _members(market, sent_id)
            return await _sent(market, members)
    for reference in answer.answered:
        deliveries = await deliveries_about(market, reference)
        if deliveries and _went_to(market, deliveries[0], answer.sender):
            return await _sent(market, [each["attempt_id"] for each in deliveries])
        if deliveries:
            _LOG.info("a mail answers a delivery, but not from where that went")
    return []


async def _members(market: Market, batch_id: str) -> list[str]:
    return [row["attempt_id"] for row in await market.db.read(batch_members, batch_id)]


async def _sent(market: Market, attempt_ids: Sequence[str]) -> list[_Sent]:
    """All of one mail went to one buyer."""
    first = await market.db.read(read_attempt, attempt_ids[0]) if attempt_ids else None
    return [_Sent(each, first["buyer_id"]) for each in attempt_ids] if first is not None else []


async def _sales(market: Market, buyer_id: str, attempt_ids: Sequence[str]) -> list[Row]:
    found: list[Row] = []
    for start in range(0, len(attempt_ids), _AT_ONCE):
        found += await market.db.read(sales_meant, (buyer_id,), attempt_ids[start : start + _AT_ONCE])
    return found


def _read(market: Market, sale: Row, words: Words, line: str) -> Said:
    vertical, own = market.verticals[sale["vertical"]], own_words(words, sale)
    return read_line(line, lambda word: meaning(word, own, vertical) is not None)


def _by_number(
    market: Market, attempt_ids: Sequence[str], sales: Mapping[str, Row], words: Words, lines: Sequence[str]
) -> dict[str, Said]:
    """What it says of each lead, the last word for one that it names twice. A line without a number is a greeting,
    unless there is no other: then it waits with the first lead, to be read by a person."""
    said: dict[str, Said] = {}
    unread: list[str] = []
    for line in lines[: limits.BATCH_LEADS]:
        numbered = read_numbered(line)
        if numbered is None:
            continue
        meant = [attempt_ids[number - 1] for number in numbered.numbers if 0 < number <= len(attempt_ids)]
        named = [each for each in (meant if numbered.numbers else attempt_ids) if each in sales]
        read = {each: _read(market, sales[each], words, numbered.line) for each in named}
        if len(meant) < len(numbered.numbers) or (not numbered.numbers and not _known(market, sales, words, read)):
            unread.append(line)
        else:
            said |= read
    if unread or not said:
        first = next(each for each in attempt_ids if each in sales)
        note = " / ".join(unread or lines)
        said.setdefault(first, Said(SENTENCE, None, note[: limits.NOTE_CHARACTERS]))
    return said


def _known(market: Market, sales: Mapping[str, Row], words: Words, read: Mapping[str, Said]) -> bool:
    """Whether a word about every lead is one: `all my leads were bad` is none."""
    return all(
        meaning(said.word, own_words(words, sales[each]), market.verticals[sales[each]["vertical"]]) is not None
        for each, said in read.items()
    )


async def _record(
    market: Market, teller: Teller, said: Mapping[str, Said], sales: Mapping[str, Row], sent_at: int | None
) -> None:
    now = market.clock.now()
    reports = [
        Report(each, told.word, told.note, told.value, _moment(sent_at, sales[each]["accepted_at"], now))
        for each, told in said.items()
    ]
    outcomes = await record_reports(market, teller, reports, sales)
    without_amount = [
        replace(report, note=f"{report.value or ''} {report.note}".strip(), value=None)
        for report, told in zip(reports, outcomes, strict=True)
        if told.verdict is Verdict.INVALID  # an amount that is none: the word counts all the same
    ]
    if without_amount:
        await record_reports(market, teller, without_amount, sales)


def _went_to(market: Market, delivery: Row, sender: str) -> bool:
    """Whether the mail of a delivery went to this address."""
    connection = market.connections.get(delivery["connection"])
    if connection is None or connection.mailed is None:
        return False
    return sender.lower() in {address.lower() for address in connection.mailed.recipients}


def _moment(sent_at: int | None, accepted_at: int, now: int) -> int | None:
    """When it was written, where its clock can be believed."""
    return sent_at if sent_at is not None and accepted_at - _OLD_MS <= sent_at <= now else None


def marks_in(texts: Sequence[str]) -> tuple[str, ...]:
    """Every text of these that holds what looks like a mark."""
    return tuple(text for text in texts if _MARK.search(text))
