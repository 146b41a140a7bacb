"""The demo's past: leads of the last days, sold by the real flows to buyers behind a script, on a clock of its own."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile

import orjson

from exchange.clock import SimulatedClock, month_of
from exchange.connector import Receipt
from exchange.demo.acts.consumers import agreed_now
from exchange.demo.again import Earlier
from exchange.demo.homes import CityHomes
from exchange.demo.media import visits_of
from exchange.demo.mishaps import Post, mishaps
from exchange.demo.outcomes import Outcomes
from exchange.demo.payday import Finance
from exchange.demo.people import EVEN, generate
from exchange.demo.personalities import Rush, SellerHabits
from exchange.demo.regrets import Regrets
from exchange.demo.scripted import CastScript
from exchange.demo.shapes import GeneratedLead
from exchange.flows.attribution import note_landing
from exchange.flows.counting import keep_counts
from exchange.flows.doors import Write
from exchange.flows.market import Market, refresh
from exchange.flows.nurture import keep_nurture
from exchange.flows.proofs import plan_proofs
from exchange.flows.receipts import take_receipt
from exchange.flows.replacements import give_replacements
from exchange.flows.submit import submit
from exchange.model.actor import SYSTEM
from exchange.model.delivery import DeliveryState
from exchange.model.lead import Kind, Mode, Submission
from exchange.stages.schedule import NEVER
from exchange.storage.deliveries import overdue
from exchange.storage.delivery_views import DeliveryFilter, list_deliveries
from exchange.storage.spans import Span
from exchange.worker import run_jobs, seal_chains, settle_silent

MINUTES_PER_DAY = 1_440
MINUTE_MS = 60_000
_TELEPHONES = {"phone": "pressed 1", "sms": "by link"}
REMOTE = "198.51.100.20"
_PACE_SECONDS = 0.05  # of queues that let their jobs go one after another
_FAXES = 50  # more than go out between two of its turns
SOON_MS = MINUTE_MS  # what the lead before it did to caps, money and buyers is known to the next, however soon it comes
_MISHAPS_BEFORE_MS = 40 * MINUTE_MS
_MUCH = "24.00"  # what the seller wants for a lead at least
_NEAR = frozenset({"AZ", "NV", "CA", "TX"})
TENDED_EVERY = 5  # leads: a delivery beside a request must not wait for days


async def make_history(
    market: Market,
    clock: SimulatedClock,
    habits: Sequence[SellerHabits],
    write: Write,
    *,
    seed: int,
    until: int,
    days: int,
    leads: int,
    on_lead: Callable[[int], None],
    script: CastScript | None = None,
) -> int:
    """About `leads` leads over `days` days up to `until` (epoch ms), in the order they came. Returns how many.

    `script` answers for the buyers: without one nothing goes wrong at the end.
    """
    began = until - days * MINUTES_PER_DAY * MINUTE_MS
    finance, regrets, earlier = Finance(market, until), Regrets(market), Earlier(market, habits)
    outcomes = Outcomes(market)
    made = before = 0
    for at, clean, who in _arrivals(market, habits, seed, began, until, leads / (days * MINUTES_PER_DAY)):
        clock.set(max(at, clock.now()))
        if made % TENDED_EVERY == 0 or at - before < SOON_MS:
            await refresh(market)
        lead, before = await earlier.perhaps(who, clean), at
        for seen in visits_of(lead.values):
            await note_landing(market, seen, may_know=True)
            clock.advance(1)
        earlier.note(who, lead, await submit(_submission(market, who, lead), market, write))
        made += 1
        on_lead(made)
        if made % TENDED_EVERY == 0:
            await _tend(market)
            await outcomes.look()
            await regrets.look()
            await finance.look()
    clock.set(max(until - _MISHAPS_BEFORE_MS, clock.now()))
    await _tend(market)
    await mishaps(market, script, _asking_much(market, habits, seed, write))
    clock.set(max(until, clock.now()))
    await _tend(market)
    await outcomes.look(last=True)
    await regrets.look(last=True)
    await finance.look(again=True)
    while await keep_counts(market):
        pass
    return made


def _asking_much(market: Market, habits: Sequence[SellerHabits], seed: int, write: Write) -> Post:
    """Leads of the first seller whose price few buyers pay, as `mishaps` posts them."""
    who, now = habits[0], market.clock.now()
    vertical = market.verticals[market.deals.campaigns[who.campaign].vertical]
    people = generate(
        seed + len(habits) * 2, vertical, CityHomes(market.places), who.source, starts_at=now, per_minute=1.0
    )

    async def post() -> str:
        lead = next(each for each in people if each.values.get("state") in _NEAR)
        asked = agreed_now(lead, market.clock.now())
        asked = replace(asked, values={**asked.values, "min_price": _MUCH})
        answer = orjson.loads((await submit(_submission(market, who, asked), market, write)).body)
        return str(answer.get("lead_id") or "")

    return post


async def _tend(market: Market) -> None:
    """What the worker does in between: silence is settled by the contracts' rules, jobs run, the chains are sealed."""
    await settle_silent(market)
    await keep_nurture(market)
    while await run_jobs(market):
        await market.clock.sleep(_PACE_SECONDS)
    await _hear_of_faxes(market)
    await _answer_telephones(market)
    await give_replacements(market)
    while await seal_chains(market):
        continue


