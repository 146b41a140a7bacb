"""The five steps of an exchange without leads, each with the page where it is done."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.flows.specs import PATH, page_of
from exchange.model.actor import Actor
from exchange.storage.dashboard import any_lead
from exchange.web.story.contracts import SIMULATED


@dataclass(frozen=True, slots=True)
class Step:
    """`done` is looked up, never said: what was undone again is to be done again."""

    title: str
    about: str
    word: str
    href: str
    done: bool


async def first_steps(market: Market, actor: Actor, mode: str) -> list[Step] | None:
    """None once a lead of this mode came: from then on there are figures to see."""
    read = market.db.read
    if await read(any_lead, actor, "live") or (mode == "test" and await read(any_lead, actor, "test")):
        return None
    tested = await read(any_lead, actor, "test", "sold")
    deals = market.deals
    own = [contract for contract in deals.contracts.values() if not contract.id.startswith(SIMULATED)]
    fields = ", ".join(vertical.title for vertical in market.verticals.values())
    campaign = next(iter(sorted(deals.campaigns)), "")
    return [
        Step(
            "Choose fields",
            f"A vertical says which fields a kind of lead has. Loaded now: {fields or 'none'}.",
            "See verticals",
            "/console/verticals",
            bool(market.verticals),
        ),
        Step(
            "Add a seller campaign",
            "A seller's right to post into one vertical: its payout, its floor, and the keys it posts with.",
            "Add a seller and its campaign",
            "/console/new-campaign" if deals.sellers else "/console/new-seller",
            bool(deals.campaigns),
        ),
        Step(
            "Add a buyer contract",
            "A buyer, what it pays for, and how it is spoken to. Test leads are bought by simulated buyers too.",
            "Add a buyer",
            "/console/buyers/new",
            bool(own),
        ),
        Step(
            "Send a test lead",
            "With a test key everything happens but the consequences. The posting page has a form for it.",
            "Send a test lead",
            f"{PATH}{page_of(market, campaign)}?call=pingpost#try" if campaign else "/console/campaigns",
            tested,
        ),
        Step(
            "Go live",
            "Make the campaign live and hand its seller a live key. The first live lead opens the dashboard.",
            "Go live",
            f"/console/campaigns/{campaign}" if campaign else "/console/campaigns",
            False,
        ),
    ]
