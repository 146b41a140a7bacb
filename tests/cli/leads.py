"""Files of leads for imports."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.market import consumer

RENAMED = {"phone": "Phone Number", "zip": "ZIP Code", "email": "E-Mail"}


def write_csv(
    path: Path,
    rows: Iterable[Mapping[str, str]],
    *,
    delimiter: str = ",",
    charset: str = "utf-8",
    renamed: Mapping[str, str] = RENAMED,
) -> Path:
    listed = list(rows)
    names = list(dict.fromkeys(name for row in listed for name in row))
    with path.open("w", encoding=charset, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow([renamed.get(name, name) for name in names])
        writer.writerows([row.get(name, "") for name in names] for row in listed)
    return path


def write_lines(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    path.write_text("".join(f"{json.dumps(dict(row))}\n" for row in rows), "utf-8")
    return path


def people(count: int, first: int = 1) -> list[dict[str, str]]:
    return [consumer(number) for number in range(first, first + count)]


def result_rows(path: str | Path) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        sample = file.readline()
        file.seek(0)
        delimiter = max(",;\t|", key=sample.count)
        return list(csv.DictReader(file, delimiter=delimiter))
