"""Replies kept of a connection, and what its rules make of them: now, and with rules that are not saved yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from exchange.flows.market import Market
from exchange.flows.shapes import Document
from exchange.flows.trial import outcome_of
from exchange.limits import RULE_INPUT_CHARACTERS, SAMPLES_KEPT
from exchange.log import logger
from exchange.model.actor import Actor
from exchange.model.teaching import Reread, Sample
from exchange.model.wire import Reply
from exchange.storage.samples import SampleRow, add_sample, read_samples, remove_sample
from exchange.vault import VaultError

OUTCOMES = ("accepted", "rejected", "duplicate", "no_bid", "queued", "error")
REFUSALS = frozenset({"rejected", "duplicate", "no_bid"})
LABEL_CHARACTERS = 80

_LOG = logger(__name__)


class CannotKeep(Exception):
    """The reply is not kept. The text says why and what to do."""


async def keep_sample(
    market: Market, connection: str, stage: str, label: str, expected: str, reply: Reply, actor: Actor
) -> str:
    """Keep a reply with the outcome it must be read as. Returns its id; raises `CannotKeep`."""
    if expected not in OUTCOMES:
        raise CannotKeep(f"Say how it must be read: {', '.join(OUTCOMES)}.")
    if stage not in ("ping", "post"):
        raise CannotKeep("Say whether it answers a ping or a post.")
    if connection not in market.connections:
        raise CannotKeep(f"There is no connection {connection[:80]}.")
    if len(reply.body) > RULE_INPUT_CHARACTERS:
        raise CannotKeep(f"It is longer than the {RULE_INPUT_CHARACTERS} bytes that rules look at.")
    now = market.clock.now()
    sample_id = market.ids.new("smp", now)
    content = orjson.dumps([reply.status, dict(reply.headers), reply.body.decode("latin-1")])
    label = " ".join(label.split())[:LABEL_CHARACTERS] or f"{expected.replace('_', ' ')}, {stage}"
    sealed = market.vault.seal_secret(reply_secret(sample_id), content)
    row = SampleRow(sample_id, connection, stage, label, expected, sealed, now, actor.name)
    if not await market.db.write(add_sample, row):
        raise CannotKeep(f"{connection} has {SAMPLES_KEPT} samples, and no more are kept. Remove one first.")
    return sample_id


async def drop_sample(market: Market, connection: str, sample_id: str) -> bool:
    """False when there is none."""
    return await market.db.write(remove_sample, connection, sample_id)


async def samples_of(market: Market, connection: str) -> tuple[Sample, ...]:
    """Oldest first. One that cannot be opened any more is left out and told in the log."""
    rows = await market.db.read(read_samples, connection)
    return tuple(sample for row in rows if (sample := _opened(market, row)) is not None)


def _opened(market: Market, row: SampleRow) -> Sample | None:
    try:
        status, headers, body = orjson.loads(market.vault.open_secret(reply_secret(row.id), row.sealed))
    except VaultError:
        _LOG.error("A kept reply cannot be opened", where=row.id)
        return None
    reply = Reply(status, headers, body.encode("latin-1"))
    return Sample(row.id, row.connection, row.stage, row.label, row.expected, reply, row.made_at, row.made_by)


def reply_secret(sample_id: str) -> str:
    return f"sample {sample_id}"


def read_again(market: Market, name: str, document: Document | None, samples: Sequence[Sample]) -> tuple[Reread, ...]:
    """Each sample by the rules in force and by those of `document` (None: the same). Raises `DocumentProblems`."""
    before = market.connections.get(name)
    after = market.workshop.connection(name, document)({}) if document is not None else before
    return tuple(
        Reread(
            sample,
            outcome_of(before, sample.stage, sample.reply) if before is not None else "",
            outcome_of(after, sample.stage, sample.reply) if after is not None else "",
        )
        for sample in samples
    )


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a contract may go live. `missing` are sentences; none means that it may."""

    missing: tuple[str, ...]

    @property
    def ready(self) -> bool:
        return not self.missing


async def readiness(market: Market, connection: str) -> Readiness:
    """A yes and a no to the post must have been read right. A connection that hears no replies needs neither."""
    found = market.connections.get(connection)
    if found is None:
        return Readiness((f"There is no connection {connection}.",))
    missing = [f"The secret {name} is not set." for name, value in sorted(found.secrets.items()) if not value]
    if found.replies is not None:
        read = read_again(market, connection, None, await samples_of(market, connection))
        right = {each.sample.expected for each in read if each.sample.stage == "post" and not each.wrong}
        if "accepted" not in right:
            missing.append("No accepted answer to a post was read right yet: keep one as a sample.")
        if not right & REFUSALS:
            missing.append("No rejected answer to a post was read right yet: keep one as a sample.")
        missing += [
            f"The sample {each.sample.label!r} must be {each.sample.expected}, and is read as {each.now or 'unmapped'}."
            for each in read
            if each.wrong
        ]
    return Readiness(tuple(missing))
