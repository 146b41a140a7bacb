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

# Given on under their own names: what runs jobs by hand runs duties by hand too.
from exchange.duties import STALE_MS as STALE_MS
from exchange.duties import Duty, last_words
from exchange.duties import duties as duties
from exchange.duties import learn as learn
from exchange.duties import look_at_lists as look_at_lists
from exchange.duties import seal_chains as seal_chains
from exchange.duties import settle_silent as settle_silent
from exchange.flows.adverts import tell_platform
from exchange.flows.agent_mail import mail_agent
from exchange.flows.analysis import count_report
from exchange.flows.auto_top_up import run_auto_top_up
from exchange.flows.backups_here import back_up
from exchange.flows.batches import send_batch
from exchange.flows.charges import send_refund
from exchange.flows.deliver import deliver
from exchange.flows.digests import mail_digest
from exchange.flows.disposition_jobs import record_reports_file
from exchange.flows.doors import Write
from exchange.flows.form_sale import submit_form
from exchange.flows.import_jobs import CHECK_LEASE_MS, check_import, work_import
from exchange.flows.import_order import sort_import
from exchange.flows.job_ends import ComeBack, DestinationDown, Ended, Paced
from exchange.flows.jobs import (
    ASK_OUTCOME,
    AUTO_TOP_UP,
    BACKUP,
    BATCH,
    CHECK_IMPORT,
    CONVERT,
    COUNT_REPORT,
    DELIVER,
    DIGEST,
    FOLLOW_NOTE,
    IMPORT,
    LOAD_LIST,
    LOWER,
    NEWS,
    NOTICE,
    NOTICE_DIGEST,
    NOTICE_SEND,
    NURTURE,
    PASS_ON,
    PAYMENT_EVENT,
    POLL,
    RECORD_REPORTS,
    REFUND,
    REPORT_MAIL,
    RESEAL,
    RESELL,
    RESEND_MANY,
    RETAIN,
    RETURN,
    RETURN_FILE,
    RETURN_TEST,
    REVOKE,
    SCREEN_ALERT,
    SETTLE_TEST,
    SIMULATE,
    SORT_IMPORT,
    SUBMIT_FORM,
    TAKE,
    WEBHOOK,
    WITHDRAW,
)
from exchange.flows.list_desk import load_list
from exchange.flows.market import Market
from exchange.flows.master_keys import seal_anew
from exchange.flows.notice_send import send_daily, send_notice
from exchange.flows.notices import work_notice
from exchange.flows.nurture import nurture
from exchange.flows.payment_events import work_event
from exchange.flows.polls import poll
from exchange.flows.proofs import retain
from exchange.flows.reconcile import reconcile
from exchange.flows.report_mail import mail_report
from exchange.flows.reports_in import READ_REPORTS, read_reports
from exchange.flows.resell import resell
from exchange.flows.resend_many import work_many
from exchange.flows.return_bulk import work_return_file
from exchange.flows.return_lower import lower_job
from exchange.flows.return_rules import consider_job
from exchange.flows.return_withdraw import withdraw_job
from exchange.flows.revoke import find_recipients, pass_on
from exchange.flows.screen_alerts import note_screen_alert
from exchange.flows.simulations import SIMULATION_LEASE_MS, run_simulation
from exchange.flows.sources import take
from exchange.flows.test_leads import return_test_lead, settle_test_lead
from exchange.flows.webhooks import record_news, send_webhook
from exchange.log import logger
from exchange.storage.jobs import Leased, Terms, end_job, free_leases, lease_jobs, put_back, retry_job
from exchange.storage.queues import end_and_let_go, rest_queue

_LOG = logger(__name__)
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
        BACKUP: Kind(back_up, most=1, lease_ms=_LIST_LEASE_MS, at_once=1),
        BATCH: Kind(send_batch, waits_ms=_BROKEN_MS, most=3, lease_ms=_BATCH_LEASE_MS),
        CHECK_IMPORT: Kind(check_import, lease_ms=CHECK_LEASE_MS, at_once=2),
        CONVERT: Kind(tell_platform),
        COUNT_REPORT: Kind(count_report, most=2, lease_ms=300_000, at_once=1),
        DELIVER: Kind(deliver, waits_ms=_BROKEN_MS, most=3, lease_ms=_DELIVER_LEASE_MS, gap_ms=20),
        DIGEST: Kind(mail_digest),
        FOLLOW_NOTE: Kind(mail_agent),
        IMPORT: Kind(work_import, at_once=4),
        SORT_IMPORT: Kind(sort_import, lease_ms=CHECK_LEASE_MS, at_once=2),
        LOAD_LIST: Kind(load_list, most=3, lease_ms=_LIST_LEASE_MS, at_once=1),
        NEWS: Kind(record_news),
        NOTICE: Kind(work_notice),
        NOTICE_DIGEST: Kind(send_daily),
        NOTICE_SEND: Kind(send_notice),
        NURTURE: Kind(nurture, at_once=4),
        PAYMENT_EVENT: Kind(work_event),
        PASS_ON: Kind(pass_on),
        POLL: Kind(poll, most=3, lease_ms=300_000),
        READ_REPORTS: Kind(read_reports, most=3, lease_ms=300_000),
        RECORD_REPORTS: Kind(record_reports_file, lease_ms=300_000, at_once=2),
        REFUND: Kind(send_refund),
        REPORT_MAIL: Kind(mail_report),
        RESEAL: Kind(seal_anew),
        RESELL: Kind(resell),
        RESEND_MANY: Kind(work_many, at_once=2),
        RETAIN: Kind(retain),
        RETURN: Kind(consider_job, at_once=4),
        RETURN_FILE: Kind(work_return_file, lease_ms=300_000, at_once=2),
        RETURN_TEST: Kind(return_test_lead),
        SCREEN_ALERT: Kind(note_screen_alert),
        REVOKE: Kind(find_recipients),
        SETTLE_TEST: Kind(settle_test_lead),
        SIMULATE: Kind(run_simulation, most=2, lease_ms=SIMULATION_LEASE_MS, at_once=1),
        SUBMIT_FORM: Kind(submit_form),
        TAKE: Kind(take),
        WEBHOOK: Kind(send_webhook),
        WITHDRAW: Kind(withdraw_job),
        LOWER: Kind(lower_job),
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


async def work(market: Market, write: Write, *, for_all: bool = True) -> None:
    """All duties and jobs until cancelled. A duty that fails is logged and tried again at its next turn.

    Not `for_all`: another worker of this machine does what one can do for all of them.
    """
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(Jobs(market).run())
            for duty in duties(write, for_all=for_all):
                group.create_task(_repeat(market, duty))
    finally:
        await last_words(market)


async def _repeat(market: Market, duty: Duty) -> None:
    while True:
        await market.clock.sleep(duty.every_seconds)
        try:
            await duty.do(market)
        except Exception as error:
            _LOG.error("A duty failed", duty=duty.name, exc_info=error)
