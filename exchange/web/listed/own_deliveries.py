"""What was handed to a buyer as its list shows it: each delivery with how its answer was read; columns and filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.storage.database import Row
from exchange.storage.delivery_views import PostFilter, count_posts, posts_to
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Column, Filter, Nothing, Shape
from exchange.web.words import utc

PATH = "/buyer/deliveries"
STATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "accepted": ("accepted",),
        "refused": ("rejected",),
        "failed": ("failed",),
        "open": ("reserved", "sending", "pending", "unclear"),
    }
)
_WORDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "accepted": ("Accepted", "good", "check"),
        "rejected": ("Refused", "bad", "cross"),
        "failed": ("Failed", "bad", "warning"),
        "unclear": ("Unclear", "warn", "question"),
        "pending": ("Waits for its receipt", "warn", "clock"),
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery. `read` says how its answer was understood."""

    id: str
    lead_id: str
    place: str
    contract: str
    price: Money
    state: str
    read: str
    tries: int
    made_at: int
    next_at: int | None
    channel: str
    may_resend: bool

    @property
    def pill(self) -> tuple[str, str, str]:
        return _WORDS.get(self.state, ("On its way", "", "out"))

    def fields(self) -> dict[str, object]:
        return {
            "delivery_id": self.id,
            "lead_id": self.lead_id,
            "contract": self.contract,
            "price": self.price.text,
            "currency": self.price.currency,
            "state": self.state,
            "read": self.read,
            "tries": self.tries,
            "made_at": utc(self.made_at),
            "next_at": utc(self.next_at) if self.next_at is not None else None,
        }


def line_of(market: Market, row: Row) -> Line:
    contract = market.deals.contracts.get(row["contract_id"])
    delivery = row.get("delivery") if isinstance(row, Mapping) else None
    return Line(
        row["id"],
        row["lead_id"],
        ", ".join(part for part in (row["city"], row["us_state"]) if part),
        contract.name if contract is not None else row["contract_id"],
        Money(row["price_units"], row["currency"]),
        row["state"],
        _read(row),
        int(row["tries"] or 1),
        row["made_at"],
        row.get("next_at"),
        row.get("channel") or "",
        (row["state"] in ("failed", "rejected") and not row["sold_on"]) or delivery in ("expired", "waiting"),
    )


def _read(row: Row) -> str:
    """How its answer was understood, with the buyer's own words."""
    if row["state"] == "accepted":
        return f"Accepted, your ID {row['buyer_reference']}" if row["buyer_reference"] else "Accepted"
    reason = next((each.sentence for each in Reason if each.slug == row["reason"]), "")
    if row["reason"] == Reason.BUYER_REJECTED.slug:
        reason = "Refused."
    detail = row["detail"] or ""
    return f"{reason} “{detail}”" if detail else reason


def _filter(asked: Asked) -> PostFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    states = STATES.get(given.get("state", ""), ())
    return PostFilter(asked.mode, states, given.get("contract", ""), since, until, asked.span)


async def _lines(market: Market, actor: Actor, asked: Asked) -> list[Line]:
    rows = await market.db.read(posts_to, actor, actor.party_id or "", _filter(asked))
    return [line_of(market, row) for row in rows]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_posts, actor, actor.party_id or "", _filter(asked), most)


OWN_DELIVERIES: Shape[Line] = Shape(
    "own_deliveries",
    PATH,
    "delivery",
    "deliveries",
    (
        Column("made", "When", "when tab", sorts=lambda line: line.made_at),
        Column("contract", "Contract", "who", fixed=True),
        Column("state", "State", "is"),
        Column("price", "Price", "paid", num=True),
        Column("read", "How it was read", "wrap"),
        Column("tries", "Tries", num=True),
        Column("next", "Next", "tab"),
        Column("again", "Again", "act", fixed=True),
    ),
    (
        Filter("state", "State", lambda _: [(each, each) for each in STATES], lambda t: t if t in STATES else ""),
        Filter("contract", "Contract"),
        period_filter("When"),
    ),
    _lines,
    _count,
    lambda line: line.id,
    Line.fields,
    ("delivery_id", "lead_id", "contract", "price", "currency", "state", "read", "tries", "made_at", "next_at"),
    Nothing("Nothing was handed to you yet. Each {mode} lead you are sent stands here with what you answered.",
            "Your contracts", "/buyer/contracts"),
)  # fmt: skip
