"""A form of three steps for solar leads, and somebody who fills it in without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.flows.form_sale import Signals, words_of
from exchange.flows.form_visit import Place, Visit, Visitor, new_visit, open_view, place_of
from exchange.flows.forms import Done, Posted, Shown, save_form, take_page
from exchange.flows.stored_lead import stored_lead
from exchange.model.actor import SYSTEM
from exchange.model.lead import Lead
from exchange.stages.consent import text_hash
from exchange.storage.selling import read_lead
from tests.market import Exchange, buying, selling

HOME = {"zip": "85016", "monthly_bill": "101-150", "homeowner": "yes"}
ROOF = {"roof_shade": "none", "timeframe": "immediately"}
PERSON = {"first_name": "Maria", "last_name": "Sandoval", "email": "maria@consumer.example", "phone": "6029580142"}
STEPS = (HOME, ROOF, PERSON)
PATIENCE = 41.0
VISITOR = Visitor("198.51.100.77", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0")
PAGE = "https://www.acme.example/solar"


def document(**changes: Any) -> dict[str, Any]:
    """What an operator writes. `changes` replace parts of it."""
    return {
        "title": "What would solar cost you?",
        "campaign": "cedar-solar",
        "steps": [
            {"title": "Your home", "fields": list(HOME)},
            {"title": "Your roof", "fields": list(ROOF)},
            {"title": "How to reach you", "fields": list(PERSON)},
        ],
        "consent": {},
        "hosts": ["https://www.acme.example"],
        **changes,
    }


async def with_form(exchange: Exchange, name: str = "solar", **changes: Any) -> Place:
    await save_form(exchange.market, name, document(**changes), SYSTEM)
    return place(exchange, name)


def place(exchange: Exchange, name: str = "solar") -> Place:
    found = place_of(exchange.market, name)
    assert found is not None
    return found


async def opened(exchange: Exchange, at: Place, query: Mapping[str, str] | None = None) -> Visit:
    visit = new_visit(exchange.market, at, query or {}, PAGE, "https://www.acme.example")
    await open_view(exchange.market, at, visit)
    return visit


def posted(at: Place, visit: Visit, values: Mapping[str, str], **changes: Any) -> Posted:
    """A page as its visitor sends it: whatever its last step shows is agreed to."""
    words = words_of(at, visit)
    return Posted(
        values, agreed=True, words=text_hash(words) if words else "", signals=Signals("America/Phoenix")
    )._replace(**changes)


async def fill_in(exchange: Exchange, at: Place, visit: Visit, steps: tuple[Mapping[str, str], ...] = STEPS) -> Visit:
    """Everything but the last step; the visit then shows that one."""
    for values in steps[:-1]:
        shown = await take_page(exchange.market, at, visit, posted(at, visit, values), VISITOR)
        assert isinstance(shown, Shown) and not shown.problems, shown
        visit = shown.visit
    return visit


async def press(
    exchange: Exchange, at: Place, visit: Visit, values: Mapping[str, str] = PERSON, **changes: Any
) -> Shown | Done:
    return await take_page(exchange.market, at, visit, posted(at, visit, values, **changes), VISITOR)


class DiesAfterClaim:
    """The database of a process that is gone once the submission was kept."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self._dead = False

    async def write(self, unit: Any, *args: Any, **words: Any) -> Any:
        if self._dead:
            raise ConnectionAbortedError
        done = await self._db.write(unit, *args, **words)
        self._dead = unit.__name__ == "claim_view"
        return done

    async def read(self, unit: Any, *args: Any, **words: Any) -> Any:
        if self._dead:
            raise ConnectionAbortedError
        return await self._db.read(unit, *args, **words)


async def ready(exchange: Exchange, **changes: Any) -> None:
    await exchange.add(*selling("cedar"), *buying("acme"))
    await with_form(exchange, **changes)


async def leads(exchange: Exchange) -> list[dict[str, Any]]:
    return await exchange.rows("SELECT * FROM leads WHERE kind <> 'ping' ORDER BY received_at, id")


async def views(exchange: Exchange) -> list[dict[str, Any]]:
    return await exchange.rows("SELECT * FROM form_views ORDER BY at, id")


async def the_lead(exchange: Exchange) -> Lead:
    row = await exchange.market.db.read(read_lead, (await leads(exchange))[0]["id"])
    assert row is not None
    lead = await stored_lead(exchange.market, row, exchange.market.deals.campaigns[row["campaign_id"]])
    assert lead is not None
    return lead
