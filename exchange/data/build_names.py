"""Makes `names.csv.gz` from the name files of the United States' census of 1990, which are in the public domain.

`python -m exchange.data.build_names FOLDER`: the folder holds `dist.male.first`, `dist.female.first` and
`dist.all.last`, as the Census Bureau published them. Every first name, and the surnames that people bear most.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from exchange.data.build import save

SURNAMES = 20_000  # nine of ten people bear one of them


def shares(file: Path) -> Mapping[str, int]:
    """People per hundred thousand, rounded up, by name in small letters. A line is `SMITH 1.006 1.006 1`."""
    lines = (line.split() for line in file.read_text("ascii").splitlines())
    return {cells[0].lower(): max(1, round(float(cells[1]) * 1_000)) for cells in lines}


def rows(given: Mapping[str, int], surnames: Mapping[str, int]) -> Iterator[str]:
    """`name,share as a first name,share as a surname`, by name."""
    for name in sorted(given.keys() | surnames.keys()):
        yield f"{name},{given.get(name, 0)},{surnames.get(name, 0)}"


def main(folder: Path) -> None:
    given = dict(shares(folder / "dist.male.first"))
    for name, share in shares(folder / "dist.female.first").items():
        given[name] = given.get(name, 0) + share
    surnames = dict(list(shares(folder / "dist.all.last").items())[:SURNAMES])
    source = "US Census Bureau, Frequently Occurring Names 1990"
    save("names.csv.gz", "names", "1995-10-01", source, "public domain", rows(given, surnames))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
