"""From movements to a document: lines, one rounding at the bottom, and periods of the calendar."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from exchange.model.billing import Every
from exchange.model.ledger import BANK, MARGIN, ROUNDING, TAX, TransactionKind
from exchange.model.money import Money
from exchange.model.statement import BEGINNING, Cut, Line, Movement, Period
from exchange.stages.statement import (
    added,
    bounds_around,
    closing_postings,
    due_bounds,
    home_of,
    is_line,
    tally,
    to_cents,
    totals,
)

ACCOUNT = "buyer:globex:receivable"
NEW_YORK = "America/New_York"


def moved(
    units: int, kind: TransactionKind = TransactionKind.SALE, other: str = MARGIN, contract: str = "ct"
) -> Movement:
    return Movement("sale:a", kind, 5, 5, units, other, "ld_1", contract_id=contract)


def instant(text: str, zone: str = NEW_YORK) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def test_lines_are_one_for_each_kind_and_contract_and_sum_to_what_moved() -> None:
    back = moved(100, TransactionKind.REVERSAL)
    other, second = moved(-50, contract="ct2")._replace(reference="sale:c"), moved(-7)._replace(reference="sale:b")
    found = tally([moved(-100), other, second, back], sign=-1)

    assert (
        Line(TransactionKind.SALE, "ct", 2, 107),
        Line(TransactionKind.SALE, "ct2", 1, 50),
        Line(TransactionKind.REVERSAL, "ct", 1, -100),
    ) == found
    assert found == added(found[:1], found[1:])
    assert Line(TransactionKind.SALE, "ct", 4, 214) == added(found, found)[0]


def test_money_from_outside_and_what_a_document_booked_are_no_lines() -> None:
    assert is_line(moved(-1))
    assert not is_line(moved(5, TransactionKind.TOP_UP, BANK))
    assert not is_line(moved(5, TransactionKind.PAYMENT, "buyer:globex:deposit"))
    assert not any(is_line(moved(-1, TransactionKind.INVOICE, house)) for house in (ROUNDING, TAX))


def test_half_a_cent_goes_away_from_zero() -> None:
    assert [0, 100, 100, 0, -100, -100] == [to_cents(units) for units in (49, 50, 149, -49, -50, -149)]


@given(st.lists(st.integers(-(10**9), 10**9), max_size=20), st.integers(0, 3000))
def test_a_document_is_rounded_once_and_its_booking_brings_the_account_to_its_total(
    units: list[int], tax_bp: int
) -> None:
    lines = [Line(TransactionKind.SALE, str(number), 1, each) for number, each in enumerate(units)]
    made = totals(lines, "USD", tax_bp)

    assert made.total == made.net + made.tax + made.rounding
    assert 0 == made.total.units % 100 and abs(made.rounding.units) <= 50
    account = -made.net.units
    for posting in closing_postings(ACCOUNT, made):
        assert posting.money.units >= 0 and ACCOUNT in (posting.source, posting.destination)
        account += posting.money.units if posting.destination == ACCOUNT else -posting.money.units
    assert -made.total.units == account


def test_an_invoice_of_whole_cents_still_books_that_it_was_issued() -> None:
    made = totals([Line(TransactionKind.SALE, "ct", 1, 10_000)], "USD")

    assert [(ACCOUNT, ROUNDING, Money.zero("USD"))] == [*closing_postings(ACCOUNT, made)]


def test_a_correction_is_at_home_in_the_period_of_what_it_corrects() -> None:
    first = Period(ACCOUNT, "USD", BEGINNING, Cut(100, 10))
    second = Period(ACCOUNT, "USD", first.until, Cut(200, 20))
    back = moved(5, TransactionKind.REVERSAL)._replace(reverses="sale:a")

    assert first == home_of(back._replace(corrected=Cut(99, 10)), [first, second])
    assert second == home_of(back._replace(corrected=Cut(99, 11)), [first, second])  # it was sealed after the cut
    assert home_of(back._replace(corrected=Cut(250, 25)), [first, second]) is None
    assert home_of(back, [first, second]) is None
    assert home_of(back._replace(corrected=Cut(99, 10), reverses="return:r1"), [first, second]) is None


def test_weeks_begin_on_monday_halves_on_the_1st_and_the_16th_in_the_zone_given() -> None:
    now = instant("2026-11-20T14:00")  # a Friday

    assert (instant("2026-11-16"), instant("2026-11-23")) == bounds_around(Every.WEEK, NEW_YORK, now)
    assert (instant("2026-11-16"), instant("2026-12-01")) == bounds_around(Every.HALF_MONTH, NEW_YORK, now)
    assert (instant("2026-11-01"), instant("2026-12-01")) == bounds_around(Every.MONTH, NEW_YORK, now)
    assert (instant("2026-12-16"), instant("2027-01-01")) == bounds_around(
        Every.HALF_MONTH, NEW_YORK, instant("2026-12-31T23:59")
    )
    assert 169 * 3_600_000 == (week := bounds_around(Every.WEEK, NEW_YORK, instant("2026-10-27"))).until - week.since


def test_periods_that_are_over_follow_each_other_and_the_first_may_begin_in_its_middle() -> None:
    after, now = instant("2026-10-20T09:30"), instant("2026-11-20T14:00")

    assert [
        (after, instant("2026-11-01")),
        (instant("2026-11-01"), instant("2026-11-16")),
    ] == due_bounds(Every.HALF_MONTH, NEW_YORK, after, now)
    assert [] == due_bounds(Every.MONTH, NEW_YORK, instant("2026-11-01"), now)
