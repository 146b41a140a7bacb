"""A telephone call under way: each step is proved, heard once, and answered with what is said next."""

from __future__ import annotations

from exchange.connector import Callback, Forged, Receipt, Scene, Terms
from exchange.flows.connection import Connection
from exchange.flows.market import Market
from exchange.flows.receipts import take_receipt
from exchange.flows.scenes import own_links, set_scene
from exchange.storage.deliveries import was_heard

ENDED = "ended"
"""The last step of every call, which nothing is said to."""
BRIDGE = "bridge"
"""How being connected went. Who hangs up in the middle of it may end the call before this is told."""


class NoSuchCall(LookupError):
    """No delivery of this connection goes by that id, or its lead was erased."""


async def next_step(market: Market, name: str, call: Callback, delivery_id: str, step: str) -> str:
    """Take what the step tells, and return what is said next, as XML; nothing after the end.

    Raises `Forged` for who cannot prove it, and for a step of a call that is over; `NoSuchCall`.
    """
    connection = market.connections[name]
    calls = connection.calls
    if calls is None:
        raise NoSuchCall
    terms = _terms(market, connection, name, delivery_id)
    number = calls.prove(call, terms)
    scene = await set_scene(market, name, delivery_id)
    if scene is None:
        raise NoSuchCall
    over = await _is_over(market, name, scene, number, step)
    receipts = calls.heard(call, step, scene, terms)
    for receipt in receipts:
        await take_receipt(market, name, receipt)
    if over:
        return ""
    return calls.say(call, step, await _after(market, name, scene, receipts), terms)


async def _is_over(market: Market, name: str, scene: Scene, number: str, step: str) -> bool:
    """Whether nothing is said any more. Raises `Forged` for a call that is not the one we made last, and for a step of
    one that has ended: somebody repeats what he saw."""
    if scene.number not in (None, number):
        raise Forged
    over = step == ENDED or await market.db.read(was_heard, name, f"{number}:{ENDED}")
    if over and step not in (ENDED, BRIDGE):
        raise Forged
    return over


async def _after(market: Market, name: str, before: Scene, receipts: tuple[Receipt, ...]) -> Scene:
    if not receipts:
        return before
    scene = await set_scene(market, name, before.delivery)
    return scene if scene is not None else before._replace(stage="over")


def _terms(market: Market, connection: Connection, name: str, delivery_id: str) -> Terms:
    links = own_links(market, connection, name, delivery_id)
    return Terms(market.clock.now(), delivery_id, connection.secrets, links)
