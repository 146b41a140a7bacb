"""Words of buyers that reports wait with, as a list: its columns and filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from exchange import limits
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.storage.database import Row
from exchange.storage.disposition_words import unknown_words
from exchange.web.listed.at_hand import fits
from exchange.web.listed.leads import buyers, verticals
from exchange.web.listed.periods import period_filter
from exchange.web.lists.held import held
from exchange.web.lists.shape import Asked, Column, Filter, Nothing, Shape
from exchange.web.story.dispositions import CHANNELS, buyer_name
from exchange.web.words import utc

PATH = "/console/words"
NAMES = ("buyer", "vertical", "word", "times", "first_at", "last_at", "lead_id", "channel")


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
        row["channel"],
        vertical.dispositions if vertical is not None else (),
        tuple(sorted(own, key=lambda each: each[1].lower())),
    )


async def unknown(market: Market, actor: Actor, asked: Asked) -> list[Unknown]:
    """All that match, in no order."""
    rows = await market.db.read(unknown_words, actor, limits.WORDS_LISTED)
    return [
        each
        for each in (_told(market, row) for row in rows)
        if fits(asked, each.last_at, buyer=each.buyer_id, vertical=each.vertical, channel=each.channel, word=each.word)
    ]


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Unknown]:
    return held(await unknown(market, actor, asked), WORDS, asked.span)


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return min(len(await unknown(market, actor, asked)), most)


def _fields(each: Unknown) -> Mapping[str, object]:
    return {
        "buyer": each.buyer_id,
        "vertical": each.vertical,
        "word": each.said,
        "times": each.times,
        "first_at": utc(each.first_at),
        "last_at": utc(each.last_at),
        "lead_id": each.lead_id,
        "channel": CHANNELS.get(each.channel, each.channel),
    }


def _id(each: Unknown) -> str:
    """A word may be of any letters, and an address has few."""
    return f"{each.buyer_id}:{each.vertical}:{sha256(each.word.encode()).hexdigest()[:16]}"


WORDS: Shape[Unknown] = Shape(
    "words",
    PATH,
    "word",
    "words",
    (
        Column("last", "Last", "when", sorts=lambda line: line.last_at),
        Column("buyer", "Buyer", "who", sorts=lambda line: line.buyer.lower(), text=True),
        Column("said", "Their word", "is", fixed=True, sorts=lambda line: line.word, text=True),
        Column("times", "Reports", num=True, sorts=lambda line: line.times),
        Column("first", "First", "dim", sorts=lambda line: line.first_at),
        Column("means", "It means", "act", fixed=True),
    ),
    (
        Filter("buyer", "Buyer", buyers),
        Filter("vertical", "Vertical", verticals),
        Filter("channel", "Came by", lambda _: list(CHANNELS.items())),
        Filter("word", "Word", silent=True),
        period_filter("Last"),
    ),
    _read,
    _count,
    _id,
    _fields,
    NAMES,
    Nothing(
        "Every word was understood. One that nobody knows comes here with the reports that wait for it.",
        "Dispositions",
        "/console/dispositions",
    ),
)
