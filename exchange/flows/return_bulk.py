"""Files of returns: brought, looked at, and done when somebody says so, a long one by a job that may stop anywhere.

They are kept as files of reports are. The same bytes are the same file: brought again, it shows what became of it and
what doing it again would do. A lead is asked for once and a request decided once, however often that happens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

from exchange import limits
from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.import_desk import shown_name
from exchange.flows.job_ends import ComeBack, Ended
from exchange.flows.jobs import RETURN_FILE, job
from exchange.flows.market import Market
from exchange.flows.return_files import (
    DONE,
    UNCHANGED,
    WOULD,
    WRONG,
    RowTold,
    ask_all,
    decide_all,
    look_at_asks,
    look_at_decisions,
)
from exchange.flows.small_files import CannotRead
from exchange.model.actor import Actor, Role
from exchange.stages.returns.files import BadReturns, ask_rows, decide_rows
from exchange.storage.disposition_files import (
    ASKS,
    DECISIONS,
    LOOK,
    RECORD,
    ReportFile,
    ToldRow,
    bring_file,
    note_looked,
    note_progress,
    note_recorded,
    read_file,
    want_recording,
)

OUTCOMES = (WRONG, UNCHANGED, WOULD, DONE)
_AT_ONCE = 50  # rows between two notes of how far it is
_TURN_SECONDS = 20.0
Rows = Sequence[Any]


class _Kind(NamedTuple):
    """How the rows of a kind are read, looked at and done; whose role does it, and what the audit log calls it."""

    read: Callable[[str], Rows]
    look: Callable[[Market, Actor, Rows], Awaitable[list[RowTold]]]
    do: Callable[[Market, Actor, Rows, str], Awaitable[list[RowTold]]]
    role: Role
    action: str


async def _look_at_asks(market: Market, actor: Actor, rows: Rows) -> list[RowTold]:
    return await look_at_asks(market, actor, tuple(rows))


async def _ask(market: Market, actor: Actor, rows: Rows, _: str) -> list[RowTold]:
    return await ask_all(market, actor, tuple(rows))


async def _look_at_decisions(market: Market, actor: Actor, rows: Rows) -> list[RowTold]:
    return await look_at_decisions(market, actor, tuple(rows))


async def _decide(market: Market, actor: Actor, rows: Rows, ip: str) -> list[RowTold]:
    return await decide_all(market, actor, tuple(rows), ip)


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        ASKS: _Kind(ask_rows, _look_at_asks, _ask, Role.BUYER, "returns.asked"),
        DECISIONS: _Kind(decide_rows, _look_at_decisions, _decide, Role.OPERATOR, "returns.decided"),
    }
)


@dataclass(frozen=True, slots=True)
class BulkLook:
    """A file, what would become of its rows by outcome, and the rows to show, those to be mended first. Nothing of a
    file that a job is at."""

    file: ReportFile
    counts: Mapping[str, int]
    told: tuple[RowTold, ...] = ()
    whole: bool = True  # `told` are all rows


async def bring_returns(
    market: Market, kind: str, name: str, data: bytes, actor: Actor, *, looks: bool = True
) -> ReportFile:
    """Keep a file of a buyer, or of an operator, and begin to look at a long one if that is wanted.

    Raises `BadReturns`.
    """
    if len(data) > limits.DISPOSITION_FILE_BYTES:
        raise BadReturns(f"The file is larger than {limits.DISPOSITION_FILE_BYTES // 1024**2} MB. Split it.")
    rows = _KINDS[kind].read(_text(data))
    now, party = market.clock.now(), actor.party_id or ""
    hashed = sha256(f"{kind}:".encode() + data).digest()
    wrapped, key = market.vault.new_data_key()
    sealed = market.vault.seal(key, f"{kind}:{hashed.hex()}", data)
    file_id = market.ids.new("dsf", now)
    file = ReportFile(
        file_id, month_of(now), party, hashed, shown_name(name), {}, wrapped, sealed, {}, now, actor.name, kind=kind
    )
    line = _line(market, file, actor, "uploaded", {"rows": str(len(rows))})
    kept = await market.db.write(bring_file, file, line)
    found = await market.db.read(read_file, None, kept, kind)
    assert found is not None, "it was brought just now"
    if looks and len(rows) > limits.RETURN_ROWS_AT_ONCE and not found.under_way:
        await _leave_to_job(market, found, len(rows), actor, LOOK)
        found = await market.db.read(read_file, None, kept, kind)
        assert found is not None
    return found


async def look_at_file(market: Market, file: ReportFile, actor: Actor) -> BulkLook:
    """What would become of its rows. Nothing is done. Raises `CannotRead`."""
    if file.under_way:
        return BulkLook(file, file.counts if file.aim == RECORD else file.looked)
    rows = rows_of(market, file)
    if len(rows) <= limits.RETURN_ROWS_AT_ONCE:
        told = await _KINDS[file.kind].look(market, actor, rows)
        return BulkLook(file, counted(told), tuple(sorted(told, key=_worst_first)))
    names = {row.number: row[1] for row in rows}
    listed = tuple(RowTold(each.number, names.get(each.number, ""), each.outcome, each.sentence) for each in file.told)
    return BulkLook(file, file.looked, listed, whole=False)


def counted(told: Sequence[RowTold]) -> dict[str, int]:
    """How many rows became what."""
    found = Counter(each.verdict for each in told)
    return {outcome: found[outcome] for outcome in OUTCOMES if found[outcome]}


async def do_file(market: Market, file: ReportFile, actor: Actor) -> list[RowTold] | None:
    """Ask or decide every row. Returns what became of each; None for a long file: a job does it. Raises `CannotRead`.

    However often it is wanted, one job is at it.
    """
    if file.under_way:
        return None
    rows = rows_of(market, file)
    if len(rows) > limits.RETURN_ROWS_AT_ONCE:
        await _leave_to_job(market, file, len(rows), actor, RECORD)
        return None
    told = await _KINDS[file.kind].do(market, actor, rows, actor.ip)
    await _note_done(market, file, counted(told), _to_mend(told), actor)
    return told


def rows_of(market: Market, file: ReportFile) -> Rows:
    """Raises `CannotRead` when it is no longer kept."""
    if file.sealed is None or file.wrapped is None:
        raise CannotRead("The file is no longer kept. Bring it again.")
    data = market.vault.open(market.vault.data_key(file.wrapped), f"{file.kind}:{file.hash.hex()}", file.sealed)
    return _KINDS[file.kind].read(_text(data))


async def work_return_file(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """The job: looks at a long file, or does it. A row done before the process died is found unchanged."""
    file = await market.db.read(read_file, None, str(payload["file_id"]), str(payload["kind"]))
    if file is None or not file.under_way:
        return Ended.UNASKED
    kind, recording = _KINDS[file.kind], file.aim == RECORD
    actor = Actor(kind.role, file.wanted_by or file.made_by, file.buyer_id or None)
    ends, done = market.clock.monotonic() + _TURN_SECONDS, file.rows_done
    counts, mend = Counter(file.counts if recording else file.looked), list(file.told)
    try:
        left = rows_of(market, file)[done:]
    except CannotRead:  # what is in it was forgotten meanwhile
        left = ()
    for start in range(0, len(left), _AT_ONCE):
        rows = left[start : start + _AT_ONCE]
        told = await (kind.do(market, actor, rows, "") if recording else kind.look(market, actor, rows))
        counts.update(counted(told))
        mend = [*mend, *_to_mend(told)][: limits.RETURN_ROWS_TOLD]
        done += len(rows)
        await market.db.write(note_progress, file.id, done, counts, mend, file.aim)
        if market.clock.monotonic() >= ends and start + _AT_ONCE < len(left):
            raise ComeBack(market.clock.now())
    if recording:
        await _note_done(market, file, counts, mend, actor)
    else:
        await market.db.write(note_looked, file.id, counts, mend)
    return None


async def _leave_to_job(market: Market, file: ReportFile, rows: int, actor: Actor, aim: str) -> None:
    now, name = market.clock.now(), f"return_file:{file.id}"
    line = _line(market, file, actor, "wanted", {})
    made = job(market, name, RETURN_FILE, {"file_id": file.id, "kind": file.kind}, now, now, name)
    await market.db.write(want_recording, file.id, rows, made, line, aim)


async def _note_done(
    market: Market, file: ReportFile, counts: Mapping[str, int], mend: Sequence[ToldRow], actor: Actor
) -> None:
    line = _line(market, file, actor, "recorded", {name: str(count) for name, count in counts.items()})
    await market.db.write(note_recorded, file.id, dict(counts), line, mend)


def _to_mend(told: Sequence[RowTold]) -> list[ToldRow]:
    wrong = [ToldRow(each.number, each.verdict, each.sentence) for each in told if each.verdict == WRONG]
    return wrong[: limits.RETURN_ROWS_TOLD]


def _worst_first(told: RowTold) -> tuple[bool, int]:
    return told.verdict != WRONG, told.number


def _line(market: Market, file: ReportFile, actor: Actor, what: str, after: Mapping[str, str]) -> Any:
    subject = f"buyer:{file.buyer_id}" if file.buyer_id else f"file:{file.id}"
    action = f"{_KINDS[file.kind].action}_by_file.{what}"
    return audit_line(market.ids, market.clock.now(), actor, action, subject, after={"file": file.id, **after})


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", "replace")
