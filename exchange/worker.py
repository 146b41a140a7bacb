"""What happens beside requests: taking up changes, durable jobs, sealing the chains, recovery, retention.

Each job is a task of its own, so that none waits for another; of each queue one runs at a time.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange import limits
from exchange.flows.agent_mail import mail_agent
from exchange.flows.auto_top_up import begin_auto_top_ups, run_auto_top_up
from exchange.flows.batches import send_batch
from exchange.flows.billing import bill_due
from exchange.flows.charges import send_refund
from exchange.flows.deliver import deliver
from exchange.flows.digests import mail_digest, plan_digests
from exchange.flows.doors import Write
from exchange.flows.follow import follow_leads
from exchange.flows.form_sale import submit_form
from exchange.flows.import_jobs import CHECK_LEASE_MS, check_import, work_import
from exchange.flows.job_ends import ComeBack, DestinationDown, Ended, Paced
from exchange.flows.jobs import (
    ASK_OUTCOME,
    AUTO_TOP_UP,
    BATCH,
    CHECK_IMPORT,
    DELIVER,
    DIGEST,
    FOLLOW_NOTE,
    IMPORT,
    LOAD_LIST,
    NEWS,
    NOTICE,
    PASS_ON,
    PAYMENT_EVENT,
    POLL,
    REFUND,
    RESELL,
    RETAIN,
    RETURN,
    RETURN_TEST,
    REVOKE,
    SCREEN_ALERT,
    SETTLE_TEST,
    SUBMIT_FORM,
    TAKE,
    WEBHOOK,
)
from exchange.flows.list_desk import fold_crowded, load_list
from exchange.flows.lists import take_up_lists
from exchange.flows.market import Market, refresh
from exchange.flows.notices import mail_notice
from exchange.flows.payment_events import work_event
from exchange.flows.payouts import prepare_due
from exchange.flows.polls import poll
from exchange.flows.proofs import plan_proofs, retain
from exchange.flows.quality import keep_quality
from exchange.flows.receipts import expire_deliveries
from exchange.flows.reconcile import reconcile
from exchange.flows.recover import recover
from exchange.flows.reports_in import READ_REPORTS, plan_looks, read_reports
from exchange.flows.resell import resell
from exchange.flows.retain import forget
from exchange.flows.return_rules import consider_job
from exchange.flows.review import refuse_overdue
from exchange.flows.revoke import confirm_told, find_recipients, pass_on
from exchange.flows.screen_alerts import note_screen_alert
from exchange.flows.screening import learn as learn_signals
from exchange.flows.screening import take_up
from exchange.flows.settle import settle_by_rule
from exchange.flows.shelf import list_unsold, look_over
from exchange.flows.sources import take
from exchange.flows.specs import keep_specs
from exchange.flows.spent import tell_spent
from exchange.flows.store import finish_purchases
from exchange.flows.test_leads import return_test_lead, settle_test_lead
from exchange.flows.webhooks import record_news, send_webhook
from exchange.log import logger
from exchange.model.actor import SYSTEM
from exchange.storage.chain import Chain, seal
from exchange.storage.jobs import Leased, Terms, end_job, free_leases, lease_jobs, put_back, retry_job
from exchange.storage.queues import end_and_let_go, rest_queue
from exchange.storage.reports import roll_up
from exchange.storage.selling import unsettled_attempts

_LOG = logger(__name__)
STALE_MS = 90_000  # longer than any request may run: what is older and unanswered belongs to a dead process
_LOOK_SECONDS = 0.5  # for jobs that others made, and for those whose time has come
_RETRY_MS = (5_000, 30_000, 120_000, 600_000, 3_600_000, 10_800_000)
_BROKEN_MS = (5_000, 60_000)  # a delivery that breaks its connector each time is put aside soon
_DELIVER_LEASE_MS = 180_000  # longer than any connector may talk
_BATCH_LEASE_MS = 600_000  # and longer than a turn of a batch may take
_LIST_LEASE_MS = 3_600_000  # thirty million rows take minutes
_SPREAD = 0.2
_OF_LEASE = 0.9  # a job is cut before its lease ends, so that nobody else begins it meanwhile

Run = Callable[[Market, Mapping[str, object]], Awaitable[Ended | Paced | None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How jobs of one kind are run: who does it, the waits after failures, and how much of the worker they may take.

    `most` tries, then a job is dead. `gap_ms` lies between two jobs of one queue, so that no receiver is flooded.
    """

    run: Run
    waits_ms: tuple[int, ...] = _RETRY_MS  # the last one stays
    most: int = limits.JOB_ATTEMPTS
    lease_ms: int = 60_000
    at_once: int = limits.JOBS_OF_A_KIND
    gap_ms: int = 0


