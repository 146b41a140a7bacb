"""Teach the format of a mail: somebody marks the values in one that could not be read, and the source reads the next.

The words are numbered, so that it works without a script; with one, a click on words fills the numbers in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, NamedTuple

from aiohttp import web
from ruamel.yaml import YAML

from exchange.flows.documents import save_document
from exchange.flows.reveal import MayNotReveal, reveal_item
from exchange.flows.shapes import SOURCE, DocumentProblems
from exchange.intake.mail.message import BadMail, Mail, read_mail
from exchange.model.vertical import FieldSpec, Presence
from exchange.sources.document import Source
from exchange.sources.mail import MailboxDocument, MailDocument
from exchange.sources.taught import CannotTeach, Mark, TaughtFormat, read_taught, teach
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.supply.source import ITEM
from exchange.web.console.supply.sources import HOME
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

MARKS = 12
_WORDS = 1_500
_WORD = re.compile(r"[\w(+](?:[^\s:=]*[\w)])?|[:=]+|[^\w\s]+")


class Word(NamedTuple):
    """A word by its number, from 1 on, and where it stands in the text."""

    number: int
    start: int
    end: int
    text: str


class Row(NamedTuple):
    """A row of the form: the field, and the first and last word of its value."""

    field: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the page shows: the mail's words, what was marked, and what comes of it."""

    item_id: str
    source: Source
    mail: Mail
    lines: Sequence[Sequence[Word]]
    rows: Sequence[Row]
    subject: str
    fields: Sequence[FieldSpec]
    read: Mapping[str, str]
    problem: str
    missing: Sequence[str]


def pages() -> tuple[Page, ...]:
    return (Page("POST", ITEM + "/teach", show),)


async def show(request: web.Request) -> web.StreamResponse:
    """The mail with what is marked so far; saved when it is good and the form says so."""
    market, form, item_id = request.app[MARKET], request[FORM], request.match_info["item"]
    source = market.sources.get(request.match_info["name"])
    if source is None or not isinstance(source.document, MailDocument | MailboxDocument):
        return await notice(request, "Nothing can be taught here", "Only mails have formats.", http_status=404)
    try:
        original = await reveal_item(market, item_id, form.get("why", "")[:500], actor_of(request), ip_of(request))
        mail = read_mail(original)
    except MayNotReveal as error:
        return await notice(request, "It is not shown", str(error), http_status=422)
    except BadMail as error:
        return await notice(request, "Nothing can be taught from it", str(error), http_status=409)
    lesson, taught = _lesson(request, source, mail, item_id)
    if taught is None or "save" not in form:
        return await _page(request, lesson)
    return await _save(request, lesson, taught)


async def _save(request: web.Request, lesson: Lesson, taught: TaughtFormat) -> web.StreamResponse:
    """A source of the store learns it; for one that is a file the page shows what to write there."""
    market, source = request.app[MARKET], lesson.source
    document = source.document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    learned = document | {"taught": [*document.get("taught", ()), _plain(taught)]}
    if source.name in market.workshop.sources:
        return await _page(request, lesson, document=_yaml({"taught": learned["taught"]}))
    try:
        await save_document(market, SOURCE, source.name, learned, actor_of(request))
    except DocumentProblems as error:
        return await notice(request, "It was not saved", "; ".join(error.problems), http_status=422)
    location = f"{HOME}/{source.name}"
    return see_other(location)


def _plain(taught: TaughtFormat) -> dict[str, Any]:
    lines = [
        {
            "fields": list(line.fields),
            "pieces": list(line.pieces),
            "under": line.under,
            "below": line.below,
            "runs": line.runs,
        }
        for line in taught.lines
    ]
    return {"subject": taught.subject, "lines": lines}


def _yaml(document: dict[str, Any]) -> str:
    out = StringIO()
    YAML().dump(document, out)
    return out.getvalue()


def _lesson(request: web.Request, source: Source, mail: Mail, item_id: str) -> tuple[Lesson, TaughtFormat | None]:
    market, form = request.app[MARKET], request[FORM]
    lines = words_of(mail.shown)
    rows = [Row(form.get(f"field{n}", ""), form.get(f"first{n}", ""), form.get(f"last{n}", "")) for n in range(MARKS)]
    subject = form.get("subject", "").strip()[:200]
    fields = market.verticals[market.deals.campaigns[source.campaign_id].vertical].fields
    taught: TaughtFormat | None = None
    problem, read = "", dict[str, str]()
    if any(row.field for row in rows):
        try:
            taught = teach(mail.shown, list(_marks(rows, lines)), subject)
            read = read_taught(taught, mail.shown) or {}
        except CannotTeach as error:
            problem = str(error)
    known = {*read, *source.document.constants}
    missing = [each.name for each in fields if each.post is Presence.REQUIRED and each.name not in known]
    return Lesson(item_id, source, mail, lines, rows, subject, fields, read, problem, missing), taught


def _marks(rows: Sequence[Row], lines: Sequence[Sequence[Word]]) -> Iterator[Mark]:
    """Raises `CannotTeach` for a number that is no word's."""
    words = {str(word.number): word for line in lines for word in line}
    for row in rows:
        if not row.field:
            continue
        first, last = words.get(row.first.strip()), words.get(row.last.strip() or row.first.strip())
        if first is None or last is None or last.number < first.number:
            raise CannotTeach(f"Say for {row.field} which words its value is, by the number of the first and the last.")
        yield Mark(row.field, first.start, last.end)


def words_of(text: str) -> list[list[Word]]:
    """The words of each line, numbered all through. Lines without a word part what they stand between."""
    lines: list[list[Word]] = []
    start, number = 0, 0
    for line in text.split("\n"):
        found: list[Word] = []
        for word in _WORD.finditer(line):
            number += 1
            if number > _WORDS:
                return [*lines, found]
            found.append(Word(number, start + word.start(), start + word.end(), word[0]))
        lines.append(found)
        start += len(line) + 1
    return lines


async def _page(request: web.Request, lesson: Lesson, document: str = "") -> web.Response:
    return await page(
        request,
        "console/supply/teach.html",
        title="Teach this format",
        here="sources",
        lesson=lesson,
        document=document,
        why=request[FORM].get("why", ""),
        marks=MARKS,
    )
