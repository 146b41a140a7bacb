"""What is owed of each invoice: named payments first, then the oldest, credit notes counted, cancellations followed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchange.model.ledger import TransactionKind
from exchange.model.money import Money
from exchange.model.statement import BEGINNING, Cut, Issuer, Line, Party, Period, Statement, StatementKind
from exchange.stages.invoice import Heading, cancelled, document
from exchange.stages.standing import Payment, State, standings

DAY = 86_400_000
NOW = 100 * DAY
PARTY = Party("globex", "Globex", "", "", "UTC")


def heading(at: int = NOW) -> Heading:
    return Heading(PARTY, at, "2026-11", 14, "", 0, {}, Issuer("Harbor"))


def made(kind: StatementKind, number: str, units: int, at: int = NOW, corrects: Statement | None = None) -> Statement:
    lines = (Line(TransactionKind.SALE, "ct", 1, units),)
    period = Period("buyer:globex:receivable", "USD", BEGINNING, Cut(at, 1))
    return document(kind, number, period, lines, heading(at), opening=0, closing=0, corrects=corrects)


FIRST = made(StatementKind.INVOICE, "INV-2026-00001", 1_000_000, NOW - 30 * DAY)
SECOND = made(StatementKind.INVOICE, "INV-2026-00002", 500_000, NOW - DAY)


def paid(units: int, number: str = "") -> Payment:
    return Payment("ref", NOW, units, number)


def test_a_payment_that_names_no_invoice_settles_the_oldest_first() -> None:
    found = standings([FIRST, SECOND], [paid(1_200_000)], NOW)

    assert (State.PAID, Money(0, "USD")) == (found[FIRST.number].state, found[FIRST.number].open)
    assert (State.PART_PAID, Money(300_000, "USD")) == (found[SECOND.number].state, found[SECOND.number].open)


def test_a_payment_that_names_an_invoice_settles_that_one_and_its_rest_the_others() -> None:
    found = standings([FIRST, SECOND], [paid(600_000, SECOND.number)], NOW)

    assert State.PAID is found[SECOND.number].state
    assert (State.OVERDUE, Money(900_000, "USD")) == (found[FIRST.number].state, found[FIRST.number].open)


def test_a_credit_note_makes_its_invoice_less() -> None:
    note = made(StatementKind.CREDIT_NOTE, "CN-2026-00001", -400_000, corrects=FIRST)

    found = standings([FIRST, SECOND, note], [paid(600_000)], NOW)

    assert (State.PAID, Money(400_000, "USD")) == (found[FIRST.number].state, found[FIRST.number].credited)
    assert (State.OPEN, State.ISSUED) == (found[SECOND.number].state, found[note.number].state)


def test_an_invoice_that_was_cancelled_hands_its_payments_and_credits_on() -> None:
    gone = cancelled(FIRST, "CN-2026-00002", heading(), "wrong address")
    anew = FIRST._replace(number="INV-2026-00003", replaces=FIRST.number, due_at=NOW + DAY)
    note = made(StatementKind.CREDIT_NOTE, "CN-2026-00001", -400_000, corrects=FIRST)

    found = standings([FIRST, SECOND, note, gone, anew], [paid(600_000, FIRST.number)], NOW)

    assert State.CANCELLED is found[FIRST.number].state
    assert State.PAID is found[anew.number].state
    assert gone.totals.total == -FIRST.totals.total


def test_money_that_was_given_back_opens_what_it_had_paid() -> None:
    found = standings([FIRST, SECOND], [paid(1_500_000), paid(-500_000)], NOW)

    assert (State.PAID, State.OPEN) == (found[FIRST.number].state, found[SECOND.number].state)


@given(
    st.lists(st.integers(1, 10**8), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 10**8), st.integers(0, 7)), max_size=8),
)
def test_nothing_is_settled_twice_or_lost(owed: list[int], payments: list[tuple[int, int]]) -> None:
    invoices = [made(StatementKind.INVOICE, f"INV-2026-{n:05d}", units // 100 * 100) for n, units in enumerate(owed)]

    found = standings(invoices, [paid(units, f"INV-2026-{n:05d}") for units, n in payments], NOW)

    total, given_in = sum(each.totals.total.units for each in invoices), sum(units for units, _ in payments)
    assert min(total, given_in) == sum(each.paid.units for each in found.values())
    assert total - min(total, given_in) == sum(each.open.units for each in found.values())
