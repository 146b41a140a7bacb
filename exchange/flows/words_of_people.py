"""Words of buyers that repeat something of the consumer: kept as a sentence, which is sealed, and not as a word."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import orjson

from exchange.flows.market import Market
from exchange.model.feedback import Wait, note_place
from exchange.model.vertical import Vertical
from exchange.stages.answer_line import SENTENCE
from exchange.stages.dispositions import fold_word
from exchange.storage.database import Row
from exchange.storage.feedback import sealed_leads

_CUTS = re.compile(r"[\W_]+")
_NAMING = frozenset({"first_name", "name", "email", "phone", "street", "dob"})  # a comment is made of any words
_LEAST = 3  # letters: what is shorter says nothing of anybody


async def without_people(market: Market, waits: Sequence[Wait]) -> tuple[Wait, ...]:
    """The same waits; one whose word holds part of a value of its lead has `SENTENCE` for a word, and the rest as its
    note."""
    rows = await market.db.read(sealed_leads, sorted({wait.report.lead_id for wait in waits}))
    return await asyncio.to_thread(_looked_over, market, waits, {row["lead_id"]: row for row in rows})


def _looked_over(market: Market, waits: Sequence[Wait], rows: Mapping[str, Row]) -> tuple[Wait, ...]:
    return tuple(
        _sealed(market, wait, rows[wait.report.lead_id]) if wait.report.lead_id in rows else wait for wait in waits
    )


def _sealed(market: Market, wait: Wait, row: Row) -> Wait:
    key = market.vault.data_key(bytes(row["wrapped"]))
    kept = orjson.loads(market.vault.open(key, f"lead:{row['lead_id']}", bytes(row["sealed"])))
    if not set(_parts(wait.said)) & set(_of_values(kept["values"], market.verticals.get(wait.vertical))):
        return wait
    place, note = note_place(wait.report.sale_id), ""
    if wait.report.sealed_note is not None:
        note = market.vault.open(key, place, wait.report.sealed_note).decode()
    told = f"{wait.said}: {note}" if note else wait.said
    report = replace(wait.report, word=SENTENCE, sealed_note=market.vault.seal(key, place, told.encode()))
    return replace(wait, report=report, word=fold_word(SENTENCE), said=SENTENCE)


def _of_values(values: Mapping[str, Sequence[str]], vertical: Vertical | None) -> Iterator[str]:
    """Every part of what names somebody; of an address by mail what stands before its domain."""
    known = vertical.by_name if vertical is not None else {}
    for name, (_, clean, *_) in values.items():
        if name not in known or known[name].type in _NAMING:
            yield from _parts(clean.partition("@")[0])


def _parts(text: str) -> Iterator[str]:
    return (part for part in _CUTS.split(text.casefold()) if len(part) >= _LEAST and not part.isdecimal())
