"""From what a reply says to what the exchange may do with it: bids, refusals, acceptances."""

from __future__ import annotations

from buyers.reading import Reading
from buyers.reading.carries import Leg, Price
from exchange.connector import BadReply
from exchange.model.auction import Accepted, Bid, NoBid, Pending, Rejected
from exchange.model.money import Money
from exchange.model.party import Contract, SaleMode
from exchange.model.reason import Reason

DETAIL_CHARACTERS = 200
_EXCLUSIVE, _EITHER = SaleMode.EXCLUSIVE, SaleMode.EITHER  # named here: a class of constants is slow to ask


def bids_of(reading: Reading, contract: Contract, now: int) -> list[Bid] | NoBid:
    """Bids of an accepted ping, one for each leg that bought.

    Without a price in the reply a fixed-price contract bids its own; any other has no bid: an acceptance is not a
    price. Raises `BadReply` for what no rule knows, and for an amount that is none, is negative or passes `max_bid`.
    """
    if reading.outcome is None:
        raise BadReply("no rule matched", unmapped=True)
    if reading.outcome != "accepted":
        reason = Reason.DUPLICATE_AT_BUYER if reading.outcome == "duplicate" else Reason.NO_BID
        return NoBid(contract.id, reason, _detail(reading))
    if reading.currency is not None and not _is_currency(reading.currency, contract.max_bid.currency):
        return NoBid(contract.id, Reason.BAD_BID, "the bid is in another currency")
    expires_at = reading.expires.resolved(now) if reading.expires is not None else None
    if reading.legs:
        return _leg_bids(reading, contract, expires_at)
    price = _bid(reading.price, contract)
    if isinstance(price, NoBid):
        return price
    shared = contract.shared_price if reading.shared_price is None else _bid(reading.shared_price, contract)
    bids = [Bid(contract.id, contract.leg, price, _is_exclusive(contract), reading.reference, expires_at)]
    if contract.sale_mode is _EITHER and isinstance(shared, Money):
        bids.append(Bid(contract.id, contract.leg, shared, False, reading.reference, expires_at))
    return bids


def _bid(price: Price | None, contract: Contract) -> Money | NoBid:
    """The amount of one bid, or why it is none."""
    if price is None:
        if contract.price is not None:
            return contract.price
        return NoBid(contract.id, Reason.PING_UNREADABLE, "accepted without a price")
    if price.amount is None:
        raise BadReply(f"the bid is unusable: {price.problem}", reason=Reason.BAD_BID)
    currency = contract.max_bid.currency
    if price.amount.currencies is not None and currency not in price.amount.currencies:
        return NoBid(contract.id, Reason.BAD_BID, "the bid is in another currency")
    units = price.amount.units
    if units > contract.max_bid.units:
        raise BadReply("the bid is above the contract's maximum", reason=Reason.BAD_BID)
    if units == 0 and not contract.zero_price:
        return NoBid(contract.id, Reason.BAD_BID, "a bid of nothing")
    return Money(units, currency)


def _leg_bids(reading: Reading, contract: Contract, expires_at: int | None) -> list[Bid] | NoBid:
    """One bid for each company that bought, the dearest if one is named twice. A leg without a price bids the
    headline's; a leg that bids nothing is left out."""
    best: dict[str, Bid] = {}
    refused: NoBid | None = None
    for leg in (leg for leg in reading.legs if leg.valid):
        price = _bid(leg.price or reading.price, contract)
        if isinstance(price, NoBid):
            refused = price
            continue
        bid = _leg_bid(leg, price, reading, contract, expires_at)
        if bid.leg not in best or best[bid.leg].price < bid.price:
            best[bid.leg] = bid
    return list(best.values()) or refused or NoBid(contract.id, Reason.NO_BID, "no company behind it bought")


def _leg_bid(leg: Leg, price: Money, reading: Reading, contract: Contract, expires_at: int | None) -> Bid:
    exclusive, reference = _is_exclusive(contract), reading.reference or leg.reference
    return Bid(contract.id, leg.leg or contract.leg, price, exclusive, reference, expires_at, leg.name, leg.reference)


def _is_exclusive(contract: Contract) -> bool:
    return contract.sale_mode is _EXCLUSIVE or contract.sale_mode is _EITHER


def answer_of(
    reading: Reading, currency: str, expected_echo: str | None = None, *, asking: bool = False
) -> Accepted | Pending | Rejected:
    """The answer to a post or, `asking`, to a question about one, where an error says nothing about the lead.

    An acceptance may name a price; the stage after it compares that with the bid. Raises `BadReply` for what no rule
    knows, for a price that is none, and for another lead's id.
    """
    match reading.outcome:
        case None | "":
            raise BadReply("no rule matched", unmapped=True)
        case "accepted":
            _check_echo(reading.echo, expected_echo)
            price = _post_price(reading, currency)
            return Accepted(price, reading.reference, reading.redirect, _detail(reading))
        case "error" if asking:
            raise BadReply(f"the question was refused: {_detail(reading)}")
        case "queued":
            return Pending(Reason.AWAITING_RECEIPT, reading.reference, _detail(reading))
        case "duplicate":
            return Rejected(Reason.DUPLICATE_AT_BUYER, _detail(reading), reading.finality, reading.reference)
        case _:
            return Rejected(Reason.BUYER_REJECTED, _detail(reading), reading.finality, reading.reference)


def _check_echo(echo: str | None, expected: str | None) -> None:
    if echo is not None and expected is not None and echo != expected:
        raise BadReply("the acceptance names another lead", reason=Reason.WRONG_REFERENCE)


def _post_price(reading: Reading, currency: str) -> Money | None:
    price = reading.price
    if reading.currency is not None and not _is_currency(reading.currency, currency):
        raise BadReply("accepted in another currency", reason=Reason.POST_UNREADABLE)
    if price is None:
        return None
    if price.amount is None:
        raise BadReply(f"accepted at an unusable price: {price.problem}", reason=Reason.POST_UNREADABLE)
    if price.amount.currencies is not None and currency not in price.amount.currencies:
        raise BadReply("accepted in another currency", reason=Reason.POST_UNREADABLE)
    return price.amount.money(currency)


def _is_currency(told: str, wanted: str) -> bool:
    return told.strip() == wanted


def _detail(reading: Reading) -> str:
    return (reading.reason or "")[:DETAIL_CHARACTERS]