def kinds() -> Mapping[str, Kind]:
    """Every kind of durable job, in alphabetical order."""
    return {
        ASK_OUTCOME: Kind(reconcile),
        AUTO_TOP_UP: Kind(run_auto_top_up),
        BATCH: Kind(send_batch, waits_ms=_BROKEN_MS, most=3, lease_ms=_BATCH_LEASE_MS),
        CHECK_IMPORT: Kind(check_import, lease_ms=CHECK_LEASE_MS, at_once=2),
        DELIVER: Kind(deliver, waits_ms=_BROKEN_MS, most=3, lease_ms=_DELIVER_LEASE_MS, gap_ms=20),
        DIGEST: Kind(mail_digest),
        FOLLOW_NOTE: Kind(mail_agent),
        IMPORT: Kind(work_import, at_once=4),
        LOAD_LIST: Kind(load_list, most=3, lease_ms=_LIST_LEASE_MS, at_once=1),
        NEWS: Kind(record_news),
        NOTICE: Kind(mail_notice),
        PAYMENT_EVENT: Kind(work_event),
        PASS_ON: Kind(pass_on),
        POLL: Kind(poll, most=3, lease_ms=300_000),
        READ_REPORTS: Kind(read_reports, most=3, lease_ms=300_000),
        REFUND: Kind(send_refund),
        RESELL: Kind(resell),
        RETAIN: Kind(retain),
        RETURN: Kind(consider_job, at_once=4),
        RETURN_TEST: Kind(return_test_lead),
        SCREEN_ALERT: Kind(note_screen_alert),
        REVOKE: Kind(find_recipients),
        SETTLE_TEST: Kind(settle_test_lead),
        SUBMIT_FORM: Kind(submit_form),
        TAKE: Kind(take),
        WEBHOOK: Kind(send_webhook),
    }


