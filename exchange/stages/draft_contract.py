"""A contract with one setting changed: whether it buys, its place in the tree, prices, caps and whom it takes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from exchange.model.money import Money, write_units
from exchange.model.party import Cap, Clause, Contract, Geo, Group, SaleMode, State, Window
from exchange.stages.draft_values import BadValue, Setting, read_amount, read_state, read_whole
from exchange.stages.score.grade import GRADES

CAP_MOST = 10_000_000
_STATE = re.compile(r"[A-Z]{2}")
_WINDOWS = tuple(window.value for window in Window)


def changed_contract(contract: Contract, setting: str, value: str) -> Contract:
    """Raises `BadValue`, and `BadMoney` for an amount that is none."""
    head, _, rest = setting.partition(".")
    if head in ("cap", "spend"):
        return _with_cap(contract, head, rest, value)
    if head == "filter" and rest:
        return _with_clause(contract, rest, value)
    return _known(setting).change(contract, value)


def contract_value(contract: Contract, setting: str) -> str:
    """What is in force, as a draft would write it. Raises `BadValue`."""
    head, _, rest = setting.partition(".")
    if head in ("cap", "spend"):
        cap = _cap(contract, head, rest)
        return "" if cap is None else str(cap.most) if cap.unit == "count" else write_units(cap.most)
    if head == "filter" and rest:
        return next((_shown(clause) for clause in _plain(contract) if clause.field == rest), "")
    return _known(setting).show(contract)


def filtered_fields(contract: Contract) -> tuple[str, ...]:
    """The fields that a draft can change the test of: those that stand alone."""
    return tuple(dict.fromkeys(clause.field for clause in _plain(contract)))


def _known(setting: str) -> Setting[Contract]:
    if setting not in CONTRACT_SETTINGS:
        names = ", ".join(CONTRACT_SETTINGS)
        raise BadValue(f"is no setting of a contract; there are {names}, cap.day, spend.day and filter.FIELD.")
    return CONTRACT_SETTINGS[setting]


def _cap(contract: Contract, head: str, window: str) -> Cap | None:
    if window not in _WINDOWS:
        raise BadValue(f"must name a window: {', '.join(f'{head}.{each}' for each in _WINDOWS)}.")
    unit = "count" if head == "cap" else "money"
    return next(
        (cap for cap in contract.caps if cap.window.value == window and cap.unit == unit and not cap.weekdays), None
    )


def _with_cap(contract: Contract, head: str, window: str, value: str) -> Contract:
    old = _cap(contract, head, window)
    others = tuple(cap for cap in contract.caps if cap is not old)
    if not value:
        return replace(contract, caps=others)
    most = read_whole(value, 0, CAP_MOST) if head == "cap" else _money(contract, value).units
    return replace(contract, caps=(*others, Cap(Window(window), "count" if head == "cap" else "money", most)))


def _plain(contract: Contract) -> tuple[Clause, ...]:
    """The tests that must all hold, each by itself."""
    group = contract.filters
    if group is None or (group.need == "any" and len(group.clauses) > 1):
        return ()
    return tuple(part for part in group.clauses if isinstance(part, Clause))


def _shown(clause: Clause) -> str:
    return f"{clause.operator} {','.join(clause.values)}".strip()


def _with_clause(contract: Contract, field: str, value: str) -> Contract:
    operator, _, values = value.partition(" ")
    given = tuple(each.strip() for each in values.split(",") if each.strip())
    made = (Clause(field, operator, given),) if value else ()
    group = contract.filters
    if group is not None and group.need == "any" and len(group.clauses) > 1:
        return replace(contract, filters=Group("all", (group, *made)) if made else group)
    kept = tuple(
        part for part in (group.clauses if group else ()) if not (isinstance(part, Clause) and part.field == field)
    )
    parts = (*kept, *made)
    return replace(contract, filters=Group("all", parts) if parts else None)


def _money(contract: Contract, value: str) -> Money:
    return read_amount(value, contract.max_bid.currency)


def _on_or_off(contract: Contract, value: str) -> Contract:
    state = read_state(value)
    if state is State.ACTIVE:
        return replace(contract, state=state, paused_reason="", pause=None)
    return replace(contract, state=state)


def _priced(contract: Contract, value: str) -> Contract:
    if contract.price is None:
        raise BadValue("It bids live: it has no fixed price.")
    return replace(contract, price=_money(contract, value))


def _sale_mode(contract: Contract, value: str) -> Contract:
    known = [mode.value for mode in SaleMode]
    if value not in known:
        raise BadValue(f"must be one of {', '.join(known)}.")
    return replace(contract, sale_mode=SaleMode(value))


def _in_states(contract: Contract, value: str) -> Contract:
    states = tuple(each.strip() for each in value.split(",") if each.strip())
    if wrong := [each for each in states if not _STATE.fullmatch(each)]:
        raise BadValue(f"must be states such as AZ,NV; {wrong[0][:10]!r} is none.")
    area = contract.geo
    return replace(
        contract,
        geo=Geo(states, area.states_except, area.zips, area.zips_except, area.center_zip, area.radius_miles),
    )


def _from_grade(contract: Contract, value: str) -> Contract:
    if value and value not in GRADES:
        raise BadValue(f"must be one of {', '.join(GRADES)}, or empty.")
    return replace(contract, min_grade=value or None)


def _up_to_fraud(contract: Contract, value: str) -> Contract:
    return replace(contract, max_fraud=read_whole(value, 0, 100) if value else None)


CONTRACT_SETTINGS: Mapping[str, Setting[Contract]] = MappingProxyType(
    {
        "state": Setting(lambda own: own.state.value, _on_or_off),
        "tier": Setting(lambda own: str(own.tier), lambda own, value: replace(own, tier=read_whole(value, 1, 99))),
        "priority": Setting(
            lambda own: str(own.priority), lambda own, value: replace(own, priority=read_whole(value, 0, 100_000))
        ),
        "weight": Setting(
            lambda own: str(own.weight), lambda own, value: replace(own, weight=read_whole(value, 0, 100_000))
        ),
        "sale_mode": Setting(lambda own: own.sale_mode.value, _sale_mode),
        "price": Setting(lambda own: own.price.text if own.price is not None else "", _priced),
        "max_bid": Setting(lambda own: own.max_bid.text, lambda own, value: replace(own, max_bid=_money(own, value))),
        "states": Setting(lambda own: ",".join(own.geo.states), _in_states),
        "min_grade": Setting(lambda own: own.min_grade or "", _from_grade),
        "max_fraud": Setting(lambda own: "" if own.max_fraud is None else str(own.max_fraud), _up_to_fraud),
    }
)
