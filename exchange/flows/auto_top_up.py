"""An account that is filled up by itself when its balance falls below what its buyer said: once for each fall, at most
so often a day, by a card that the provider keeps. A card that is declined stops it, and people are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from exchange.flows.by_hand import audit_line
from exchange.flows.charges import AUTO, ask, book_paid, new_charge, payments_of, wish_of
from exchange.flows.jobs import AUTO_TOP_UP, job
from exchange.flows.letters import letter
from exchange.flows.market import Market
from exchange.log import logger
from exchange.model.actor import Actor, Role
from exchange.model.money import Money
from exchange.model.party import Buyer, State, Window
from exchange.model.work import JobRow
from exchange.payments.protocol import Method
from exchange.stages.reasons import show_day, show_money
from exchange.stages.schedule import window_start
from exchange.storage.auto_top_ups import AutoRow, autos_on, begin_auto, note_full, read_auto, save_auto, stop_auto
from exchange.storage.charges import ChargeRow, note_charge, open_charges, read_charge, read_method

GIVE_UP_MS = 86_400_000
"""A provider that never told what became of a charge is asked by a person: it may have forgotten the key by then."""
_NEVER_TOLD = "The provider never told what became of it. Look at it there before you switch auto top-up on again."
PER_DAY_MOST = 20
_LOG = logger(__name__)


class CannotSet(Exception):
    """It stays as it was. The sentence says why, `field` what to change."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class AutoWish(NamedTuple):
    """What a buyer asks for: below `threshold`, charge `amount`, at most `most_per_day` times."""

    on: bool
    threshold: Money
    amount: Money
    most_per_day: int


async def set_auto(market: Market, buyer: Buyer, wish: AutoWish, actor: Actor, ip: str = "") -> None:
    """Switch it on or off. Raises `CannotSet`."""
    ready = payments_of(market)
    if wish.on and ready is None:
        raise CannotSet("state", "This exchange takes no cards.")
    if wish.on and await market.db.read(read_method, buyer.id) is None:
        raise CannotSet("state", "Pay once by card and let it be kept: then the account can be filled up by itself.")
    if ready is not None and (told := ready.provider.takes(wish.amount)):
        raise CannotSet("amount", told)
    if wish.threshold.units < 0:
        raise CannotSet("threshold", "The threshold is zero or more.")
    if not 1 <= wish.most_per_day <= PER_DAY_MOST:
        raise CannotSet("most_per_day", f"Between once and {PER_DAY_MOST} times a day.")
    before, now = await market.db.read(read_auto, buyer.id), market.clock.now()
    state = "on" if wish.on else "off"
    row = AutoRow(buyer.id, wish.threshold, wish.amount, wish.most_per_day, state, "", 0, now, actor.name)
    line = audit_line(
        market.ids,
        now,
        actor,
        "auto_top_up.set",
        f"buyer:{buyer.id}",
        before={"state": before.state} if before is not None else None,
        after={"state": state, "threshold": wish.threshold.text, "amount": wish.amount.text},
        ip=ip,
    )
    await market.db.write(save_auto, row, line)


async def begin_auto_top_ups(market: Market) -> int:
    """Begin a charge for every account that fell below its threshold. Returns how many began."""
    if payments_of(market) is None:
        return 0
    await _give_up_old(market)
    begun = 0
    for auto in await market.db.read(autos_on):
        buyer = market.deals.buyers.get(auto.buyer_id)
        free = market.live.available.get(auto.buyer_id)
        if buyer is None or buyer.state is not State.ACTIVE or free is None or free.currency != auto.amount.currency:
            continue
        if free < auto.threshold:
            begun += await _begin(market, buyer, auto)
    return begun


async def _begin(market: Market, buyer: Buyer, auto: AutoRow) -> int:
    charge, now = new_charge(market, buyer, auto.amount, AUTO, "auto"), market.clock.now()
    day = window_start(Window.DAY, market.zone, now)
    sending = job(market, f"payments:{buyer.id}", AUTO_TOP_UP, {"charge": charge.id}, now, now, f"auto:{charge.id}")
    told = await market.db.write(begin_auto, charge, day, sending)
    if told == "day_full":
        most = f"It was filled up {auto.most_per_day} times today, which is the most that was allowed"
        sentence = f"The balance of {buyer.name} is below {show_money(auto.threshold)}. {most}. Top up by hand."
        letters = _letters(market, buyer, "auto top-up has reached its limit", sentence, f"{day}")
        await market.db.write(note_full, buyer.id, f"{most} ({show_day(day, market.zone)}).", letters)
    return 1 if told == "begun" else 0


async def run_auto_top_up(market: Market, payload: Mapping[str, Any]) -> None:
    """Charge the kept card. Raises `NotHeard`: then the same charge is sent again, under the same key."""
    charge = await market.db.read(read_charge, str(payload["charge"]))
    if charge is None or charge.state not in ("made", "sent"):
        return
    if market.clock.now() - charge.made_at >= GIVE_UP_MS:
        await auto_failed(market, charge, _NEVER_TOLD)
        return
    buyer, ready = market.deals.buyers.get(charge.buyer_id), payments_of(market)
    method = await market.db.read(read_method, charge.buyer_id)
    if buyer is None or ready is None or method is None:
        await auto_failed(market, charge, "There is no card that could be charged.")
        return
    card = Method(method.customer_id, method.method_id, method.label)
    answer = await ask(market, ready.provider.charge(ready.access, wish_of(market, buyer, charge), card))
    now = market.clock.now()
    if answer.taken:
        await book_paid(market, charge, answer.intent_id, charge.money)
    elif answer.why:
        await auto_failed(market, charge, answer.why, answer.intent_id)
    else:  # the bank is at it: an event will tell
        await market.db.write(note_charge, charge.id, "sent", now, "", answer.intent_id)


async def auto_failed(market: Market, charge: ChargeRow, why: str, intent_id: str = "") -> None:
    """The card was declined: no further try, and the people on both sides hear of it. Twice is once."""
    now, buyer = market.clock.now(), market.deals.buyers.get(charge.buyer_id)
    if not await market.db.write(note_charge, charge.id, "failed", now, "", intent_id, why):
        return
    name = buyer.name if buyer is not None else charge.buyer_id
    sentence = f"{show_money(charge.money)} could not be charged for {name}: {why} Auto top-up has stopped."
    jobs = _letters(market, buyer, "auto top-up failed", sentence, charge.id) if buyer is not None else ()
    await market.db.write(stop_auto, charge.buyer_id, why, now, jobs)


async def _give_up_old(market: Market) -> None:
    before = market.clock.now() - GIVE_UP_MS
    for charge in await market.db.read(open_charges, AUTO, before):
        _LOG.warning("A charge got no answer for a day", charge=charge.id)
        await auto_failed(market, charge, _NEVER_TOLD)


def _letters(market: Market, buyer: Buyer, subject: str, sentence: str, once: str) -> tuple[JobRow, ...]:
    what = "Until there is money on the account no leads are bought."
    to_buyer = letter(
        market, Role.BUYER, buyer.id, subject, (sentence, what), "/buyer/billing", f"auto:{once}", "balance.low"
    )
    path = f"/console/billing/{buyer.id}"
    return (
        to_buyer,
        letter(market, Role.OPERATOR, None, subject, (sentence,), path, f"auto:{buyer.id}:{once}", "balance.low"),
    )