class Jobs:
    """The durable jobs that this process runs now."""

    def __init__(self, market: Market, known: Mapping[str, Kind] | None = None) -> None:
        self._market = market
        self._kinds = MappingProxyType(kinds() if known is None else known)
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_work: set[asyncio.Task[Any]] = set()  # those of them whose end is not being stored yet
        self._running: Counter[str] = Counter()
        self._freed = asyncio.Event()

    async def run(self) -> None:
        """Run what is due until cancelled. When a job ends, the next of its queue begins at once.

        A job that is cut by the end comes again when its lease is over; what had ended is stored.
        """
        try:
            while True:
                self._freed.clear()
                await self._lease_all()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await self._freed.wait()
        finally:
            for task in self._at_work:
                task.cancel()
            await self.ended()

    async def _lease_all(self) -> None:
        try:
            while await self.lease():
                continue
        except Exception as error:
            _LOG.error("Jobs could not be leased", exc_info=error)
            await self._market.clock.sleep(_LOOK_SECONDS)

    async def lease(self) -> int:
        """Begin what is due, as far as there is room. Returns how many jobs began."""
        room = limits.JOBS_AT_ONCE - len(self._tasks)
        if room <= 0:
            return 0
        terms = {
            name: Terms(kind.at_once - self._running[name], kind.lease_ms, kind.most)
            for name, kind in self._kinds.items()
        }
        others = Terms(room, _UNKNOWN.lease_ms, _UNKNOWN.most)
        leased = await self._market.db.write(lease_jobs, self._market.clock.now(), room, terms, others)
        for job in leased:
            self._begin(job)
        return len(leased)

    async def ended(self) -> None:
        """Wait for the jobs that run now."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, job: Leased) -> None:
        self._running[job.kind] += 1
        task = asyncio.create_task(self._do(job))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._end(done, job.kind))

    def _end(self, task: asyncio.Task[None], kind: str) -> None:
        self._tasks.discard(task)
        self._running[kind] -= 1
        self._freed.set()
        if gap_ms := self._kinds.get(kind, _UNKNOWN).gap_ms:  # the next of its queue may begin then
            asyncio.get_running_loop().call_later(gap_ms / 1000, self._freed.set)

    async def _do(self, job: Leased) -> None:
        try:
            await self._run(job, self._kinds.get(job.kind, _UNKNOWN))
        except Exception as error:  # the lease runs out and the job comes again
            _LOG.error("How a job ended could not be stored", job=job.id, kind=job.kind, exc_info=error)

    async def _run(self, job: Leased, kind: Kind) -> None:
        market = self._market
        try:
            ended = await self._work(job, kind)
        except ComeBack as later:
            await market.db.write(put_back, job, later.run_at)
        except DestinationDown as down:
            await _rest(market, job, down)
        except Exception as error:
            await _failed(market, job, kind, error)
        else:
            now = market.clock.now()
            if ended is Ended.UNASKED:
                await market.db.write(end_job, job, now)
            else:
                gap_ms = ended.gap_ms if isinstance(ended, Paced) else kind.gap_ms
                await market.db.write(end_and_let_go, job, now, gap_ms)

    async def _work(self, job: Leased, kind: Kind) -> Ended | Paced | None:
        task = asyncio.current_task()
        assert task is not None
        self._at_work.add(task)
        try:
            async with asyncio.timeout(kind.lease_ms * _OF_LEASE / 1000):
                return await kind.run(self._market, json.loads(job.payload))
        finally:
            self._at_work.discard(task)


async def run_jobs(market: Market) -> int:
    """Run what is due once, and wait for it. Returns how many ran."""
    jobs = Jobs(market)
    count = await jobs.lease()
    await jobs.ended()
    return count


async def free_jobs(market: Market) -> None:
    """What a stopped process was at begins again at once, not when its lease ends. Only for one that is alone."""
    await market.db.write(free_leases, market.clock.now())


async def _rest(market: Market, job: Leased, down: DestinationDown) -> None:
    now = market.clock.now()
    rest_ms = None if down.after_ms is None else min(max(down.after_ms, 0), limits.QUEUE_REST_MS_MOST)
    _LOG.warning("A queue rests", job=job.id, kind=job.kind)
    await market.db.write(
        rest_queue,
        job,
        down.detail,
        now,
        rest_ms=rest_ms,
        draw=market.ids.draw(),
        made_before=now - limits.JOB_DOWN_MS,
    )


async def _failed(market: Market, job: Leased, kind: Kind, error: Exception) -> None:
    now = market.clock.now()
    wait_ms = kind.waits_ms[min(job.attempts, len(kind.waits_ms)) - 1]
    wait_ms += int(wait_ms * _SPREAD * market.ids.draw())
    _LOG.warning("A job failed", job=job.id, kind=job.kind, exc_info=error)
    await market.db.write(retry_job, job, f"{type(error).__name__}: {error}", now + wait_ms, kind.most, now)


async def _unknown(_: Market, __: Mapping[str, object]) -> None:
    raise LookupError("no such kind of job")


_UNKNOWN = Kind(_unknown)
"""A job that a newer release left behind: it waits for that release, or somebody looks at it."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Something done every so often."""

    name: str
    every_seconds: float
    do: Callable[[Market], Awaitable[object]]


