"""What a try to deliver meant, and what follows for the sale: pure, and nowhere else.

```
nothing was sent, nobody is there            the queue rests                     tried again
nothing was taken, perhaps another time      this one waits                      tried again
lost after it may have arrived               the same again where it is harmless, else nobody knows
taken, and that is all there is to know      delivered
taken by somebody who brings it on           sent, its receipt is waited for
refused for good                             refused
this one could not be made or read           counts for this one alone
```
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from exchange.connector import Profile
from exchange.model.auction import Accepted, AttemptState, Later, Outcome, Pending, Rejected
from exchange.model.delivery import ARRIVED, DeliveryState
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.stages.outcome import DETAIL_CHARACTERS, Heard

BUSY = frozenset({421, 429, 502, 503, 504})
"""Codes of a server, of mail or the web, that say nothing about this one delivery."""

AGAIN_MS = (30_000, 120_000, 600_000, 1_800_000, 3_600_000)
"""How long one delivery waits after each try; the last one stays."""


class Meaning(Enum):
    DELIVERED = "delivered"
    SENT = "sent"
    REST = "destination down"
    LATER = "not now"
    AGAIN = "answer lost"
    UNCLEAR = "unclear"
    REFUSED = "refused"
    BROKEN = "failed"


class Tried(NamedTuple):
    """What a try meant. `detail` is a sentence for people; `after_ms` is how long they asked to be left alone."""

    meaning: Meaning
    detail: str = ""
    reference: str | None = None
    price_units: int | None = None
    after_ms: int | None = None


def try_outcome(outcome: Outcome, heard: Heard, profile: Profile, *, repeats_safely: bool) -> Tried:
    """`outcome` is what the same answer means for a post (`post_outcome`); here it is known that it can be repeated."""
    detail = outcome.detail
    if heard.lost is not None:
        detail = detail or heard.lost.why.slug
        if not heard.delivered:
            return Tried(Meaning.REST, detail)
        return Tried(Meaning.AGAIN if repeats_safely else Meaning.UNCLEAR, detail)
    if isinstance(heard.answer, Later):
        meaning = Meaning.REST if heard.status in BUSY else Meaning.LATER
        return Tried(meaning, heard.answer.detail[:DETAIL_CHARACTERS], after_ms=heard.answer.after_ms)
    if heard.error is not None and not heard.delivered:
        return Tried(Meaning.BROKEN, detail)
    if heard.error is not None and heard.error.reason is None and heard.status in profile.busy:
        return Tried(Meaning.REST, detail)
    match outcome:
        case Accepted(price=price, reference=reference):
            return Tried(Meaning.DELIVERED, detail, reference, price.units if price is not None else None)
        case Pending(reference=reference):
            return Tried(Meaning.SENT, detail, reference)
        case Rejected(reference=reference):
            general = outcome.reason is Reason.BUYER_REJECTED  # its sentence speaks of all who were asked
            said = detail or ("they refused it" if general else outcome.reason.sentence)
            return Tried(Meaning.REFUSED, said, reference)
    return Tried(Meaning.UNCLEAR, detail or outcome.reason.sentence)


STATES = {
    Meaning.DELIVERED: DeliveryState.DELIVERED,
    Meaning.SENT: DeliveryState.SENT,
    Meaning.REST: DeliveryState.WAITING,
    Meaning.LATER: DeliveryState.WAITING,
    Meaning.AGAIN: DeliveryState.WAITING,
    Meaning.UNCLEAR: DeliveryState.EXPIRED,
    Meaning.REFUSED: DeliveryState.REFUSED,
    Meaning.BROKEN: DeliveryState.WAITING,
}
"""The state of a delivery after a try of each meaning."""
MAY_HAVE = frozenset({Meaning.DELIVERED, Meaning.SENT, Meaning.AGAIN, Meaning.UNCLEAR})
"""After these it may have arrived."""


def wait_ms(tries: int, draw: float) -> int:
    """How long after its `tries`-th try a delivery waits. `draw` in [0, 1) spreads them."""
    wait = AGAIN_MS[min(tries, len(AGAIN_MS)) - 1]
    return wait + int(wait * draw / 5)


class Consequence(Enum):
    """What becomes of the attempt, and with it of the sale."""

    NOTHING = "nothing"
    SELL = "sell"
    REFUSE = "refuse"
    FAIL = "fail"
    UNCLEAR = "unclear"
    REVERSE = "reverse"


_OPEN = (AttemptState.PENDING.value, AttemptState.UNCLEAR.value)


def consequence(attempt: str, delivery: DeliveryState, contract: Contract) -> Consequence:
    """What follows for an attempt in this state from how its delivery stands."""
    if attempt in _OPEN:
        if delivery in ARRIVED:
            return Consequence.SELL
        if delivery is DeliveryState.REFUSED:
            return Consequence.REFUSE
        if delivery in (DeliveryState.FAILED, DeliveryState.BOUNCED):
            return Consequence.FAIL
        unclear = delivery is DeliveryState.EXPIRED and attempt == AttemptState.PENDING.value
        return Consequence.UNCLEAR if unclear else Consequence.NOTHING
    if attempt == AttemptState.ACCEPTED.value:
        if delivery in (DeliveryState.FAILED, DeliveryState.REFUSED):
            return Consequence.REVERSE
        if delivery is DeliveryState.BOUNCED and contract.on_bounce == "reverse":
            return Consequence.REVERSE
    return Consequence.NOTHING
