"""What brought leads: clicks and landings as they happen, and the path of each lead once it is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.attribution import CLICK_IDS, UTM, JourneyRow, LinkRow, Touch, TouchRow
from exchange.stages.attribution.journey import WINDOW_MS, path_of, tags_of
from exchange.storage.attribution import (
    add_link,
    add_touch,
    end_link,
    find_link,
    keep_journeys,
    leads_to_trace,
    seen_up_to,
    touches_before,
)
from exchange.storage.database import Row
from exchange.vault import VaultError

TAGS = (*UTM, *CLICK_IDS, *(f"sub_id{number}" for number in range(1, 11)))
"""What an address may carry on to a landing page; everything else in it is left alone."""
TAG_CHARACTERS = 250
NAME_CHARACTERS = 120
TARGET_CHARACTERS = 1_000
CLICK = re.compile(r"clk_[0-9A-Z]{26}")
VISITOR = re.compile(r"[A-Za-z0-9_-]{8,64}")
_AT_ONCE = 200
_ROUNDS = 10  # in one look: a burst is caught up with soon, and nothing else waits for long
_OVERLAP_MS = 120_000


class CannotLink(Exception):
    """What is wrong with a link, as a sentence. `field` is where."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


async def make_link(market: Market, fields: Mapping[str, str], actor: Actor) -> LinkRow:
    """A link of one creative. Its target is kept, and no request can change it. Raises `CannotLink`."""
    given = {name: " ".join(fields.get(name, "").split()) for name in ("name", "source", "campaign", "creative")}
    for name, value in given.items():
        if len(value) > NAME_CHARACTERS or (not value and name in ("name", "source")):
            raise CannotLink(name, f"{name} must have 1 to {NAME_CHARACTERS} characters.")
    target = fields.get("target", "").strip()
    parts = _split(target)
    if parts is None or len(target) > TARGET_CHARACTERS:
        raise CannotLink("target", "target is an address such as https://www.savings.example/solar")
    now = market.clock.now()
    source = given["source"].lower()
    link = LinkRow(
        market.ids.token(9), given["name"], source, given["campaign"], given["creative"], target, "active", 0, now,
        actor.name,
    )  # fmt: skip
    after = {"source": source, "campaign": link.campaign, "creative": link.creative, "target": target}
    await market.db.write(
        add_link, link, audit_line(market.ids, now, actor, "link.made", f"link:{link.id}", after=after)
    )
    return link


def _split(target: str) -> tuple[str, ...] | None:
    try:
        parts = urlsplit(target)
        host = parts.hostname
    except ValueError:
        return None
    whole = parts.scheme in ("http", "https") and host and "@" not in parts.netloc and target.isprintable()
    return tuple(parts) if whole and not any(sign in target for sign in " \\<>\"'") else None


async def stop_link(market: Market, link_id: str, actor: Actor) -> bool:
    """It leads nowhere any more. False when it did not."""
    line = audit_line(market.ids, market.clock.now(), actor, "link.ended", f"link:{link_id}")
    return await market.db.write(end_link, link_id, line)


async def follow_link(market: Market, link_id: str, query: Mapping[str, str], *, counts: bool) -> str | None:
    """Where a click goes on, with our id of it and the tags it brought; None when there is no such link."""
    link = await market.db.read(find_link, link_id)
    if link is None or link.state != "active":
        return None
    now = market.clock.now()
    tags = tags_in(query)
    if not counts:
        return with_tags(link.target, tags)
    touch_id = market.ids.new("clk", now)
    _, campaign, creative, sub_id = tags_of(tags)
    touch = TouchRow(
        touch_id, month_of(now), now, "click", link.id, None, link.source, link.campaign or campaign,
        link.creative or creative, sub_id, "",
    )  # fmt: skip
    await market.db.write(add_touch, touch)
    return with_tags(link.target, {"utm_source": link.source, **_named(link), **tags, "click_id": touch_id})


def _named(link: LinkRow) -> dict[str, str]:
    named = {"utm_campaign": link.campaign, "utm_content": link.creative}
    return {name: value for name, value in named.items() if value}


