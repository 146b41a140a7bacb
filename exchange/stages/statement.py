"""From movements of an account to a document: lines, totals rounded once at the bottom, the booking that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exchange.model.billing import Every
from exchange.model.ledger import BANK, ROUNDING, TAX, Posting, Transaction, TransactionKind
from exchange.model.money import SCALE, Money
from exchange.model.statement import Line, Movement, Period, StatementKind, Totals
from exchange.stages.schedule import wall_instant

CENT = SCALE // 100


def is_payment(movement: Movement) -> bool:
    """Money that came from outside or went there: it settles documents and is no line of one."""
    return movement.other == BANK or movement.other.endswith(":deposit") or is_tax_of_payment(movement)


def is_tax_of_payment(movement: Movement) -> bool:
    """The tax that is in what a prepaid buyer pays; that of an invoice is booked with the invoice."""
    of_invoice = movement.kind is TransactionKind.INVOICE or (movement.reverses or "").startswith("invoice:")
    return movement.other == TAX and not of_invoice


def is_closing(movement: Movement) -> bool:
    """What a document booked itself, or took back: tax and rounding."""
    return movement.other == ROUNDING or (movement.other == TAX and not is_tax_of_payment(movement))


def is_line(movement: Movement) -> bool:
    return not (is_payment(movement) or is_closing(movement))


def tally(movements: Iterable[Movement], *, sign: int) -> tuple[Line, ...]:
    """The lines of a document, in a fixed order. `sign` is 1 where what comes into the account counts up (payments),
    -1 where what goes out does (leads bought)."""
    sums: dict[tuple[TransactionKind, str], Line] = {}
    before = ("", "")  # several postings of one transaction stand together and count once
    for movement in movements:
        group = TAX if is_tax_of_payment(movement) else movement.contract_id
        known = sums.get((movement.kind, group)) or Line(movement.kind, group, 0, 0)
        more = 0 if (movement.reference, group) == before else 1
        sums[movement.kind, group] = known._replace(
            entries=known.entries + more, units=known.units + sign * movement.units
        )
        before = (movement.reference, group)
    return _in_order(sums)


def _in_order(sums: Mapping[tuple[TransactionKind, str], Line]) -> tuple[Line, ...]:
    order = list(TransactionKind)
    return tuple(sums[key] for key in sorted(sums, key=lambda key: (order.index(key[0]), key[1])))


def added(lines: Iterable[Line], more: Iterable[Line]) -> tuple[Line, ...]:
    """The lines of two parts of one period as those of the whole."""
    sums: dict[tuple[TransactionKind, str], Line] = {}
    for line in (*lines, *more):
        known = sums.get((line.kind, line.group), Line(line.kind, line.group, 0, 0))
        sums[line.kind, line.group] = known._replace(
            entries=known.entries + line.entries, units=known.units + line.units
        )
    return _in_order(sums)


def totals(lines: Iterable[Line], currency: str, tax_bp: int = 0) -> Totals:
    """The one place where a document is rounded: half a cent goes away from zero."""
    net = Money(sum(line.units for line in lines), currency)
    tax = net.share(tax_bp)
    exact = net + tax
    total = Money(to_cents(exact.units), currency)
    return Totals(net, tax, total - exact, total)


def sums_of(kind: StatementKind, lines: Iterable[Line], currency: str, tax_bp: int) -> Totals:
    """The totals of a document of this kind. A prepaid buyer is given the part of a cent: its account never falls by
    rounding, so no balance passes its limit, and its prices are what it agreed to, without a tax on top."""
    if kind is not StatementKind.STATEMENT:
        return totals(lines, currency, tax_bp)
    net = sum(line.units for line in lines)
    rest = net % CENT
    zero = Money.zero(currency)
    return Totals(Money(net, currency), zero, Money(-rest, currency), Money(net - rest, currency))


def to_cents(units: int) -> int:
    """The nearest whole cent; half a cent goes away from zero."""
    whole = (abs(units) + CENT // 2) // CENT * CENT
    return -whole if units < 0 else whole


def closing_postings(account: str, totals: Totals) -> tuple[Posting, ...]:
    """What brings the account from the sum of the lines to the document's total: tax, then rounding, which always is
    there so that issuing a document is an entry of the ledger."""
    moved = []
    if totals.tax.units:
        moved.append(_posting(account, TAX, totals.tax))
    moved.append(_posting(account, ROUNDING, totals.rounding))
    return tuple(moved)


def _posting(account: str, house: str, money: Money) -> Posting:
    """`money` more on the document goes out of the account, less comes in."""
    inward = money.units < 0
    return Posting(house if inward else account, account if inward else house, Money(abs(money.units), money.currency))


def issued(reference: str, postings: tuple[Posting, ...], number: str, at: int, month: str) -> Transaction:
    """The entry that a document was issued."""
    return Transaction(reference, TransactionKind.INVOICE, postings, at, month, cause=number)


def home_of(movement: Movement, periods: Sequence[Period]) -> Period | None:
    """The period that holds the sale that a movement corrects; None when it corrects none, or none of theirs.

    What takes back a return is no credit: it stands where it happened.
    """
    if movement.corrected is None or not (movement.reverses or "").startswith("sale:"):
        return None
    return next((each for each in periods if each.holds(*movement.corrected)), None)


class Bounds(NamedTuple):
    """A period of the calendar, `since <= t < until`, in epoch ms."""

    since: int
    until: int


def bounds_around(every: Every, zone: str, now: int) -> Bounds:
    """The period of the calendar in a zone that holds `now`: weeks begin on Monday, halves on the 1st and the 16th."""
    place = ZoneInfo(zone)
    day = datetime.fromtimestamp(now // 1000, place).date()
    first, after = _days(every, day)
    return Bounds(_midnight(first, place), _midnight(after, place))


def _days(every: Every, day: date) -> tuple[date, date]:
    if every is Every.WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    first, next_month = day.replace(day=1), (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    if every is Every.MONTH:
        return first, next_month
    half = day.replace(day=16)
    return (first, half) if day < half else (half, next_month)


def _midnight(day: date, place: ZoneInfo) -> int:
    return wall_instant(datetime.combine(day, datetime.min.time()), place, 0) * 1000


def due_bounds(every: Every, zone: str, after: int, now: int) -> list[Bounds]:
    """The periods of the calendar that are over by `now`, from the one that holds `after` on, at most 120. The first
    begins at `after`, which may be in its middle."""
    found: list[Bounds] = []
    since = after
    while len(found) < 120:
        until = bounds_around(every, zone, since).until
        if until > now:
            break
        found.append(Bounds(since, until))
        since = until
    return found