async def keep_proofs(market: Market) -> None:
    """Vendors keep the certificates of what was sold. Last, so that nobody waits for it when the demo begins."""
    await plan_proofs(market)
    while await run_jobs(market):
        await plan_proofs(market)


async def _hear_of_faxes(market: Market) -> None:
    """Providers of the past called back: every fax came out of its machine."""
    wanted = DeliveryFilter(states=(DeliveryState.SENT.value,), channel="fax", span=Span(limit=_FAXES))
    for row in await market.db.read(list_deliveries, SYSTEM, wanted):
        attempt_id, fax_id = row["attempt_id"], row["provider_ref"]
        receipt = Receipt(f"{fax_id}-delivered", "delivered", fax_id, attempt_id)
        await take_receipt(market, row["connection"], receipt)


async def _answer_telephones(market: Market) -> None:
    """Whoever was rung, or read a text, took the lead. Nobody rings in a past that is made in seconds."""
    for delivery in await market.db.read(overdue, NEVER):
        if delivery["state"] == DeliveryState.SENT.value and delivery["channel"] in _TELEPHONES:
            attempt_id, detail = delivery["attempt_id"], _TELEPHONES[delivery["channel"]]
            receipt = Receipt(f"history:{attempt_id}", "accepted", reference=attempt_id, detail=detail)
            await take_receipt(market, delivery["connection"], receipt)


def _arrivals(
    market: Market, habits: Sequence[SellerHabits], seed: int, began: int, until: int, per_minute: float
) -> Iterator[tuple[int, GeneratedLead, SellerHabits]]:
    """All sellers' leads, oldest first."""
    homes = CityHomes(market.places)
    shares = sum(who.share for who in habits)

    def stream(index: int, who: SellerHabits) -> Iterator[tuple[int, int, GeneratedLead, SellerHabits]]:
        vertical = market.verticals[market.deals.campaigns[who.campaign].vertical]
        rate = per_minute * who.share / shares
        leads = generate(seed + index, vertical, homes, who.source, starts_at=began, per_minute=rate)
        return ((lead.arrived_at, index, lead, who) for lead in leads)

    def rush(index: int, who: SellerHabits, many: Rush) -> Iterator[tuple[int, int, GeneratedLead, SellerHabits]]:
        vertical = market.verticals[market.deals.campaigns[who.campaign].vertical]
        starts_at, rate = until - many.hours_before * 60 * MINUTE_MS, 60 / many.every_s
        people = generate(seed + index, vertical, homes, who.source, starts_at=starts_at, per_minute=rate, hourly=EVEN)
        return ((lead.arrived_at, index, lead, who) for lead in islice(people, many.leads))

    streams: list[Iterator[tuple[int, int, GeneratedLead, SellerHabits]]] = []
    streams += [takewhile(lambda item: item[0] < until, stream(index, who)) for index, who in enumerate(habits)]
    streams += [rush(index, who, who.rush) for index, who in enumerate(habits, len(habits)) if who.rush is not None]
    for at, _, lead, who in heapq.merge(*streams, key=lambda item: item[:2]):
        yield at, lead, who


def _submission(market: Market, who: SellerHabits, lead: GeneratedLead) -> Submission:
    campaign = market.deals.campaigns[who.campaign]
    now = market.clock.now()
    fields = dict(lead.values)
    return Submission(
        id=market.ids.new("req", now),
        seller_id=campaign.seller_id,
        campaign_id=campaign.id,
        mode=Mode(who.mode),
        kind=Kind.DIRECT,
        channel="api",
        fields=fields,
        raw=orjson.dumps(fields),
        content_type="application/json",
        answer_format="json",
        remote_ip=REMOTE,
        key_id="key_demo",
        idempotency_key=None,
        received_at=now,
        month=month_of(now),
    )
