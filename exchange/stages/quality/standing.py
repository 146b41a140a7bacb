"""How each source of a vertical stands: its rates, what it earns, whether it is rotten, and its band.

Made from sums over counted days (`storage/quality_sums.py`), whose rows are taken as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from exchange.model.quality import MONTH_DAYS, PAST_DAYS
from exchange.model.worth import WHOLE
from exchange.stages.quality.rates import MEASURES, Rate, Tree, tree
from exchange.stages.quality.shrink import NOTHING, USUAL, Tally, exposed
from exchange.stages.quality.suspicion import Counts, Month, Shares, Suspicion, suspicions

Row = Mapping[str, Any]
Key = tuple[str, str]


class Band(Enum):
    """What a source's record comes to, as prices and payouts may ask for it."""

    STRONG = "strong"
    USUAL = "usual"
    WEAK = "weak"
    ROTTEN = "rotten"


BAND_WORDS: Mapping[Band, str] = {
    Band.STRONG: "Converts above the vertical's rate, with a chance of nine in ten, and is not given back more often.",
    Band.USUAL: "Nothing is known that sets it apart.",
    Band.WEAK: "Converts at less than three quarters of the vertical's rate, or is given back a third more often.",
    Band.ROTTEN: "So much of it is fraud or comes back that it is no chance.",
}
_SURE_STRONG, _SURE_WEAK, _SURE_BACK = 0.9, 0.8, 0.9
_WEAK_CONVERSION, _WEAK_RETURN = 0.75, 1.3
_LEAST_SOLD, _LEAST_BACK, _LEAST_EXPECTED = 20, 3, 2.0


@dataclass(frozen=True, slots=True)
class Source:
    """`leads` posts and `sold` sales. `earned_units` is prices without what was given back, `paid_units` the payouts.

    `earned_per_lead` is drawn towards that of the vertical's sources in its currency, in money units. One that sells in
    several has no currency, and no amounts.
    """

    seller_id: str
    sub_id: str
    leads: int
    sold: int
    currency: str
    earned_units: int
    paid_units: int
    earned_per_lead: int
    rates: Mapping[str, Rate]
    suspicion: Suspicion | None
    band: Band


@dataclass(frozen=True, slots=True)
class Standing:
    """One vertical: its own rates by measure, its sellers, and their sub ids."""

    vertical: str
    base: Mapping[str, float]
    sellers: Mapping[str, Source]
    sources: Mapping[Key, Source]

    def band(self, seller_id: str, sub_id: str) -> Band:
        """A sub id nobody knows yet is as good as its seller."""
        found = self.sources.get((seller_id, sub_id)) or self.sellers.get(seller_id)
        return found.band if found is not None else Band.USUAL


@dataclass(slots=True)
class _Sums:
    sales: Row | None = None
    posts: Row | None = None
    bad: Row | None = None


def standing(
    vertical: str,
    sales: Iterable[Row],
    posts: Iterable[Row],
    bad: Iterable[Row],
    today: int,
    everywhere: Mapping[str, float] | None = None,
) -> Standing:
    """From sums by seller and sub id: `sales` of `sale_sums`, `posts` of `source_sums`, `bad` of `bad_sums`, on a day.

    `everywhere` are the rates of all verticals, which one of few leads is drawn to.
    """
    drawn_to = everywhere or {}
    sums: dict[Key, _Sums] = {}
    for row in sales:
        sums.setdefault((row["seller_id"], row["sub_id"]), _Sums()).sales = row
    for row in posts:
        sums.setdefault((row["seller_id"], row["sub_id"]), _Sums()).posts = row
    for row in bad:
        if (key := (row["seller_id"], row["sub_id"])) in sums:
            sums[key].bad = row
    trees = {
        each.name: tree(each, {key: _tally(each.name, known) for key, known in sums.items()}, drawn_to.get(each.name))
        for each in MEASURES
    }
    suspected = suspicions({key: _bad(known, today) for key, known in sums.items()})
    usual = _per_lead(sums.values())
    sources = {key: _source(key, known, trees, suspected[key], usual) for key, known in sums.items()}
    sellers = {}
    for seller_id in {seller_id for seller_id, _ in sums}:
        own = [source for key, source in sources.items() if key[0] == seller_id]
        sellers[seller_id] = _seller(seller_id, own, trees, usual)
    return Standing(vertical, {name: each.base for name, each in trees.items()}, sellers, sources)


def _tally(measure: str, sums: _Sums) -> Tally:
    sale, post = sums.sales, sums.posts
    if measure in ("contact", "conversion", "return"):
        if sale is None:
            return NOTHING
        told = sale[{"contact": "contacted", "conversion": "converted", "return": "returned"}[measure]]
        hits, of, plain = _OF_SALES[measure](sale)
        leads = sale["sold"] if measure == "return" else sale["heard"]
        plain_hits = sale["plain_hits"] / WHOLE if measure == "conversion" else told
        return Tally(hits / WHOLE, of / WHOLE, plain_hits, plain, told, leads)
    if post is None:
        return NOTHING
    told, leads = post[measure], post["leads"]
    return Tally(post[f"{measure}_hits"] / WHOLE, post["leads_short"] / WHOLE, told, leads, told, leads)


def _contact(row: Row) -> tuple[int, float, float]:
    return row["contact_hits"], row["contact_of"], float(row["heard"])


