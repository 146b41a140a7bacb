"""Two books side by side: what was planted is found, and nothing else."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from random import Random
from zoneinfo import ZoneInfo

import pytest

from exchange.model.reconciling import Difference, DifferenceKind, Ours, Standing, Theirs
from exchange.stages.reconcile import DAY_MS, Span, compare

START = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()) * 1000
SPAN = Span(START, START + 30 * DAY_MS, ZoneInfo("America/New_York"))
PRICES = (365_000, 365_000, 145_000, 220_000, 310_100)


def ours(number: int, at: int, units: int, standing: Standing = Standing.SOLD, back: int = 0) -> Ours:
    people = frozenset({sha256(b"phone %d" % number).digest()[:16]})
    ids = (f"ld_{number}", f"dlv_{number}", f"sal_{number}")
    own = f"sal_{number}", f"dlv_{number}", f"ld_{number}"
    return Ours(*own, ids, (f"R{number}",), people, at, units, standing, back)


def book(random: Random, size: int) -> list[Ours]:
    return [ours(number, START + random.randrange(30 * DAY_MS), random.choice(PRICES)) for number in range(size)]


def row(line: Ours, number: int, naming: str) -> Theirs:
    """The line as the other side wrote it down, by the names it keeps."""
    day = line.at // DAY_MS * DAY_MS
    return Theirs(
        number,
        line.ids[number % 3] if "i" in naming else "",
        line.their_ids[0] if "r" in naming else "",
        line.people if "p" in naming else frozenset(),
        day if "d" in naming else line.at,
        line.units,
        whole_day="d" in naming,
    )


def kinds(differences: tuple[Difference, ...]) -> Counter[DifferenceKind]:
    return Counter(each.kind for each in differences)


@pytest.mark.parametrize("naming", ["i", "r", "p", "id", "rd", "pd", "irp", "irpd", ""])
@pytest.mark.parametrize("seed", range(5))
def test_equal_books_differ_in_nothing(naming: str, seed: int) -> None:
    random = Random(seed)
    lines = book(random, 300)
    rows = [row(line, number, naming) for number, line in enumerate(lines)]
    random.shuffle(rows)
    compared = compare(lines, rows, SPAN)
    assert (compared.differences, compared.agreed) == ((), 300)
    assert compared.ours_units == compared.theirs_units


@pytest.mark.parametrize("naming", ["i", "r", "p", "id", "irp", "irpd"])
@pytest.mark.parametrize("seed", range(8))
def test_what_was_planted_is_reported_and_nothing_else(naming: str, seed: int) -> None:
    random = Random(1_000 + seed)
    lines = [line for line in book(random, 400) if START + 3 * DAY_MS < line.at < START + 27 * DAY_MS]
    rows = {line.sale_id: row(line, number, naming) for number, line in enumerate(lines)}
    chosen = random.sample(lines, 17)
    missing, dear, late, extra, twice = chosen[:5], chosen[5:9], chosen[9:12], chosen[12:14], chosen[14:17]
    for line in missing:
        del rows[line.sale_id]
    for line in dear:
        rows[line.sale_id] = rows[line.sale_id]._replace(units=line.units + random.choice((-10_000, 1, 25_000)))
    for line in late:
        was = rows[line.sale_id].at
        assert was is not None
        rows[line.sale_id] = rows[line.sale_id]._replace(at=was + random.choice((-2, 2)) * DAY_MS)
    told = list(rows.values())
    for number, line in enumerate(extra):
        stranger = ours(10_000 + number, line.at, line.units)
        told.append(row(stranger, 900 + number * 3, naming))
    told += [rows[line.sale_id]._replace(number=950 + number) for number, line in enumerate(twice)]
    random.shuffle(told)
    found = compare(lines, told, SPAN)
    assert kinds(found.differences) == {
        DifferenceKind.ONLY_OURS: 5,
        DifferenceKind.PRICE: 4,
        DifferenceKind.DAY: 3,
        DifferenceKind.ONLY_THEIRS: 2,
        DifferenceKind.TWICE: 3,
    }
    by_kind = {
        kind: {each.ours.sale_id for each in found.differences if each.kind is kind and each.ours}
        for kind in (DifferenceKind.ONLY_OURS, DifferenceKind.PRICE, DifferenceKind.DAY, DifferenceKind.TWICE)
    }
    assert by_kind == {
        DifferenceKind.ONLY_OURS: {line.sale_id for line in missing},
        DifferenceKind.PRICE: {line.sale_id for line in dear},
        DifferenceKind.DAY: {line.sale_id for line in late},
        DifferenceKind.TWICE: {line.sale_id for line in twice},
    }
    assert found.agreed == len(lines) - 5 - 4 - 3


@pytest.mark.parametrize("naming", ["i", "ir", "ip", "irpd"])
def test_swapped_ids_are_told_once_for_each_row_and_are_no_wrong_prices(naming: str) -> None:
    lines = [ours(n, START + (n + 1) * 5 * DAY_MS // 2, price) for n, price in enumerate((100_000, 200_000, 300_000))]
    rows = [row(line, 0, naming)._replace(number=n) for n, line in enumerate(lines)]
    rows[0], rows[1] = rows[0]._replace(id=rows[1].id), rows[1]._replace(id=rows[0].id)
    found = compare(lines, rows, SPAN)
    assert [(each.kind, each.other and each.other.number) for each in found.differences] == [
        (DifferenceKind.SWAPPED, 1),
        (DifferenceKind.SWAPPED, 0),
    ]
    assert found.agreed == 1 and all(each.more_units == 0 for each in found.differences)


def test_a_returned_lead_may_be_missing_and_may_not_be_charged() -> None:
    lines = [ours(n, START + DAY_MS, 0, Standing.RETURNED, 365_000) for n in range(3)]
    units = (365_000, 365_000, -365_000)
    rows = [row(lines[n], n + 1, "i")._replace(units=each) for n, each in zip((1, 2, 2), units, strict=True)]
    found = compare(lines, rows, SPAN)
    assert [(each.kind, each.more_units) for each in found.differences] == [(DifferenceKind.RETURNED, 365_000)]
    assert found.agreed == 2


def test_a_credit_that_nobody_gave_is_told() -> None:
    line = ours(1, START + DAY_MS, 365_000)
    rows = [row(line, 1, "i"), row(line, 2, "i")._replace(units=-100_000)]
    (found,) = compare([line], rows, SPAN).differences
    assert (found.kind, found.more_units, found.ours) == (DifferenceKind.CREDIT, -100_000, line)


def test_unclear_posts_are_told_either_way() -> None:
    lines = [ours(n, START + DAY_MS, 365_000, Standing.UNCLEAR) for n in range(2)]
    found = compare(lines, [row(lines[0], 1, "r")], SPAN)
    assert [each.kind for each in found.differences] == [DifferenceKind.UNCLEAR, DifferenceKind.UNCLEAR_ABSENT]


def test_what_lies_beyond_the_span_is_not_missed_and_found_all_the_same() -> None:
    inside, outside = ours(1, START + DAY_MS, 365_000), ours(2, START - DAY_MS, 365_000)
    rows = [row(inside, 1, "i"), row(outside, 2, "i")]
    assert compare([inside, outside], rows, SPAN).differences == ()
    assert compare([inside, outside], rows[:1], SPAN).differences == ()


def test_a_day_is_the_partys_own_or_utc() -> None:
    at = int(datetime(2026, 11, 5, 2, 30, tzinfo=UTC).timestamp()) * 1000  # the evening of the 4th in New York
    line = ours(1, at, 365_000)
    for day, differs in ((3, True), (4, False), (5, False), (6, True)):
        written = int(datetime(2026, 11, day, tzinfo=UTC).timestamp()) * 1000
        found = compare([line], [row(line, 1, "i")._replace(at=written, whole_day=True)], SPAN)
        assert bool(found.differences) is differs, day
