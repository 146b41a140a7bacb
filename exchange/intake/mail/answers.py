"""A mail as an answer to one of ours: what it answers, who wrote it, and its first own line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

from exchange.flows.market import Market
from exchange.flows.replies import REPLIES, MailAnswer, marked, marks_in, take_answer
from exchange.intake.dsn import answers_by_itself, read_bounce
from exchange.intake.mail.message import BadMail, read_mail
from exchange.stages.answer_line import own_lines

_ID = re.compile(r"<([A-Za-z0-9][A-Za-z0-9_.-]{0,120})@")
_IDS_MOST = 50
_AUTOMATIC = re.compile(
    r"^(?:auto(?:matic|mated|[- ]?)?[ -]?(?:reply|response|antwort)|out of (?:the )?office|ooo\b|abwesen|vacation|"
    r"respuesta autom|réponse automatique|undeliver|read:|gelesen:)",
    re.IGNORECASE,
)


async def hear_answer(market: Market, raw: bytes, recipients: Sequence[str] = ()) -> bool:
    """Take a mail that came in, if it answers a delivery of ours. True when it did.

    `recipients` are those of the envelope, where they are known. What a machine answered says nothing, and the same
    mail twice changes nothing.
    """
    answer = read_answer(raw, recipients)
    return answer is not None and await take_answer(market, answer)


def is_reply_address(market: Market, address: str) -> bool:
    """Whether a mail to this address answers a delivery."""
    return address.lower().startswith(REPLIES) and marked(market, address) is not None


def read_answer(raw: bytes, recipients: Sequence[str] = ()) -> MailAnswer | None:
    """What a mail says as an answer; None for one that a machine wrote, and for one that is none. Never raises."""
    try:
        mail = read_mail(raw)
        message = BytesParser(policy=default).parsebytes(raw, headersonly=True)
        assert isinstance(message, EmailMessage)
        headers = [str(value) for name in ("in-reply-to", "references") for value in message.get_all(name, [])]
    except (BadMail, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return None  # the library fails in all these ways on hostile headers
    marks = marks_in([*recipients, *mail.recipients, mail.subject])
    ids = [found for header in (headers[0:1], headers[:0:-1]) for text in header for found in _ID.findall(text)[::-1]]
    answered = tuple(dict.fromkeys(ids))[:_IDS_MOST]
    if not (marks or answered) or mail.automatic or answers_by_itself(message) or _AUTOMATIC.match(mail.subject):
        return None
    if read_bounce(raw) is not None:
        return None
    return MailAnswer(mail.sender, marks, answered, own_lines(mail.shown), mail.sent_at)
