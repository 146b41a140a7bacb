"""Who may import whom, as one table. A row says what a layer may import beside itself."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from tests.tidy.source import Finding, Source

# Open to all but model and buyers; buyers may read limits, which are numbers only.
OPEN = frozenset({"clock", "handing", "ids", "limits", "log", "metrics", "rates"})
PURE = frozenset({"model", "fields", "connector"})
SHAPES = frozenset(
    {"settings", "catalog", "cases", "sources", "payments", "verifier_rules", "score_rule", "yaml_files"}
)
INSIDE = PURE | SHAPES | {"stages", "storage", "courier", "vault"}

MAY_IMPORT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "model": frozenset(),
        "fields": frozenset({"model"}) | OPEN,
        "connector": frozenset({"model"}),
        "clock": frozenset(),
        "handing": frozenset(),
        "ids": frozenset(),
        "limits": frozenset(),
        "rates": frozenset({"limits"}),
        "data": frozenset(),
        "log": OPEN,
        "metrics": OPEN,
        "settings": frozenset({"model"}) | OPEN,
        "catalog": PURE | OPEN | {"settings", "verifier_rules", "score_rule", "yaml_files"},
        "score_rule": PURE | OPEN,  # what a vertical's conversion score learns from
        "verifier_rules": PURE | OPEN,  # how a vertical or a campaign uses verifiers
        "sources": PURE | OPEN,  # documents that say where leads are fetched
        "payments": PURE | OPEN,  # one file for each payment provider
        "yaml_files": frozenset(),
        "cases": frozenset({"model", "connector"}) | OPEN,
        "vault": frozenset({"model"}) | OPEN,
        "stages": PURE | OPEN,
        "courier": frozenset({"model", "connector"}) | OPEN,
        "storage": frozenset({"model"}) | OPEN,
        "buyers": frozenset({"model", "connector", "limits"}),
        "verifiers": frozenset({"model", "connector", "limits"}),
        "flows": INSIDE | OPEN,
        "intake": PURE | SHAPES | OPEN | {"stages", "flows", "courier"},  # it looks outside through the courier
        "duties": PURE | SHAPES | OPEN | {"stages", "flows", "storage"},  # what is done every so often
        "worker": PURE | SHAPES | OPEN | {"stages", "flows", "storage", "duties"},  # leases its jobs there
        "web": PURE | SHAPES | OPEN | {"stages", "flows", "intake", "storage", "vault"},  # reads lists there
        "config_files": PURE | SHAPES | OPEN | {"flows", "buyers", "verifiers"},
        "bootstrap": INSIDE | OPEN | {"config_files"} | {"flows", "intake", "worker", "web", "buyers", "verifiers"},
        "demo": INSIDE | OPEN | {"flows", "intake", "worker", "web", "bootstrap"},
        "commands": INSIDE | OPEN | {"flows", "intake", "worker", "web", "bootstrap", "demo"},
        "cli": OPEN | {"commands"},
        "__main__": frozenset({"cli"}),
    }
)
PLUGINS = frozenset({"buyers", "verifiers"})
READ_PLUGINS = ("bootstrap", "config_files")  # the second reads the documents that the first makes connections of
GRAMMAR = ("buyers.mapping", "buyers.reading", "buyers.family")  # how documents say what is sent and read: one for both
WRITES = frozenset({"flows", "storage", "worker", "duties", "bootstrap", "demo", "cli"})
DRIVERS = frozenset({"sqlite3", "aiosqlite", "asyncpg"})
NETWORK = frozenset({"aiohttp", "asyncio", "httptools", "requests", "socket", "ssl", "urllib.request", "http.client"})


def layer_of(module: str) -> str | None:
    """`stages` for `exchange.stages.price`, `buyers` for `buyers.reading`, None for what is not ours."""
    parts = module.split(".")
    if parts[0] == "exchange":
        return parts[1] if len(parts) > 1 else "exchange"
    return parts[0] if parts[0] in PLUGINS else None


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Every module a file imports, wherever the import stands; for `from exchange import x` the module `exchange.x`."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = source.absolute(node)
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "exchange" else [module]
            yield from ((node.lineno, name) for name in names)


def layers(source: Source) -> Iterator[Finding]:
    """A layer imports only what its row of the table names."""
    layer = layer_of(source.module)
    if source.suffix != ".py" or layer in (None, "exchange"):
        return
    if layer not in MAY_IMPORT:
        yield Finding(1, f"{layer} is no layer yet: say in tests/tidy/layers.py what it may import.")
        return
    for line, module in imports(source):
        target = layer_of(module)
        if target in (None, layer, "exchange") or module == "exchange.__version__":
            continue
        if target in PLUGINS:
            if layer not in READ_PLUGINS and not (layer == "verifiers" and module.startswith(GRAMMAR)):
                yield Finding(line, f"Only bootstrap imports {target}; {layer} does.")
        elif target not in MAY_IMPORT[layer]:
            row = ", ".join(sorted(MAY_IMPORT[layer])) or "nothing of ours"
            yield Finding(line, f"{layer} never imports {target}: it may import {row}.")


def foreign(source: Source) -> Iterator[Finding]:
    """The model is standard library only; what is pure opens no socket; a database's name stays in storage."""
    layer = layer_of(source.module)
    if source.suffix != ".py" or layer is None:
        return
    for line, module in imports(source):
        first = module.split(".")[0]
        if layer == "model" and first not in sys.stdlib_module_names and layer_of(module) is None:
            yield Finding(line, f"model imports the standard library only, never {first}.")
        if layer in ("model", "fields", "connector", *PLUGINS) and (first in NETWORK or module in NETWORK):
            yield Finding(line, f"{layer} is pure and never imports {module}: the courier owns the wire.")
        if layer != "storage" and first in DRIVERS:
            yield Finding(line, f"Only storage knows {first}; {layer} is given a Db.")


def only_flows_open_units_of_work(source: Source) -> Iterator[Finding]:
    """`db.write` stands in flows, where the exchange is built and where jobs are leased; never in what calls flows."""
    layer = layer_of(source.module)
    if source.suffix != ".py" or layer is None or layer in WRITES:
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write":
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if name in ("db", "_db", "database"):
                yield Finding(node.lineno, f"Flows open units of work, {layer} never does: call a flow.")
