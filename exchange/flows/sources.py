"""Messages from sources become requests: kept first, then taken by a job each. Whatever dies when, one message is one
lead: the row's insert decides what came before, and the request's key what was sold already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import NamedTuple

import orjson

from exchange import limits
from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.doors import NotPolled
from exchange.flows.imports import read_result
from exchange.flows.job_ends import ComeBack, DestinationDown, Ended
from exchange.flows.jobs import TAKE, job
from exchange.flows.market import Market
from exchange.flows.submit import submit
from exchange.model.actor import Actor
from exchange.model.lead import Kind, Mode, Submission
from exchange.model.party import Campaign
from exchange.model.reason import Reason
from exchange.model.source import Item
from exchange.model.work import AnswerRow, JobRow, RequestRow
from exchange.sources.document import Source
from exchange.sources.naming import rename
from exchange.storage.arrivals import Arrival
from exchange.storage.database import Row
from exchange.storage.sources import (
    ItemEnd,
    ItemRow,
    end_item,
    fill_item,
    find_item,
    keep_items,
    known_items,
    read_item,
    take_again,
)
from exchange.vault import DataKey, VaultError

_STILL_RUNNING_MS = 30_000  # recovery ends what a dead process left; until then the first request may still sell it
_INDEX = "item"


class NotTaken(Exception):
    """The exchange itself could not answer; the same again may be."""


class CannotTake(Exception):
    """Why a message is not taken again, as a sentence."""


class Kept(NamedTuple):
    """A message unsealed. `round` counts how often somebody had it taken anew."""

    item: Item
    round: int


async def store_items(market: Market, source: Source, items: Sequence[Item]) -> int:
    """Keep messages, each with the job that makes a request of it. Returns how many had not come before.

    Once this returns they are durable: only then is a sender told so, or what was read moved away.
    """
    stored = 0
    for start in range(0, len(items), limits.ITEMS_AT_ONCE):
        named = {_key(market, source, item): item for item in items[start : start + limits.ITEMS_AT_ONCE]}
        known = await market.db.read(known_items, source.name, list(named))
        rows = [
            (_sealed(market, source, key, item), _job(market, source, key))
            for key, item in named.items()
            if key not in known
        ]
        if rows:
            stored += await market.db.write(keep_items, rows)
    return stored


def _key(market: Market, source: Source, item: Item) -> str:
    """What the message goes by: a keyed hash of its name within its source, else of its bytes."""
    name = item.key or sha256(item.original).hexdigest()
    return market.vault.index(_INDEX, f"{source.name}\0{name}").hex()


def _job(market: Market, source: Source, key: str) -> JobRow:
    now = market.clock.now()
    queue = f"take:{source.name}:{int(key[:8], 16) % limits.SOURCE_QUEUES}"
    payload: dict[str, object] = {"source": source.name, "key": key}
    return job(market, queue, TAKE, payload, now, now, f"take:{source.name}:{key}")


def _sealed(market: Market, source: Source, key: str, item: Item) -> ItemRow:
    now = market.clock.now()
    wrapped, data_key = market.vault.new_data_key()
    item_id = market.ids.new("itm", now)
    sealed = market.vault.seal(data_key, f"item:{item_id}", _packed(_renamed(source, item), 0))
    return ItemRow(source.name, key, item_id, month_of(item.at), item.at, item.channel, wrapped, sealed)


def _renamed(source: Source, item: Item) -> Item:
    """The item under our names. It is named when it is kept: what is sold does not change with the document."""
    if len(item.original) > limits.ITEM_BYTES:
        told = f"The message is larger than {limits.ITEM_BYTES // 1024} KB."
        return replace(item, fields=None, original=item.original[: limits.ITEM_BYTES], problems=(told,))
    if item.fields is None:
        return item
    named = rename(item.fields, source.document.columns, source.document.constants)
    return replace(item, fields=named.fields, problems=item.problems + named.problems)


def _packed(item: Item, turn: int) -> bytes:
    head = {
        "key": item.key,
        "channel": item.channel,
        "fields": dict(item.fields) if item.fields is not None else None,
        "type": item.content_type,
        "at": item.at,
        "problems": item.problems,
        "told": item.told,
        "test": item.test,
        "ip": item.remote_ip,
        "fetch": item.fetch,
        "round": turn,
    }
    return orjson.dumps(head) + b"\n" + item.original


def open_item(market: Market, row: Row) -> Kept | None:
    """A kept message as it came. None when it is no longer kept."""
    if row["sealed"] is None or row["wrapped"] is None:
        return None
    try:
        data_key = market.vault.data_key(bytes(row["wrapped"]))
        head, _, original = market.vault.open(data_key, f"item:{row['id']}", bytes(row["sealed"])).partition(b"\n")
    except VaultError:
        return None
    told = orjson.loads(head)
    item = Item(
        told["key"],
        told["channel"],
        told["fields"],
        original,
        told["type"],
        told["at"],
        tuple(told["problems"]),
        tuple(told["told"]),
        told["test"],
        told["ip"],
        told["fetch"],
    )
    return Kept(item, told["round"])


async def take(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """The job: a kept message becomes a request, and hears its answer."""
    name, key = str(payload["source"]), str(payload["key"])
    row = await market.db.read(read_item, name, key)
    if row is None or row["state"] != "waiting":
        return Ended.UNASKED
    kept = open_item(market, row)
    source = market.sources.get(name)
    campaign = market.deals.campaigns.get(source.campaign_id) if source is not None else None
    if kept is None or source is None or campaign is None:
        await market.db.write(end_item, ItemEnd(name, key, "failed", None, None, "error", Reason.NOT_FOUND.slug))
        return None
    if kept.item.fetch and kept.item.fields is None and not kept.item.problems:
        kept = await _fetched(market, source, row, kept)
    if kept.item.fields is None:
        await _refuse(market, source, campaign, row, kept.item)
    else:
        await _submit(market, source, campaign, row, kept)
    return None


async def _fetched(market: Market, source: Source, row: Row, kept: Kept) -> Kept:
    """The message with what it pointed at, durable before it is used: a second try sells the same."""
    try:
        item = _renamed(source, await market.doors.fetchers[source.kind](market, source, kept.item))
    except NotPolled as error:
        raise DestinationDown(error.detail, error.after_ms) from None
    sealed = market.vault.seal(_data_key(market, row), f"item:{row['id']}", _packed(item, kept.round))
    await market.db.write(fill_item, row["source"], row["item_key"], sealed)
    return kept._replace(item=item)


def _data_key(market: Market, row: Row) -> DataKey:
    return market.vault.data_key(bytes(row["wrapped"]))


async def _submit(market: Market, source: Source, campaign: Campaign, row: Row, kept: Kept) -> None:
    submission = _submission(market, source, campaign, row, kept)
    written = await submit(submission, market, market.doors.write)
    answer = orjson.loads(written.body)
    result = read_result(written.body)
    if result.status == "queued" and not result.lead_id:
        raise ComeBack(market.clock.now() + _STILL_RUNNING_MS)
    if result.status == "error" and submission.mode is Mode.LIVE:
        raise NotTaken(result.reason)
    request_id = str(answer.get("request_id", submission.id))
    lead_id = result.lead_id or None
    end = ItemEnd(source.name, row["item_key"], "taken", request_id, lead_id, result.status, result.reason or None)
    await market.db.write(end_item, end)


def _submission(market: Market, source: Source, campaign: Campaign, row: Row, kept: Kept) -> Submission:
    """A message as a request that asks for ping and post in one call."""
    item, now = kept.item, market.clock.now()
    assert item.fields is not None
    key = f"{source.name}:{row['item_key']}" + (f":{kept.round}" if kept.round else "")
    return Submission(
        id=market.ids.new("req", now),
        seller_id=campaign.seller_id,
        campaign_id=campaign.id,
        mode=_mode(source, item),
        kind=Kind.DIRECT,
        channel=item.channel,
        fields=item.fields,
        raw=orjson.dumps(dict(item.fields)),
        content_type="application/json",
        answer_format="json",
        remote_ip=item.remote_ip,
        key_id=_key_id(source),
        idempotency_key=key,
        received_at=now,
        month=month_of(now),
        came_by=item.told,
    )


def _mode(source: Source, item: Item) -> Mode:
    return Mode.TEST if item.test else source.mode


def _key_id(source: Source) -> str:
    return f"source:{source.name}"


async def _refuse(market: Market, source: Source, campaign: Campaign, row: Row, item: Item) -> None:
    """What could not be read has its row and its request id all the same."""
    now = market.clock.now()
    request_id = market.ids.new("req", now)
    arrival = _refused_row(market, source, campaign, item, request_id, now)
    end = ItemEnd(source.name, row["item_key"], "failed", request_id, None, "invalid", Reason.BAD_REQUEST.slug)
    await market.db.write(end_item, end, arrival)


def _refused_row(market: Market, source: Source, campaign: Campaign, item: Item, request_id: str, now: int) -> Arrival:
    wrapped, data_key = market.vault.new_data_key()
    told = "; ".join(item.problems) or Reason.BAD_REQUEST.sentence
    fields: dict[str, object] = {
        "status": "invalid",
        "reason": Reason.BAD_REQUEST.slug,
        "message": told,
        "request_id": request_id,
    }
    body, content_type = market.doors.write(fields, "json")
    mode = _mode(source, item)
    request = RequestRow(
        request_id,
        month_of(now),
        now,
        Kind.DIRECT.value,
        item.channel,
        item.remote_ip,
        campaign.seller_id,
        campaign.id,
        _key_id(source),
        mode.value,
        wrapped,
        None,
        item.content_type,
        "json",
        market.vault.seal(data_key, f"raw:{request_id}", item.original),
        "lead" if mode is Mode.LIVE else "test",
    )
    sealed = market.vault.seal(data_key, f"answer:{request_id}", body)
    return request, AnswerRow(request_id, 400, "invalid", Reason.BAD_REQUEST.slug, sealed, content_type, 0)


async def take_anew(market: Market, item_id: str, actor: Actor) -> None:
    """Read a message that could not be read, or was not valid, as its source says now, and take it. Raises
    `CannotTake`."""
    row = await market.db.read(find_item, actor, item_id)
    kept = open_item(market, row) if row is not None else None
    source = market.sources.get(row["source"]) if row is not None else None
    if row is None or kept is None:
        raise CannotTake("There is no such message, or it is no longer kept.")
    if row["state"] != "failed" and row["status"] != "invalid":
        raise CannotTake("It waits to be taken, or was taken.")
    if source is None or source.kind not in market.doors.readers:
        raise CannotTake("Its source is gone, so nobody can read it.")
    read = _renamed(source, market.doors.readers[source.kind](source, kept.item))
    now = market.clock.now()
    sealed = market.vault.seal(_data_key(market, row), f"item:{row['id']}", _packed(read, kept.round + 1))
    item = ItemRow(
        source.name, row["item_key"], row["id"], month_of(row["at"]), row["at"], read.channel, row["wrapped"], sealed
    )
    line = audit_line(market.ids, now, actor, "item.taken_again", f"source:{source.name}", after={"item": row["id"]})
    if not await market.db.write(take_again, item, _job(market, source, row["item_key"]), line):
        raise CannotTake("It waits to be taken, or was taken.")
