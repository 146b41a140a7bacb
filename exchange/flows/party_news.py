"""What the people of a party, and of the exchange, are told of what happens every day: returns, imports, campaigns,
leads. Programs hear of the same by `tell.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exchange.flows.market import Market
from exchange.flows.notify import notify
from exchange.model.importing import ImportRow
from exchange.model.money import Money
from exchange.model.notice import Notice
from exchange.model.party import Campaign, State
from exchange.model.returns import ReturnRequest
from exchange.model.work import JobRow
from exchange.stages.reasons import show_money


def return_asked(market: Market, request: ReturnRequest, buyer: str, *, seller_too: bool) -> tuple[JobRow, ...]:
    """The exchange, the buyer's other people, and the seller where it may come to it: never who asks."""
    if request.mode == "test":
        return ()
    reason, once = request.reason.replace("_", " "), f"return-asked:{request.id}"
    group = f"return:{request.id}"
    ours = Notice(
        "return.asked", "operator", None, f"{buyer} asks to return a lead",
        (f"Reason: {reason}.", "Decide before the seller's window closes."), f"/console/returns/{request.id}",
        once, group,
    )  # fmt: skip
    theirs = ours._replace(
        role="buyer", party_id=request.buyer_id, title="a return was asked",
        paragraphs=(f"Reason: {reason}. You hear of the decision here.",), path=f"/buyer/returns/{request.id}",
    )  # fmt: skip
    sellers = ours._replace(
        role="seller", party_id=request.seller_id, title="a return was asked of one of your leads",
        paragraphs=(f"Reason: {reason}. You may reply until it is decided.",), path=f"/seller/returns/{request.id}",
    )  # fmt: skip
    return tuple(notify(market, each) for each in ((ours, theirs, sellers) if seller_too else (ours, theirs)))


def return_decided(
    market: Market, request: Mapping[str, Any], state: str, credit: Money, debit: Money, *, seller_too: bool, when: int
) -> tuple[JobRow, ...]:
    """Both sides, each its own money."""
    if request["mode"] == "test":
        return ()
    word, once = state.replace("_", " "), f"return-decided:{request['id']}:{state}:{when}"
    group = f"return:{request['id']}"
    gets = f"{show_money(credit)} goes to your account." if credit.units else "Nothing is booked."
    loses = f"{show_money(debit)} is taken from your next statement." if debit.units else "It costs you nothing."
    buyers = Notice(
        "return.decided", "buyer", request["buyer_id"], f"your return was {word}", (gets,),
        f"/buyer/returns/{request['id']}", once, group,
    )  # fmt: skip
    sellers = buyers._replace(
        role="seller", party_id=request["seller_id"], title=f"a return of your lead was {word}", paragraphs=(loses,),
        path=f"/seller/returns/{request['id']}",
    )  # fmt: skip
    return tuple(notify(market, each) for each in ((buyers, sellers) if seller_too else (buyers,)))


def import_over(market: Market, row: ImportRow, campaign: Campaign, state: str) -> tuple[JobRow, ...]:
    """An import is over, or somebody stopped it."""
    if row.mode == "test":
        return ()
    word = "finished" if state == "done" else "was stopped"
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sorted(row.counts.items()) if count)
    earned = show_money(Money(row.payout_units, campaign.currency))
    ours = Notice(
        "import", "operator", None, f"the import of {row.file_name} {word}",
        (f"{counts or 'No rows'}. {campaign.name}.",), f"/console/imports/{row.id}", f"import:{row.id}:{state}",
    )  # fmt: skip
    theirs = ours._replace(
        role="seller", party_id=campaign.seller_id, paragraphs=(f"{counts or 'No rows'}. Earned: {earned}.",),
        path="/seller",
    )  # fmt: skip
    return (notify(market, ours), notify(market, theirs))


def campaign_moved(market: Market, before: Campaign, after: Campaign, once: str) -> tuple[JobRow, ...]:
    """It went live, was paused or goes on: what its seller must know the same hour."""
    title = _moved(before, after)
    if title is None:
        return ()
    why = (after.paused_reason,) if after.state is State.PAUSED and after.paused_reason else ()
    effect = "Its posts are refused until it goes on." if after.state is State.PAUSED else "Its leads are sold."
    return _of_campaign(market, after, f"{after.name} {title}", (*why, effect), once)


def _moved(before: Campaign, after: Campaign) -> str | None:
    if after.state is not before.state:
        return {State.PAUSED: "is paused", State.ACTIVE: "goes on"}.get(after.state, "has ended")
    return "is live" if after.live and not before.live else None


def instructions_changed(market: Market, campaign: Campaign, page: str, once: str) -> tuple[JobRow, ...]:
    """What must be sent, or what is answered, is another than before."""
    told = "What you must send, or what you are answered, is another than before. What changed stands at its top:"
    return _of_campaign(market, campaign, f"the posting instructions of {campaign.name} changed", (told, page), once)


def _of_campaign(
    market: Market, campaign: Campaign, title: str, lines: tuple[str, ...], once: str
) -> tuple[JobRow, ...]:
    group = f"campaign:{campaign.id}"
    theirs = Notice("campaign", "seller", campaign.seller_id, title, lines, "/seller", f"campaign:{once}", group)
    ours = theirs._replace(role="operator", party_id=None, path="/console/campaigns")
    return (notify(market, theirs), notify(market, ours))


def lead_delivered(market: Market, buyer_id: str, lead_id: str, sale_id: str, price: Money) -> tuple[JobRow, ...]:
    """Only where somebody of the buyer chose to hear of every lead."""
    if buyer_id not in market.live.lead_hearers:
        return ()
    title = f"a new lead for {show_money(price)}"
    return (
        notify(
            market,
            Notice("lead.delivered", "buyer", buyer_id, title, ("It is yours.",), f"/buyer/leads/{lead_id}",
                   f"delivered:{sale_id}", f"lead:{lead_id}"),
        ),
    )  # fmt: skip


def store_matches(market: Market, searches: Iterable[Mapping[str, Any]], lead_id: str) -> tuple[JobRow, ...]:
    return tuple(
        notify(
            market,
            Notice("store.match", "buyer", each["buyer_id"], f"a lead in the store fits {each['name']}",
                   ("Who claims it first holds it for two minutes.",), f"/buyer/store/{lead_id}",
                   f"match:{each['id']}:{lead_id}", f"search:{each['id']}"),
        )
        for each in searches
    )  # fmt: skip
