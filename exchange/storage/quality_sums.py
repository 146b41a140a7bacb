"""Sums over counted days, each day weighed by its age: what the rates of sources and buyers are made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from exchange.model.actor import Actor, Role
from exchange.model.quality import MONTH_DAYS, PAST_DAYS, DayWeight
from exchange.model.worth import WHOLE
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed, values_of

SALE_GROUPS = ("seller_id", "sub_id", "buyer_id")
BURST = 4
"""More bad leads of one sub id and day count as so many: one bad hour is no rotten source."""
SPANS = {"month": MONTH_DAYS, "past": PAST_DAYS}
"""The days, with today, of the plain counts that begin with each name."""
_ONE = "MIN(d.currency) = MAX(d.currency)"
_CURRENCY = f"CASE WHEN {_ONE} THEN MAX(d.currency) ELSE '' END AS currency"
"""Amounts of several currencies are never added up: what is summed then has no currency, and its amounts are 0."""


def _weights(weights: Sequence[DayWeight]) -> tuple[str, dict[str, Any]]:
    names = DayWeight._fields
    values, params = values_of(tuple(f"w_{name}" for name in names), [
        {f"w_{name}": value for name, value in each._asdict().items()} for each in weights
    ])  # fmt: skip
    return f"WITH w ({', '.join(names)}) AS ({values})", params


def _columns(groups: Sequence[str]) -> tuple[str, str]:
    """The groups as columns, and as a GROUP BY; nothing to group by is one group."""
    unknown = set(groups) - set(SALE_GROUPS)
    assert not unknown, f"no such group: {unknown}"
    return ", ".join(f"d.{each}" for each in groups), f"GROUP BY {', '.join(f'd.{each}' for each in groups)}"


async def sale_sums(
    tx: Tx,
    actor: Actor,
    vertical: str,
    weights: Sequence[DayWeight],
    groups: Sequence[str],
    buyer_id: str = "",
    most: int = 20_000,
    silent: Collection[str] = (),
    early: Collection[str] = (),
) -> list[Row]:
    """Sales of a vertical by sub id, seller or buyer: plain counts, and `*_hits` and `*_of` in millionths.

    Those with most sales first. A seller sees its own, a buyer what it bought. Sales to `silent` buyers count for no
    contact and no conversion; `heard` are the others. Leads that `early` buyers reached count for what they promise.
    """
    with_w, params = _weights(weights)
    names, grouped = _columns(groups)
    mine, own = _own(actor)
    only = "AND d.buyer_id = :only_buyer" if buyer_id else ""
    told, quiet = _told_of(silent)
    either, early_ones = _either(early)
    return await tx.fetch(
        f"""{with_w} SELECT {names}, {_CURRENCY}, {_plain()},
               CAST(SUM({told("d.sold")}) AS BIGINT) AS heard,
               {_weighed("d.contacted", "w.long", "contact_hits")},
               {_weighed(told("d.sold"), "w.contact", "contact_of")},
               {_weighed("1", f"(d.converted * w.long + {either('d.reached * w.promise', '0')})", "conversion_hits")},
               {_weighed("1", f"(d.converted * {WHOLE} + {either('d.reached * w.promise_share', '0')})", "plain_hits")},
               {_weighed(told("(d.sold - d.ended)"), either("w.told", "w.conversion"), "conversion_fading")},
               {_weighed(told("d.ended"), "w.long", "conversion_ended")},
               {_weighed(told("(d.sold - d.ended)"), "w.long", "conversion_open")},
               {_weighed(told("(d.sold - d.ended)"), either("w.told_share", "w.share"), "plain_fading")},
               {_weighed("d.returned", "w.short", "return_hits")},
               {_weighed("(d.sold - d.returned)", "w.back", "return_fading")},
               {_weighed("(d.sold - d.bad)", "w.bad", "bad_fading")},
               {_weighed("(d.sold - d.bad)", "w.bad_long", "bad_fading_long")},
               {_in_spans({"sold": "d.sold"})}
           FROM w JOIN sale_days d ON d.vertical = :vertical AND d.day = w.day
           WHERE 1 = 1 {mine} {only} {grouped} ORDER BY sold DESC, {names} LIMIT :most""",
        vertical=vertical,
        most=most,
        **_spans_began(weights),
        **params,
        **own,
        **quiet,
        **early_ones,
        **({"only_buyer": buyer_id} if buyer_id else {}),
    )


def _spans_began(weights: Sequence[DayWeight]) -> dict[str, int]:
    today = max(each.day for each in weights)
    return {span: today - days + 1 for span, days in SPANS.items()}


def _in_spans(counts: Mapping[str, str]) -> str:
    """Plain counts of the days of each span, by their names."""
    return ", ".join(
        f"CAST(SUM(CASE WHEN d.day >= :{span} THEN {count} ELSE 0 END) AS BIGINT) AS {span}_{name}"
        for span in SPANS
        for name, count in counts.items()
    )


def _told_of(silent: Collection[str]) -> tuple[Callable[[str], str], dict[str, Any]]:
    """How a count leaves out the sales to silent buyers."""
    if not silent:
        return lambda count: count, {}
    names, params = listed("silent", sorted(silent))
    return lambda count: f"(CASE WHEN d.buyer_id IN {names} THEN 0 ELSE {count} END)", params


def _either(early: Collection[str]) -> tuple[Callable[[str, str], str], dict[str, Any]]:
    """How something is told of `early` buyers, and of the others."""
    if not early:
        return lambda _, other: other, {}
    names, params = listed("early", sorted(early))
    return lambda one, other: f"(CASE WHEN d.buyer_id IN {names} THEN {one} ELSE {other} END)", params


def _plain() -> str:
    counts = ("sold", "contacted", "converted", "ended", "returned", "bad", "price_units", "payout_units", "lost_units")
    return _sums(counts)


def _sums(names: Iterable[str]) -> str:
    return ", ".join(f"{_of_one(name) if name.endswith('_units') else _summed(name)} AS {name}" for name in names)


def _summed(name: str) -> str:
    return f"CAST(SUM(d.{name}) AS BIGINT)"


def _of_one(name: str) -> str:
    return f"CASE WHEN {_ONE} THEN {_summed(name)} ELSE 0 END"


def _weighed(count: str, weight: str, name: str) -> str:
    return f"CAST(SUM({count} * {weight}) AS BIGINT) AS {name}"


def _own(actor: Actor) -> tuple[str, dict[str, Any]]:
    if actor.role is Role.SELLER:
        return "AND d.seller_id = :own", {"own": actor.party_id}
    if actor.role is Role.BUYER:
        return "AND d.buyer_id = :own", {"own": actor.party_id}
    return "", {}


async def source_sums(
    tx: Tx, actor: Actor, vertical: str, weights: Sequence[DayWeight], groups: Sequence[str], most: int = 20_000
) -> list[Row]:
    """Posts of a vertical by sub id or seller: plain counts, and those weighed by the fast fading; the leads that are
    no fraud by both.
    """
    with_w, params = _weights(weights)
    names, grouped = _columns(groups)
    mine, own = _own(actor)
    plain = ", ".join(
        f"CAST(SUM(d.{name}) AS BIGINT) AS {name}" for name in ("leads", "refused", "duplicate", "fraud", "passed")
    )
    return await tx.fetch(
        f"""{with_w} SELECT {names}, {plain}, CAST(SUM(d.sold) AS BIGINT) AS bought,
               {_weighed("d.leads", "w.short", "leads_short")},
               {_weighed("d.refused", "w.short", "refused_hits")},
               {_weighed("d.duplicate", "w.short", "duplicate_hits")},
               {_weighed("d.fraud", "w.short", "fraud_hits")},
               {_weighed("(d.leads - d.fraud)", "w.short", "clean_short")},
               {_weighed("(d.leads - d.fraud)", "w.long", "clean_long")},
               {_in_spans({"leads": "d.leads"})}, MIN(d.day) AS first_day
           FROM w JOIN source_days d ON d.vertical = :vertical AND d.day = w.day
           WHERE 1 = 1 {mine} {grouped} ORDER BY leads DESC, {names} LIMIT :most""",
        vertical=vertical,
        most=most,
        **_spans_began(weights),
        **params,
        **own,
    )


async def bad_sums(tx: Tx, actor: Actor, vertical: str, weights: Sequence[DayWeight], most: int = 20_000) -> list[Row]:
    """Bad leads of a vertical by sub id: fraud that the screen found and what buyers called bad, of a day together.

    A day counts for `BURST` at most, but for the plain counts of the last weeks. Fraud goes first: a lead that was
    sold and found out later is told by the screen and by its buyer. Weighed by both fadings.
    """
    with_w, params = _weights(weights)
    mine, own = _own(actor)
    capped = _lesser("d.bad", str(BURST))
    fraud = _lesser("d.fraud", capped)
    sums = ", ".join(
        _weighed(part, f"w.{fading}", f"{kind}_{fading}")
        for kind, part in (("fraud", fraud), ("bad", f"({capped} - {fraud})"))
        for fading in ("short", "long")
    )
    lately = _in_spans(
        {
            "bad": "d.bad",
            "fraud": "d.fraud",
            "steady": fraud,
            "fraud_days": "(CASE WHEN d.fraud > 0 THEN 1 ELSE 0 END)",
            "days": "1",
        }
    )
    return await tx.fetch(
        f"""{with_w}, told AS (
               SELECT d.day, d.seller_id, d.sub_id, d.fraud, d.fraud AS bad FROM source_days d
               WHERE d.vertical = :vertical AND d.fraud > 0 {mine}
               UNION ALL SELECT d.day, d.seller_id, d.sub_id, 0 AS fraud, d.bad FROM sale_days d
               WHERE d.vertical = :vertical AND d.bad > 0 {mine}),
           d AS (
               SELECT day, seller_id, sub_id, CAST(SUM(fraud) AS BIGINT) AS fraud, CAST(SUM(bad) AS BIGINT) AS bad
               FROM told GROUP BY day, seller_id, sub_id)
           SELECT d.seller_id, d.sub_id, {sums}, {lately}, CAST(SUM({capped}) AS BIGINT) AS told, COUNT(*) AS days
           FROM w JOIN d ON d.day = w.day GROUP BY d.seller_id, d.sub_id
           ORDER BY told DESC, d.seller_id, d.sub_id LIMIT :most""",
        vertical=vertical,
        most=most,
        **_spans_began(weights),
        **params,
        **own,
    )


def _lesser(one: str, other: str) -> str:
    return f"(CASE WHEN {one} < {other} THEN {one} ELSE {other} END)"


async def post_sums(tx: Tx, actor: Actor, vertical: str, weights: Sequence[DayWeight]) -> list[Row]:
    """Posts of a vertical by contract and seller: plain counts, and those that fade fast."""
    with_w, params = _weights(weights)
    mine, own = _own(actor)
    plain = _sums(("posts", "taken", "lowered", "bid_units", "price_units", "refused_alive"))
    return await tx.fetch(
        f"""{with_w} SELECT d.seller_id, d.buyer_id, d.contract_id, {_CURRENCY}, {plain},
               {_weighed("d.posts", "w.short", "posts_short")}, {_weighed("d.taken", "w.short", "taken_short")},
               {_weighed("d.refused_alive", "w.short", "alive_short")}
           FROM w JOIN post_days d ON d.vertical = :vertical AND d.day = w.day
           WHERE 1 = 1 {mine} GROUP BY d.seller_id, d.buyer_id, d.contract_id
           ORDER BY d.buyer_id, d.contract_id, d.seller_id""",
        vertical=vertical,
        **params,
        **own,
    )


async def week_sums(
    tx: Tx,
    actor: Actor,
    vertical: str,
    since_day: int,
    seller_id: str = "",
    silent: Collection[str] = (),
    early: Collection[str] = (),
) -> list[Row]:
    """Sales by day since a day, for cohorts: what is known of each now; `heard` are those to buyers not `silent`.
    `early_open` are those to `early` buyers that did not end without a conversion, `early_reached` those that may yet.
    """
    mine, own = _own(actor)
    told, quiet = _told_of(silent)
    either, early_ones = _either(early)
    only = "AND d.seller_id = :only_seller" if seller_id else ""
    return await tx.fetch(
        f"""SELECT d.day, {_CURRENCY}, {_plain()}, CAST(SUM({told("d.sold")}) AS BIGINT) AS heard,
                CAST(SUM({told("d.ended")}) AS BIGINT) AS heard_ended,
                CAST(SUM({either("d.sold - d.ended", "0")}) AS BIGINT) AS early_open,
                CAST(SUM({either("d.reached", "0")}) AS BIGINT) AS early_reached FROM sale_days d
            WHERE d.vertical = :vertical AND d.day >= :since {mine} {only} GROUP BY d.day ORDER BY d.day""",
        vertical=vertical,
        since=since_day,
        **own,
        **quiet,
        **early_ones,
        **({"only_seller": seller_id} if seller_id else {}),
    )


async def silent_buyers(tx: Tx, vertical: str, since_day: int, least: int) -> list[str]:
    """Buyers of at least so many leads since a day that reported nothing of any: what they gave back is no report."""
    rows = await tx.fetch(
        """SELECT buyer_id FROM sale_days WHERE vertical = :vertical AND day >= :since GROUP BY buyer_id
           HAVING CAST(SUM(sold) AS BIGINT) >= :least AND CAST(SUM(contacted + converted) AS BIGINT) = 0
               AND CAST(SUM(ended - returned) AS BIGINT) <= 0 ORDER BY buyer_id""",
        vertical=vertical,
        since=since_day,
        least=least,
    )
    return [row["buyer_id"] for row in rows]


async def level_sums(
    tx: Tx,
    vertical: str,
    since_day: int,
    sources: int,
    silent: Collection[str] = (),
    early: Collection[str] = (),
) -> list[Row]:
    """What each source sold a day and how much of it converted: those with most sales, the others together as one.
    `early` and `early_reached` are what of it `early` buyers bought, and reached and may convert yet.
    """
    told, quiet = _told_of(silent)
    either, early_ones = _either(early)
    return await tx.fetch(
        f"""WITH large AS (
               SELECT seller_id, sub_id FROM sale_days WHERE vertical = :vertical AND day >= :since
               GROUP BY seller_id, sub_id ORDER BY CAST(SUM(sold) AS BIGINT) DESC, seller_id, sub_id LIMIT :most)
           SELECT d.day, l.seller_id, l.sub_id, CAST(SUM({told("d.sold")}) AS BIGINT) AS sold,
               CAST(SUM(d.converted) AS BIGINT) AS converted, CAST(SUM({either("d.sold", "0")}) AS BIGINT) AS early,
               CAST(SUM({either("d.reached", "0")}) AS BIGINT) AS early_reached
           FROM sale_days d LEFT JOIN large l ON l.seller_id = d.seller_id AND l.sub_id = d.sub_id
           WHERE d.vertical = :vertical AND d.day >= :since GROUP BY d.day, l.seller_id, l.sub_id""",
        vertical=vertical,
        since=since_day,
        most=sources,
        **quiet,
        **early_ones,
    )


_MOMENTS = ("contacted_at", "converted_at", "returned_at", "bad_at")


async def lags(tx: Tx, vertical: str, moment: str, since: int, most: int) -> list[Row]:
    """How late contacts, conversions or returns told after `since` were told: the newest; all in milliseconds."""
    assert moment in _MOMENTS, moment
    return await tx.fetch(
        f"""SELECT sold_at, {moment} - sold_at AS lag_ms FROM sale_outcomes
            WHERE vertical = :vertical AND {moment} IS NOT NULL AND {moment} > :since
            ORDER BY {moment} DESC LIMIT :most""",
        vertical=vertical,
        since=since,
        most=most,
    )


async def counted_verticals(tx: Tx) -> list[str]:
    """Verticals that anything was counted of."""
    rows = await tx.fetch("SELECT DISTINCT vertical FROM source_days UNION SELECT DISTINCT vertical FROM sale_days")
    return sorted(row["vertical"] for row in rows)


async def source_heat(tx: Tx, actor: Actor, vertical: str, first_day: int) -> tuple[list[Row], list[Row]]:
    """Posts and sales by seller and sub id since a day (UTC); `vertical` empty: all. Plain counts, for operators."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return [], []
    only = "AND vertical = :vertical" if vertical else ""
    params: dict[str, Any] = {"first": first_day} | ({"vertical": vertical} if vertical else {})
    posts = await tx.fetch(
        f"""SELECT seller_id, sub_id, CAST(SUM(leads) AS BIGINT) AS leads, CAST(SUM(duplicate) AS BIGINT) AS duplicate,
               CAST(SUM(fraud) AS BIGINT) AS fraud, CAST(SUM(sold) AS BIGINT) AS sold
            FROM source_days WHERE day >= :first {only} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 500""",
        **params,
    )
    sales = await tx.fetch(
        f"""SELECT d.seller_id, d.sub_id, {_CURRENCY}, {_summed("sold")} AS sales,
               {_sums(("returned", "contacted", "price_units", "payout_units", "lost_units"))}
            FROM sale_days d WHERE day >= :first {only} GROUP BY 1, 2""",
        **params,
    )
    return posts, sales
