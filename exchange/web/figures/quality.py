"""Sources and buyers as pages and programs are told of them: every rate with its count, its interval and its doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.quality import day_weights, read_bidding, read_curves, read_standing
from exchange.model.actor import Actor, Role
from exchange.model.money import Money
from exchange.model.vertical import Vertical
from exchange.stages.quality.days import Curves
from exchange.stages.quality.odds import Bidding, Buyer, source_rates
from exchange.stages.quality.rates import MEASURES, Rate
from exchange.stages.quality.standing import Band, Source, Standing
from exchange.storage.quality_sums import sale_sums
from exchange.web import words

NAMES = tuple(each.name for each in MEASURES)
SORTS = ("leads", "sold", *NAMES, "bad", "earned")
PAGE = 50
TONES: Mapping[Band, str] = {Band.STRONG: "good", Band.USUAL: "", Band.WEAK: "warn", Band.ROTTEN: "bad"}
_FEW = words.FEW
_FRESH_MS = 600_000


@dataclass(frozen=True)
class Told:
    """One rate in words: its value, the interval that holds nine in ten such sources, and the plain count behind it."""

    rate: Rate

    @property
    def few(self) -> bool:
        return self.rate.leads < _FEW

    @property
    def value(self) -> str:
        return words.share_value(self.rate.told, self.rate.leads, self.rate.value)

    @property
    def under(self) -> str:
        """What stands beneath it."""
        return words.share_under(self.rate.told, self.rate.leads, self.rate.bounds)

    @property
    def doubt(self) -> str:
        """How likely it is worse than the vertical's, as a tooltip says it."""
        return f"Worse than the vertical's {self.rate.base * 100:.1f} %: {self.rate.worse:.0%} sure"

    @property
    def tone(self) -> str:
        """Set only where it is sure."""
        if not self.rate.leads or 0.05 <= self.rate.worse <= 0.95:
            return ""
        return "bad" if self.rate.worse > 0.95 else "good"


