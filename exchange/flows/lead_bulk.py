"""What a person does with many leads at once: each is done once, whoever asks again, and one line tells of them all."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from exchange.flows.by_hand import audit_line
from exchange.flows.erase import erase_one
from exchange.flows.jobs import RESELL, job
from exchange.flows.market import Market
from exchange.flows.review import NotHeld, approve, keepable, refuse
from exchange.flows.settle import claims_of
from exchange.flows.shelf import list_these
from exchange.model.actor import Actor
from exchange.model.rights import Right, may, needed
from exchange.storage.audit import record
from exchange.storage.database import Row
from exchange.storage.lead_bulk import TakenMeanwhile, begin_again, put_tag, rows_of, take_tag

_IN_FLIGHT_MS = 3_600_000  # as that of a request: free again after an hour if the resale died
_TAG = re.compile(r"[a-z0-9][a-z0-9 _-]{0,39}")
_AT_ONCE = 200
_NAMED = 50


class CannotDo(Exception):
    """Why nothing was done, as a sentence."""


class Done(NamedTuple):
    """With how many it was done, and how many were left as they were."""

    done: int
    left: int


class Wish(NamedTuple):
    """What is to be done with leads: one of `ACTS`, why, and the word of a tag."""

    act: str
    lead_ids: Sequence[str]
    why: str
    tag: str = ""


async def do_many(market: Market, wish: Wish, actor: Actor, ip: str = "") -> Done:
    """Do it with each of them that it can be done with. Raises `CannotDo`, and `BadNote` for what may not be kept."""
    right, act = ACTS[wish.act]
    if not may(actor, right):
        raise CannotDo(f"To {right.value} needs the role {needed(right)}.")
    keepable(wish.why)
    if wish.act in ("tag", "untag") and not _TAG.fullmatch(wish.tag):
        raise CannotDo("A tag has 1 to 40 small letters, digits, blanks or dashes, such as call back.")
    done = await act(market, wish, actor, ip)
    if done:
        now = market.clock.now()
        after = {"why": wish.why, "leads": done, "first": list(wish.lead_ids[:_NAMED]), "tag": wish.tag or None}
        line = audit_line(market.ids, now, actor, f"leads.{wish.act}", "leads", after=after, ip=ip)
        await market.db.write(record, line)
    return Done(done, len(wish.lead_ids) - done)


async def _sell_again(market: Market, wish: Wish, actor: Actor, _: str) -> int:
    done = 0
    for lead in await _rows(market, wish.lead_ids):
        done += await _begin(market, lead, f"Put on sale again by {actor.name}: {wish.why}", actor)
    return done


async def _begin(market: Market, lead: Row, told: str, actor: Actor) -> bool:
    campaign, now = market.deals.campaigns.get(lead["campaign_id"]), market.clock.now()
    if campaign is None or lead["state"] != "unsold":
        return False
    claims = claims_of(lead, campaign.duplicate_scope, now + _IN_FLIGHT_MS)
    sell = job(market, f"{RESELL}:{lead['id']}", RESELL, {"lead_id": lead["id"]}, now, now)
    try:
        return await market.db.write(begin_again, lead, claims, told, actor.name, now, sell)
    except TakenMeanwhile:
        return False


async def _put_in_store(market: Market, wish: Wish, _: Actor, __: str) -> int:
    return await list_these(market, await _rows(market, wish.lead_ids))


async def _release(market: Market, wish: Wish, actor: Actor, ip: str) -> int:
    return await _each(wish, lambda lead_id: approve(market, lead_id, wish.why, actor, ip))


async def _reject(market: Market, wish: Wish, actor: Actor, ip: str) -> int:
    return await _each(wish, lambda lead_id: refuse(market, lead_id, wish.why, actor, ip))


async def _each(wish: Wish, decide: Callable[[str], Awaitable[None]]) -> int:
    done = 0
    for lead_id in wish.lead_ids:
        try:
            await decide(lead_id)
        except NotHeld:
            continue
        done += 1
    return done


async def _tag(market: Market, wish: Wish, actor: Actor, _: str) -> int:
    now = market.clock.now()
    return sum([await market.db.write(put_tag, wish.tag, part, now, actor.name) for part in _parts(wish.lead_ids)])


async def _untag(market: Market, wish: Wish, _: Actor, __: str) -> int:
    return sum([await market.db.write(take_tag, wish.tag, part) for part in _parts(wish.lead_ids)])


async def _erase(market: Market, wish: Wish, actor: Actor, _: str) -> int:
    sentence = f"Erased by {actor.name} with others: personal values are gone"
    return sum([(await erase_one(market, lead_id, sentence, "request")).erased for lead_id in wish.lead_ids])


async def _rows(market: Market, lead_ids: Sequence[str]) -> list[Row]:
    return [row for part in _parts(lead_ids) for row in await market.db.read(rows_of, part)]


def _parts(lead_ids: Sequence[str]) -> list[Sequence[str]]:
    return [lead_ids[begin : begin + _AT_ONCE] for begin in range(0, len(lead_ids), _AT_ONCE)]


Act = Callable[[Market, Wish, Actor, str], Awaitable[int]]
ACTS: Mapping[str, tuple[Right, Act]] = MappingProxyType(
    {
        "resell": (Right.EDIT, _sell_again),
        "store": (Right.EDIT, _put_in_store),
        "release": (Right.EDIT, _release),
        "reject": (Right.EDIT, _reject),
        "tag": (Right.EDIT, _tag),
        "untag": (Right.EDIT, _untag),
        "erase": (Right.ERASE, _erase),
    }
)
