"""The five steps of an exchange without leads, each with the page where it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

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
    after: tuple[str, str] = ("", "")
    """A word and where it leads, once it is done."""


class Next(NamedTuple):
    """How many steps are done, and the one to do now."""

    done: int
    step: Step


async def next_step(market: Market, actor: Actor) -> Next | None:
    """For the pages where a step ends, so that nobody has to go back to look for the next."""
    steps = await first_steps(market, actor, "live")
    left = [step for step in steps or () if not step.done]
    return Next(len(steps) - len(left), left[0]) if steps and left else None


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
            "A buyer, what it pays for, and how it is spoken to. A test lead needs none: simulated buyers bid for it.",
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
            ("See it", "/console/leads?mode=test"),
        ),
        _go_live(market, campaign),
    ]


def _go_live(market: Market, campaign_id: str) -> Step:
    """It is never done here: the first live lead puts the dashboard in the place of the steps."""
    title = "Go live"
    campaign = market.deals.campaigns.get(campaign_id)
    if campaign is None or not campaign.live:
        about = "Make the campaign live and hand its seller a live key. The first live lead opens the dashboard."
        place = f"/console/campaigns/{campaign_id}#live" if campaign is not None else "/console/campaigns"
        return Step(title, about, "Go live", place, False)
    live = ("campaign", campaign_id, "live")
    if not any((key.kind, key.party_id, key.mode) == live for key in market.deals.keys.values()):
        about = f"{campaign.name} is live. Its seller needs a live key to post with."
        return Step(title, about, "Make a live key", f"/console/sellers/{campaign.seller_id}/keys", False)
    about = f"{campaign.name} is live and has a live key. The first live lead opens the dashboard."
    return Step(title, about, "Posting page", f"{PATH}{page_of(market, campaign_id)}", False)
