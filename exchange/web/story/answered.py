"""What the exchange makes of an answer that was tried, in a line and its facts."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.auction import Accepted, Bid, Failed, NoBid, Outcome, Pending, Rejected
from exchange.web.words import money

FINALITY = {
    "buyer": "Final for this buyer.",
    "again": "This buyer may be asked again.",
    "everyone": "Final for every buyer.",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """`tone` is good, bad, warn or nothing."""

    title: str
    tone: str
    facts: tuple[str, ...]


def told_answer(answer: list[Bid] | NoBid | Outcome | None, outcome: str) -> Answered:
    """`outcome` is the rules' own word, told alone where the whole conversation is not known."""
    if answer is None:
        word = outcome.replace("_", " ") if outcome else "error, unmapped"
        return Answered(word.capitalize(), "" if outcome else "warn", ())
    if isinstance(answer, list):
        return Answered("Bid", "good", tuple(_bid(bid) for bid in answer))
    if isinstance(answer, NoBid):
        unmapped = not outcome
        title = "Error, unmapped: no bid" if unmapped else "No bid"
        return Answered(title, "warn" if unmapped else "", (answer.reason.sentence, *_some(answer.detail)))
    return _post(answer, outcome)


def _post(answer: Outcome, outcome: str) -> Answered:
    match answer:
        case Accepted(price=price, reference=reference, redirect=redirect, detail=detail):
            facts = [f"Price {money(price)}" if price is not None else "At the price of the bid"]
            facts += [f"Their ID {reference}"] if reference else []
            facts += [f"Redirect to {redirect}"] if redirect else []
            return Answered("Accepted", "good", (*facts, *_some(detail)))
        case Rejected(reason=reason, detail=detail, finality=finality):
            return Answered("Rejected", "bad", (reason.sentence, FINALITY[finality.value], *_some(detail)))
        case Pending(reason=reason, detail=detail):
            return Answered("Queued", "info", (reason.sentence, *_some(detail)))
        case Failed(reason=reason, detail=detail):
            return Answered("Failed: could not ask", "warn", (reason.sentence, *_some(detail)))
        case _:
            title = "Unclear: asked, not sure" if outcome else "Error, unmapped: unclear, never sold"
            return Answered(title, "warn", (answer.reason.sentence, *_some(answer.detail)))


def _bid(bid: Bid) -> str:
    facts = [money(bid.price), "exclusive" if bid.exclusive else "shared"]
    facts += [f"their ID {bid.buyer_reference}"] if bid.buyer_reference else []
    facts += [f"of {bid.brand}"] if bid.brand else []
    return ", ".join(facts)


def _some(text: str) -> tuple[str, ...]:
    return (text,) if text else ()
