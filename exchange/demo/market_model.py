"""From a checked parties document to the model's objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.demo import market_document as document
from exchange.model.lead import Mode
from exchange.model.ledger import Billing
from exchange.model.money import Money
from exchange.model.party import (
    Buyer,
    Campaign,
    Cap,
    Clause,
    Contract,
    Disclosure,
    Geo,
    Group,
    Hours,
    Mismatch,
    OnUnclear,
    Payout,
    Rate,
    SaleMode,
    ScreenRule,
    Seller,
    Sources,
    State,
    StoreRule,
    Strategy,
    Tier,
    Window,
)
from exchange.model.return_terms import ReturnTerms

_AGES_MS = MappingProxyType({"h": 3_600_000, "d": 86_400_000})
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class KeyGrant:
    """A campaign needs a key of this mode; `name` is what the frozen demo's fixed key ends in."""

    campaign_id: str
    mode: Mode
    name: str


@dataclass(frozen=True, slots=True)
class Parties:
    """Everybody in a market, and what prepaid buyers put in at the start (by buyer id, zero left out)."""

    name: str
    currency: str
    sellers: tuple[Seller, ...]
    campaigns: tuple[Campaign, ...]
    buyers: tuple[Buyer, ...]
    contracts: tuple[Contract, ...]
    deposits: Mapping[str, Money]
    keys: tuple[KeyGrant, ...]


def parties_from(shape: document.PartiesShape) -> Parties:
    """Everything of a checked document, at version 1."""
    currency = shape.currency
    campaigns = [(seller, campaign) for seller in shape.sellers for campaign in seller.campaigns]
    deposits = {buyer.id: Money.parse(buyer.balance, currency) for buyer in shape.buyers}
    return Parties(
        name=shape.name,
        currency=currency,
        sellers=tuple(Seller(each.id, each.name, State(each.state)) for each in shape.sellers),
        campaigns=tuple(_campaign(seller.id, campaign, currency) for seller, campaign in campaigns),
        buyers=tuple(_buyer(each, currency) for each in shape.buyers),
        contracts=tuple(_contract(buyer.id, each, currency) for buyer in shape.buyers for each in buyer.contracts),
        deposits={buyer_id: money for buyer_id, money in deposits.items() if money.units},
        keys=tuple(
            KeyGrant(campaign.id, Mode(mode), campaign.key_name or campaign.id)
            for _, campaign in campaigns
            for mode in campaign.keys
        ),
    )


def _campaign(seller_id: str, shape: document.CampaignShape, currency: str) -> Campaign:
    return Campaign(
        id=shape.id,
        version=1,
        seller_id=seller_id,
        name=shape.name,
        vertical=shape.vertical,
        state=State(shape.state),
        currency=currency,
        payout=Payout(Money.parse(shape.payout.fixed, currency), _basis_points(shape.payout.percent)),
        tiers=tuple(Tier(t.number, t.name, Strategy(t.strategy), t.ping_ms) for t in shape.tiers),
        floor=Money.parse(shape.floor, currency),
        min_margin=Money.parse(shape.min_margin, currency),
        min_margin_bp=_basis_points(shape.min_margin_percent),
        slots=shape.slots,
        exclusive_only=shape.exclusive_only,
        allow_loss=shape.allow_loss,
        duplicate_days=shape.duplicate_days,
        duplicate_pending_days=shape.duplicate_pending_days,
        duplicate_unsold_days=shape.duplicate_unsold_days,
        duplicate_refused_days=shape.duplicate_refused_days,
        duplicate_scope=shape.duplicate_scope,
        duplicate_by=shape.duplicate_by,
        timeout_ms=shape.timeout_ms,
        price_hold_ms=shape.price_hold_ms,
        expired=shape.expired,
        mismatch=Mismatch(shape.mismatch),
        unclear_answer=shape.unclear_answer,
        disclosure=Disclosure(shape.disclosure),
        always_200=shape.always_200,
        query_string=shape.query_string,
        rate=Rate(shape.rate.per_second, shape.rate.burst, shape.rate.running),
        blocked_sub_ids=shape.blocked_sub_ids,
        screen=ScreenRule(**shape.screen.model_dump()),
        aliases=tuple(shape.aliases.items()),
        postback_url=shape.postback_url,
        paused_reason=shape.paused_reason,
        store=_store(shape.store, currency),
        verifiers=tuple(each.rule() for each in shape.verifiers) if shape.verifiers is not None else None,
    )


