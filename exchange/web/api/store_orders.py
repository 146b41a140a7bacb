"""Many leads of the store by one call, with a limit on what they cost together."""

from __future__ import annotations

import re
from collections.abc import Mapping

from exchange.flows.shelf import WANTED
from exchange.flows.store_orders import LEADS_MOST, CannotOrder, Order, buy_many
from exchange.model.lead import Problem
from exchange.model.money import BadMoney, Money
from exchange.model.reason import Reason
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.store import bought_fields, caller_currency, wanted_of

_REFERENCE = re.compile(r"[!-~]{1,80}")
_LEADS = 25  # unless said


async def buy(call: Call) -> Told:
    """Claim and pay one lead after another until so many are bought, or the limit is reached."""
    caller = call.admit_live("buyer")
    order = order_of(await call.read_fields(), caller_currency(call))
    try:
        got = await buy_many(call.market, order, caller.actor)
    except CannotOrder as error:
        problem = Problem("reference", error.slug, str(error))
        raise Stop(Reason.CANNOT_BUY, 409, str(error), problems=(problem,)) from None
    fields = {
        "status": "bought" if got.bought else "nothing",
        "order_id": got.id,
        "why": got.why,
        "count": len(got.bought),
        "spent": got.spent.text,
        "limit": order.limit.text,
        "currency": order.limit.currency,
        "leads": [bought_fields(each) for each in got.bought],
    }
    return Told(fields)


def order_of(sent: Mapping[str, str], currency: str) -> Order:
    """What was asked for, checked. Raises with every field that is wrong."""
    problems: list[Problem] = []
    reference = sent.get("reference", "").strip()
    if not _REFERENCE.fullmatch(reference):
        told = "reference must be 1 to 80 visible ASCII characters: the same order again buys nothing twice."
        problems.append(Problem("reference", "pattern" if reference else "missing", told, reference))
    limit = _limit(sent.get("limit", "").strip(), currency, problems)
    count = sent.get("count", "").strip() or str(_LEADS)
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:6]) <= LEADS_MOST):
        problems.append(Problem("count", "range", f"count must be a whole number from 1 to {LEADS_MOST}.", count))
    if problems or limit is None:
        raise Stop(Reason.INVALID, 422, problems=tuple(problems))
    return Order(reference, WANTED.validate_python(wanted_of(sent, currency)), limit, int(count))


def _limit(text: str, currency: str, problems: list[Problem]) -> Money | None:
    try:
        limit = Money.parse(text, currency)
    except BadMoney:
        told = f"limit must be what they may cost together, a decimal amount of {currency} such as 250.00."
        problems.append(Problem("limit", "type" if text else "missing", told, text))
        return None
    if limit.units <= 0:
        problems.append(Problem("limit", "range", "limit must be above zero.", text))
    return limit
