"""Words of buyers that were said to mean something, as a list: its columns and filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from exchange import limits
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.storage.database import Row
from exchange.storage.disposition_words import all_words
from exchange.web.listed.at_hand import fits
from exchange.web.listed.leads import buyers, verticals
from exchange.web.listed.periods import period_filter
from exchange.web.listed.unknown_words import PATH as UNKNOWN
from exchange.web.lists.held import held
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape
from exchange.web.story.dispositions import buyer_name
from exchange.web.words import utc

PATH = "/console/words/known"
NAMES = ("buyer", "vertical", "word", "means", "contract", "said_by", "said_at")
SAYS_NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Known:
    """A word and what it means; `means` is empty where it says nothing of the lead, `contract` where it holds for
    every contract."""

    buyer_id: str
    buyer: str
    vertical: str
    word: str
    means: str
    contract_id: str
    contract: str
    by: str
    at: int


def _known(market: Market, row: Row) -> Known:
    contract = market.deals.contracts.get(row["contract_id"])
    return Known(
        row["buyer_id"],
        buyer_name(market, row["buyer_id"]),
        row["vertical"],
        row["word"],
        row["kind"],
        row["contract_id"],
        contract.name if contract is not None else row["contract_id"],
        row["made_by"],
        row["made_at"],
    )


def _meanings(market: Market) -> Choices:
    kinds = {kind for vertical in market.verticals.values() for kind in vertical.dispositions}
    return [*((kind, kind.replace("_", " ")) for kind in sorted(kinds)), (SAYS_NOTHING, "nothing")]


async def _all(market: Market, actor: Actor, asked: Asked) -> list[Known]:
    """All that match, in no order."""
    rows = await market.db.read(all_words, actor, limits.WORDS_LISTED)
    return [
        each
        for each in (_known(market, row) for row in rows)
        if fits(asked, each.at, buyer=each.buyer_id, vertical=each.vertical, means=each.means or SAYS_NOTHING)
    ]


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Known]:
    return held(await _all(market, actor, asked), KNOWN_WORDS, asked.span)


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return min(len(await _all(market, actor, asked)), most)


def _fields(each: Known) -> Mapping[str, object]:
    return {
        "buyer": each.buyer_id,
        "vertical": each.vertical,
        "word": each.word,
        "means": each.means or None,
        "contract": each.contract_id or None,
        "said_by": each.by,
        "said_at": utc(each.at),
    }


def _id(each: Known) -> str:
    """A word may be of any letters, and an address has few."""
    told = f"{each.contract_id}:{each.word}"
    return f"{each.buyer_id}:{each.vertical}:{sha256(told.encode()).hexdigest()[:16]}"


KNOWN_WORDS: Shape[Known] = Shape(
    "known_words",
    PATH,
    "mapped word",
    "mapped words",
    (
        Column("said", "Said", "when", sorts=lambda line: line.at),
        Column("buyer", "Buyer", "who", sorts=lambda line: line.buyer.lower(), text=True),
        Column("word", "Their word", "is", fixed=True, sorts=lambda line: line.word, text=True),
        Column("means", "Means", sorts=lambda line: line.means, text=True),
        Column("contract", "For"),
        Column("by", "Said by", "dim"),
        Column("forget", "Forget", "act", fixed=True),
    ),
    (
        Filter("buyer", "Buyer", buyers),
        Filter("vertical", "Vertical", verticals),
        Filter("means", "Means", _meanings),
        period_filter("Said"),
    ),
    _read,
    _count,
    _id,
    _fields,
    NAMES,
    Nothing(
        "No word of a buyer was mapped. What one means is said once, where it waits among the unmapped ones.",
        "Unmapped words",
        UNKNOWN,
    ),
)
