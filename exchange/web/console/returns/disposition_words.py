"""Words of buyers that are no disposition yet: each once, with its count, and a choice that records what waits.

Examples are masked as everything of a lead is: what a person wrote into a mail may repeat the consumer's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.disposition_words import CannotMap, forget_word, map_word
from exchange.flows.market import Market
from exchange.model.feedback import note_place
from exchange.storage.database import Row
from exchange.storage.disposition_words import Word, all_words, examples_of, unknown_words
from exchange.storage.timeline import read_lead_rows
from exchange.vault import VaultError
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page
from exchange.web.story.dispositions import CHANNELS, buyer_name
from exchange.web.story.records import open_story
from exchange.web.words import utc

HOME = "/console/words"
LISTED = 200
MAPPED = 1_000
EXAMPLES = 5
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A word that reports wait with."""

    buyer_id: str
    buyer: str
    vertical: str
    word: str
    said: str
    times: int
    first_at: int
    last_at: int
    lead_id: str
    channel: str
    kinds: tuple[str, ...]
    contracts: tuple[tuple[str, str], ...]  # of the buyer in this vertical, with their names

    def fields(self) -> dict[str, Any]:
        return {
            "buyer": self.buyer_id,
            "vertical": self.vertical,
            "word": self.said,
            "times": self.times,
            "first_at": utc(self.first_at),
            "last_at": utc(self.last_at),
            "lead_id": self.lead_id,
            "channel": self.channel,
        }


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
        Page("POST", HOME, choose),
        Page("POST", f"{HOME}/forget", forget),
    )


async def show(request: web.Request) -> web.StreamResponse:
    """The list; with a buyer, a vertical and a word in the address, the newest reports with that word too."""
    market, actor = request.app[MARKET], actor_of(request)
    unknown = await _unknown(request)
    wanted = tuple(request.query.get(name, "") for name in ("buyer", "vertical", "word"))
    one = next((each for each in unknown if (each.buyer_id, each.vertical, each.word) == wanted), None)
    mapped = await market.db.read(all_words, actor, MAPPED)
    return await page(
        request,
        "console/returns/disposition_words.html",
        title="Unmapped words",
        here="words",
        unknown=unknown,
        one=one,
        examples=await _examples(request, one) if one is not None else [],
        mapped=[(row, buyer_name(market, row["buyer_id"]), _contract(market, row["contract_id"])) for row in mapped],
        done=request.query.get("done", ""),
        nothing=NOTHING,
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    unknown = await _unknown(request)
    return json_response({"count": sum(each.times for each in unknown), "words": [each.fields() for each in unknown]})


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
    return see_other(f"{HOME}?done={done}")


async def forget(request: web.Request) -> web.StreamResponse:
    await forget_word(request.app[MARKET], _word(request[FORM]), actor_of(request))
    return see_other(HOME)


def _word(form: Mapping[str, str], kind: str = "") -> Word:
    names = ("buyer", "vertical", "contract", "word")
    buyer, vertical, contract, word = (form.get(name, "").strip() for name in names)
    return Word(buyer, vertical, contract, word, kind)


async def _unknown(request: web.Request) -> list[Unknown]:
    market = request.app[MARKET]
    return [_told(market, row) for row in await market.db.read(unknown_words, actor_of(request), LISTED)]


def _told(market: Market, row: Row) -> Unknown:
    vertical = market.verticals.get(row["vertical"])
    own = [
        (contract.id, contract.name)
        for contract in market.deals.contracts.values()
        if contract.buyer_id == row["buyer_id"] and contract.vertical == row["vertical"]
    ]
    return Unknown(
        row["buyer_id"],
        buyer_name(market, row["buyer_id"]),
        row["vertical"],
        row["word"],
        row["said"],
        row["times"],
        row["first_at"],
        row["last_at"],
        row["lead_id"],
        CHANNELS.get(row["channel"], row["channel"]),
        vertical.dispositions if vertical is not None else (),
        tuple(sorted(own, key=lambda each: each[1].lower())),
    )


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


def _contract(market: Market, contract_id: str) -> str:
    contract = market.deals.contracts.get(contract_id)
    return contract.name if contract is not None else contract_id
