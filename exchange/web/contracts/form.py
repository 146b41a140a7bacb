"""The form of a contract's terms: what it shows of each, and what it says when it comes back."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from exchange.flows.contracts import wanted_of
from exchange.flows.market import Market
from exchange.flows.simulated import CONNECTION as SIMULATED
from exchange.model.actor import Actor, Role
from exchange.model.party import Contract
from exchange.stages.checks.fit import CONSENT_NAMES
from exchange.stages.contract_term_list import TERMS, Term
from exchange.stages.contract_terms import MAY_PERMIT, SECTIONS, BadTerms, typed_of
from exchange.web.filters import Builder, RuleGroup, apply_step, build, read_tree, tree_of
from exchange.web.filters.counting import NOT_YET, Counted, counted
from exchange.web.filters.tree import several
from exchange.web.keys import MARKET

SAVE, LOOK = "save", "look"
FIELDS_MOST, FIELD_BYTES = 400, 400_000  # of a form that brings a file
_SHOWN_TO_BUYERS = frozenset({"what", "filters", "where", "price", "caps", "schedule", "quality", "returns"})
_OF_THE_HOUSE = frozenset({"tier", "priority", "weight", "leg"})  # how the exchange ranks: no buyer's business
_ZIPS = re.compile(r"\b[0-9]{5}\b")
ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "UTC",
)  # fmt: skip
"""Those offered first; any other is typed."""


@dataclass(frozen=True, slots=True)
class Field:
    """One term as it is shown. `locked` says why it cannot be changed here."""

    term: Term
    value: str
    wrong: str
    choices: Sequence[tuple[str, str]]
    ticked: frozenset[str] = frozenset()
    locked: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: str
    fields: Sequence[Field]
    locked: bool


@dataclass(frozen=True, slots=True)
class Form:
    """`wrong` are what no field alone is the cause of. `seen` is the version it was opened with."""

    contract: Contract
    vertical: str
    sections: Sequence[Section]
    built: Builder
    told: Counted
    wrong: Sequence[str]
    seen: int
    only: Collection[str]


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that came back: what was typed, the filter as a tree, and what is asked for."""

    typed: Mapping[str, str]
    tree: RuleGroup
    do: str
    seen: int


def read_sent(fields: Mapping[str, str], only: Collection[str]) -> Sent:
    typed: dict[str, str] = {}
    for term in TERMS:
        if term.section not in only:
            continue
        if term.kind == "several":
            typed[term.name] = ", ".join(
                name.removeprefix(f"{term.name}.") for name in fields if name.startswith(f"{term.name}.")
            )
        elif term.kind == "yes" or term.name in fields:
            typed[term.name] = fields.get(term.name, "")
    do = fields.get("do", SAVE)
    seen = fields.get("seen", "")
    number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
    return Sent(typed, apply_step(read_tree(fields), do), do, number)


def with_file(fields: Mapping[str, str], content: bytes) -> dict[str, str]:
    """The form after the ZIP codes of a file were added where its button says: `file f.0.1.v`, `file zips`."""
    name = fields.get("do", "").partition(" ")[2]
    if name not in fields:
        return {**fields, "do": LOOK}
    found = _ZIPS.findall(content.decode("utf-8", "replace"))
    known = several(fields[name], blanks=True)
    return {**fields, name: ", ".join(dict.fromkeys([*known, *found])), "do": LOOK}


def wanted_in(market: Market, contract: Contract, sent: Sent, only: Collection[str]) -> Contract:
    """The contract as the form wants it. Raises `BadTerms`; a filter with slips in it is told by its rules."""
    built = build(sent.tree, market.verticals[contract.vertical], contract.max_bid.currency)
    return wanted_of(market, contract, sent.typed, built.group, only)


async def form_of(
    request: web.Request,
    contract: Contract,
    actor: Actor,
    only: Collection[str],
    sent: Sent | None = None,
    error: BadTerms | None = None,
) -> Form:
    """What the page shows: the terms as they are, or as they were typed, and what these would have taken."""
    market = request.app[MARKET]
    vertical = market.verticals[contract.vertical]
    typed = {**typed_of(contract), **(sent.typed if sent is not None else {})}
    tree = sent.tree if sent is not None and "filters" in only else tree_of(contract.filters)
    built = build(tree, vertical, contract.max_bid.currency)
    wrong = {each.field: each.message for each in reversed(error.wrong)} if error is not None else {}
    return Form(
        contract,
        vertical.title,
        [
            Section(key, title, list(_fields(market, contract, key, typed, wrong, actor)), key not in only)
            for key, title in SECTIONS.items()
            if key in only or actor.role is not Role.BUYER or key in _SHOWN_TO_BUYERS
        ],
        built,
        await _count(market, contract, sent, built, only),
        [each.message for each in error.wrong if not each.field] if error is not None else (),
        sent.seen if sent is not None and sent.seen else contract.version,
        only,
    )


async def _count(
    market: Market, contract: Contract, sent: Sent | None, built: Builder, only: Collection[str]
) -> Counted:
    if built.problems:
        return NOT_YET
    wanted = contract
    if sent is not None:
        try:
            wanted = wanted_of(market, contract, sent.typed, built.group, only)
        except BadTerms as error:
            return Counted(f"It is counted once every field can be read. {error.wrong[0].message}", False)
    buyer = market.deals.buyers[contract.buyer_id]
    return await counted(market, wanted, buyer, wanted.price or wanted.max_bid)


def _fields(
    market: Market,
    contract: Contract,
    section: str,
    typed: Mapping[str, str],
    wrong: Mapping[str, str],
    actor: Actor,
) -> Iterator[Field]:
    for term in TERMS:
        if term.section == section and not (actor.role is Role.BUYER and term.name in _OF_THE_HOUSE):
            value = typed.get(term.name, "")
            choices = _choices(market, contract, term)
            ticked = frozenset(several(value)) if term.kind == "several" else frozenset()
            yield Field(term, value, wrong.get(term.name, ""), choices, ticked, _locked(market, term, value))


def _choices(market: Market, contract: Contract, term: Term) -> Sequence[tuple[str, str]]:
    match term.name:
        case "sellers" | "sellers_except":
            return sorted(((each.id, each.name) for each in market.deals.sellers.values()), key=lambda pair: pair[1])
        case "consent":
            names = dict.fromkeys([*CONSENT_NAMES, *contract.consent])
            return [(name, name.replace("_", " ")) for name in names]
        case "permits":
            return [(key, SECTIONS[key]) for key in MAY_PERMIT]
        case "connection":
            found = sorted(name for name in market.connections if not name.startswith(SIMULATED))
            return [(name, name) for name in dict.fromkeys([*found, contract.connection])]
        case "zone":
            return [(zone, zone) for zone in dict.fromkeys([contract.zone, market.zone, *ZONES])]
        case _:
            return term.choices


def _locked(market: Market, term: Term, value: str) -> str:
    """Connections made by a file are changed there."""
    if term.name != "connection":
        return ""
    file = market.workshop.files.get(value)
    return f"How it speaks is set by the file {file.path}." if file is not None else ""