def duties(write: Write) -> tuple[Duty, ...]:
    async def recover_old(market: Market) -> None:
        await recover(market, market.clock.now() - STALE_MS, write)

    return (
        Duty("refresh", 0.5, refresh),
        Duty("lists", 0.5, look_at_lists),
        Duty("poll", 1.0, plan_looks),
        Duty("learn", 5.0, learn),
        Duty("count quality", 5.0, keep_quality),
        Duty("seal", 1.0, seal_chains),
        Duty("posting instructions", 1.0, keep_specs),
        Duty("list unsold", 2.0, list_unsold),
        Duty("mail what searches found", 60.0, plan_digests),
        Duty("look over the store", 2.0, look_over),
        Duty("follow leads", 1.0, follow_leads),
        Duty("tell of caps and balances", 5.0, tell_spent),
        Duty("fill up accounts", 3.0, begin_auto_top_ups),
        Duty("issue documents", 60.0, bill_due),
        Duty("proofs to keep", 5.0, plan_proofs),
        Duty("screen", 1.0, take_up_screened),
        Duty("learn to screen", 600.0, learn_to_screen),
        Duty("settle by rule", 10.0, settle_silent),
        Duty("expire deliveries", 10.0, expire_deliveries),
        Duty("finish purchases", 30.0, finish_purchases),
        Duty("refuse what nobody decided", 60.0, refuse_overdue),
        Duty("recover", 30.0, recover_old),
        Duty("roll up", 60.0, roll_up_hours),
        Duty("confirm revocations", 60.0, confirm_told),
        Duty("prepare payouts", 60.0, prepare_due),
        Duty("fold lists", 300.0, fold_crowded),
        Duty("forget", 3_600.0, forget),
    )


async def work(market: Market, write: Write) -> None:
    """All duties and jobs until cancelled. A duty that fails is logged and tried again at its next turn."""
    async with asyncio.TaskGroup() as group:
        group.create_task(Jobs(market).run())
        for duty in duties(write):
            group.create_task(_repeat(market, duty))


async def _repeat(market: Market, duty: Duty) -> None:
    while True:
        await market.clock.sleep(duty.every_seconds)
        try:
            await duty.do(market)
        except Exception as error:
            _LOG.error("A duty failed", duty=duty.name, exc_info=error)


async def look_at_lists(market: Market) -> bool:
    """Suppression lists that another process changed."""
    return await take_up_lists(market.db, market.lists)


async def seal_chains(market: Market) -> int:
    """Seal what waits, in every chain, a bounded number of rows at once."""
    return sum([await market.db.write(seal, chain) for chain in Chain])


async def settle_silent(market: Market) -> int:
    """Unclear posts whose contract says what silence means."""
    attempts = await market.db.write(unsettled_attempts, market.clock.now())
    for attempt in attempts:
        try:
            await settle_by_rule(market, attempt, SYSTEM)
        except Exception as error:  # one that cannot be settled must not keep the others waiting
            _LOG.error("A delivery was not settled by rule", attempt=attempt["id"], exc_info=error)
    return len(attempts)


async def learn(market: Market) -> int:
    """Feed the conversion score what was sold and reported since."""
    return await market.live.scorer.take_up(market.db, market.verticals, market.clock.now())


async def take_up_screened(market: Market) -> None:
    await take_up(market.screening, market.db, market.clock.now())
    if market.screening.labelled_until is None:  # just started: what was learned before is counted again at once
        await learn_to_screen(market)


async def learn_to_screen(market: Market) -> None:
    await learn_signals(market.screening, market.db, market.clock.now())


async def roll_up_hours(market: Market) -> None:
    await market.db.write(roll_up, market.clock.now())
