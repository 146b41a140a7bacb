"""What may be wrong with a seller: nothing comes, much is refused, the screen sees fraud."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

from exchange.flows.alarms.look import DAY_MS, HOUR_MS, Look, seller_name
from exchange.model.alert import Act, Found, Stake, Told
from exchange.model.party import State
from exchange.stages.alert_words import counted, percent, span
from exchange.stages.alerts import missed, over, usual_gap
from exchange.storage.alert_figures import came_lately, newest_of_seller, screen_open
from exchange.storage.database import Row

_SCREEN = "/console/screen"
_MOMENTS = 200
_BACK_DAYS = 28
_REFUSED = ("rejected", "duplicate", "invalid")
_PROOF = "proof"
_KINDS = {
    "burst": "a burst of leads",
    "farm": "a lead farm",
    "rotten": "a rotten source",
}


async def silent(look: Look) -> AsyncIterator[Found]:
    """Sellers of which nothing comes, though at this time of the week it usually does."""
    if not look.on("silent"):
        return
    market, times = look.market, look.settings["silent"].first
    for seller in market.deals.sellers.values():
        if seller.state is not State.ACTIVE or not _may_send(look, seller.id):
            continue
        moments = await market.db.read(came_lately, seller.id, look.now - _BACK_DAYS * DAY_MS, look.now, _MOMENTS)
        gap = usual_gap(moments)
        if gap is None or look.now - moments[0] <= times * max(gap, 1_000):
            continue
        before = await _same_span(look, seller.id, moments[0])
        if not missed(before):
            continue
        quiet, usual = look.now - moments[0], round(sum(before) / len(before))
        yield Found(
            "silent",
            seller.id,
            f"Nothing comes from {seller.name} for {span(quiet)}",
            f"In the same time of earlier weeks {counted(usual, 'lead')} came. "
            f"95% of its leads follow the one before within {span(max(gap, 1_000))}.",
            "Its form or traffic is down, its key was changed, or its posts do not reach us.",
            (
                Act(f"Leads of {seller.name}", f"/console/leads?seller={seller.id}"),
                Act("Its campaigns", "/console/campaigns"),
            ),
            Stake(leads=usual * HOUR_MS // max(quiet, 1)),
        )


def _may_send(look: Look, seller_id: str) -> bool:
    campaigns = look.market.deals.campaigns.values()
    return any(each.seller_id == seller_id and each.state is State.ACTIVE for each in campaigns)


async def _same_span(look: Look, seller_id: str, since: int) -> list[int]:
    """How much came in the same span of the last four weeks; of a seller that is younger, of the last days."""
    found = []
    for shift in (7, 14, 21, 28):
        span_ms = shift * DAY_MS
        came = await look.market.db.read(came_lately, seller_id, since + 1 - span_ms, look.now - span_ms, _MOMENTS)
        found.append(len(came))
    while found and found[-1] == 0:  # it may not have been there yet
        found.pop()
    if len(found) >= 2:
        return found
    days = []
    for shift in (1, 2, 3):
        span_ms = shift * DAY_MS
        came = await look.market.db.read(came_lately, seller_id, since + 1 - span_ms, look.now - span_ms, _MOMENTS)
        days.append(len(came))
    return days


async def rejects(look: Look) -> AsyncIterator[Found]:
    """Sellers of whose newest leads too many are refused."""
    if not look.on("rejects"):
        return
    market, share, least = look.market, look.settings["rejects"].first, look.settings["rejects"].second
    for seller in market.deals.sellers.values():
        rows = await market.db.read(newest_of_seller, seller.id, look.now - DAY_MS, least)
        refused = [row for row in rows if row["state"] in _REFUSED]
        if len(rows) < least or not over(len(refused), len(rows), share, is_open=f"rejects:{seller.id}" in look.open):
            continue
        yield _refuses(look, seller.id, rows, refused)


def _refuses(look: Look, seller_id: str, rows: list[Row], refused: list[Row]) -> Found:
    name = seller_name(look.market, seller_id)
    reasons = Counter(str(row["reason"] or row["state"]) for row in refused)
    (reason, most), subs = reasons.most_common(1)[0], Counter(row["sub_id1"] or "" for row in refused)
    sub, of_sub = subs.most_common(1)[0]
    whence = f" Sub ID {sub} brought {of_sub} of them." if sub and of_sub * 2 > len(refused) else ""
    first = f"{len(refused)} of the last {len(rows)} leads ({percent(len(refused), len(rows))})"
    common = f"Most often: {reason.replace('_', ' ')}, {most} times.{whence}"
    return Found(
        "rejects",
        seller_id,
        f"{percent(len(refused), len(rows))} of {name}'s leads are refused",
        f"{first} earned nothing since {span(look.now - rows[-1]['received_at'])} ago.",
        common,
        (
            Act("See them", f"/console/leads?seller={seller_id}&status=rejected"),
            Act("Screen", _SCREEN),
        ),
        Stake(leads=len(refused) * HOUR_MS // max(look.now - rows[-1]["received_at"], 60_000)),
        told=Told(
            "seller",
            seller_id,
            f"{percent(len(refused), len(rows))} of your leads are refused",
            f"{first} were refused. {common} See which fields or sources they have in common.",
            "/seller",
        ),
    )


async def screened(look: Look) -> AsyncIterator[Found]:
    """What the fraud screen, the watch over sources and the one over proofs found, until somebody has seen to it."""
    for row in await look.market.db.read(screen_open):
        if row["kind"] == _PROOF:
            if look.on("proof"):
                yield _unproved(look, row)
        elif look.on("fraud"):
            yield _fraud(look, row)


def _fraud(look: Look, row: Row) -> Found:
    what = _KINDS.get(row["kind"], "a seller's way of sending")
    who, sub = seller_name(look.market, row["seller_id"]), row["sub_id"]
    source = f"{who}, sub ID {sub}" if sub else who
    acts = [Act("Look at the screen", _SCREEN)]
    if sub:
        fields = (("seller_id", row["seller_id"]), ("sub_id", sub), ("alert_id", row["id"]))
        acts.insert(0, Act(f"Block {sub}", "/console/alerts/block", True, fields))
    told = f"Your sub ID {sub}" if sub else "One of your sources"
    return Found(
        "fraud",
        row["id"],
        f"{what[0].upper()}{what[1:]} from {source}",
        f"{counted(row['leads'], 'lead')} since {span(look.now - row['began_at'])} ago."
        if row["leads"]
        else "Leads of this source are suspected.",
        f"{row['detail']}.".replace("..", "."),
        tuple(acts),
        Stake(leads=row["leads"]),
        told=Told(
            "seller",
            row["seller_id"],
            f"{told} looks like fraud",
            f"{told} sends leads that look like no real consumers: {what}. Such leads are refused and earn nothing. "
            "Stop the source or tell us what it is.",
            "/seller",
        )
        if row["seller_id"] in look.market.deals.sellers
        else None,
    )


def _unproved(look: Look, row: Row) -> Found:
    ready = look.market.deals.shapes.verifiers.get(row["sub_id"])
    title = ready.card.title if ready is not None else row["sub_id"]
    return Found(
        "proof",
        row["id"],
        f"{title} keeps no proof of consent",
        f"{counted(row['leads'], 'sold lead')} without a kept proof. A certificate that nobody retained for 72 hours "
        "is gone.",
        f"{row['detail']}. Its account or key may be out of order.",
        (Act("The verifier", f"/console/verifiers/{row['sub_id']}"), Act("See to it", _SCREEN)),
        Stake(leads=row["leads"]),
    )
