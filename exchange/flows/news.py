"""What a request that was just decided tells beside its answer: to its seller, and to each buyer that took the lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.flows.party_news import lead_delivered
from exchange.flows.sell import Sold
from exchange.flows.tell import News, tell
from exchange.model.actor import Role
from exchange.model.answer import Answer
from exchange.model.lead import Kind
from exchange.model.work import JobRow

_EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "accepted": "lead.sold",
        "unsold": "lead.unsold",
        "rejected": "lead.rejected",
        "duplicate": "lead.rejected",
        "invalid": "lead.rejected",
        "queued": "lead.held",
    }
)


def news_of(case: Case, market: Market, answer: Answer, sold: Sold | None, now: int) -> tuple[JobRow, ...]:
    """Nothing is looked at when nobody wants to hear anything."""
    people = tuple(_people(case, market, sold)) if sold is not None and market.live.lead_hearers and case.live else ()
    if not case.deals.hearers.wanted:
        return people
    return (*(job for news in _news(case, answer, sold, now) for job in tell(market, news)), *people)


def _people(case: Case, market: Market, sold: Sold) -> Iterator[JobRow]:
    """Those of a buyer who chose to hear of every lead."""
    placed = sold.placed
    for bid, sale in zip(reversed(placed.progress.sold), reversed(placed.sales), strict=False):
        contract = case.deals.contracts.get(bid.contract_id)
        if contract is not None:
            yield from lead_delivered(market, contract.buyer_id, case.lead.id, sale.attempt_id, sale.price)


def _news(case: Case, answer: Answer, sold: Sold | None, now: int) -> Iterator[News]:
    is_ping = case.submission.kind is Kind.PING
    event = ("ping.accepted" if answer.status == "accepted" else None) if is_ping else _EVENTS.get(answer.status)
    if event is not None:
        facts: dict[str, object] = {
            "lead_id": case.lead.id,
            "seller_lead_id": case.lead.seller_lead_id,
            "status": answer.status,
            "reason": answer.reason.slug if answer.reason is not None else None,
            "price": answer.price.text if answer.price is not None else None,
            "currency": case.currency,
            "test": not case.live,
        }
        seller_id = case.submission.seller_id
        yield News(event, Role.SELLER, seller_id, case.lead.id, now, facts, case.campaign.id, late=False)
    if sold is None:
        return
    placed = sold.placed
    for bid, sale in zip(reversed(placed.progress.sold), reversed(placed.sales), strict=False):
        contract = case.deals.contracts.get(bid.contract_id)
        if contract is not None:
            facts = {
                "lead_id": case.lead.id,
                "delivery_id": sale.attempt_id,
                "contract_id": contract.id,
                "status": "accepted",
                "price": sale.price.text,
                "currency": sale.price.currency,
                "buyer_reference": sale.buyer_reference,
                "test": not case.live,
            }
            yield News("lead.delivered", Role.BUYER, contract.buyer_id, case.lead.id, now, facts, late=False)
