"""What a decision about a return moved, and how that is taken back: all of it, or all but a part."""

from __future__ import annotations

from exchange.clock import month_of
from exchange.flows.market import Market
from exchange.model.actor import SYSTEM
from exchange.model.ledger import Transaction
from exchange.model.money import Money
from exchange.model.returns import Bears, Effect, ReturnState
from exchange.stages.returns.money import Moved, Sold, give_part, take_back
from exchange.storage.database import Row
from exchange.storage.ledger import find_transaction
from exchange.storage.returns import decisions_on


def booked_effect(request: Row) -> Effect:
    """What the last decision moved, and those before it that still stand."""
    currency = request["currency"]
    in_time = request["decided_at"] is not None and request["decided_at"] < request["due_at"]
    who = Bears.SELLER if in_time else Bears.HOUSE
    return Effect(Money(request["credit_units"] or 0, currency), Money(request["debit_units"] or 0, currency), who)


async def taken_back(market: Market, request: Row, now: int) -> Moved:
    """What an approval moved, of the price or a part of it, the other way."""
    effect = booked_effect(request)
    back = take_back(await _made(market, request), now, month_of(now))
    return Moved(effect, back, effect.credit, _payout_back(request, effect), False)


async def taken_back_but(market: Market, request: Row, credit: Money, now: int) -> Moved:
    """The same, and `credit`, a part of what it was, is given anew. The amounts are what the sale's row gains by it."""
    before, currency, month = booked_effect(request), request["currency"], month_of(now)
    booked = await market.db.write(find_transaction, SYSTEM, f"sale:{request['attempt_id']}")
    price, payout = Money(request["price_units"], currency), Money(request["payout_units"], currency)
    sold = Sold(request["attempt_id"], request["lead_id"], request["seller_id"], price, payout, payout, booked)
    number = len(await market.db.write(decisions_on, request["id"])) + 1
    part = give_part(sold, f"{request['id']}:{number}", credit, before.bears, now, month)
    transactions = (*take_back(await _made(market, request), now, month), *part.transactions)
    payout_back = part.payout_back - _payout_back(request, before)
    return Moved(part.effect, transactions, credit - before.credit, payout_back, False)


def _payout_back(request: Row, effect: Effect) -> Money:
    """What of the effect is of the sale's own payout: a promise made up for may be in it too."""
    whole = request["state"] == ReturnState.APPROVED.value
    payout = Money(request["payout_units"], request["currency"]) if whole else effect.debit
    return payout if effect.bears is Bears.SELLER else Money.zero(request["currency"])


async def _made(market: Market, request: Row) -> list[Transaction]:
    """The entries that stand: of what was left of it last, else of what was given at first."""
    for number in range(len(await market.db.write(decisions_on, request["id"])), 1, -1):
        left = await market.db.write(find_transaction, SYSTEM, f"return:{request['id']}:{number}")
        if left is not None:
            return [left]
    references = (f"return:{request['id']}", f"promise:{request['attempt_id']}")
    made = [await market.db.write(find_transaction, SYSTEM, each) for each in references]
    return [each for each in made if each is not None]
