"""Many deliveries sent again by one order: counted first, then one after another at a pace, until it is stopped.

A durable job works through them in stretches. Each is marked before it goes: one that a stopped process was at may have
gone out, so it is told as unsure and not sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from exchange.flows.by_hand import audit_line
from exchange.flows.job_ends import ComeBack
from exchange.flows.jobs import RESEND_MANY, job
from exchange.flows.market import Market
from exchange.flows.resend import resend
from exchange.flows.settle import CannotSettle
from exchange.model.actor import Actor, Role
from exchange.model.rights import Right, may, needed
from exchange.storage.delivery_views import DeliveryFilter, list_deliveries
from exchange.storage.resend_runs import (
    RunRow,
    begin_run,
    end_item,
    end_run,
    give_up_going,
    next_item,
    read_run,
    stop_run,
)
from exchange.storage.spans import Span

STATUSES: Mapping[str, tuple[str, ...]] = {
    "failed": ("failed", "refused"),
    "put_aside": ("waiting",),
    "nobody_knows": ("expired",),
}
MOST = 2_000  # in one order: an outage of an hour at a busy buyer
PER_MINUTE_MOST = 1_200
_PAGE = 500
_STRETCH_SECONDS = 20.0


class CannotBegin(ValueError):
    """Why nothing is sent, as a sentence that names the field."""


@dataclass(frozen=True, slots=True)
class Which:
    """Deliveries that stand so (`status`), of a buyer or of all, made between two moments; as many as `MOST`."""

    status: str
    buyer_id: str = ""
    since: int | None = None
    until: int | None = None
    mode: str = "live"


async def find_many(market: Market, which: Which, actor: Actor) -> list[str]:
    """Their ids, the oldest first. Raises `CannotBegin`."""
    if which.status not in STATUSES:
        raise CannotBegin(f"status: one of {', '.join(STATUSES)}.")
    if which.buyer_id and which.buyer_id not in market.deals.buyers:
        raise CannotBegin("buyer: choose one of the list.")
    states, span = STATUSES[which.status], Span(limit=_PAGE)
    page: DeliveryFilter | None = DeliveryFilter(
        which.mode, states, which.buyer_id or None, since=which.since, until=which.until, span=span
    )
    ids: list[str] = []
    while page is not None and len(ids) < MOST:
        rows = await market.db.read(list_deliveries, actor, page)
        every = which.status != "put_aside"
        ids += [row["attempt_id"] for row in rows if every or (row["dead"] and row["run_at"] is None)]
        last = (rows[-1]["made_at"], rows[-1]["attempt_id"]) if len(rows) == _PAGE else None
        page = replace(page, span=Span(after=last, limit=_PAGE)) if last is not None else None
    return ids[:MOST][::-1]


async def begin_many(market: Market, which: Which, told: str, per_minute: int, actor: Actor, ip: str = "") -> str:
    """Have them sent again; `told` says in words which they are. Returns the order's id. Raises `CannotBegin`."""
    if not may(actor, Right.EDIT):
        raise CannotBegin(f"To {Right.EDIT.value} needs the role {needed(Right.EDIT)}.")
    if not 1 <= per_minute <= PER_MINUTE_MOST:
        raise CannotBegin(f"rate: 1 to {PER_MINUTE_MOST} a minute. Got {per_minute}.")
    ids, now = await find_many(market, which, actor), market.clock.now()
    run = RunRow(market.ids.new("rsr", now), now, actor.name, actor.duty, told, per_minute)
    after = {"deliveries": len(ids), "which": told, "per_minute": per_minute}
    line = audit_line(market.ids, now, actor, "deliveries.resent", f"resend:{run.id}", after=after, ip=ip)
    work = job(market, RESEND_MANY, RESEND_MANY, {"run_id": run.id}, now, now, run.id)
    if not await market.db.write(begin_run, run, ids, work, line):
        raise CannotBegin("None of these deliveries is left to send: another order has them, or there is none.")
    return run.id


async def work_many(market: Market, payload: Mapping[str, object]) -> None:
    """The job: a stretch of deliveries. Raises `ComeBack` while there are more."""
    run_id, clock = str(payload["run_id"]), market.clock
    run = await market.db.read(read_run, Actor(Role.OPERATOR, "resend"), run_id)
    if run is None or run["state"] != "running":
        return
    actor = Actor(Role.OPERATOR, run["made_by"], duty=run["duty"])
    await market.db.write(give_up_going, run_id)
    until, gap_seconds = clock.monotonic() + _STRETCH_SECONDS, 60 / run["per_minute"]
    while (item := await market.db.write(next_item, run_id)) is not None:
        await _one(market, run_id, item["place"], item["attempt_id"], actor)
        if clock.monotonic() + gap_seconds >= until:  # a job does not sleep through its lease: it comes again
            break
        await clock.sleep(gap_seconds)
    if not await market.db.write(end_run, run_id, clock.now()):
        raise ComeBack(clock.now() + int(gap_seconds * 1000))


async def _one(market: Market, run_id: str, place: int, attempt_id: str, actor: Actor) -> None:
    try:
        await resend(market, attempt_id, actor)
    except CannotSettle as error:
        await market.db.write(end_item, run_id, place, "refused", str(error))
    else:
        await market.db.write(end_item, run_id, place, "sent", "")


async def stop_many(market: Market, run_id: str, actor: Actor, ip: str = "") -> bool:
    """Stop it before its next delivery. False when it is over. Raises `CannotBegin` for who may not."""
    if not may(actor, Right.EDIT):
        raise CannotBegin(f"To {Right.EDIT.value} needs the role {needed(Right.EDIT)}.")
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "deliveries.resend_stopped", f"resend:{run_id}", ip=ip)
    return await market.db.write(stop_run, run_id, line)
