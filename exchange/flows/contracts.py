"""New terms of a contract: checked as a whole, stored as an immutable version with what was and is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.model.actor import Actor, Role
from exchange.model.lead import Mode
from exchange.model.party import Buyer, Contract, Group, SaleMode, State
from exchange.stages.buyer_terms import Wrong, slug
from exchange.stages.contract_terms import MAY_PERMIT, SECTIONS, BadTerms, Difference, differences, with_typed
from exchange.stages.eligible import contract_problems
from exchange.stages.filter_words import tell_rule
from exchange.storage.by_hand import change_contract_from

EVERY_LEAD = "every lead"


class Moved(Exception):
    """Somebody changed the contract since the form was opened."""


def wanted_of(
    market: Market,
    contract: Contract,
    typed: Mapping[str, str],
    filters: Group | None,
    only: Collection[str] = tuple(SECTIONS),
) -> Contract:
    """The contract with what was typed, of the sections named. Raises `BadTerms` with all that is wrong."""
    wanted = with_typed(contract, typed, only)
    if "filters" in only:
        wanted = replace(wanted, filters=filters)
    wrong = [Wrong("", each) for each in contract_problems(wanted, market.verticals[contract.vertical], market.places)]
    if wanted.connection not in market.connections and wanted.connection != contract.connection:
        wrong.append(Wrong("connection", "There is no such connection: choose one that exists."))
    unknown = (wanted.sources.sellers | wanted.sources.sellers_except) - market.deals.sellers.keys()
    if unknown:
        wrong.append(Wrong("sellers", f"There is no seller {sorted(unknown)[0]!r}."))
    if wrong:
        raise BadTerms(wrong)
    return wanted


def told_differences(market: Market, before: Contract, after: Contract) -> tuple[Difference, ...]:
    """In what two versions differ, their filters in sentences."""
    found = [*differences(before, after)]
    was, now = filter_text(market, before), filter_text(market, after)
    if before.filters != after.filters:
        found.append(Difference("filters", "filters", "Which of them", was, now))
    order = list(SECTIONS)
    return tuple(sorted(found, key=lambda each: order.index(each.section)))


def filter_text(market: Market, contract: Contract) -> str:
    vertical = market.verticals.get(contract.vertical)
    if contract.filters is None or vertical is None:
        return EVERY_LEAD
    return tell_rule(contract.filters, vertical, contract.max_bid.currency)


async def save_terms(market: Market, wanted: Contract, seen: int, actor: Actor, ip: str = "") -> int:
    """Store it as the newest version when `seen` still is that. Returns its number; `seen` when nothing differs.

    Raises `Moved`, and `LookupError` for a contract that is gone.
    """
    before = market.deals.contracts.get(wanted.id)
    if before is None or before.state is State.DELETED:
        raise LookupError(wanted.id)
    changed = told_differences(market, before, wanted)
    if not changed:
        return before.version
    now = market.clock.now()
    line = audit_line(
        market.ids,
        now,
        actor,
        "contract.changed",
        f"contract:{wanted.id}",
        before={"version": before.version, **{each.name: each.before for each in changed}},
        after={"version": before.version + 1, **{each.name: each.after for each in changed}},
        ip=ip,
    )
    version = await market.db.write(change_contract_from, wanted, seen, now, line)
    await refresh(market)
    if version is None:
        raise Moved(wanted.id)
    return version


async def add_contract(market: Market, buyer: Buyer, vertical: str, connection: str, actor: Actor, ip: str = "") -> str:
    """Another contract of a buyer, paused until it goes live. Returns its id. Raises `BadTerms`."""
    wrong = [Wrong("vertical", "Choose what it buys.")] if vertical not in market.verticals else []
    if connection not in market.connections:
        wrong.append(Wrong("connection", "Choose the connection it is delivered by."))
    if wrong:
        raise BadTerms(wrong)
    title, zone = market.verticals[vertical].title, buyer.terms.zone or market.zone
    contract_id = _free(f"{buyer.id}-{slug(vertical)}", market.deals.contracts)
    made = Contract(
        contract_id, 1, buyer.id, f"{buyer.name}, {title}", vertical, buyer.id, State.PAUSED, Mode.LIVE,
        SaleMode.EXCLUSIVE, 1, connection, None, None, replace(buyer.limit, units=100 * 10_000), zone=zone,
        paused_reason="being set up",
    )  # fmt: skip
    now = market.clock.now()
    after = {"buyer": buyer.id, "vertical": vertical, "connection": connection}
    line = audit_line(market.ids, now, actor, "contract.added", f"contract:{contract_id}", after=after, ip=ip)
    await market.db.write(change_contract_from, made, 0, now, line)
    await refresh(market)
    return contract_id


def _free(wanted: str, taken: Mapping[str, object]) -> str:
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (wanted, *numbered) if each not in taken)


def may_change(contract: Contract, actor: Actor) -> tuple[str, ...]:
    """The sections of its terms that somebody changes: all, or of a buyer those its contract permits."""
    if actor.role is not Role.BUYER:
        return tuple(SECTIONS)
    return tuple(each for each in MAY_PERMIT if each in contract.permits)
