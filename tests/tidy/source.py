"""What the rules read: one file of the project, or all of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
CODE = ("exchange", "buyers", "verifiers", "tests", "bench", "docs")
LEFT_OUT = frozenset({"__pycache__", "build", "dist", "node_modules"})
HIDDEN_BUT_OURS = frozenset({".ci", ".gitignore", ".dockerignore"})
PICTURES = frozenset({".png", ".webp", ".ico", ".ttf", ".woff2", ".gz", ".db", ".sqlite", ".zip"})


@dataclass(frozen=True)
class Finding:
    """A broken rule: where, and the sentence that was broken."""

    line: int
    sentence: str


@dataclass(frozen=True)
class Source:
    """One file: its path from the repository's root, and its text."""

    path: str
    text: str = field(repr=False)

    @property
    def top(self) -> str:
        return self.path.split("/", 1)[0]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix

    @property
    def module(self) -> str:
        """`exchange.model.money` for `exchange/model/money.py`."""
        parts = PurePosixPath(self.path).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @cached_property
    def docstrings(self) -> frozenset[int]:
        """The ids of nodes that are bare strings: documentation, never data."""
        return frozenset(id(node.value) for node in self.nodes if isinstance(node, ast.Expr))

    @cached_property
    def imported(self) -> dict[str, str]:
        """What each imported name stands for: `{"dt": "datetime", "sleep": "time.sleep"}`."""
        names: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.split(".")[0]
                    names[name] = alias.name if alias.asname else name
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{self.absolute(node)}.{alias.name}"
        return names

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module an import names, relative ones resolved."""
        if not node.level:
            return node.module or ""
        package = PurePosixPath(self.path).parent.parts
        base = package[: len(package) - node.level + 1]
        return ".".join((*base, node.module) if node.module else base)

    def uses(self) -> Iterator[tuple[ast.expr, str]]:
        """Every mention of something imported, by its full name: `datetime.datetime.now`."""
        for node in self.nodes:
            if isinstance(node, ast.Attribute | ast.Name) and (name := self.full_name(node)):
                yield node, name

    def full_name(self, node: ast.expr) -> str:
        """The dotted name behind an expression, empty when it does not start at an import."""
        if isinstance(node, ast.Attribute):
            base = self.full_name(node.value)
            return f"{base}.{node.attr}" if base else ""
        return self.imported.get(node.id, "") if isinstance(node, ast.Name) else ""


def is_ours(path: Path) -> bool:
    """Whether a path below the root belongs to the project and not to a tool or a run of it."""
    parts = path.relative_to(ROOT).parts
    hidden = parts[0].startswith(".") and parts[0] not in HIDDEN_BUT_OURS
    left_out = parts[0] == "data" or any(part in LEFT_OUT or part.endswith(".egg-info") for part in parts)
    of_a_run = len(parts) == 1 and parts[0].startswith(("exchange.db", "exchange.toml", "exchange.key"))
    return not (hidden or left_out or of_a_run)


def below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not is_ours(path):
            continue
        if path.is_dir():
            yield from below(path)
        elif path.suffix not in PICTURES:
            yield path


def read_all() -> Iterator[Source]:
    """Every text file of the project, one after another: their trees together would take gigabytes."""
    return (Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in below(ROOT))