def _store(shape: document.StoreShape | None, currency: str) -> StoreRule | None:
    if shape is None:
        return None
    falls = sorted((int(age[:-1]) * _AGES_MS[age[-1]], percent) for age, percent in shape.falls.items())
    return StoreRule(Money.parse(shape.first, currency), tuple(falls), shape.days, shape.sales)


def _buyer(shape: document.BuyerShape, currency: str) -> Buyer:
    return Buyer(
        id=shape.id,
        name=shape.name,
        state=State(shape.state),
        billing=Billing(shape.billing),
        limit=Money.parse(shape.limit, currency),
        group=shape.group,
        away_until=int(shape.away_until.timestamp() * 1000) if shape.away_until else None,
    )


def _contract(buyer_id: str, shape: document.ContractShape, currency: str) -> Contract:
    def money(text: str | None) -> Money | None:
        return None if text is None else Money.parse(text, currency)

    return Contract(
        id=shape.id,
        version=1,
        buyer_id=buyer_id,
        name=shape.name,
        vertical=shape.vertical,
        leg=shape.leg or buyer_id,
        state=State(shape.state),
        mode=Mode(shape.mode),
        sale_mode=SaleMode(shape.sale_mode),
        tier=shape.tier,
        connection=shape.connection,
        price=money(shape.price),
        shared_price=money(shape.shared_price),
        max_bid=Money.parse(shape.max_bid, currency),
        zero_price=shape.zero_price,
        priority=shape.priority,
        weight=shape.weight,
        zone=shape.zone,
        hours=tuple(Hours(_days(h.days), minutes_of(h.opens), minutes_of(h.closes)) for h in shape.hours),
        filters=_filters(shape.filters),
        geo=_geo(shape.geo),
        sources=Sources(**{name: frozenset(values) for name, values in shape.sources.model_dump().items()}),
        min_grade=shape.min_grade,
        max_fraud=shape.max_fraud,
        consent=shape.consent,
        duplicate_days=shape.duplicate_days,
        caps=tuple(_cap(cap, currency) for cap in shape.caps),
        budget=money(shape.budget),
        calls_at_once=shape.calls_at_once,
        per_second=shape.per_second,
        post_ms=shape.post_ms,
        lower_price=shape.lower_price,
        on_unclear=OnUnclear(shape.on_unclear),
        unclear_after_ms=shape.unclear_after_ms,
        sold_when=shape.sold_when,
        give_up_ms=shape.give_up_ms,
        receipt_ms=shape.receipt_ms,
        on_failure=shape.on_failure,
        on_bounce=shape.on_bounce,
        schedule=shape.schedule,
        return_days=shape.return_days,
        returns=_returns(shape.returns),
        paused_reason=shape.paused_reason,
        settings=tuple(shape.settings.items()),
    )


def _returns(shape: document.ReturnsShape) -> ReturnTerms:
    return ReturnTerms(
        shape.reasons,
        round(shape.percent * 100),
        shape.period,
        shape.over_cap,
        shape.auto_approve,
        shape.auto_decline,
        tuple(shape.evidence.items()),
        shape.partial,
        shape.resell_days,
    )


def _filters(shape: document.GroupShape | None) -> Group | None:
    return None if shape is None else _group(shape)


def _group(shape: document.GroupShape) -> Group:
    need, inner = ("all", shape.all) if shape.all is not None else ("any", shape.any or ())
    return Group(need, tuple(_group(e) if isinstance(e, document.GroupShape) else _clause(e) for e in inner))


def _clause(shape: document.ClauseShape) -> Clause:
    return Clause(shape.field, shape.operator, shape.values)


def _geo(shape: document.GeoShape) -> Geo:
    return Geo(
        shape.states,
        shape.states_except,
        frozenset(shape.zips),
        frozenset(shape.zips_except),
        shape.center_zip,
        shape.radius_miles,
    )


def _cap(shape: document.CapShape, currency: str) -> Cap:
    if shape.money is not None:
        return Cap(Window(shape.window), "money", Money.parse(shape.money, currency).units, _days(shape.days))
    return Cap(Window(shape.window), "count", shape.sales or 0, _days(shape.days))


def _days(names: Iterable[str]) -> tuple[int, ...]:
    return tuple(sorted(DAYS.index(name) for name in names))


def minutes_of(clock: str) -> int:
    """Minutes from midnight of `"08:30"`; `"24:00"` is the end of the day."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _basis_points(percent: str) -> int:
    whole, _, part = percent.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or "0")
