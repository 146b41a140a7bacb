"""Two edits of one buyer at once: each writes what it changed, and nobody's change is lost without a word.

What another process changed is in the database and not yet in this market's memory.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.flows.billing_terms import WrongTerms, set_terms, terms_mark
from exchange.flows.buyer_desk import BadDesk, end, rename, settings_mark
from exchange.flows.market import refresh
from exchange.flows.pausing import CannotPause, pause_buyer
from exchange.model.party import Buyer, Pause, State
from exchange.storage.audit import audit_of
from tests.flows.lab import OPERATOR
from tests.market import NOW, Exchange, buying, store


async def elsewhere(exchange: Exchange, buyer: Buyer) -> None:
    """Another process changes a buyer."""
    await exchange.market.db.write(store, (buyer,), NOW + 1)


async def actions(exchange: Exchange) -> list[str]:
    lines = await exchange.market.db.read(audit_of, OPERATOR, "buyer:acme")
    return sorted(line.action for line in lines)


async def test_each_form_writes_its_own_columns(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"))
    market = exchange.market
    before = market.deals.buyers["acme"]
    pause = Pause("no staff", "pat", NOW, None)
    terms = replace(before.terms, tax_id="DE 1", due_days=30)
    await elsewhere(exchange, replace(before, state=State.PAUSED, pause=pause, terms=terms))

    await rename(market, before, "Acme Roofs", "West", OPERATOR)
    await elsewhere(exchange, replace(market.deals.buyers["acme"], group="East"))
    stale = replace(before, name="Acme Roofs", group="West", state=State.PAUSED, pause=pause, terms=terms)
    stored = await set_terms(market, stale, {"address": "2 New St"}, OPERATOR)

    now = market.deals.buyers["acme"]
    assert ("Acme Roofs", "East", State.PAUSED, pause) == (now.name, now.group, now.state, now.pause)
    assert replace(terms, address="2 New St") == now.terms == stored
    assert ["buyer.billing", "buyer.changed"] == await actions(exchange)


async def test_the_same_field_changed_by_two_is_told_to_the_second(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"))
    market = exchange.market
    before = market.deals.buyers["acme"]
    await elsewhere(exchange, replace(before, name="Acme West", terms=replace(before.terms, due_days=7)))

    with pytest.raises(BadDesk, match="Somebody else changed Acme"):
        await rename(market, before, "Acme East", "", OPERATOR)
    with pytest.raises(WrongTerms, match="Somebody else changed the terms of Acme"):
        await set_terms(market, before, {"due_days": "60"}, OPERATOR)

    now = market.deals.buyers["acme"]
    assert ("Acme West", 7) == (now.name, now.terms.due_days) and [] == await actions(exchange)


async def test_a_form_that_shows_what_is_no_more_changes_nothing(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"))
    market = exchange.market
    first = market.deals.buyers["acme"]
    settings, terms = settings_mark(first), terms_mark(first.terms)
    await rename(market, first, "Acme Roofs", "", OPERATOR, seen=settings)
    second = market.deals.buyers["acme"]
    await set_terms(market, second, {"due_days": "7", "seen": terms}, OPERATOR)
    third = market.deals.buyers["acme"]

    with pytest.raises(BadDesk):
        await rename(market, third, "Acme East", "", OPERATOR, seen=settings)
    with pytest.raises(WrongTerms):
        await set_terms(market, third, {"due_days": "60", "seen": terms}, OPERATOR)

    assert ("Acme Roofs", 7) == (third.name, third.terms.due_days) and third == market.deals.buyers["acme"]


async def test_who_ended_a_buyer_is_not_overruled_by_a_pause(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"))
    market = exchange.market
    await elsewhere(exchange, replace(market.deals.buyers["acme"], state=State.DELETED))

    with pytest.raises(CannotPause, match="somebody else"):
        await pause_buyer(market, "acme", None, "", OPERATOR)
    await refresh(market)
    with pytest.raises(LookupError):
        await pause_buyer(market, "acme", None, "", OPERATOR)

    await end(market, market.deals.buyers["acme"], OPERATOR)
    assert State.DELETED is market.deals.buyers["acme"].state
