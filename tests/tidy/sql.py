"""SQL lives in exchange/storage, in the subset that both engines read alike."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.tidy.source import Finding, Source

# Written in capitals, as all of ours is: English sentences do not match.
STATEMENT = re.compile(
    r"\b(SELECT\b.*\bFROM\b|SELECT\s+[:\w(]|INSERT\s+(OR\s+\w+\s+)?INTO\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b"
    r"|CREATE\s+(UNIQUE\s+)?(TABLE|INDEX|TRIGGER)\b|ALTER\s+TABLE\b|WITH\s+\w+(\s*\([^)]*\))?\s+AS\s*\()",
    re.DOTALL,
)
BANNED = (
    (re.compile(r"(?<!CAST\()\bSUM\s*\("), "SUM is a float on one engine: CAST(SUM(x) AS BIGINT)."),
    (re.compile(r"(?<!LOWER\()\b[\w.]+\s+(NOT\s+)?LIKE\b"), "LIKE minds case on one engine only: LOWER(column) LIKE."),
    (re.compile(r"\bILIKE\b"), "ILIKE is one engine's: LOWER(column) LIKE."),
    (re.compile(r"\bCURRENT_(TIMESTAMP|DATE|TIME)\b|\bNOW\s*\("), "Storage reads no clock: pass now as a parameter."),
    (re.compile(r"\bGROUP_CONCAT\b|\bSTRING_AGG\b"), "Joining text differs by engine: join it in Python."),
    (re.compile(r"\b(GREATEST|LEAST)\b"), "GREATEST and LEAST are one engine's: use CASE."),
    (re.compile(r"->>?|\bjson_\w+\s*\(|\bjsonb\b", re.IGNORECASE), "What is asked of JSON is promoted to a column."),
    (re.compile(r"\b(TRUE|FALSE|BOOLEAN)\b"), "Booleans differ by engine: 0 and 1 in a BIGINT."),
    (re.compile(r"\bINSERT\s+OR\b|\bREPLACE\s+INTO\b"), "INSERT OR … is one engine's: ON CONFLICT."),
    (re.compile(r"\bAUTOINCREMENT\b|\b(BIG)?SERIAL\b"), "Ids come from ids.py, not from the engine."),
)


def strings(source: Source) -> Iterator[tuple[int, str]]:
    """Every string literal that is not documentation; an f-string counts as one, its holes as `?`."""
    inside = {id(part) for node in source.nodes if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in source.nodes:
        if id(node) in source.docstrings:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [str(part.value) if isinstance(part, ast.Constant) else "?" for part in node.values]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.lineno, node.value


def sql_stays_in_storage(source: Source) -> Iterator[Finding]:
    """No statement stands outside exchange/storage; tests and bench may ask the database themselves."""
    if source.suffix != ".py" or source.top not in ("exchange", "buyers", "verifiers"):
        return
    if source.path.startswith("exchange/storage/"):
        return
    for line, text in strings(source):
        if STATEMENT.search(text):
            yield Finding(line, "All SQL stands in exchange/storage: call a function there.")


def sql_is_portable(source: Source) -> Iterator[Finding]:
    """Statements use only what SQLite and PostgreSQL read alike."""
    if not source.path.startswith("exchange/storage/"):
        return
    if source.suffix == ".sql":
        texts = list(enumerate(re.sub(r"--[^\n]*", "", source.text).split("\n"), start=1))
    else:
        texts = (
            [(line, text) for line, text in strings(source) if STATEMENT.search(text)] if source.suffix == ".py" else []
        )
    for line, text in texts:
        for pattern, sentence in BANNED:
            if pattern.search(text):
                yield Finding(line, sentence)
