"""How the exchange speaks to buyers: every connection, who uses it, and what its rules have been tried on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.simulated import CONNECTION as SIMULATED
from exchange.flows.trial import connection_document
from exchange.storage.database import Row
from exchange.storage.samples import count_samples
from exchange.storage.unmapped import unmapped_answers
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import page

_PATH = "/console/connectors"


@dataclass(frozen=True, slots=True)
class Line:
    """One connection. `made_in` is its file, or `console`; `answers` are those no rule of it read."""

    name: str
    title: str
    connector: str
    made_in: str
    contracts: tuple[str, ...]
    samples: int
    answers: int
    unset: tuple[str, ...]

    def fields(self) -> dict[str, Any]:
        return {
            "connection": self.name,
            "title": self.title,
            "connector": self.connector,
            "made_in": self.made_in,
            "contracts": list(self.contracts),
            "samples": self.samples,
            "unmapped_answers": self.answers,
            "secrets_not_set": list(self.unset),
        }


def pages() -> tuple[Page, ...]:
    return (Page("GET", _PATH, show), Page("GET", f"{_PATH}.json", as_json))


async def show(request: web.Request) -> web.StreamResponse:
    lines = await _lines(request)
    return await page(request, "console/demand/connectors.html", title="Connectors", here="connectors", lines=lines)


async def as_json(request: web.Request) -> web.StreamResponse:
    lines = await _lines(request)
    return json_response({"count": len(lines), "connections": [line.fields() for line in lines]})


async def _lines(request: web.Request) -> list[Line]:
    market = request.app[MARKET]
    samples = await market.db.read(count_samples)
    unmapped = await market.db.read(unmapped_answers, actor_of(request))
    names = sorted(name for name in market.connections if name != SIMULATED)
    return [_line(market, name, samples.get(name, 0), unmapped) for name in names]


def _line(market: Market, name: str, samples: int, unmapped: list[Row]) -> Line:
    document = connection_document(market, name) or {}
    contracts = sorted(each.id for each in market.deals.contracts.values() if each.connection == name)
    file = market.workshop.files.get(name)
    return Line(
        name,
        str(document.get("title") or name),
        str(document.get("connector") or document.get("preset") or ""),
        file.path if file is not None else "console",
        tuple(contracts),
        samples,
        sum(row["answers"] for row in unmapped if row["contract_id"] in contracts),
        tuple(secret for secret, value in sorted(market.connections[name].secrets.items()) if not value),
    )
