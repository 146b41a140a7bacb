"""The suppression lists as a list: its columns and filters."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.suppression import ListRow, Purpose, Scope
from exchange.model.vertical import REGISTRY_DAYS
from exchange.web.list_fields import list_fields
from exchange.web.lists.held import held
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape

PATH = "/console/suppression"
KINDS = ("phone", "email", "person")
_DAY_MS = 86_400_000
NAMES = (
    "list_id", "name", "scope", "party", "purpose", "state", "kind", "hash", "rows", "changes", "readable", "dated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A list as it is shown. `late` are single changes that are not in its file yet; `days` since its data."""

    row: ListRow
    owner: str
    late: int
    readable: bool
    days: int

    @property
    def old(self) -> bool:
        """Whether a registry is too old to be asked, where its verticals say nothing else."""
        return self.row.purpose.ages and self.days > REGISTRY_DAYS


def lines_of(market: Market) -> list[Line]:
    now = market.clock.now()
    return [
        Line(
            each.row,
            _owner(market, each.row),
            len(each.late),
            not each.unreadable,
            (now - each.row.dated_at) // _DAY_MS,
        )
        for each in market.lists
    ]


def _owner(market: Market, row: ListRow) -> str:
    if row.scope is Scope.BUYER:
        buyer = market.deals.buyers.get(row.party)
        return buyer.name if buyer is not None else row.party
    if row.scope is Scope.VERTICAL:
        vertical = market.verticals.get(row.party)
        return vertical.title if vertical is not None else row.party
    return "Everybody"


def owners(market: Market) -> Choices:
    """Whose a list may be, each as one word: `vertical:solar`, `buyer:acme`, or `everybody`."""
    buyers = sorted(market.deals.buyers.values(), key=lambda each: each.name.lower())
    verticals = sorted(market.verticals.values(), key=lambda each: each.title.lower())
    return [
        ("everybody", "Everybody"),
        *((f"vertical:{each.name}", f"Vertical {each.title}") for each in verticals),
        *((f"buyer:{each.id}", f"Buyer {each.name}") for each in buyers),
    ]


def _owner_word(row: ListRow) -> str:
    return f"{row.scope.value}:{row.party}" if row.scope in (Scope.BUYER, Scope.VERTICAL) else "everybody"


def _fits(line: Line, asked: Asked) -> bool:
    given, row = asked.given, line.row
    told = {"owner": _owner_word(row), "purpose": row.purpose.value, "kind": row.kind}
    wrong = "old" if line.old else "" if line.readable else "unreadable"
    return (
        all(given.get(name, value) == value for name, value in told.items())
        and given.get("name", "").lower() in row.name.lower()
        and given.get("wrong", wrong) == wrong
    )


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Line]:
    return held([line for line in lines_of(market) if _fits(line, asked)], SUPPRESSION, asked.span)


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return min(sum(_fits(line, asked) for line in lines_of(market)), most)


def _fields(line: Line) -> dict[str, object]:
    return {**dict.fromkeys(NAMES), **list_fields(line.row), "readable": line.readable, "changes": line.late}


def _purposes(_: Market) -> Choices:
    return [(each.value, each.title) for each in Purpose]


_WRONG = {"old": f"older than {REGISTRY_DAYS} days", "unreadable": "cannot be read"}

SUPPRESSION: Shape[Line] = Shape(
    "suppression",
    PATH,
    "list",
    "lists",
    (
        Column("name", "List", "who", fixed=True, sorts=lambda line: line.row.name.lower(), text=True),
        Column("owner", "Whose", sorts=lambda line: line.owner.lower(), text=True),
        Column("purpose", "What it means"),
        Column("holds", "Holds"),
        Column("rows", "Rows", num=True, sorts=lambda line: line.row.rows),
        Column("dated", "Data of", "tab", sorts=lambda line: line.row.dated_at),
        Column("value", "One value", "act"),
        Column("remove", "Remove", "act"),
    ),
    (
        Filter("name", "Name", example="do not call"),
        Filter("owner", "Whose", owners),
        Filter("purpose", "What it means", _purposes),
        Filter("kind", "Holds", lambda _: [(each, f"{each}s") for each in KINDS]),
        Filter("wrong", "What is wrong", lambda _: list(_WRONG.items()), rare=True),
    ),
    _read,
    _count,
    lambda line: line.row.id,
    _fields,
    NAMES,
    Nothing(
        "No list yet. Bring a file of phones or emails, plain or hashed: nobody on it is sold from the moment it is "
        "read.",
        "Choose a file",
        f"{PATH}#new",
    ),
    falling=False,
)