def tags_in(query: Mapping[str, str]) -> dict[str, str]:
    """The tags of an address, each cut to its length and without signs that no tag has."""
    found = {name: query[name][:TAG_CHARACTERS] for name in TAGS if query.get(name)}
    return {name: value for name, value in found.items() if value.isprintable()}


def with_tags(target: str, tags: Mapping[str, str]) -> str:
    """The target with the tags it does not have yet. Its host and path stay what was stored."""
    parts = urlsplit(target)
    own = parse_qsl(parts.query, keep_blank_values=True)
    known = {name for name, _ in own}
    added = [(name, value) for name, value in tags.items() if name not in known]
    return urlunsplit(parts._replace(query=urlencode([*own, *added])))


async def note_landing(market: Market, told: Mapping[str, str], *, may_know: bool) -> None:
    """Somebody came to a page. Without `may_know` nobody is known again: the visit is counted alone."""
    now = market.clock.now()
    tags = tags_in(told)
    visitor = told.get("visitor", "")
    known = market.vault.index("visitor", visitor) if may_know and VISITOR.fullmatch(visitor) else None
    clicked = told.get("click_id", "")
    source, campaign, creative, sub_id = tags_of(tags, _host(told.get("referrer", "")) or "direct")
    touch = TouchRow(
        market.ids.new("lnd", now), month_of(now), now, "landing", None, known, source, campaign, creative, sub_id,
        page_of(told.get("page", "")),
    )  # fmt: skip
    await market.db.write(add_touch, touch, clicked if CLICK.fullmatch(clicked) else None)


def page_of(url: str) -> str:
    """Host and path of a page: what follows may hold what somebody typed."""
    try:
        parts = urlsplit(url[:2_000])
        return f"{parts.hostname or ''}{parts.path}"[:300] if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _host(url: str) -> str:
    return page_of(url).partition("/")[0]


async def trace_leads(market: Market) -> int:
    """The duty: the path of every lead that came since, so many at once. Returns how many."""
    count = 0
    for _ in range(_ROUNDS):
        found = await _trace(market)
        count += found
        if found < _AT_ONCE:
            break
    return count


async def _trace(market: Market) -> int:
    seen_at = await market.db.read(seen_up_to)
    rows = await market.db.read(leads_to_trace, seen_at, _AT_ONCE)
    journeys = [await _journey(market, row) for row in rows]
    upto = rows[-1]["received_at"] if len(rows) == _AT_ONCE else market.clock.now() - _OVERLAP_MS
    if journeys or upto > seen_at + _OVERLAP_MS:
        await market.db.write(keep_journeys, journeys, upto)
    return len(journeys)


async def _journey(market: Market, row: Row) -> JourneyRow:
    tags = _tracking(market, row)
    visitor = tags.get("visitor_id", "")
    known = market.vault.index("visitor", visitor) if VISITOR.fullmatch(visitor) else None
    click, arrived = tags.get("click_id", ""), row["received_at"]
    seen: list[Touch] = []
    if known is not None or CLICK.fullmatch(click):
        since = arrived - WINDOW_MS
        found = await market.db.read(touches_before, click, known, since, arrived)
        seen = [Touch(each["at"], each["source"], each["campaign"], each["creative"], each["sub_id"]) for each in found]
    path = path_of(seen, tags, row["seller_id"], row["campaign_id"], arrived)
    return JourneyRow(
        row["id"], arrived, row["seller_id"], row["campaign_id"], row["vertical"], row["currency"],
        orjson.dumps([list(touch) for touch in path]).decode(),
    )  # fmt: skip


def _tracking(market: Market, row: Row) -> dict[str, str]:
    """What the lead says of where it came from. One whose values cannot be opened says its sub id alone."""
    try:
        key = market.vault.data_key(bytes(row["wrapped"]))
        opened = market.vault.open(key, f"lead:{row['id']}", bytes(row["sealed"]))
    except VaultError:
        return {"sub_id1": row["sub_id1"] or ""}
    tracking: dict[str, str] = orjson.loads(opened)["tracking"]
    return tracking
