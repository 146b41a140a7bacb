"""The steps of a simulated lead in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exchange.flows.market import Market

_POSTED: Mapping[str, str] = {
    "accepted": "took the post",
    "rejected": "rejected the post",
    "failed": "could not be reached",
    "unclear": "did not answer the post clearly",
    "pending": "took the post and answers later",
}
_ENDED: Mapping[str, str] = {"sold": "Sold", "unsold": "Unsold", "unclear": "Unclear", "quoted": "Priced, not posted"}


def step_words(market: Market, step: Sequence[str]) -> str:
    """`Brightroof bids 14.50 shared`."""
    what, who, how = step
    name = market.deals.buyer_name(who) if who in market.deals.contracts else who
    match what:
        case "fits":
            buyers = [market.deals.buyer_name(each) for each in how.split(", ") if each]
            return f"{who.capitalize()}: {', '.join(buyers) if buyers else 'nobody'} may have it"
        case "bid":
            return f"{name} bids {how}"
        case "no_bid":
            return f"{name} does not bid{' (estimated)' if how else ''}"
        case "priced":
            return f"Priced: {name} would win at {how}"
        case "win":
            return f"{name} wins at {how}"
        case "full":
            return f"{name} has no cap or balance left"
        case "post":
            return f"{name} {_POSTED.get(how, how)}"
        case "closed":
            return "The campaign is paused"
        case "least":
            return "No price would pay what the seller asks"
        case "not_posted":
            return "The seller did not post it"
        case _:
            return f"{_ENDED.get(who, who)}{f', {how}' if who == 'sold' else ''}"
