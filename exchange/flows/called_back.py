"""A provider calls back about deliveries: it is believed when it proves itself, or once it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from exchange.connector import Callback, Forged, Receipt, Terms
from exchange.courier.call import Call
from exchange.flows.connection import Connection
from exchange.flows.links import PAGE, Link, make_link
from exchange.flows.market import Market
from exchange.flows.receipts import take_receipt
from exchange.flows.revoke import CannotRevoke, Taken, revoke
from exchange.model.actor import SYSTEM

HOOKS_PATH = "/hooks/"
TEXTS = "/texts"
"""Behind the connection's own address: where texts to a number of its account come in."""
PAGE_PATH = "/fax/"
PAGE_MS = 3_600_000
"""How long a provider may fetch what it was told to deliver."""
_ASK_SECONDS = 10.0  # whoever calls waits for it
_NONE: Mapping[str, str] = MappingProxyType({})


class NotConfirmed(Exception):
    """The provider could not be asked now; it is to call again."""


async def take_callback(market: Market, name: str, connection: Connection, call: Callback, terms: Terms) -> int:
    """Take what is called back about the deliveries of a connection, durably. Returns how many receipts it was.

    Raises `Forged`, `BadReply` for what cannot be understood, `NotConfirmed`.
    """
    receipts = await _receipts(market, name, connection, call, terms)
    for receipt in receipts:
        await take_receipt(market, name, receipt)
    return len(receipts)


async def take_text(market: Market, connection: Connection, call: Callback, terms: Terms) -> bool:
    """Somebody texts: who says stop takes the consent back, once, for whatever carries their number. START, HELP and
    all other texts change nothing: a text is no new consent in writing. True when a consent was taken back.

    Raises `Forged`, `BadReply`.
    """
    if connection.texts is None:
        raise Forged("nobody texts to this connection")
    heard = connection.texts.texted(call, terms)
    if not heard.stop:
        return False
    try:
        taken = Taken(heard.sender, means=f"a text message: {heard.stop}", once=f"text:{heard.id}")
        await revoke(market, taken, SYSTEM)
    except CannotRevoke:  # a short code or a name sent it: nobody's number
        return False
    return True


async def _receipts(
    market: Market, name: str, connection: Connection, call: Callback, terms: Terms
) -> Sequence[Receipt]:
    if connection.receipts is not None:
        return connection.receipts.receipts(call, terms)
    if connection.confirms is None:
        raise Forged("nobody calls back about this connection")
    return await _asked(market, name, connection, call, terms)


async def _asked(market: Market, name: str, connection: Connection, call: Callback, terms: Terms) -> Sequence[Receipt]:
    """What the provider itself says of what somebody called back about."""
    assert connection.confirms is not None
    question = connection.confirms.confirm(call, terms)
    end = market.clock.monotonic() + min(connection.seconds, _ASK_SECONDS)
    result = await market.courier.converse(Call(f"callback:{name}", question, delivers=False), end)
    if result.lost is not None or result.error is not None:
        raise NotConfirmed
    found: tuple[Receipt, ...] = result.answer
    return found


def calls_us(market: Market, connection: Connection, name: str, attempt_id: str) -> Mapping[str, str]:
    """Where a provider reaches us about a delivery: `hook` to call back at, `page` to fetch what it delivers."""
    if not market.public_url:
        return _NONE
    links = {}
    if connection.receipts is not None or connection.confirms is not None:
        links["hook"] = f"{market.public_url}{HOOKS_PATH}{name}"
    if connection.hands_out is not None:
        links["page"] = page_link(market, attempt_id, PAGE)
    return links


def page_link(market: Market, of: str, kind: str, detail: str = "") -> str:
    return make_link(market, Link(of, kind, detail, market.clock.now() + PAGE_MS), PAGE_PATH)