def _conversion(row: Row) -> tuple[int, float, float]:
    """Open leads count for the share that would have shown by their age, and the share of those that ended at once."""
    of = exposed(row["conversion_fading"], row["conversion_open"], row["conversion_ended"])
    plain = exposed(row["plain_fading"] / WHOLE, max(row["heard"] - row["ended"], 0), row["ended"])
    return row["conversion_hits"], of, plain


def _return(row: Row) -> tuple[int, float, float]:
    return row["return_hits"], row["return_hits"] + row["return_fading"], float(row["sold"])


_OF_SALES = {"contact": _contact, "conversion": _conversion, "return": _return}


def _bad(sums: _Sums, today: int) -> Counts:
    sale, post, bad = sums.sales, sums.posts, sums.bad
    leads = max(post["leads"] if post is not None else 0, sale["sold"] if sale is not None else 0)

    def shares(fading: str, good: str) -> Shares:
        fraud, told = (bad[f"fraud_{fading}"], bad[f"bad_{fading}"]) if bad is not None else (0, 0)
        passed = post[f"clean_{fading}"] if post is not None else 0
        return Shares(fraud / WHOLE, passed / WHOLE, told / WHOLE, (sale[good] if sale is not None else 0) / WHOLE)

    counts = Counts(shares("short", "bad_fading"), shares("long", "bad_fading_long"), leads=leads)
    if bad is None:
        return counts
    month, past = (_span(name, days, sums, today) for name, days in (("month", MONTH_DAYS), ("past", PAST_DAYS)))
    return counts._replace(told=bad["told"], days=bad["days"], month=month, past=past)


def _span(name: str, days: int, sums: _Sums, today: int) -> Month:
    sale, post, bad = sums.sales, sums.posts, sums.bad
    sold = sale[f"{name}_sold"] if sale is not None else 0
    if post is None or bad is None:
        return Month(sold=sold)
    first = max(post["first_day"], today - days + 1)
    return Month(
        post[f"{name}_leads"],
        sold,
        today - first + 1,
        bad[f"{name}_fraud"],
        bad[f"{name}_steady"],
        bad[f"{name}_fraud_days"],
        bad[f"{name}_bad"] - bad[f"{name}_fraud"],
        bad[f"{name}_days"],
    )


def _per_lead(sums: Iterable[_Sums]) -> Mapping[str, int]:
    """By currency, what a lead of all sources in it earns."""
    earned, leads = Counter[str](), Counter[str]()
    for each in sums:
        earned[_currency(each)] += _earned(each)
        leads[_currency(each)] += each.posts["leads"] if each.posts is not None else 0
    return {currency: units // max(leads[currency], 1) for currency, units in earned.items()}


def _currency(sums: _Sums) -> str:
    return str(sums.sales["currency"]) if sums.sales is not None else ""


def _earned(sums: _Sums) -> int:
    return sums.sales["price_units"] - sums.sales["lost_units"] if sums.sales is not None else 0


def _source(key: Key, sums: _Sums, trees: Mapping[str, Tree], suspicion: Suspicion, usual: Mapping[str, int]) -> Source:
    rates = {name: each.subs[key] for name, each in trees.items()}
    leads = sums.posts["leads"] if sums.posts is not None else 0
    sold = sums.sales["sold"] if sums.sales is not None else 0
    earned, paid = _earned(sums), sums.sales["payout_units"] if sums.sales is not None else 0
    currency = _currency(sums)
    drawn = _drawn(earned, leads, usual.get(currency, 0))
    return Source(*key, leads, sold, currency, earned, paid, drawn, rates, suspicion, band_of(rates, suspicion))


def _seller(seller_id: str, own: list[Source], trees: Mapping[str, Tree], usual: Mapping[str, int]) -> Source:
    rates = {name: each.sellers[seller_id] for name, each in trees.items()}
    currencies = {each.currency for each in own if each.sold}
    currency = currencies.pop() if len(currencies) == 1 else ""
    leads, earned = sum(each.leads for each in own), sum(each.earned_units for each in own) if currency else 0
    return Source(
        seller_id,
        "",
        leads,
        sum(each.sold for each in own),
        currency,
        earned,
        sum(each.paid_units for each in own) if currency else 0,
        _drawn(earned, leads, usual.get(currency, 0)),
        rates,
        None,
        band_of(rates, None),
    )


def _drawn(earned: int, leads: int, usual: int) -> int:
    return (earned + int(USUAL) * usual) // (leads + int(USUAL))


def band_of(rates: Mapping[str, Rate], suspicion: Suspicion | None) -> Band:
    """The band of these rates. Only a sub id is ever rotten."""
    if suspicion is not None and suspicion.rotten:
        return Band.ROTTEN
    conversion, back = rates["conversion"], rates["return"]
    given_back = back.above(min(back.base * _WEAK_RETURN, 0.99)) if back.told >= _LEAST_BACK else 0.0
    sells = conversion.leads >= _LEAST_SOLD and conversion.base * conversion.leads >= _LEAST_EXPECTED
    if given_back > _SURE_BACK or (sells and 1.0 - conversion.above(conversion.base * _WEAK_CONVERSION) > _SURE_WEAK):
        return Band.WEAK
    if sells and conversion.above(conversion.base) > _SURE_STRONG and given_back < 0.5:
        return Band.STRONG
    return Band.USUAL
