"""What a buyer's answer means: two pure functions over (bytes sent?, status, reading, history), and nowhere else.

```
nothing that delivers was sent                       ping no bid    post failed
a clear yes                                          ping bid       post accepted
a clear no                                           ping no bid    post rejected
nothing was taken, perhaps another time                             post failed
sent, then no usable answer                          ping no bid    post unclear
"duplicate" when we sent it before and do not know                  post unclear
a status of the profile, with a body no rule knows   ping no bid    post rejected (not taken) or failed (busy)
```
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from exchange.connector import DEFAULT_PROFILE, BadReply, Profile
from exchange.model.auction import (
    Accepted,
    Award,
    Bid,
    Failed,
    Later,
    NoBid,
    Outcome,
    Pending,
    Rejected,
    Unclear,
)
from exchange.model.money import Money
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import Loss, Lost

DETAIL_CHARACTERS = 200


class Heard(Protocol):
    """How a conversation ended: exactly one of `answer`, `error` and `lost` is not None.

    `delivered` says whether a byte of a delivering message may have left; `status` is the last HTTP status heard.
    """

    @property
    def answer(self) -> Any: ...
    @property
    def error(self) -> BadReply | None: ...
    @property
    def lost(self) -> Lost | None: ...
    @property
    def delivered(self) -> bool: ...
    @property
    def status(self) -> int | None: ...


def ping_outcome(contract: Contract, heard: Heard) -> list[Bid] | NoBid:
    """The bids of a ping, or why there is none. Bids are checked again here, whoever's connector made them."""
    if heard.lost is not None:
        return NoBid(contract.id, _ping_loss(heard.lost), _cut(heard.lost.detail or heard.lost.why.slug))
    if heard.error is not None:
        return NoBid(contract.id, _ping_error(heard.error, heard.status), _cut(heard.error.why))
    if isinstance(heard.answer, NoBid):
        return heard.answer
    return _checked(contract, heard.answer)


def _ping_loss(lost: Lost) -> Reason:
    if lost.why in (Loss.TIMEOUT, Loss.DEADLINE_BEFORE):
        return Reason.PING_TIMEOUT
    return Reason.PING_FAILED if not lost.why.sent else Reason.PING_UNREADABLE


def _ping_error(error: BadReply, status: int | None) -> Reason:
    if error.reason is not None:
        return error.reason
    if status is None or status >= 500 or status == 429:
        return Reason.PING_FAILED
    return Reason.PING_UNMAPPED if error.unmapped else Reason.PING_UNREADABLE


def _checked(contract: Contract, bids: Sequence[Bid]) -> list[Bid] | NoBid:
    if not bids:
        return NoBid(contract.id, Reason.NO_BID, "no bid in the answer")
    most = contract.max_bid
    for bid in bids:
        price = bid.price
        if bid.contract_id != contract.id or price.currency != most.currency:
            return NoBid(contract.id, Reason.BAD_BID, "a bid in another currency, or for another contract")
        if not 0 <= price.units <= most.units:
            return NoBid(contract.id, Reason.BAD_BID, "a bid below zero, or above the contract's maximum")
        if price.units == 0 and not contract.zero_price:
            return NoBid(contract.id, Reason.BAD_BID, "a bid of nothing")
    return list(bids)


def post_outcome(
    contract: Contract, award: Award, heard: Heard, *, repeated: bool = False, profile: Profile = DEFAULT_PROFILE
) -> Outcome:
    """How the attempt ended. `repeated`: this lead went to this buyer before, and how that ended is not known."""
    outcome = _first_outcome(contract, award, heard, profile)
    return _still_unclear(outcome, heard) if repeated else outcome


def _still_unclear(outcome: Outcome, heard: Heard) -> Outcome:
    """Only a clear yes or no about the lead ends an unclear delivery; "duplicate" leans towards yes."""
    if isinstance(outcome, Failed) or (isinstance(outcome, Rejected) and heard.error is not None):
        return Unclear(Reason.OUTCOME_UNCLEAR, outcome.detail)
    if isinstance(outcome, Rejected) and outcome.reason is Reason.DUPLICATE_AT_BUYER:
        return Unclear(Reason.OUTCOME_UNCLEAR, "duplicate on a repeated delivery: the first may have been taken")
    return outcome


def _first_outcome(contract: Contract, award: Award, heard: Heard, profile: Profile) -> Outcome:
    if heard.lost is not None:
        return _lost(heard.lost, heard.delivered)
    if heard.error is not None:
        return _error(heard.error, heard.delivered, heard.status, profile)
    answer = heard.answer
    if isinstance(answer, Accepted):
        return _accepted(contract, award, answer)
    if isinstance(answer, (Rejected, Pending)):
        return answer
    if isinstance(answer, Later):
        return Failed(answer.reason, _cut(answer.detail))
    return Unclear(Reason.POST_UNREADABLE, "the connector gave no answer")


def _lost(lost: Lost, delivered: bool) -> Outcome:
    detail = _cut(lost.detail or lost.why.slug)
    if not delivered:
        return Failed(Reason.DEADLINE if lost.why is Loss.DEADLINE_BEFORE else Reason.POST_FAILED, detail)
    return Unclear(Reason.POST_TIMEOUT if lost.why is Loss.TIMEOUT else Reason.POST_UNREADABLE, detail)


def _error(error: BadReply, delivered: bool, status: int | None, profile: Profile) -> Outcome:
    detail = _cut(f"HTTP {status}: {error.why}" if status is not None else error.why)
    if not delivered:
        return Failed(Reason.POST_FAILED, detail)
    if error.reason is not None:
        return Unclear(error.reason, detail)
    if status in profile.not_taken:
        return Rejected(Reason.BUYER_REJECTED, detail)
    if status in profile.busy:
        return Failed(Reason.POST_FAILED, detail)
    return Unclear(Reason.POST_UNMAPPED if error.unmapped else Reason.POST_UNREADABLE, detail)


def _accepted(contract: Contract, award: Award, answer: Accepted) -> Outcome:
    """The price of an acceptance: without one, or above the bid, the bid is charged; below it the contract's rule."""
    price = answer.price
    if price is None:
        return answer
    bid = award.bid.price
    if price.currency != bid.currency or price.units < 0:
        return Unclear(Reason.POST_UNREADABLE, "accepted at an amount in another currency, or below zero")
    if price < bid:
        return _lowered(contract, answer, price)
    if bid < price:  # the hold covers the bid and no more
        note = f"answered {price.text}, charged its bid"
        return replace(answer, price=bid, detail=_cut(f"{note}: {answer.detail}" if answer.detail else note))
    return answer


def _lowered(contract: Contract, answer: Accepted, price: Money) -> Outcome:
    free = price.units == 0 and not contract.zero_price
    if contract.lower_price == "accept_lower" and not free:
        return answer
    return Rejected(Reason.PRICE_LOWERED, _cut(f"accepted at {price.text}"), reference=answer.reference)


def _cut(text: str) -> str:
    return text[:DETAIL_CHARACTERS]
