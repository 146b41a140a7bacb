"""Lay two books side by side and say in what they differ, and in nothing else. Pure.

Every row goes to at most one sale and every sale to at most one row: pairs that more names speak for come first. A
price and a day decide only between names, and bring together rows that name nobody. What was given back, in part or
whole, may stand beside its sale as a row of its own, or lower its row: both say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from exchange.model.reconciling import Compared, Difference, DifferenceKind, Ours, Standing, Theirs

DAY_MS = 86_400_000
_NEAR_MS = 14 * 3_600_000  # clocks of two books may be set to any zone
_ID, _REFERENCE, _PERSON, _DETAIL = 4, 4, 2, 1  # how much each speaks for a pair


class Span(NamedTuple):
    """The time that is compared: [since, until) in epoch ms. Days are those of `zone`."""

    since: int
    until: int
    zone: tzinfo = UTC

    def holds(self, at: int) -> bool:
        return self.since <= at < self.until


def compare(ours: Sequence[Ours], theirs: Sequence[Theirs], span: Span) -> Compared:
    """`ours` may reach beyond the span, so that a line of a wrong day, and a credit for what was sold before, find
    their sale: only those within it are missed in the other book."""
    charges = [row for row in theirs if row.units is None or row.units >= 0]
    credited = [row for row in theirs if row.units is not None and row.units < 0]
    names = _Names(ours)
    credits = _credits(ours, credited, names, _paired(ours, charges, names, span.zone))
    pairs = credits.pairs
    told = _told(pairs, ours, names, span.zone)
    missed, needless = _missed(ours, pairs, span)
    agreed = len(pairs) - len(told) + needless
    differences = [*told, *credits.told, *_unpaired(charges, pairs, ours, names), *missed]
    ours_units = sum(
        line.units
        for place, line in enumerate(ours)
        if line.standing is Standing.SOLD and (place in pairs or span.holds(line.at))
    )
    ours_units -= sum(ours[place].back_units for place in credits.alone if not span.holds(ours[place].at))
    return Compared(agreed, tuple(sorted(differences, key=_place)), ours_units, sum(row.units or 0 for row in theirs))


def _place(difference: Difference) -> tuple[int, int]:
    """In the order of their rows; what they do not have comes after, by time."""
    if difference.theirs is not None:
        return 0, difference.theirs.number
    return 1, difference.ours.at if difference.ours is not None else 0


class _Names:
    """Our lines by everything that may name them."""

    def __init__(self, ours: Sequence[Ours]) -> None:
        self.ids: dict[str, list[int]] = defaultdict(list)
        self.references: dict[str, list[int]] = defaultdict(list)
        self.people: dict[bytes, list[int]] = defaultdict(list)
        for place, line in enumerate(ours):
            for name in dict.fromkeys(line.ids):
                self.ids[name].append(place)
            for name in dict.fromkeys(line.their_ids):
                self.references[name].append(place)
            for person in line.people:
                self.people[person].append(place)

    def spoken_for(self, row: Theirs) -> Mapping[int, int]:
        """How much of a row speaks for each of our lines. A name may stand in either column."""
        weights: dict[int, int] = defaultdict(int)
        for name, own in ((row.id, _ID), (row.reference, _REFERENCE)):
            if name:
                for place in {*self.ids.get(name, ()), *self.references.get(name, ())}:
                    weights[place] += own
        for person in row.people:
            for place in self.people.get(person, ()):
                weights[place] += _PERSON
        return weights

    def meant(self, row: Theirs) -> int | None:
        """The line that most of a row speaks for."""
        weights = self.spoken_for(row)
        return max(weights, key=lambda place: weights[place], default=None)

    def elsewhere(self, row: Theirs, place: int) -> int | None:
        """Another line that one of the row's names belongs to, and not this one as well."""
        for name in (row.id, row.reference):
            named: set[int] = {*self.ids.get(name, ()), *self.references.get(name, ())} if name else set()
            if named and place not in named:
                return min(named)
        return None


