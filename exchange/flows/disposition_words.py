"""What buyers' own words mean: somebody says so once, and the reports that waited with the word are recorded, once."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.dispositions import news_of
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.audit import AuditLine
from exchange.model.feedback import Channel, Disposition
from exchange.model.money import Money
from exchange.model.vertical import Vertical
from exchange.stages.answer_line import SENTENCE
from exchange.stages.dispositions import NOTHING, fold_word, is_final
from exchange.storage.database import Row, Tx
from exchange.storage.disposition_words import Word, drop_word, put_word, waits_with
from exchange.storage.feedback import Recording, ignore_waits, record_all

_AT_ONCE = 100


class CannotMap(Exception):
    """Why a word is not mapped, as a sentence."""


async def map_word(market: Market, word: Word, actor: Actor) -> int:
    """Say what a word means from now on. Returns how many reports that waited with it were recorded or let go.

    Raises `CannotMap`. It may be said again with another meaning: what was recorded stays as it was.
    """
    word = Word(word.buyer_id, word.vertical, word.contract_id, fold_word(word.word), word.kind)
    vertical = _checked(market, word)
    after = {"vertical": word.vertical, "contract": word.contract_id, "word": word.word, "kind": word.kind}
    line = audit_line(
        market.ids, market.clock.now(), actor, "disposition.word_mapped", f"buyer:{word.buyer_id}", after=after
    )
    first, done = True, 0
    while True:  # a report that came meanwhile is in the next look, or was understood by the word itself
        waits = await market.db.read(waits_with, word, _AT_ONCE)
        if not waits and not first:
            return done
        recordings = tuple(_recording(market, row, vertical, word.kind) for row in waits) if word.kind else ()
        ignored = tuple(row["id"] for row in waits) if word.kind == NOTHING else ()
        done += await market.db.write(_map, word, line if first else None, recordings, ignored)
        first = False


async def forget_word(market: Market, word: Word, actor: Actor) -> bool:
    """The next report with the word waits again. False when nobody had said what it means."""
    after = {"vertical": word.vertical, "contract": word.contract_id, "word": word.word}
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "disposition.word_forgotten", f"buyer:{word.buyer_id}", after=after)
    return await market.db.write(drop_word, word, line)


def _checked(market: Market, word: Word) -> Vertical:
    vertical = market.verticals.get(word.vertical)
    if vertical is None:
        raise CannotMap(f"There is no vertical {word.vertical[:60]}.")
    if word.buyer_id not in market.deals.buyers:
        raise CannotMap(f"There is no buyer {word.buyer_id[:60]}.")
    contract = market.deals.contracts.get(word.contract_id)
    if word.contract_id and (contract is None or contract.buyer_id != word.buyer_id):
        raise CannotMap("The buyer has no such contract.")
    if not word.word:
        raise CannotMap("Write the word as the buyer says it.")
    if word.kind != NOTHING and word.word == fold_word(SENTENCE):
        raise CannotMap("It stands for whole sentences: read them, and say what became of each lead.")
    if word.kind != NOTHING and vertical.dispositions and word.kind not in vertical.dispositions:
        raise CannotMap(f"Choose one of {', '.join(vertical.dispositions)}.")
    return vertical


async def _map(
    tx: Tx, word: Word, line: AuditLine | None, recordings: Sequence[Recording], ignored: Sequence[str]
) -> int:
    """The word and what waited with it, together: after a crash both are there or neither is."""
    if line is not None:
        await put_word(tx, word, line)
    await record_all(tx, recordings)
    return len(recordings) + await ignore_waits(tx, ignored)


def _recording(market: Market, row: Row, vertical: Vertical, kind: str) -> Recording:
    """A report that waited, as it would have been recorded had its word been known."""
    now = market.clock.now()
    value = Money(row["value_units"], row["currency"]) if row["value_units"] is not None else None
    sealed = bytes(row["sealed_note"]) if row["sealed_note"] is not None else None
    report = Disposition(
        market.ids.new("dsp", now),
        month_of(now),
        row["sale_id"],
        row["lead_id"],
        row["buyer_id"],
        kind,
        row["said"],
        sealed,
        value,
        row["at"],
        now,
        row["told_by"],
        Channel(row["channel"]),
        said_at=True,  # it speaks of when it came, however long it waited
        final=is_final(kind, vertical),
    )
    return Recording(report, news_of(market, row, report), row["id"])
