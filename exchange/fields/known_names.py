"""Which names people bear, and which runs of letters names are made of.

A name that nobody in the table bears is no wrong name: people come from everywhere. Only letters that no language puts
together say that somebody beat on the keys, and then only when both names look so.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exchange.fields.table import BadRow, Kind, Rows

_ROW = re.compile(r"[a-z]{2,20},[0-9]{1,6},[0-9]{1,6}")
_LETTERS = 27  # and the end of a name
_BACK_OFF = 3.0  # how much the run of two letters counts beside that of three
_LEAST = 0.3
_RARE = -12.0  # a run that was never seen at all


@dataclass(frozen=True, slots=True)
class KnownNames:
    """`given` and `surnames` in small letters. `runs` gives the logarithm (base 2) of each run of three letters."""

    given: frozenset[str]
    surnames: frozenset[str]
    runs: Mapping[str, float]
    pairs: Mapping[str, float]

    @classmethod
    def read(cls, rows: Rows) -> KnownNames:
        given, surnames = set(), set()
        for number, row in enumerate(rows):
            if not _ROW.fullmatch(row):
                raise BadRow(number, "must be a name in small letters and its two shares, such as fisher,4,138")
            name, first, last = row.split(",")
            if first != "0":
                given.add(name)
            if last != "0":
                surnames.add(name)
        runs, pairs = _chances([*sorted(given), *sorted(surnames)])
        return cls(frozenset(given), frozenset(surnames), runs, pairs)

    def likeness(self, words: Iterable[str]) -> float:
        """How much the words, in small letters a to z, are like names: -3 is a usual one, -8 beaten keys."""
        total = count = 0.0
        for word in words:
            marked = f"^^{word}$"
            for place in range(len(marked) - 2):
                chance = self.runs.get(marked[place : place + 3])
                total += self._rare(marked[place : place + 3]) if chance is None else chance
            count += len(word) + 1
        return total / count if count else 0.0

    def _rare(self, run: str) -> float:
        """A run of three that no name has: what its last two make of it."""
        return self.pairs.get(run[:2], 0.0) + self.pairs.get(run[1:] + ".", _RARE)


def _chances(names: Iterable[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Logarithms of runs of three, and of pairs: `ab.` is the chance of b after a, `ab` what is left to unseen runs."""
    marked = (f"^^{name}$" for name in names)
    triples = Counter(each[place : place + 3] for each in marked for place in range(len(each) - 2))
    singles, doubles, heads = Counter[str](), Counter[str](), Counter[str]()
    for run, times in triples.items():
        heads[run[:2]] += times
        singles[run[1]] += times
        doubles[run[1:]] += times

    def after(pair: str) -> float:
        return (doubles[pair] + _LEAST) / (singles[pair[0]] + _LEAST * _LETTERS)

    letters = "abcdefghijklmnopqrstuvwxyz"
    runs = {
        run: math.log2((times + _BACK_OFF * after(run[1:])) / (heads[run[:2]] + _BACK_OFF))
        for run, times in triples.items()
    }
    pairs = {f"{a}{b}.": math.log2(after(a + b)) for a in f"^{letters}" for b in f"{letters}$"}
    for a in f"^{letters}":
        for b in f"^{letters}":
            pairs[a + b] = math.log2(_BACK_OFF / (heads[a + b] + _BACK_OFF))
    return runs, pairs


NAMES = Kind(
    "names", "Names that people bear, to tell beaten keys from rare names", "names.csv.gz", KnownNames.read, 36_500
)
