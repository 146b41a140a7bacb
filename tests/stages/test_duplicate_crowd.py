"""How well one person is told from another among twenty thousand made-up people, found as the exchange finds them."""

from __future__ import annotations

from collections import Counter, defaultdict

from exchange.stages.duplicates.judge import Kind, judge
from exchange.stages.duplicates.person import Person, keys_of, person_of
from tests.stages.crowd import crowd

ROWS = 20_000
PER_WAY = 12


def found(rows: int, seed: int) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """By how a row came to be: how many there are, how many were taken for one seen before, and for the right one."""
    known: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    people: dict[int, Person] = {}
    root: dict[int, int] = {}
    of, taken, right = Counter[str](), Counter[str](), Counter[str]()
    for number, row in enumerate(crowd(rows, seed)):
        person = people[number] = person_of(row.values)
        ways = [(way, text) for way, text in keys_of(person)._asdict().items() if text]
        near = {each for way in ways for each in known[way][-PER_WAY:]}
        judged = ((judge(person, people[each]), root.get(each, each)) for each in near)
        same = sorted((-match.points, first) for match, first in judged if match.kind is Kind.SAME)
        of[row.how] += 1
        if same:
            root[number] = same[0][1]
            taken[row.how] += 1
            right[row.how] += same[0][1] == row.copies
        for way in ways:
            known[way].append(number)
    return of, taken, right


def test_copies_are_found_and_others_are_let_be() -> None:
    of, taken, right = found(ROWS, seed=11)

    assert taken["exact"] == of["exact"] > 900
    assert taken["near"] >= 0.99 * of["near"] > 1_300
    copies = of["exact"] + of["near"]
    assert right["exact"] + right["near"] >= 0.99 * copies
    assert taken["new"] <= 0.0005 * of["new"]
    assert taken["household"] <= 0.005 * of["household"] and of["household"] > 900
    assert taken["recycled"] <= 0.005 * of["recycled"] and of["recycled"] > 350
