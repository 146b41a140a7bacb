"""Which leads a list shows, as conditions on `leads`. A filter that is None or empty leaves no lead out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.model.actor import Actor, Role
from exchange.model.analysis import Cell, Grain
from exchange.model.counted import PRICE_UNITS
from exchange.model.muted import NOTHING, Muted
from exchange.storage.analysis import cells_where
from exchange.storage.rows import as_written, listed
from exchange.storage.spans import TOP, Span
from exchange.storage.ways import COUNTED, WAYS

Where = tuple[list[str], dict[str, object]]

# What few leads are is asked from the few: the list of them is made once, and each is found by its id.
_BACK = "id IN (SELECT s.lead_id FROM sales s WHERE s.returned_at IS NOT NULL)"
_STANDS = "EXISTS (SELECT 1 FROM sales s WHERE s.lead_id = leads.id AND s.reversed_at IS NULL)"
_REVOKED = """id IN (SELECT l.id FROM revocations v CROSS JOIN leads l WHERE l.phone_index = v.phone_index
       UNION SELECT l.id FROM revocations v CROSS JOIN leads l WHERE l.email_index = v.email_index)"""
_CONSENTED = "EXISTS (SELECT 1 FROM consents c WHERE c.lead_id = leads.id)"

# Contracts' highest bids stand with what they said to the ping, and the others by size.
# Both within one: of two, either of which is enough, PostgreSQL would read all there are of each, to have them at hand.
_BID = f"""EXISTS (SELECT 1 FROM asks k WHERE k.at = leads.received_at AND k.lead_id = leads.id AND k.said = 'bid'
           AND k.price_units >= :bid_from AND k.price_units < :bid_to
       UNION ALL SELECT 1 FROM lead_bids b WHERE b.lead_id = leads.id AND b.size * {PRICE_UNITS} >= :bid_from
           AND b.size * {PRICE_UNITS} < :bid_to)"""

STANDINGS: Mapping[str, str] = MappingProxyType(
    {
        "returned": f"times_sold > 0 AND {_BACK} AND NOT {_STANDS}",
        "partly_returned": f"times_sold > 0 AND {_BACK} AND {_STANDS}",
        "in_store": "id IN (SELECT i.lead_id FROM store_items i WHERE i.state = 'listed')",
        "in_nurture": "id IN (SELECT n.lead_id FROM nurture_leads n WHERE n.state = 'in')",
        "expired": """state = 'quoted' AND NOT EXISTS (
               SELECT 1 FROM quotes q WHERE q.lead_id = leads.id AND q.expires_at > :now)""",
        "erased": "sealed IS NULL",
    }
)
"""What a lead may be beside its state. `expired` is known at `now`."""
RETURNS: Mapping[str, str] = MappingProxyType(
    {
        "any": "IN (SELECT r.lead_id FROM return_requests r)",
        "none": "NOT IN (SELECT r.lead_id FROM return_requests r)",
        "open": "IN (SELECT r.lead_id FROM return_requests r WHERE r.state IN ('asked', 'question'))",
        "granted": "IN (SELECT r.lead_id FROM return_requests r WHERE r.state IN ('approved', 'partial', 'replaced'))",
        "declined": "IN (SELECT r.lead_id FROM return_requests r WHERE r.state = 'declined')",
    }
)
CONSENTS: Mapping[str, str] = MappingProxyType(
    {"given": f"{_CONSENTED} AND NOT {_REVOKED}", "none": f"NOT {_CONSENTED}", "taken_back": _REVOKED}
)


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """What a list shows, and which stretch of it. `prices` are revenue in units, from and to; `grades` first and last.

    `missed` is a buyer that was not asked, with the check that kept it out or an empty word. `kept` leaves out those
    whose personal values are gone.
    """

    mode: str = "live"
    states: tuple[str, ...] = ()
    standing: str | None = None
    reason: str | None = None
    seller_id: str | None = None
    campaign_id: str | None = None
    sub_id1: str | None = None
    buyer_id: str | None = None
    contract_id: str | None = None
    vertical: str | None = None
    us_state: str | None = None
    zips: tuple[str, ...] = ()
    grades: tuple[str, str] | None = None
    grade: str | None = None
    prices: tuple[int, int] | None = None
    bid: tuple[int, int] | None = None  # sizes of a price that was bid: from, and up to below
    way: str | None = None  # how it was sold: one of `ways.WAYS`
    channel: str | None = None
    returns: str | None = None
    disposition: str | None = None
    consent: str | None = None
    pinged: str | None = None
    missed: tuple[str, str] | None = None
    field: tuple[str, str] | None = None
    duplicate_of: str | None = None
    tag: str | None = None
    cells: tuple[Cell, ...] = ()  # of the analytics explorer
    ids: tuple[str, ...] = ()
    kept: bool = False
    muted: Muted = NOTHING  # its outcomes are states
    phone_index: bytes | None = None
    email_index: bytes | None = None
    since: int | None = None
    until: int | None = None
    edge: tuple[int, str] | None = None  # the last lead that is looked at: when it was received, and its id
    now: int = 0
    span: Span = TOP


_EQUAL = (
    "duplicate_of",
    "phone_index",
    "email_index",
    "zip",
    "sub_id1",
    "reason",
    "campaign_id",
    "seller_id",
    "us_state",
    "vertical",
    "state",
)
"""What has an index that is read in the order of the list, that of the fewest leads first."""


_COMMON = ("campaign_id", "seller_id", "us_state", "vertical", "state")
"""What too many leads have to put them in another order."""


def equal_to(actor: Actor, wanted: LeadFilter) -> dict[str, object]:
    """What a column is to be equal to, in the order of `_EQUAL`. Sellers see their own leads; operators all."""
    given: dict[str, object] = {column: getattr(wanted, column, None) for column in _EQUAL}
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        given["seller_id"] = actor.party_id or ""
    given["zip"] = wanted.zips[0] if len(wanted.zips) == 1 else None
    given["state"] = wanted.states[0] if len(wanted.states) == 1 else None
    return {column: value for column, value in given.items() if value is not None}


def is_sought(wanted: LeadFilter) -> bool:
    """Whether leads are looked through for something that no index finds: how many match is not known beforehand."""
    wide = (wanted.grades, wanted.grade, wanted.prices, wanted.bid, wanted.pinged, wanted.missed, wanted.field)
    told = (wanted.standing in ("erased", "expired"), wanted.consent in ("given", "none"), wanted.returns == "none")
    return (
        any(each is not None for each in wide)
        or any(told)
        or any(wanted.muted)
        or wanted.way in ("exclusive", "shared")
    )


def where_of(actor: Actor, wanted: LeadFilter, led_by: str = "") -> Where:
    """`led_by` names a filter that is left out here: the leads it means are joined, `leads_by` of it.

    Of several columns that have an index each the first is to be used: of the others that is kept from the engine,
    which knows nothing of how many leads each would find.
    """
    where = ["mode = 'test'" if wanted.mode == "test" else "mode = 'live'"]  # written out: an index is for one of them
    found: dict[str, object] = {}
    by_time = wanted.span.sort in ("", "received")
    plain = not led_by and not wanted.ids
    for column, value in equal_to(actor, wanted).items():
        leads = plain and (by_time or column not in _COMMON)
        where.append(f"{column} = :{column}" if leads or column.endswith("_index") else f"{column} || '' = :{column}")
        found[column] = value
        plain = plain and not leads
    for part, params in (*_ranges(wanted, by_time), *_lists(wanted, plain), *_others(wanted, led_by)):
        where.append(part)
        found |= params
    more, params = cells_where(wanted.cells, Grain.LEAD)
    return where + more, found | params


def _ranges(wanted: LeadFilter, by_time: bool) -> list[tuple[str, dict[str, object]]]:
    parts: list[tuple[str, dict[str, object]]] = []
    if wanted.grade is not None:
        parts.append(("grade = :grade", {"grade": wanted.grade}))
    if wanted.since is not None:
        parts.append(("received_at >= :since", {"since": wanted.since}))
    if wanted.until is not None:
        parts.append(("received_at < :until", {"until": wanted.until}))
    if wanted.grades is not None:
        first, last = wanted.grades
        parts.append(("grade >= :grade_from AND grade <= :grade_to", {"grade_from": first, "grade_to": last}))
    if wanted.prices is not None:
        least, most = wanted.prices
        units = "revenue_units + 0" if by_time else "revenue_units"  # all of a price would have to be put in order
        parts.append((f"{units} >= :least AND {units} <= :most_units", {"least": least, "most_units": most}))
    if wanted.edge is not None:
        sign = ">=" if wanted.span.falling else "<="
        at, lead_id = wanted.edge
        parts.append((f"(received_at, id) {sign} (:edge_at, :edge_id)", {"edge_at": at, "edge_id": lead_id}))
    return parts


def _lists(wanted: LeadFilter, plain: bool) -> list[tuple[str, dict[str, object]]]:
    parts: list[tuple[str, dict[str, object]]] = []
    for column, values in (("state", wanted.states), ("zip", wanted.zips)):
        if len(values) > 1:
            names, params = listed(column, values)
            found_by = plain and column == "zip"  # most leads are of one of several states
            parts.append((f"{column} IN {names}" if found_by else f"{column} || '' IN {names}", params))
    if wanted.ids:
        names, params = listed("id", wanted.ids)
        parts.append((f"id IN {names}", params))
    return parts


def _others(wanted: LeadFilter, led_by: str) -> list[tuple[str, dict[str, object]]]:
    """What lies in other tables, or within a text."""
    parts: list[tuple[str, dict[str, object]]] = []
    for column, value in (("buyer_id", wanted.buyer_id), ("contract_id", wanted.contract_id)):
        if value is not None and led_by != "bought":
            sold = f"""EXISTS (SELECT 1 FROM sales s WHERE s.lead_id = leads.id AND s.{column} = :{column}
                   AND {COUNTED})"""
            parts.append((sold, {column: value}))
    if wanted.way is not None:
        parts.append((WAYS[wanted.way], {}))
    if wanted.bid is not None:
        parts.append((_BID, {"bid_from": wanted.bid[0] * PRICE_UNITS, "bid_to": wanted.bid[1] * PRICE_UNITS}))
    if wanted.channel is not None:
        rare = "channel <> 'api' AND channel = :channel"  # the index is for these
        parts.append((rare if wanted.channel != "api" else "channel = :channel", {"channel": wanted.channel}))
    if (standing := STANDINGS.get(wanted.standing or "")) is not None:
        if led_by == "came_back":
            standing = standing.replace(f"{_BACK} AND ", "")
        parts.append((standing, {"now": wanted.now} if wanted.standing == "expired" else {}))
    if (back := RETURNS.get(wanted.returns or "")) is not None and led_by != "returns":
        parts.append((f"id {back}", {}))
    if (consent := CONSENTS.get(wanted.consent or "")) is not None:
        parts.append((consent, {}))
    if wanted.disposition is not None and led_by != "disposition":
        reported = "id IN (SELECT d.lead_id FROM sale_dispositions d WHERE d.kind = :disposition)"
        parts.append((reported, {"disposition": wanted.disposition}))
    if wanted.kept:
        parts.append(("sealed IS NOT NULL", {}))
    if wanted.tag is not None and led_by != "tag":
        parts.append(("id IN (SELECT t.lead_id FROM lead_tags t WHERE t.tag = :tag)", {"tag": wanted.tag}))
    return parts + _within(wanted) + _unmuted(wanted.muted)


def _unmuted(muted: Muted) -> list[tuple[str, dict[str, object]]]:
    parts: list[tuple[str, dict[str, object]]] = []
    for column, values in (("seller_id", muted.sellers), ("state", muted.outcomes)):
        if values:
            names, params = listed(f"muted_{column}", values)
            parts.append((f"{column} NOT IN {names}", params))
    for place, (seller_id, sub_id) in enumerate(muted.sources):
        seller, sub = f"muted_of_{place}", f"muted_sub_{place}"
        told = f"NOT (seller_id = :{seller} AND COALESCE(sub_id1, '') = :{sub})"
        parts.append((told, {seller: seller_id, sub: sub_id}))
    return parts


def _within(wanted: LeadFilter) -> list[tuple[str, dict[str, object]]]:
    parts: list[tuple[str, dict[str, object]]] = []
    if wanted.pinged is not None:
        parts.append(("pinged LIKE :pinged ESCAPE '!'", {"pinged": f"%|{as_written(wanted.pinged)}|%"}))
    if wanted.missed is not None:
        buyer, check = wanted.missed
        text = f"%|{as_written(buyer)}:{as_written(check)}|%" if check else f"%|{as_written(buyer)}:%"
        parts.append(("missed LIKE :missed ESCAPE '!'", {"missed": text}))
    if wanted.field is not None:
        name, value = (json.dumps(each, ensure_ascii=False) for each in wanted.field)
        parts.append(("facts LIKE :fact ESCAPE '!'", {"fact": f"%{as_written(name)}:{as_written(value)}%"}))
    return parts
