"""The fraud screen as one process holds it: agents, what it remembers, what was learned, who is shut out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange.stages.screen.harvest import Harvest
from exchange.stages.screen.judge import Count, Learned
from exchange.stages.screen.memory import BURST_MS, Memory
from exchange.stages.screen.seen import Seen
from exchange.storage.database import Db, Row
from exchange.storage.screen import read_blocks
from exchange.storage.screened import AT_ONCE, label_leads, names_of, screened_since, signal_counts, source_counts
from exchange.vault import Vault

DAY_MS = 86_400_000
KEY_BYTES = 8
_AGENTS_KEPT = 20_000
SIGNAL_DAYS = 30
SOURCE_DAYS = 14  # a source changes its ways faster than a signal its meaning
KEPT_DAYS = 90
_OVERLAP_MS = 3_000  # between a row's time and its commit
_LABEL_OVERLAP_MS = 60_000


@dataclass(slots=True)
class Screening:
    """Changes while the exchange runs. `noted_until` is up to when the leads of other nodes were taken up."""

    memory: Memory = field(default_factory=Memory)
    harvest: Harvest = field(default_factory=Harvest)
    learned: Learned = field(default_factory=Learned)
    blocks: Mapping[tuple[str, str], str] = field(default_factory=dict)
    noted_until: int | None = None
    labelled_until: int | None = None
    node: str = ""  # this process among those that share the database
    marked: int = 0  # how many marks it wrote down
    marks_until: int | None = None
    marks_known: dict[str, int] = field(default_factory=dict)  # of the last seconds, by id: when noted
    _agent_keys: dict[str, bytes] = field(default_factory=dict)

    def agent_key(self, vault: Vault, agent: str) -> bytes:
        """The keyed hash of a browser's name. The same few come over and over."""
        key = self._agent_keys.get(agent)
        if key is None:
            if len(self._agent_keys) >= _AGENTS_KEPT:
                self._agent_keys.clear()
            key = self._agent_keys[agent] = vault.index("agent", agent)[:KEY_BYTES]
        return key


async def take_up(screening: Screening, db: Db, now: int) -> None:
    """What other nodes saw, and which sub ids are shut out now."""
    since = screening.noted_until if screening.noted_until is not None else now - BURST_MS
    after, until = since - _OVERLAP_MS, max(since, now - _OVERLAP_MS)
    while rows := await db.read(screened_since, after):
        for row in rows:
            if not screening.memory.knows((row["seller_id"], row["sub_id"]), row["lead_id"]):  # most are our own
                screening.memory.note(_seen(row))
        until = max(since, rows[-1]["noted_at"])
        if len(rows) < AT_ONCE:
            break
        after = max(after + 1, until - 1)  # leads of the last moment may stand on the next page too
    screening.noted_until = until
    found = await db.read(read_blocks)
    screening.blocks = {(row["seller_id"], row["sub_id"]): row["reason"] for row in found}


async def learn(screening: Screening, db: Db, now: int) -> None:
    """Label what buyers spoke of since the last time, and count again what each signal and source is worth."""
    since = screening.labelled_until
    await db.write(label_leads, (now - SIGNAL_DAYS * DAY_MS if since is None else since) - _LABEL_OVERLAP_MS, now)
    screening.labelled_until = now
    signals = names_of(await db.read(signal_counts, now - SIGNAL_DAYS * DAY_MS))
    sources = await db.read(source_counts, now - SOURCE_DAYS * DAY_MS)
    screening.learned = learned_from(signals, sources)


def learned_from(signals: list[tuple[str, bool, int]], sources: list[Row]) -> Learned:
    bad: Counter[str] = Counter()
    good: Counter[str] = Counter()
    for name, was_bad, leads in signals:
        (bad if was_bad else good)[name] += leads
    of_source = {(row["seller_id"], row["sub_id"]): Count(row["bad"], row["leads"] - row["bad"]) for row in sources}
    of_seller: dict[str, Count] = {}
    for (seller_id, _), count in of_source.items():
        of_seller[seller_id] = _sum(of_seller.get(seller_id, Count()), count)
    base = Count()
    for count in of_seller.values():
        base = _sum(base, count)
    by_name = {name: Count(bad[name], good[name]) for name in bad.keys() | good.keys()}
    return Learned(by_name, of_source, of_seller, base)


def _sum(one: Count, other: Count) -> Count:
    return Count(one.bad + other.bad, one.good + other.good)


def _seen(row: Row) -> Seen:
    """A lead as another node saw it. The numbers that go up step by step are never stored, so they are not in it."""
    return Seen(
        row["lead_id"],
        row["at"],
        row["seller_id"],
        row["sub_id"],
        address=_bytes(row["address"]),
        agent=_bytes(row["maker"]),
        form_ms=row["form_ms"],
        phone=_bytes(row["phone"]),
        email=_bytes(row["email"]),
    )


def _bytes(value: object) -> bytes | None:
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else None