def _paired(ours: Sequence[Ours], rows: Sequence[Theirs], names: _Names, zone: tzinfo) -> dict[int, Theirs]:
    """Their rows by the place of our line: named pairs first, then by price and day alone."""
    found = []
    for order, row in enumerate(rows):
        for place, weight in names.spoken_for(row).items():
            line = ours[place]
            fits = _same_price(line, row) + _same_day(line, row, zone)
            apart = abs((line.at if row.at is None else row.at) - line.at)
            found.append((-(weight + _DETAIL * fits), apart, order, place))
    pairs: dict[int, Theirs] = {}
    used: set[int] = set()
    for _, _, order, place in sorted(found):
        if place not in pairs and order not in used:
            pairs[place] = rows[order]
            used.add(order)
    nameless = [row for order, row in enumerate(rows) if order not in used and not row.name and not row.people]
    return {**pairs, **_by_chance(ours, nameless, pairs, zone)}


def _by_chance(
    ours: Sequence[Ours], nameless: Sequence[Theirs], taken: Mapping[int, Theirs], zone: tzinfo
) -> dict[int, Theirs]:
    """Rows that name nobody, by price and day. Of equal ones it does not matter which is which."""
    free: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, line in enumerate(ours):
        if place not in taken and line.standing is Standing.SOLD:
            free[line.units, line.at // DAY_MS].append(place)
    pairs: dict[int, Theirs] = {}
    for row in nameless:
        if row.units is None or row.at is None:
            continue
        day, at = row.at // DAY_MS, row.at
        near = [place for each in (day - 1, day, day + 1) for place in free.get((row.units, each), ())]
        fit = [place for place in near if _same_day(ours[place], row, zone)]
        if fit:
            place = min(fit, key=lambda each: abs(ours[each].at - at))
            pairs[place] = row
            free[row.units, ours[place].at // DAY_MS].remove(place)
    return pairs


def _told(pairs: Mapping[int, Theirs], ours: Sequence[Ours], names: _Names, zone: tzinfo) -> list[Difference]:
    """In what paired lines differ. Two rows whose prices and days fit when they change places were swapped."""
    wrong = {place: row for place, row in pairs.items() if _differs(ours[place], row, zone)}
    elsewhere = {place: named for place, row in pairs.items() if (named := names.elsewhere(row, place)) is not None}
    swapped = {place: other for place, other in elsewhere.items() if elsewhere.get(other) == place}
    swapped |= _swapped_values(wrong, ours, zone)
    told: list[Difference] = []
    for place, row in pairs.items():
        kind = _kind(ours[place], row, place in swapped, place in elsewhere, zone)
        if kind is not None:
            other = pairs[swapped[place]] if kind is DifferenceKind.SWAPPED else None
            told.append(Difference(kind, ours[place], row, other))
    return told


def _kind(line: Ours, row: Theirs, swapped: bool, elsewhere: bool, zone: tzinfo) -> DifferenceKind | None:
    if line.standing is Standing.UNCLEAR:
        return DifferenceKind.UNCLEAR
    if line.standing is Standing.RETURNED:
        if row.units is not None and row.units < 0:
            return DifferenceKind.CREDIT
        return DifferenceKind.RETURNED if row.units != 0 else None
    if swapped:
        return DifferenceKind.SWAPPED
    if row.units is not None and not _same_price(line, row):
        return DifferenceKind.PRICE
    if row.at is not None and not _same_day(line, row, zone):
        return DifferenceKind.DAY
    unknown = bool(row.id) and row.id not in line.ids and row.id not in line.their_ids
    return DifferenceKind.OTHER_ID if elsewhere or unknown else None


def _differs(line: Ours, row: Theirs, zone: tzinfo) -> bool:
    price = row.units is not None and not _same_price(line, row)
    return price or (row.at is not None and not _same_day(line, row, zone))


def _swapped_values(wrong: Mapping[int, Theirs], ours: Sequence[Ours], zone: tzinfo) -> dict[int, int]:
    """Lines that nothing but the id names, whose rows fit each other's price and day better than their own."""
    by_price: dict[int, list[int]] = defaultdict(list)
    for place in wrong:
        by_price[ours[place].units].append(place)
    found: dict[int, int] = {}
    for place, row in wrong.items():
        for other in by_price.get(row.units, ()) if row.units is not None else ():
            fits = (
                other != place
                and not _differs(ours[other], row, zone)
                and not _differs(ours[place], wrong[other], zone)
            )
            if fits and place not in found and other not in found:
                found[place], found[other] = other, place
    return found


def _unpaired(
    rows: Sequence[Theirs], pairs: Mapping[int, Theirs], ours: Sequence[Ours], names: _Names
) -> Iterator[Difference]:
    """Rows without a sale of their own: another row has it, or we have none."""
    used = {row.number for row in pairs.values()}
    for row in rows:
        if row.number in used:
            continue
        meant = names.meant(row)
        if meant is None:
            yield Difference(DifferenceKind.ONLY_THEIRS, None, row)
        else:
            yield Difference(DifferenceKind.TWICE, ours[meant], row, pairs.get(meant))


class _Credits(NamedTuple):
    """`pairs` with the credits of what came back taken off their rows; `told` are those that our book has not, or has
    otherwise; `alone` are the places whose sale has no row and whose credit stands by itself."""

    pairs: Mapping[int, Theirs]
    told: Sequence[Difference]
    alone: Set[int]


def _credits(ours: Sequence[Ours], credited: Sequence[Theirs], names: _Names, pairs: Mapping[int, Theirs]) -> _Credits:
    told: list[Difference] = []
    by_place: dict[int, list[Theirs]] = defaultdict(list)
    for row in credited:
        meant = names.meant(row)
        if meant is None or not ours[meant].back_units:
            told.append(Difference(DifferenceKind.CREDIT, ours[meant] if meant is not None else None, row))
        else:
            by_place[meant].append(row)
    lowered, alone = dict(pairs), set()
    for place, rows in by_place.items():
        units, beside = sum(row.units or 0 for row in rows), pairs.get(place)
        if beside is not None and beside.units is not None:
            lowered[place] = beside._replace(units=beside.units + units)
            continue
        alone.add(place)
        known = -ours[place].back_units
        if units != known:
            row = rows[0]._replace(units=units)
            told.append(Difference(DifferenceKind.CREDIT, ours[place], row, known_units=known))
    return _Credits(lowered, told, alone)


def _missed(ours: Sequence[Ours], pairs: Mapping[int, Theirs], span: Span) -> tuple[list[Difference], int]:
    """Our lines that they have not, and how many of those need not be there."""
    kinds = {Standing.SOLD: DifferenceKind.ONLY_OURS, Standing.UNCLEAR: DifferenceKind.UNCLEAR_ABSENT}
    missed = [line for place, line in enumerate(ours) if place not in pairs and span.holds(line.at)]
    told = [Difference(kinds[line.standing], line) for line in missed if line.standing in kinds]
    return told, len(missed) - len(told)


def _same_price(line: Ours, row: Theirs) -> bool:
    return row.units is not None and row.units == line.units


def _same_day(line: Ours, row: Theirs, zone: tzinfo) -> bool:
    """A day without an hour must be the sale's in the party's zone or in UTC; a moment lies within any zone's clock."""
    if row.at is None:
        return False
    if not row.whole_day:
        return abs(row.at - line.at) <= _NEAR_MS
    written = datetime.fromtimestamp(row.at / 1000, UTC).date()
    return any(datetime.fromtimestamp(line.at / 1000, each).date() == written for each in (zone, UTC))
