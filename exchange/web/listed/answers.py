"""Answers that no rule reads, as a list of their kinds: its columns and filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.storage.database import Row
from exchange.storage.unmapped import unmapped_inbox
from exchange.web.listed.at_hand import fits
from exchange.web.listed.leads import buyers, contracts
from exchange.web.listed.periods import period_filter
from exchange.web.lists.held import held
from exchange.web.lists.shape import Asked, Column, Filter, Nothing, Shape
from exchange.web.words import utc

PATH = "/console/inbox"
NAMES = ("contract", "connection", "stage", "times", "first_at", "last_at", "lead_id")
STAGES: Mapping[str, str] = MappingProxyType({"ping": "ping", "post": "post"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of answer of one contract. `shape` names it, `none` stands for those counted together."""

    contract_id: str
    contract: str
    buyer_id: str
    connection: str
    stage: str
    shape: str
    times: int
    first_at: int | None
    last_at: int
    lead_id: str

    @property
    def path(self) -> str:
        return f"{PATH}/{self.contract_id}/{self.stage}/{self.shape}"


def kind_of(market: Market, row: Row) -> Kind:
    contract = market.deals.contracts.get(row["contract_id"])
    return Kind(
        row["contract_id"],
        contract.name if contract is not None else row["contract_id"],
        contract.buyer_id if contract is not None else "",
        contract.connection if contract is not None else "",
        row["stage"],
        bytes(row["shape"]).hex() or "none",
        row["times"],
        row["first_at"],
        row["last_at"],
        row["lead_id"],
    )


async def kinds(market: Market, actor: Actor, asked: Asked) -> list[Kind]:
    """All that match, in no order."""
    return [
        kind
        for kind in (kind_of(market, row) for row in await market.db.read(unmapped_inbox, actor))
        if fits(asked, kind.last_at, stage=kind.stage, contract=kind.contract_id, buyer=kind.buyer_id)
    ]


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Kind]:
    return held(await kinds(market, actor, asked), ANSWERS, asked.span)


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return min(len(await kinds(market, actor, asked)), most)


def _fields(kind: Kind) -> Mapping[str, object]:
    return {
        "contract": kind.contract_id,
        "connection": kind.connection,
        "stage": kind.stage,
        "times": kind.times,
        "first_at": utc(kind.first_at) if kind.first_at is not None else None,
        "last_at": utc(kind.last_at),
        "lead_id": kind.lead_id,
    }


ANSWERS: Shape[Kind] = Shape(
    "inbox",
    PATH,
    "kind",
    "kinds",
    (
        Column("last", "Last seen", "when tab", sorts=lambda line: line.last_at),
        Column("contract", "Contract", "who", fixed=True, sorts=lambda line: line.contract.lower(), text=True),
        Column("stage", "Answer to", "is"),
        Column("times", "Times", num=True, sorts=lambda line: line.times),
        Column("first", "First seen", "dim", sorts=lambda line: line.first_at or 0),
        Column("lead", "Newest lead"),
        Column("map", "Map", "act", fixed=True),
    ),
    (
        Filter("stage", "Answer to", lambda _: list(STAGES.items()), lambda text: text if text in STAGES else ""),
        Filter("buyer", "Buyer", buyers),
        Filter("contract", "Contract", contracts),
        period_filter("Last seen"),
    ),
    _read,
    _count,
    lambda line: f"{line.contract_id}:{line.stage}:{line.shape}",
    _fields,
    NAMES,
    Nothing(
        "Every answer was read. One that no rule knows comes here, counted by its kind.",
        "Connectors",
        "/console/connectors",
    ),
)
