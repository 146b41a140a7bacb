"""One SQL text for two engines: sections of migrations, the SQLite spelling of types, `:name` to `$1::text`."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

_SECTION = re.compile(r"^--\s*(all|sqlite|postgresql):\s*$")
_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/"
_TYPE = re.compile(rf"({_QUOTED})|\b(BIGINT|BYTEA|DOUBLE PRECISION)\b", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(rf"({_QUOTED}|::)|:([A-Za-z_][A-Za-z0-9_]*)", re.DOTALL)
_SQLITE_TYPE = {"BIGINT": "INTEGER", "BYTEA": "BLOB", "DOUBLE PRECISION": "REAL"}
_KEYED = (
    "/* keyed */"  # after a table of small rows: SQLite keeps them in the tree of their key, not in one more beside it
)
_COMMENT_LINE = re.compile(r"^\s*--[^\n]*$", re.MULTILINE)


def section(text: str, engine: str) -> str:
    """The lines of a migration that are for `engine` (`sqlite` or `postgresql`): its sections and the common ones."""
    current = "all"
    lines = []
    for line in text.splitlines():
        if mark := _SECTION.match(line.strip()):
            current = mark[1]
        elif current in ("all", engine):
            lines.append(line)
    return "\n".join(lines)


def sqlite_statements(text: str) -> Iterator[str]:
    """The statements of a migration, one by one, in SQLite's spelling; tables become STRICT."""
    script = _COMMENT_LINE.sub("", section(text, "sqlite"))
    script = _TYPE.sub(lambda found: found[1] or _SQLITE_TYPE[found[2].upper()], script)
    waiting = ""
    for line in script.splitlines(keepends=True):
        waiting += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(waiting):
            yield _strict(waiting.strip())
            waiting = ""
    if waiting.strip():
        yield _strict(waiting.strip())


def _strict(statement: str) -> str:
    if not re.match(r"CREATE TABLE\b", statement, re.IGNORECASE):
        return statement
    text = statement.rstrip("; \n")
    return f"{text} STRICT, WITHOUT ROWID" if text.endswith(_KEYED) else f"{text} STRICT"


def named(sql: str) -> tuple[str, ...]:
    """The `:names` of a statement, each once, in order. Quoted strings, comments and `::` are left alone."""
    return tuple(dict.fromkeys(found[2] for found in _NAME.finditer(sql) if found[2]))


def placed(sql: str, names: Sequence[str]) -> str:
    """`:name` becomes `?1`, the place of the name among `names`: SQLite's own way of numbering."""
    places = {name: place for place, name in enumerate(names, start=1)}
    return _NAME.sub(lambda found: f"?{places[found[2]]}" if found[2] else found[0], sql)


def numbered(sql: str, kinds: Mapping[str, str], first: int = 1) -> str:
    """`:name` becomes `$1::bigint`: the numbers follow `named(sql)` from `first` on, `kinds` is name to type or empty.

    The type comes from the value, so that PostgreSQL never has to guess it from the place.
    """
    numbers = {name: index for index, name in enumerate(named(sql), start=first)}

    def replace(found: re.Match[str]) -> str:
        if not found[2]:
            return found[0]
        kind = kinds[found[2]]
        return f"${numbers[found[2]]}{'::' if kind else ''}{kind}"

    return _NAME.sub(replace, sql)
