"""The buyers of test mode: two per currency and vertical, inside the exchange, answering as the test lead asks.

They stand in the same books and are spoken to through the same connector, courier and reader as everybody else; only
the wire ends here. See `stages/magic.py` for the ZIP codes that choose an outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from exchange.courier.scripted import Delay
from exchange.model.lead import Mode
from exchange.model.ledger import Billing
from exchange.model.money import Money
from exchange.model.party import Buyer, Contract, SaleMode, State
from exchange.model.vertical import Vertical
from exchange.model.wire import HttpMessage, Loss, Lost, Reply

CONNECTION = "simulated"
_NAMES: Mapping[str, str] = {"a": "Simulated buyer A", "b": "Simulated buyer B"}
_BIDS: Mapping[str, str] = {"a": "25.00", "b": "19.00"}
_NEVER_MS = 60_000


def simulated_parties(verticals: Iterable[Vertical], currencies: Iterable[str]) -> tuple[list[Buyer], list[Contract]]:
    """The buyers and contracts that test leads always find."""
    wanted = sorted(set(currencies))
    buyers = [
        Buyer(f"simulated-{side}-{currency}", name, State.ACTIVE, Billing.CREDIT, Money.parse("1000000", currency))
        for side, name in _NAMES.items()
        for currency in wanted
    ]
    contracts = [
        _contract(side, vertical.name, currency) for side in _NAMES for vertical in verticals for currency in wanted
    ]
    return buyers, contracts


def _contract(side: str, vertical: str, currency: str) -> Contract:
    buyer_id = f"simulated-{side}-{currency}"
    return Contract(
        id=f"{buyer_id}-{vertical}",
        version=1,
        buyer_id=buyer_id,
        name=_NAMES[side],
        vertical=vertical,
        leg=buyer_id,
        state=State.ACTIVE,
        mode=Mode.TEST,
        sale_mode=SaleMode.EXCLUSIVE,
        tier=1,
        connection=CONNECTION,
        price=None,
        shared_price=None,
        max_bid=Money.parse("1000", currency),
        settings=(("buyer", side),),
    )


def answer_as_asked(message: HttpMessage) -> Reply | Lost | Delay:
    """What a simulated buyer says to one message."""
    sent = orjson.loads(message.body)
    *_, side, stage = message.url.rsplit("/", 2)
    outcome = str(sent.get("test_outcome", "sold"))
    return _bid(side, outcome) if stage == "ping" else _post(sent, outcome)


def _bid(side: str, outcome: str) -> Reply | Lost | Delay:
    if outcome == "no_bid" or (side == "b" and outcome not in ("two_bids", "slow_buyer", "post_rejected")):
        return _json({"status": "no_bid", "reason": "not wanted today"})
    bid = _json({"status": "bid", "price": _BIDS[side], "reference": f"sim-{side}"})
    if outcome == "slow_buyer" and side == "a":
        return Delay(_NEVER_MS, bid)
    return bid


def _post(sent: Mapping[str, object], outcome: str) -> Reply | Lost | Delay:
    match outcome:
        case "post_rejected":
            return _json({"status": "rejected", "reason": "already a customer"})
        case "queued":
            return _json({"status": "queued", "reference": f"sim-{sent.get('reference')}"})
        case "unclear":
            return Lost(Loss.RESET, "The simulated buyer hung up.")
        case _:
            return _json({"status": "sold", "reference": f"sim-{sent.get('reference')}"})


def _json(answer: Mapping[str, str]) -> Reply:
    return Reply(200, {"content-type": "application/json"}, orjson.dumps(answer))
