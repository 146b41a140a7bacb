"""Whether a campaign runs: paused and resumed by its seller or the exchange, made live; what a seller asks for."""

from __future__ import annotations

from dataclasses import replace

from exchange import limits
from exchange.flows.by_hand import audit_line
from exchange.flows.letters import letter
from exchange.flows.market import Market
from exchange.flows.sellers import CannotSave, campaign_line
from exchange.flows.specs import STEPS
from exchange.flows.terms import change_campaign
from exchange.model.actor import Actor, Role
from exchange.model.lead import Problem
from exchange.model.party import Campaign, Cap, State, Window
from exchange.storage.specs import passed_steps
from exchange.storage.wishes import WishRow, add_wish, decide_wish, wishes_of

NEEDED = STEPS[:3]
"""Steps of the certificate without which nothing goes live: a postback is the seller's own choice."""


async def pause(market: Market, campaign_id: str, why: str, actor: Actor, ip: str = "") -> None:
    """Its next post answers 403. A seller pauses its own. Raises `CannotSave`."""
    campaign, why = _own(market, campaign_id, actor), " ".join(why.split())[: limits.NOTE_CHARACTERS]
    if campaign.state is not State.ACTIVE:
        raise CannotSave([Problem("state", "conflict", f"{campaign.name} is paused already.")])
    by = "seller" if actor.role is Role.SELLER else "operator"
    told = why or ("Paused by its seller." if by == "seller" else "Paused by the exchange.")
    await _change(market, replace(campaign, state=State.PAUSED, paused_reason=told, paused_by=by), actor, ip)


async def resume(market: Market, campaign_id: str, actor: Actor, ip: str = "") -> None:
    """Whoever runs the exchange resumes any; a seller what it paused itself. Raises `CannotSave`."""
    campaign = _own(market, campaign_id, actor)
    if campaign.state is not State.PAUSED:
        raise CannotSave([Problem("state", "conflict", f"{campaign.name} is not paused.")])
    if actor.role is Role.SELLER and campaign.paused_by != "seller":
        told = f"The exchange paused {campaign.name}: {campaign.paused_reason or 'ask whoever runs it'}"
        raise CannotSave([Problem("state", "not_allowed", told)])
    await _change(market, replace(campaign, state=State.ACTIVE, paused_reason="", paused_by=""), actor, ip)


async def go_live(market: Market, campaign_id: str, cap: str, anyway: bool, actor: Actor, ip: str = "") -> None:
    """Take live leads from now on, at first at most so many sales a day. Raises `CannotSave`.

    The steps of the certificate come first, unless somebody of the exchange says that they need not.
    """
    campaign = _own(market, campaign_id, actor)
    if campaign.live:
        raise CannotSave([Problem("live", "conflict", f"{campaign.name} is live already.")])
    passed = await market.db.read(passed_steps, campaign_id)
    if not anyway and (left := [step for step in NEEDED if step not in passed]):
        told = f"Not passed yet: {', '.join(left)}. Send these with a test key, or go live without them."
        raise CannotSave([Problem("anyway", "missing", told)])
    caps = campaign.gate.caps
    if cap.strip():
        if not (cap.strip().isascii() and cap.strip().isdigit() and 0 < int(cap) <= 1_000_000):
            raise CannotSave([Problem("cap", "range", "The starting cap is 1 to 1,000,000 sales a day.", cap[:20])])
        others = tuple(each for each in caps if (each.window, each.unit, each.weekdays) != (Window.DAY, "count", ()))
        caps = (*others, Cap(Window.DAY, "count", int(cap)))
    changed = replace(campaign, live=True, gate=replace(campaign.gate, caps=caps))
    await _change(market, changed, actor, ip, "campaign.live")


async def ask_for(market: Market, campaign_id: str, text: str, actor: Actor, ip: str = "") -> None:
    """A seller asks for other terms. Raises `CannotSave`."""
    campaign, text = _own(market, campaign_id, actor), text.strip()
    if not text or len(text) > limits.NOTE_CHARACTERS * 2:
        told = f"Say in 1 to {limits.NOTE_CHARACTERS * 2:,} characters what is to be changed."
        raise CannotSave([Problem("text", "length", told)])
    line = campaign_line(market, actor, "campaign.wish", campaign_id, ip, {}, {"text": text})
    wish = WishRow(market.ids.new("wsh", line.at), campaign_id, campaign.seller_id, line.at, actor.name, text)
    await market.db.write(add_wish, wish, line)


async def answer_wish(
    market: Market, seller_id: str, wish_id: str, done: bool, answer: str, actor: Actor, ip: str = ""
) -> None:
    """Say that it is done, or why not; its seller hears of it. Raises `CannotSave`."""
    found = next((each for each in await market.db.read(wishes_of, actor, seller_id) if each.id == wish_id), None)
    answer = " ".join(answer.split())[: limits.NOTE_CHARACTERS]
    if found is None:
        raise CannotSave([Problem("wish", "missing", "There is no such request.")])
    if not done and not answer:
        raise CannotSave([Problem("answer", "missing", "Say why it is declined: the seller reads it.")])
    state = "done" if done else "declined"
    after = {"state": state, "answer": answer}
    line = audit_line(
        market.ids, market.clock.now(), actor, "campaign.wish", f"campaign:{found.campaign_id}", after=after, ip=ip
    )
    told = (f"You asked: {found.text}", f"It was {state}. {answer}".strip())
    job = letter(
        market, Role.SELLER, seller_id, f"your request was {state}", told, "/seller/campaigns", line.id, "campaign"
    )
    if not await market.db.write(decide_wish, wish_id, state, answer, line, (job,)):
        raise CannotSave([Problem("wish", "conflict", "Somebody answered it before.")])


def _own(market: Market, campaign_id: str, actor: Actor) -> Campaign:
    campaign = market.deals.campaigns.get(campaign_id)
    theirs = actor.role is not Role.SELLER or (campaign is not None and campaign.seller_id == actor.party_id)
    if campaign is None or campaign.state is State.DELETED or not theirs:
        raise CannotSave([Problem("campaign", "missing", "There is no such campaign.", campaign_id[:40])])
    return campaign


async def _change(market: Market, changed: Campaign, actor: Actor, ip: str, action: str = "campaign.changed") -> None:
    before = market.deals.campaigns[changed.id]
    line = campaign_line(market, actor, action, changed.id, ip, _told(before), _told(changed))
    await change_campaign(market, changed, line)


def _told(campaign: Campaign) -> dict[str, str]:
    return {"state": campaign.state.value, "why": campaign.paused_reason, "live": "yes" if campaign.live else "no"}
