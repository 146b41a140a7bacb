"""The leads of a mail: ADF where there is some, else a taught format, else tables and labels. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from exchange.intake.flat import Flat, Leaf, Unreadable, settle
from exchange.intake.labels import Pairs, pairs_of_text, records_of_page
from exchange.intake.mail.adf import BadAdf, is_adf, read_adf
from exchange.intake.mail.message import Mail
from exchange.sources.taught import TaughtFormat, read_taught

_LEAST_PAIRS = 2  # one label alone is a sentence with a colon in it
_MARKS = " *:?"


class MailLead(NamedTuple):
    """One lead, and where in the mail it stood: `attachment lead.xml`. `problems` say why it could not be read."""

    fields: dict[str, str]
    where: str
    problems: tuple[str, ...] = ()


def leads_of(mail: Mail, taught: Sequence[TaughtFormat] = ()) -> list[MailLead]:
    """Every lead of the mail. A mail in which none is found gives one with that problem."""
    found = list(_adf(mail)) or list(_taught(mail, taught)) or list(_labelled(mail))
    return found or [MailLead({}, "the mail", ("No lead was found: no labels with values, no table and no ADF.",))]


def _adf(mail: Mail) -> Iterator[MailLead]:
    for part in mail.documents:
        if is_adf(part.text):
            yield from _prospects(part.text, f"attachment {part.name}" if part.name else "the ADF part")
    if is_adf(mail.text):
        yield from _prospects(mail.text, "ADF in the text")


def _prospects(text: str, where: str) -> Iterator[MailLead]:
    try:
        records = read_adf(text)
    except BadAdf as error:
        yield MailLead({}, where, (str(error),))
        return
    for number, fields in enumerate(records, 1):
        yield MailLead(fields, where if len(records) == 1 else f"{where}, prospect {number}")


def _taught(mail: Mail, taught: Sequence[TaughtFormat]) -> Iterator[MailLead]:
    """By the format that finds most."""
    fitting = [each for each in taught if each.subject.lower() in mail.subject.lower()]
    read = [fields for each in fitting if (fields := read_taught(each, mail.shown)) is not None]
    if read:
        yield _flat(list(max(read, key=len).items()), "a taught format")


def _labelled(mail: Mail) -> Iterator[MailLead]:
    """By tables or by the lines of the text, whichever says more; mails often hold the same lead both ways."""
    records = [record for page in mail.pages for record in records_of_page(page)]
    if len(records) > 1:
        yield from (_flat(record, f"row {number} of a table") for number, record in enumerate(records, 1))
        return
    lines = max(pairs_of_text(mail.text), pairs_of_text(mail.shown), key=len)
    table = records[0] if records else []
    if max(len(lines), len(table)) >= _LEAST_PAIRS:
        yield _flat(table, "a table") if len(table) >= len(lines) else _flat(lines, "the text")


def _flat(pairs: Pairs, where: str) -> MailLead:
    """The record within the front door's limits. A label that comes again counts the first time."""
    leaves: list[Leaf] = [(label.strip(_MARKS), label.strip(_MARKS), value) for label, value in pairs]
    try:
        settled = settle([leaf for leaf in leaves if leaf[0]], [], "nvp", "first")
    except Unreadable as error:
        return MailLead({}, where, (error.refused.message,))
    if isinstance(settled, Flat):
        return MailLead(dict(settled.fields), where)
    return MailLead({}, where, tuple(problem.message for problem in settled.problems) or (settled.message,))
