"""Words of buyers that are no disposition yet: each once, with its count, and a choice that records what waits.

Examples are masked as everything of a lead is: what a person wrote into a mail may repeat the consumer's name.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange import limits
from exchange.flows.disposition_words import CannotMap, forget_word, map_word
from exchange.flows.market import Market
from exchange.model.feedback import note_place
from exchange.storage.database import Row
from exchange.storage.disposition_words import Word, all_words, examples_of
from exchange.storage.timeline import read_lead_rows
from exchange.vault import VaultError
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.listed.known_words import PATH as KNOWN
from exchange.web.listed.unknown_words import PATH, WORDS, Unknown, unknown
from exchange.web.lists.query import Query
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page, times_of
from exchange.web.story.dispositions import CHANNELS
from exchange.web.story.records import open_story

EXAMPLES = 5
NOTHING = "-"


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(WORDS, show, _reports),
        Page("POST", PATH, choose),
        Page("POST", f"{PATH}/forget", forget),
    )


async def show(request: web.Request) -> web.StreamResponse:
    """The list; with a buyer, a vertical and a word in the address, the newest reports with that word too."""
    market, actor = request.app[MARKET], actor_of(request)
    view = await view_of(request, WORDS)
    wanted = tuple(view.query.given.get(name, "") for name in ("buyer", "vertical", "word"))
    one = next((each for each in view.lines if (each.buyer_id, each.vertical, each.word) == wanted), None)
    mapped = await market.db.read(all_words, actor, limits.WORDS_LISTED)
    return await page(
        request,
        "console/returns/disposition_words.html",
        title="Unmapped words",
        here="words",
        view=view,
        reports=await _waiting(request, view.query),
        one=one,
        examples=await _examples(request, one) if one is not None else [],
        mapped=len(mapped),
        channels=CHANNELS,
        done=request.query.get("done", ""),
        nothing=NOTHING,
    )


async def _reports(request: web.Request, query: Query) -> Mapping[str, object]:
    return {"reports": await _waiting(request, query)}


async def _waiting(request: web.Request, query: Query) -> int:
    """How many reports wait with the words that match."""
    found = await unknown(request.app[MARKET], actor_of(request), query.all_of(times_of(request)))
    return sum(each.times for each in found)


async def choose(request: web.Request) -> web.StreamResponse:
    """Say what a word means: what waited with it is recorded."""
    form = request[FORM]
    kind = form.get("kind", "")
    if not kind:
        return await notice(request, "Nothing was chosen", "Choose what the word means.", http_status=422)
    word = _word(form, "" if kind == NOTHING else kind)
    try:
        done = await map_word(request.app[MARKET], word, actor_of(request))
    except CannotMap as error:
        return await notice(request, "It was not mapped", str(error), http_status=422)
    return see_other(f"{PATH}?done={done}")


async def forget(request: web.Request) -> web.StreamResponse:
    await forget_word(request.app[MARKET], _word(request[FORM]), actor_of(request))
    return see_other(KNOWN)


def _word(form: Mapping[str, str], kind: str = "") -> Word:
    names = ("buyer", "vertical", "contract", "word")
    buyer, vertical, contract, word = (form.get(name, "").strip() for name in names)
    return Word(buyer, vertical, contract, word, kind)


async def _examples(request: web.Request, one: Unknown) -> list[tuple[Row, str, str]]:
    """The newest reports with the word: the row, what was said with the lead's values masked, and how it came."""
    market, actor = request.app[MARKET], actor_of(request)
    word = Word(one.buyer_id, one.vertical, "", one.word)
    found: list[tuple[Row, str, str]] = []
    for row in await market.db.read(examples_of, actor, word, EXAMPLES):
        rows = await market.db.read(read_lead_rows, actor, row["lead_id"])
        said = open_story(market, rows).mask.text(_words(market, row, rows.wrapped)) if rows is not None else ""
        found.append((row, said, f"{CHANNELS.get(row['channel'], row['channel'])}, {row['told_by']}"))
    return found


def _words(market: Market, row: Row, wrapped: bytes | None) -> str:
    """What was said, with the note beside it."""
    if row["sealed_note"] is None or wrapped is None:
        return str(row["said"])
    try:
        key = market.vault.data_key(wrapped)
        note = market.vault.open(key, note_place(row["sale_id"]), bytes(row["sealed_note"])).decode()
    except VaultError:
        return str(row["said"])
    return f"{row['said']}: {note}"
