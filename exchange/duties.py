"""What is done every so often beside requests and jobs, by every process that works."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from exchange.flows.adverts import plan_conversions
from exchange.flows.alerts import look_at_own, look_for_alerts
from exchange.flows.attribution import trace_leads
from exchange.flows.auto_top_up import begin_auto_top_ups
from exchange.flows.bookkeeping import keep_books
from exchange.flows.counting import keep_counts
from exchange.flows.digests import plan_digests
from exchange.flows.doors import Write
from exchange.flows.follow import follow_leads
from exchange.flows.harvesting import share_harvest
from exchange.flows.health import beat, look_at_queues
from exchange.flows.key_desk import note_keys
from exchange.flows.list_desk import fold_crowded
from exchange.flows.lists import take_up_lists
from exchange.flows.market import Market, refresh
from exchange.flows.master_keys import follow_key
from exchange.flows.measures import consider, hold_caps
from exchange.flows.notice_send import plan_daily
from exchange.flows.notify import note_lead_hearers
from exchange.flows.nurture import keep_nurture
from exchange.flows.pausing import end_pauses
from exchange.flows.payouts import prepare_due
from exchange.flows.proof_alarm import look_for_late_proofs
from exchange.flows.proofs import plan_proofs
from exchange.flows.pulse import EVERY_SECONDS
from exchange.flows.quality import keep_quality
from exchange.flows.receipts import expire_deliveries
from exchange.flows.recover import recover
from exchange.flows.replacements import give_replacements
from exchange.flows.report_mail import plan_report_mails
from exchange.flows.reports_in import plan_looks
from exchange.flows.retain import forget
from exchange.flows.review import refuse_overdue
from exchange.flows.revoke import confirm_told
from exchange.flows.screening import learn as learn_signals
from exchange.flows.screening import take_up
from exchange.flows.settle import settle_by_rule
from exchange.flows.shelf import list_unsold, look_over
from exchange.flows.specs import keep_specs
from exchange.flows.spent import tell_spent
from exchange.flows.store import finish_purchases
from exchange.log import logger
from exchange.model.actor import SYSTEM
from exchange.storage.chain import Chain, seal
from exchange.storage.selling import unsettled_attempts

_LOG = logger(__name__)
STALE_MS = 90_000  # longer than any request may run: what is older and unanswered belongs to a dead process


@dataclass(frozen=True, slots=True)
class Duty:
    """Something done every so often. What is `own` is about what this process holds in memory: each does it itself."""

    name: str
    every_seconds: float
    do: Callable[[Market], Awaitable[object]]
    own: bool = False


def duties(write: Write, *, for_all: bool = True) -> tuple[Duty, ...]:
    """What this process does. Not `for_all`: another worker of the machine does what one can do for all of them."""
    return tuple(duty for duty in _duties(write) if for_all or duty.own)


def _duties(write: Write) -> tuple[Duty, ...]:
    async def recover_old(market: Market) -> None:
        await recover(market, market.clock.now() - STALE_MS, write)

    return (
        Duty("beat", EVERY_SECONDS, beat, own=True),
        Duty("look at the queues", 60.0, look_at_queues),
        Duty("look at what this process sees", 5.0, look_at_own, own=True),
        Duty("look for alerts", 5.0, look_for_alerts),
        Duty("refresh", 0.5, refresh, own=True),
        Duty("lists", 0.5, look_at_lists, own=True),
        Duty("follow the master key", 2.0, follow_key, own=True),
        Duty("poll", 1.0, plan_looks),
        Duty("learn", 5.0, learn, own=True),
        Duty("count quality", 5.0, keep_quality, own=True),
        Duty("watch sources", 60.0, watch_sources),
        Duty("seal", 1.0, seal_chains),
        Duty("posting instructions", 1.0, keep_specs),
        Duty("leads given for returns", 2.0, give_replacements),
        Duty("list unsold", 2.0, list_unsold),
        Duty("who hears of every lead", 5.0, note_lead_hearers, own=True),
        Duty("daily mails", 60.0, plan_daily),
        Duty("mail saved reports", 60.0, plan_report_mails),
        Duty("mail what searches found", 60.0, plan_digests),
        Duty("look over the store", 2.0, look_over),
        Duty("nurture", 2.0, keep_nurture),
        Duty("trace leads", 2.0, trace_leads),
        Duty("tell platforms", 10.0, plan_conversions),
        Duty("follow leads", 1.0, follow_leads),
        Duty("tell of caps and balances", 5.0, tell_spent),
        Duty("fill up accounts", 3.0, begin_auto_top_ups),
        Duty("keep the books", 60.0, keep_books),
        Duty("proofs to keep", 5.0, plan_proofs),
        Duty("proofs that are late", 60.0, look_for_late_proofs),
        Duty("screen", 1.0, take_up_screened, own=True),
        Duty("share what sellers try", 2.0, share_harvest, own=True),
        Duty("learn to screen", 600.0, learn_to_screen, own=True),
        Duty("settle by rule", 10.0, settle_silent),
        Duty("expire deliveries", 10.0, expire_deliveries),
        Duty("finish purchases", 30.0, finish_purchases),
        Duty("refuse what nobody decided", 60.0, refuse_overdue),
        Duty("recover", 30.0, recover_old),
        Duty("count", 5.0, keep_counts),
        Duty("confirm revocations", 60.0, confirm_told),
        Duty("prepare payouts", 60.0, prepare_due),
        Duty("end pauses", 5.0, end_pauses),
        Duty("fold lists", 300.0, fold_crowded),
        Duty("note which keys were used", 30.0, note_keys, own=True),
        Duty("forget", 3_600.0, forget),
    )


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
    await hold_caps(market)
    if market.screening.labelled_until is None:  # just started: what was learned before is counted again at once
        await learn_to_screen(market)


async def learn_to_screen(market: Market) -> None:
    await learn_signals(market.screening, market.db, market.clock.now())


async def watch_sources(market: Market) -> None:
    """Measures against rotten sub ids, once it is known how they stand."""
    if market.live.standings.at:
        await consider(market)


async def last_words(market: Market) -> None:
    """What a process that ends still tells the others."""
    try:
        await share_harvest(market)
    except Exception as error:
        _LOG.error("What sellers tried was not written down at the end", exc_info=error)
