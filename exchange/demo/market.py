"""Reads a parties document into model objects. All problems are told at once; with any, nothing is returned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError
from ruamel.yaml.error import YAMLError

from exchange.demo import market_document as document
from exchange.demo.market_model import Parties, minutes_of, parties_from
from exchange.demo.personalities import ACTORS, with_parts
from exchange.model.vertical import Vertical
from exchange.yaml_files import load


class BadParties(Exception):
    """The document cannot be used. `problems` has one line each: where, and what is wrong."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def read_parties(path: Path, verticals: Mapping[str, Vertical] | None = None) -> Parties:
    """The parties of a YAML file, with the sellers and buyers of the files in the folder of its name.

    `verticals` given, names and filter fields are checked against them too. Raises `BadParties` with every problem.
    """
    whole, *parts = [_document(each) for each in with_parts(path)]
    added = {name: [who for part in parts for who in part.get(name, ())] for name in ACTORS}
    return parties_of(whole | {name: [*whole.get(name, ()), *more] for name, more in added.items()}, verticals)


def _document(path: Path) -> dict[str, Any]:
    try:
        found = load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise BadParties([f"{path.name}: {error}"]) from error
    if not isinstance(found, dict):
        raise BadParties([f"{path.name}: is not a mapping of names to values"])
    return found


def parties_of(found: object, verticals: Mapping[str, Vertical] | None = None) -> Parties:
    """The same from the parsed document."""
    try:
        shape = document.PartiesShape.model_validate(found)
    except ValidationError as error:
        raise BadParties(_shape_problems(error)) from error
    if problems := list(_problems(shape, verticals)):
        raise BadParties(problems)
    return parties_from(shape)


def read_connections(folder: Path, moved: Mapping[int, int] | None = None) -> dict[str, dict[str, Any]]:
    """The connection documents of a folder, by name. `moved` says which port of 127.0.0.1 became which.

    What is in them is checked by whoever makes connections of them. Raises `BadParties` for a file that is no document.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.yaml")):
        document = _document(path)
        if "connection" not in document:
            raise BadParties([f"{path.name}: is no connection"])
        found[str(document["connection"])] = rebased(document, moved or {})
    return found


def rebased(document: Mapping[str, Any], moved: Mapping[int, int]) -> dict[str, Any]:
    """The document with its addresses on 127.0.0.1 at their new ports."""
    return {key: _moved(value, moved) for key, value in document.items()}


def _moved(value: Any, ports: Mapping[int, int]) -> Any:
    """A stage of a connection with its URL at the new port; anything else as it is."""
    if not isinstance(value, dict) or not isinstance(url := value.get("url"), str):
        return value
    parts = urlsplit(url)
    port = ports.get(parts.port or 0) if parts.hostname == "127.0.0.1" else None
    return value if port is None else value | {"url": parts._replace(netloc=f"127.0.0.1:{port}").geturl()}


def _shape_problems(error: ValidationError) -> Iterator[str]:
    """A list that is short only because its members are wrong is no problem of its own."""
    places = [each["loc"] for each in error.errors()]
    for each in error.errors():
        where = each["loc"]
        follows = each["type"] == "too_short" and any(o[: len(where)] == where and o != where for o in places)
        if not follows:
            yield f"{_where(where)}: {each['msg']}"


def _where(location: tuple[int | str, ...]) -> str:
    """`buyers[2].contracts[0].max_bid`; the names pydantic adds for alternatives are left out."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not part.endswith("Shape"):
            text += f".{part}" if text else part
    return text or "document"


def _problems(shape: document.PartiesShape, verticals: Mapping[str, Vertical] | None) -> Iterator[str]:
    campaigns = [(f"campaign {c.id}", c) for seller in shape.sellers for c in seller.campaigns]
    contracts = [(f"contract {c.id}", c) for buyer in shape.buyers for c in buyer.contracts]
    yield from _repeated("seller", (seller.id for seller in shape.sellers))
    yield from _repeated("buyer", (buyer.id for buyer in shape.buyers))
    yield from _repeated("campaign", (campaign.id for _, campaign in campaigns))
    yield from _repeated("contract", (contract.id for _, contract in contracts))
    for where, campaign in campaigns:
        yield from _repeated(f"{where} tier", (str(tier.number) for tier in campaign.tiers))
        yield from _vertical_problem(where, campaign.vertical, verticals)
    for where, contract in contracts:
        yield from _contract_problems(where, contract)
        yield from _vertical_problem(where, contract.vertical, verticals)
        if verticals and contract.vertical in verticals:
            yield from _filter_problems(where, contract.filters, verticals[contract.vertical])
    for buyer in shape.buyers:
        if buyer.billing == "credit" and buyer.balance.strip("0."):
            yield f"buyer {buyer.id}: a credit buyer has a limit, not a balance"
        if buyer.billing == "prepaid" and buyer.limit.strip("0."):
            yield f"buyer {buyer.id}: a prepaid buyer has a balance, not a limit"


def _repeated(what: str, names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"{what} {name} occurs twice"
        seen.add(name)


def _vertical_problem(where: str, name: str, verticals: Mapping[str, Vertical] | None) -> Iterator[str]:
    if verticals is not None and name not in verticals:
        yield f"{where}: no vertical is called {name}; there are {', '.join(sorted(verticals))}"


def _contract_problems(where: str, contract: document.ContractShape) -> Iterator[str]:
    try:
        ZoneInfo(contract.zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield f"{where}: no time zone is called {contract.zone}"
    for hours in contract.hours:
        if minutes_of(hours.opens) >= minutes_of(hours.closes):
            yield f"{where}: hours open at {hours.opens}, after they close at {hours.closes}"
    for cap in contract.caps:
        if (cap.sales is None) == (cap.money is None):
            yield f"{where}: a cap per {cap.window} says either sales or money"
    if contract.geo.center_zip is None and contract.geo.radius_miles:
        yield f"{where}: radius_miles needs a center_zip"
    if contract.shared_price is not None and contract.sale_mode != "either":
        yield f"{where}: shared_price belongs to sale_mode either"
    yield from _group_problems(where, contract.filters)


def _group_problems(where: str, group: document.GroupShape | None) -> Iterator[str]:
    if group is None:
        return
    if (group.all is None) == (group.any is None):
        yield f"{where}: a group of filters says either all or any"
    for inner in group.all or group.any or ():
        if isinstance(inner, document.GroupShape):
            yield from _group_problems(where, inner)


def _filter_problems(where: str, group: document.GroupShape | None, vertical: Vertical) -> Iterator[str]:
    for clause in _clauses(group):
        if clause.field not in vertical.by_name:
            yield f"{where}: {vertical.name} has no field {clause.field} to filter on"


def _clauses(group: document.GroupShape | None) -> Iterator[document.ClauseShape]:
    for inner in (group.all or group.any or ()) if group else ():
        if isinstance(inner, document.GroupShape):
            yield from _clauses(inner)
        else:
            yield inner
