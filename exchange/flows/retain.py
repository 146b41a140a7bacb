"""Retention: what is kept how long is a setting by class; the worker asks every hour."""

from __future__ import annotations

from exchange.flows.analysis import forget_sums
from exchange.flows.import_files import forget_files, forget_strays
from exchange.flows.market import Market
from exchange.flows.proofs import KEEPABLE_DAYS
from exchange.flows.screening import KEPT_DAYS
from exchange.ids import first_id
from exchange.model.verification import CACHE_DAYS_MOST
from exchange.stages.attribution.journey import WINDOW_MS
from exchange.storage.alerts import forget_alerts
from exchange.storage.attribution import forget_touches
from exchange.storage.disposition_files import forget_report_files
from exchange.storage.evidence import forget_evidence
from exchange.storage.forms import forget_views
from exchange.storage.harvest import forget_harvest
from exchange.storage.jobs import forget_jobs
from exchange.storage.notices import forget_notices
from exchange.storage.proofs import forget_proofs
from exchange.storage.queues import forget_queues
from exchange.storage.reconciliations import forget_books
from exchange.storage.retention import forget_expired, forget_raw, forget_test_leads, keep_longer
from exchange.storage.screened import forget_screened
from exchange.storage.sightings import forget_sightings
from exchange.storage.sign_in import forget_sign_ins
from exchange.storage.sources import forget_items
from exchange.storage.verifiers import forget_answers
from exchange.storage.webhooks import forget_events

_DAY_MS = 86_400_000
_JOB_DAYS = 7
_EVENT_DAYS = 30
_HARVEST_DAYS = 30
_ALERT_DAYS = 400
_NOTICE_DAYS = 90
_LINK_DAYS = 90


async def forget(market: Market) -> None:
    now = market.clock.now()
    while await market.db.write(keep_longer, now - market.retention_days["ping"] * _DAY_MS):
        pass
    for retention, days in market.retention_days.items():
        while await market.db.write(forget_raw, retention, now - days * _DAY_MS):
            pass
    while await market.db.write(forget_items, now - market.retention_days["lead"] * _DAY_MS):
        pass
    await market.db.write(forget_expired, now)
    while await market.db.write(forget_touches, now - WINDOW_MS):  # no lead to come reaches further back
        pass
    while await market.db.write(forget_sightings, first_id("ld", now - market.deals.memory_days * _DAY_MS)):
        pass
    while await market.db.write(forget_test_leads, now - market.retention_days["test"] * _DAY_MS):
        pass
    await forget_files(market, now, market.retention_days["lead"])
    await forget_strays(market, now)
    await market.db.write(forget_report_files, now - market.retention_days["lead"] * _DAY_MS)
    await market.db.write(forget_books, now - market.retention_days["lead"] * _DAY_MS)
    while await market.db.write(forget_events, now - _EVENT_DAYS * _DAY_MS):
        pass
    await market.db.write(forget_evidence, now)
    await market.db.write(forget_answers, now - CACHE_DAYS_MOST * _DAY_MS)
    await market.db.write(forget_proofs, now - KEEPABLE_DAYS * _DAY_MS)
    await market.db.write(forget_views, now - market.retention_days["lead"] * _DAY_MS)
    await market.db.write(forget_jobs, now - _JOB_DAYS * _DAY_MS)
    while await market.db.write(forget_screened, now - KEPT_DAYS * _DAY_MS):
        pass
    await market.db.write(forget_harvest, now - _DAY_MS, (now - _HARVEST_DAYS * _DAY_MS) // 3_600_000)
    await market.db.write(forget_queues, now - _DAY_MS)
    await market.db.write(forget_notices, now - _NOTICE_DAYS * _DAY_MS)
    await market.db.write(forget_alerts, now - _ALERT_DAYS * _DAY_MS)
    while await forget_sums(market):
        pass
    await market.db.write(forget_sign_ins, now, now - _DAY_MS, now - _LINK_DAYS * _DAY_MS)
