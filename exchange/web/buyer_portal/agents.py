"""A buyer's people and how leads come to them: for its admins."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from exchange.flows.agent_terms import CannotFollow, Wanted, hours_text, span_text
from exchange.flows.follow import usual_rules
from exchange.flows.follow_desk import invite_agent, new_agent_link, set_agent, set_rules
from exchange.flows.market import Market
from exchange.model.follow import Agent, Duty, Order
from exchange.storage.database import Row
from exchange.storage.endpoints import emails_of
from exchange.storage.follow import agents_of, read_rules
from exchange.storage.follow_views import first_contacts
from exchange.web.auth import FORM, actor_of
from exchange.web.buyer_portal.store import buyer
from exchange.web.csv_rows import csv_answer
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, page, times_of

HOME = "/buyer/agents"
DUTIES = (Duty.ADMIN,)
DAYS = 30
_DAY_MS = 86_400_000
_ORDERS = (
    (Order.ROUND_ROBIN, "In turn"),
    (Order.LEAST_LOADED, "To whoever works on the fewest"),
    (Order.SPECIALIST, "To whoever's skills and area name it most closely"),
)
COLUMNS = ("by", "id", "name", "leads", "reached", "median_ms", "p90_ms")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the first contact took, of one agent or contract. `median_ms` and `most_ms` (90 of 100) may be None."""

    by: str
    id: str
    name: str
    leads: int
    reached: int
    median_ms: int | None
    most_ms: int | None

    def fields(self) -> dict[str, object]:
        told = (self.by, self.id, self.name, self.leads, self.reached, self.median_ms, self.most_ms)
        return dict(zip(COLUMNS, told, strict=True))


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("GET", f"{HOME}.csv", show_csv),
        Page("POST", HOME, invite),
        Page("POST", f"{HOME}/rules", save),
        Page("POST", HOME + "/{agent_id:usr_[A-Za-z0-9]{1,40}}", change),
        Page("POST", HOME + "/{agent_id:usr_[A-Za-z0-9]{1,40}}/link", give_link),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def show_json(request: web.Request) -> web.StreamResponse:
    found = await _timings(request)
    return as_json({"days": DAYS, "first_contact": [each.fields() for each in found]})


async def show_csv(request: web.Request) -> web.StreamResponse:
    return csv_answer("first-contact", [each.fields() for each in await _timings(request)], COLUMNS)


async def invite(request: web.Request) -> web.StreamResponse:
    """Let somebody in. The link that signs them in is shown once."""
    form = request[FORM]
    try:
        link = await invite_agent(
            request.app[MARKET], form.get("email", ""), form.get("duty", ""), Wanted(form.get("name", "")),
            actor_of(request),
        )  # fmt: skip
    except CannotFollow as error:
        return await _page(request, problem=str(error), http_status=422)
    return await _page(request, link=link)


async def save(request: web.Request) -> web.StreamResponse:
    try:
        await set_rules(request.app[MARKET], request[FORM], actor_of(request))
    except CannotFollow as error:
        return await _page(request, problem=str(error), http_status=422)
    return see_other(HOME)


async def change(request: web.Request) -> web.StreamResponse:
    """What an agent works on, and when; or it leaves."""
    market, form = request.app[MARKET], request[FORM]
    try:
        state = "left" if form.get("leave") else "active"
        await set_agent(market, request.match_info["agent_id"], state, Wanted.of_form(form), actor_of(request))
    except CannotFollow as error:
        return await _page(request, problem=str(error), http_status=404 if error.field == "agent" else 422)
    return see_other(HOME)


async def give_link(request: web.Request) -> web.StreamResponse:
    try:
        link = await new_agent_link(request.app[MARKET], request.match_info["agent_id"], actor_of(request))
    except CannotFollow as error:
        return await _page(request, problem=str(error), http_status=404)
    return await _page(request, link=link)


async def _page(request: web.Request, problem: str = "", link: str = "", http_status: int = 200) -> web.StreamResponse:
    market, buyer_id = request.app[MARKET], buyer(request)
    agents = await market.db.read(agents_of, buyer_id)
    rules = await market.db.read(read_rules, buyer_id)
    now_rules = rules or usual_rules()
    emails = {each.id: each.email for each in agents}
    contracts = [each for each in market.deals.contracts.values() if each.buyer_id == buyer_id]
    return await page(
        request,
        "buyer_portal/agents.html",
        title="Agents",
        here="agents",
        agents=[(each, _shown(request, each)) for each in agents],
        admins=await market.db.read(emails_of, "buyer", buyer_id),
        rules=now_rules,
        in_force=rules is not None,
        orders=[(order.value, told) for order, told in _ORDERS],
        contracts=[
            (each.id, each.name, ", ".join(emails.get(one, one) for one in now_rules.agents_of(each.id)))
            for each in sorted(contracts, key=lambda each: each.name)
        ],
        timings=await _timings(request),
        days=DAYS,
        problem=problem,
        link=link,
        http_status=http_status,
    )


def _shown(request: web.Request, agent: Agent) -> dict[str, str]:
    """An agent's terms as its form shows them."""
    terms, times = agent.terms, times_of(request)
    return {
        "verticals": ", ".join(terms.verticals),
        "languages": ", ".join(terms.languages),
        "products": ", ".join(terms.products),
        "states": ", ".join(terms.states),
        "zips": ", ".join(terms.zips),
        "hours": hours_text(terms.hours),
        "zone": terms.zone,
        "most_open": str(terms.most_open or ""),
        "quiet": span_text(terms.quiet),
        "away_until": f"{times.local(terms.away_until - 1):%Y-%m-%d}" if terms.away_until is not None else "",
    }


async def _timings(request: web.Request) -> list[Timing]:
    """Of the leads of the last days, first by agent and then by contract."""
    market, buyer_id = request.app[MARKET], buyer(request)
    until = market.clock.now() + 1
    since = until - DAYS * _DAY_MS
    names = {each.id: each.name for each in await market.db.read(agents_of, buyer_id)}
    by_agent = await market.db.read(first_contacts, buyer_id, "agent", since, until)
    by_contract = await market.db.read(first_contacts, buyer_id, "contract", since, until)
    return [
        *(_timing("agent", row, names.get(row["name"], "Nobody")) for row in by_agent),
        *(_timing("contract", row, _contract(market, row["name"])) for row in by_contract),
    ]


def _timing(by: str, row: Row, name: str) -> Timing:
    return Timing(by, row["name"], name, row["leads"], row["reached"], row["median_ms"], row["most_ms"])


def _contract(market: Market, contract_id: str) -> str:
    contract = market.deals.contracts.get(contract_id)
    return contract.name if contract is not None else contract_id
