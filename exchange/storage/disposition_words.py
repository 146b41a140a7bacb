"""Buyers' own words for dispositions, what they mean, and the reports that wait for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed

EVERY_CONTRACT = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A buyer's word, folded. `contract_id` is empty for all its contracts; with an empty `kind` it means nothing."""

    buyer_id: str
    vertical: str
    contract_id: str
    word: str
    kind: str = ""


async def words_of(tx: Tx, buyers: Sequence[str]) -> list[Row]:
    """All that was said of the words of these buyers."""
    if not buyers:
        return []
    those, params = listed("buyer", buyers)
    return await tx.fetch(
        f"""SELECT buyer_id, vertical, contract_id, word, kind FROM disposition_words WHERE buyer_id IN {those}
            ORDER BY buyer_id, vertical, contract_id, word""",
        **params,
    )


async def all_words(tx: Tx, actor: Actor, most: int) -> list[Row]:
    """Every mapped word, for operators."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        """SELECT buyer_id, vertical, contract_id, word, kind, made_at, made_by FROM disposition_words
           ORDER BY buyer_id, vertical, word, contract_id LIMIT :most""",
        most=most,
    )


async def put_word(tx: Tx, word: Word, line: AuditLine) -> None:
    """Say what a word means; what was said before is said no more."""
    await tx.execute(
        """INSERT INTO disposition_words (buyer_id, vertical, contract_id, word, kind, made_at, made_by)
           VALUES (:buyer, :vertical, :contract, :word, :kind, :at, :by)
           ON CONFLICT (buyer_id, vertical, contract_id, word) DO UPDATE SET kind = :kind, made_at = :at,
               made_by = :by""",
        buyer=word.buyer_id,
        vertical=word.vertical,
        contract=word.contract_id,
        word=word.word,
        kind=word.kind,
        at=line.at,
        by=line.actor.name,
    )
    await record(tx, line)


async def drop_word(tx: Tx, word: Word, line: AuditLine) -> bool:
    """The next report with it waits again. False when nothing was said of it."""
    gone = await tx.execute(
        """DELETE FROM disposition_words WHERE buyer_id = :buyer AND vertical = :vertical AND contract_id = :contract
               AND word = :word""",
        buyer=word.buyer_id,
        vertical=word.vertical,
        contract=word.contract_id,
        word=word.word,
    )
    if gone:
        await record(tx, line)
    return bool(gone)


async def unknown_words(tx: Tx, actor: Actor, most: int) -> list[Row]:
    """One line for each word of a buyer in a vertical that reports wait with: `times`, `first_at`, `last_at`, one way
    it is written, a channel and a lead. The newest first. For operators."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        """SELECT buyer_id, vertical, word, MIN(said) AS said, COUNT(*) AS times, MIN(told_at) AS first_at,
               MAX(told_at) AS last_at, MAX(lead_id) AS lead_id, MAX(channel) AS channel,
               COUNT(DISTINCT contract_id) AS contracts, MIN(contract_id) AS contract_id
           FROM disposition_waits WHERE state = 'waiting'
           GROUP BY buyer_id, vertical, word ORDER BY 7 DESC, 1, 2, 3 LIMIT :most""",
        most=most,
    )


async def examples_of(tx: Tx, actor: Actor, word: Word, most: int) -> list[Row]:
    """The newest reports that wait with a word. For operators."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        """SELECT id, sale_id, lead_id, contract_id, said, sealed_note, at, told_at, channel, told_by
           FROM disposition_waits
           WHERE state = 'waiting' AND buyer_id = :buyer AND vertical = :vertical AND word = :word
           ORDER BY told_at DESC, id DESC LIMIT :most""",
        buyer=word.buyer_id,
        vertical=word.vertical,
        word=word.word,
        most=most,
    )


async def waits_with(tx: Tx, word: Word, most: int) -> list[Row]:
    """Reports that wait with a word, of the contracts it was mapped for, the oldest first, with their sales."""
    return await tx.fetch(
        """SELECT w.*, s.currency, s.mode, s.seller_id, s.campaign_id, s.accepted_at, l.seller_lead_id
           FROM disposition_waits w JOIN sales s ON s.id = w.sale_id JOIN leads l ON l.id = w.lead_id
           WHERE w.state = 'waiting' AND w.buyer_id = :buyer AND w.vertical = :vertical AND w.word = :word
               AND (:contract = '' OR w.contract_id = :contract)
           ORDER BY w.told_at, w.id LIMIT :most""",
        buyer=word.buyer_id,
        vertical=word.vertical,
        word=word.word,
        contract=word.contract_id,
        most=most,
    )


async def waits_of_lead(tx: Tx, lead_id: str) -> list[Row]:
    """What waits with a lead: its word, and how it came."""
    return await tx.fetch(
        """SELECT buyer_id, said, at, told_at, channel, told_by FROM disposition_waits
           WHERE lead_id = :lead AND state = 'waiting' ORDER BY told_at, id""",
        lead=lead_id,
    )
