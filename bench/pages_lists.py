"""Every list that a page declares, in each of its orders and with values of each of its filters."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import exchange.web
from exchange.flows.market import Market
from exchange.web.lists.query import Query, read_query
from exchange.web.lists.shape import Filter, Shape

WRITTEN: Mapping[str, str] = MappingProxyType(
    {
        "sub_id": "g-search",
        "reason": "duplicate_seller",
        "grade": "A-C",
        "price": "20-45",
        "zip": "85016",
        "field": "homeowner=yes",
        "duplicate_of": "ld_1",
        "tag": "odd",
        "from": "2026-11-01",
        "to": "2026-11-20",
        "bid": "12-14",
        "account": "buyer:acme:prepaid",
        "lead": "ld_1",
        "document": "INV-2026-00001",
        "amount": "36.50",
        "name": "acme",
        "who": "olive@operator.example",
        "what": "contract.changed",
        "object": "contract:acme-solar",
        "told": "price",
        "ip": "198.51.100.7",
        "state": "AZ",
        "contract": "acme-solar",
        "vertical": "solar",
        "disposition": "sold",
    }
)
"""Of filters that are written, something that one could write."""


def shapes() -> list[Shape[Any]]:
    """Every list that a page of the exchange declares, by path."""
    found: dict[str, Shape[Any]] = {}
    for module in pkgutil.walk_packages(exchange.web.__path__, "exchange.web."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Shape):
                found[value.path] = value
    return [found[path] for path in sorted(found)]


def asked_for(
    market: Market, shape: Shape[Any], written: Mapping[str, str] = WRITTEN, most: int = 1_000
) -> Iterator[Query]:
    """The list as it comes, in each of its orders and both ways, and with each value of each of its filters, of one
    filter `most` of them. `written` are values of those that are written, by name.
    """
    yield read_query(shape, {}, "live")
    for column in shape.columns:
        if column.sorts is not None:
            yield from (read_query(shape, {"sort": f"{way}{column.name}"}, "live") for way in ("", "-"))
    for each in shape.filters:
        values = _values(market, each, written)
        for value in values[:: max(1, len(values) // most)][:most]:
            yield read_query(shape, {each.name: value}, "live")


def _values(market: Market, each: Filter, written: Mapping[str, str]) -> Sequence[str]:
    if each.choices is None:
        return [written[each.name]] if each.name in written else []
    return [value for value, _ in each.choices(market)]