@dataclass(frozen=True)
class SourceLine:
    """A sub id, or all of a seller's when `sub_id` is None."""

    source: Source
    seller: str
    sub_id: str | None

    @property
    def rates(self) -> Mapping[str, Told]:
        return {name: Told(rate) for name, rate in self.source.rates.items()}

    @property
    def earned(self) -> Money | None:
        """For each post: what buyers paid and kept paying, drawn to the vertical's."""
        return Money(self.source.earned_per_lead, self.source.currency) if self.source.currency else None

    @property
    def paid(self) -> Money | None:
        """What the seller got for each post."""
        if not self.source.currency or not self.source.leads:
            return None
        return Money(self.source.paid_units // self.source.leads, self.source.currency)

    @property
    def key(self) -> str:
        return f"{self.source.seller_id}/{self.source.sub_id}"


def sources_of(market: Market, found: Standing) -> list[SourceLine]:
    return [SourceLine(each, seller_name(market, each.seller_id), each.sub_id) for each in found.sources.values()]


def sellers_of(market: Market, found: Standing) -> list[SourceLine]:
    return [SourceLine(each, seller_name(market, each.seller_id), None) for each in found.sellers.values()]


def seller_name(market: Market, seller_id: str) -> str:
    seller = market.deals.sellers.get(seller_id)
    return seller.name if seller is not None else seller_id


def buyer_name(market: Market, buyer_id: str) -> str:
    buyer = market.deals.buyers.get(buyer_id)
    return buyer.name if buyer is not None else buyer_id


def ranked(lines: Iterable[SourceLine], by: str) -> list[SourceLine]:
    """The largest first; seller and sub id break ties."""
    return sorted(lines, key=lambda line: (-_weight(line.source, by), line.key))


def _weight(source: Source, by: str) -> float:
    match by:
        case "leads":
            return source.leads
        case "sold":
            return source.sold
        case "earned":
            return source.earned_per_lead
        case "bad":
            return source.suspicion.chance if source.suspicion is not None else 0.0
        case _:
            return source.rates[by].value if source.rates[by].leads else -1.0


def page_of(lines: Sequence[SourceLine], after: str) -> tuple[list[SourceLine], str | None]:
    """The page that begins after the line of this key, and the key the next one begins after."""
    begin = next((place + 1 for place, line in enumerate(lines) if line.key == after), 0)
    shown = list(lines[begin : begin + PAGE])
    return shown, shown[-1].key if begin + PAGE < len(lines) else None


def source_fields(line: SourceLine, vertical: str) -> dict[str, Any]:
    """As JSON and CSV tell it: money as decimal text, shares as numbers."""
    source = line.source
    bad = source.suspicion
    told: dict[str, Any] = {
        "vertical": vertical,
        "seller_id": source.seller_id,
        "sub_id": line.sub_id,
        "band": source.band.value,
        "leads": source.leads,
        "sold": source.sold,
        "currency": source.currency or None,
        "earned": Money(source.earned_units, source.currency).text if source.currency else None,
        "earned_per_lead": line.earned.text if line.earned is not None else None,
        "payout": Money(source.paid_units, source.currency).text if source.currency else None,
        "bad_share": round(bad.share, 4) if bad is not None else None,
        "bad_bar": round(bad.bar, 4) if bad is not None else None,
        "bad_chance": round(bad.chance, 4) if bad is not None else None,
    }
    for name in NAMES:
        told |= rate_fields(name, source.rates[name])
    return told


def rate_fields(name: str, rate: Rate) -> dict[str, Any]:
    return own_rate_fields(name, rate) | {f"{name}_worse": round(rate.worse, 4)}


def own_rate_fields(name: str, rate: Rate) -> dict[str, Any]:
    """Without how it stands beside others."""
    low, high = rate.bounds
    return {
        f"{name}_rate": round(rate.value, 4),
        f"{name}_low": round(low, 4),
        f"{name}_high": round(high, 4),
        f"{name}_count": rate.told,
        f"{name}_of": rate.leads,
    }


def own_fields(line: SourceLine, vertical: str) -> dict[str, Any]:
    """What a seller is told of its own sub id: nothing of other sellers, and its own earnings alone."""
    told: dict[str, Any] = {"vertical": vertical, "sub_id": line.sub_id, "band": line.source.band.value}
    told |= {"leads": line.source.leads, "sold": line.source.sold}
    told["currency"] = line.source.currency or None
    told["payout"] = Money(line.source.paid_units, line.source.currency).text if line.source.currency else None
    told["payout_per_lead"] = line.paid.text if line.paid is not None else None
    for name in NAMES:
        told |= own_rate_fields(name, line.source.rates[name])
    return told


@dataclass(frozen=True)
class BuyerLine:
    buyer: Buyer
    name: str

    @property
    def rates(self) -> Mapping[str, Told]:
        each = self.buyer
        return {
            "taken": Told(each.taken),
            "return": Told(each.back),
            "contact": Told(each.contact),
            "conversion": Told(each.conversion),
        }

    @property
    def refused(self) -> int:
        return self.buyer.posts - self.buyer.taken_posts

    @property
    def bid(self) -> Money | None:
        """The mean bid of what it took."""
        return self._mean(self.buyer.bid_units, self.buyer.taken_posts)

    @property
    def price(self) -> Money | None:
        """What it paid for that on average."""
        return self._mean(self.buyer.price_units, self.buyer.taken_posts)

    @property
    def kept(self) -> str:
        """Of each dollar it bid and won with, what it paid and did not get back, refusals counted in."""
        if not self.buyer.bid_units or not self.buyer.posts:
            return "–"
        paid = self.buyer.price_units * self.buyer.taken_posts * 100 // (self.buyer.bid_units * self.buyer.posts)
        return f"{paid} %"

    @property
    def per_conversion(self) -> Money | None:
        spent = self.buyer.spent_units - self.buyer.lost_units
        return self._mean(spent, self.buyer.conversion.told)

    def _mean(self, units: int, count: int) -> Money | None:
        return Money(units // count, self.buyer.currency) if count and self.buyer.currency else None

    def fields(self, vertical: str) -> dict[str, Any]:
        each = self.buyer
        told: dict[str, Any] = {
            "vertical": vertical,
            "buyer_id": each.buyer_id,
            "posts": each.posts,
            "taken": each.taken_posts,
            "refused": self.refused,
            "lowered": each.lowered,
            "currency": each.currency or None,
            "bid_mean": self.bid.text if self.bid is not None else None,
            "paid_mean": self.price.text if self.price is not None else None,
            "sold": each.sold,
            "spent": Money(each.spent_units, each.currency).text if each.currency else None,
            "given_back": Money(each.lost_units, each.currency).text if each.currency else None,
            "cost_per_conversion": self.per_conversion.text if self.per_conversion is not None else None,
        }
        for name, rate in (
            ("taken", each.taken), ("return", each.back), ("contact", each.contact), ("conversion", each.conversion),
        ):  # fmt: skip
            told |= rate_fields(name, rate)
        return told


def buyers_of(market: Market, found: Bidding) -> list[BuyerLine]:
    """Those with most posts first."""
    lines = [BuyerLine(each, buyer_name(market, each.buyer_id)) for each in found.buyers.values()]
    return sorted(lines, key=lambda line: (-line.buyer.posts, -line.buyer.sold, line.buyer.buyer_id))


def offered(market: Market) -> list[Vertical]:
    """The verticals that leads are taken for, else all of them."""
    used = {campaign.vertical for campaign in market.deals.campaigns.values()}
    verticals = sorted(market.verticals.values(), key=lambda each: each.title)
    return [each for each in verticals if each.name in used] or verticals


def chosen(request: web.Request, market: Market, among: Sequence[Vertical] | None = None) -> Vertical | None:
    """The vertical asked for; without one, that with most sources. None: there is no such one."""
    found = offered(market) if among is None else list(among)
    name = request.query.get("vertical")
    if name is not None:
        return next((each for each in found if each.name == name), None)
    known = market.live.standings.verticals
    return max(found, key=lambda each: len(known[each.name].sources) if each.name in known else -1, default=None)


async def curves_of(market: Market, vertical: str) -> Curves:
    held = market.live.standings.curves.get(vertical)
    return held if held is not None else await read_curves(market.db, vertical, market.clock.now())


def _held(market: Market, actor: Actor) -> bool:
    """Whether what this process holds is fresh enough for somebody who may see all of it."""
    return actor.role is Role.OPERATOR and market.clock.now() - market.live.standings.at < _FRESH_MS


async def standing_of(market: Market, actor: Actor, vertical: str) -> Standing:
    if _held(market, actor) and vertical in market.live.standings.verticals:
        return market.live.standings.verticals[vertical]
    return await read_standing(market.db, actor, vertical, await curves_of(market, vertical), market.clock.now())


async def bidding_of(market: Market, actor: Actor, vertical: str) -> Bidding:
    if _held(market, actor) and vertical in market.live.standings.bidding:
        return market.live.standings.bidding[vertical]
    return await read_bidding(market.db, actor, vertical, await curves_of(market, vertical), market.clock.now())


async def own_lines(market: Market, seller: Actor, vertical: str) -> list[SourceLine]:
    """A seller's own sub ids, those with most posts first, with the bands they have among all sources."""
    found = await standing_of(market, seller, vertical)
    return ranked([_as_all_see(market, vertical, line) for line in sources_of(market, found)], "leads")


def _as_all_see(market: Market, vertical: str, line: SourceLine) -> SourceLine:
    band = market.live.standings.band(vertical, line.source.seller_id, line.source.sub_id)
    return replace(line, source=replace(line.source, band=band))


_SOURCES_SHOWN = 200
_OF_SALES = ("contact", "conversion", "return")


async def bought_by_source(market: Market, actor: Actor, vertical: str, buyer_id: str) -> list[dict[str, Any]]:
    """What each source's leads became at one buyer, the most bought first; `code` is its name for buyers."""
    days = day_weights(market.clock.now(), await curves_of(market, vertical))
    rows = await market.db.read(sale_sums, actor, vertical, days, ("seller_id", "sub_id"), buyer_id, _SOURCES_SHOWN)
    rates = {name: source_rates(name, rows) for name in _OF_SALES}
    return [
        {
            "seller_id": row["seller_id"],
            "seller": seller_name(market, row["seller_id"]),
            "sub_id": row["sub_id"],
            "code": source_code(market, row["seller_id"], row["sub_id"]),
            "sold": row["sold"],
            "rates": {name: Told(rates[name][row["seller_id"], row["sub_id"]]) for name in _OF_SALES},
        }
        for row in rows
    ]


def source_code(market: Market, seller_id: str, sub_id: str) -> str:
    """How a buyer hears of a sub id: the seller's alias in its pings, and a keyed short code that says nothing."""
    alias = market.alias(seller_id)
    return f"{alias}-{market.vault.index('sub_id', f'{seller_id}:{sub_id}').hex()[:6]}" if sub_id else alias
