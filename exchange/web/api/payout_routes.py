"""The calls about what sellers are paid: a seller's own statements, and the runs of those who run the exchange."""

from __future__ import annotations

from exchange.web.api import payouts
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route

_RUNS, _ONE, _PAYMENT = "/api/v1/payouts", "/api/v1/payouts/{run_id}", "/api/v1/payments/{payment_id}"
_FILES, _TERMS = "/api/v1/payout-files", "/api/v1/sellers/{seller_id}/payment-terms"
_LIST, _STATEMENT = "/api/v1/statements", "/api/v1/statements/{statement}"
_LIMIT = Parameter("limit", "How many at most, 1 to 1000; 200 unless said.")


def routes() -> tuple[Route, ...]:
    entries = (
        Parameter("kind", "`sold`, `returned` or `adjusted`; all unless said."),
        Parameter("after", "The `next` of the page before."),
        _LIMIT,
    )
    states = Parameter("state", "`prepared`, `issued`, `paid` or `discarded`; all but the last unless said.")
    only = Parameter("seller_id", "One seller's.")
    return (
        _asks(KeyKind.SELLER, _LIST, "statements", "A seller's statements, newest first, and the running ones",
              payouts.own_statements, "Statements"),
        _asks(KeyKind.SELLER, _STATEMENT, "statement", "One of them: by its number, or `open-USD` for the running one",
              payouts.own_statement, "Statement"),
        _asks(KeyKind.SELLER, f"{_STATEMENT}/entries", "statement_entries", "Every lead and adjustment behind it",
              payouts.own_entries, "StatementEntries", entries),
        _asks(KeyKind.OPERATOR, _RUNS, "payouts", "Payout runs, newest first, and what each seller has coming",
              payouts.runs, "Payouts", (states, only, _LIMIT)),
        _does(_RUNS, "prepare_payout", "Prepares the run of a seller's period that is over; it is made once",
              payouts.prepare, "PayoutRun", "PreparePayout"),
        _asks(KeyKind.OPERATOR, _ONE, "payout", "A run with its lines and payments", payouts.run, "Statement"),
        _does(f"{_ONE}/approve", "approve_payout", "Approves a run up to the amount that one person may",
              payouts.approve, "PayoutRun"),
        _does(f"{_ONE}/hold", "hold_payout", "Keeps a prepared run from being approved, or lets it go",
              payouts.hold, "PayoutRun", "PayoutHold"),
        _does(f"{_ONE}/discard", "discard_payout", "Takes back a run that nobody approved", payouts.discard,
              "PayoutRun"),
        _does(f"{_ONE}/paid", "payout_paid", "Says that all a run owes left the bank", payouts.run_paid, "Payments",
              "PayoutPaid"),
        _does(f"{_PAYMENT}/paid", "payment_paid", "Says that a payment left the bank", payouts.payment_paid, "Payments",
              "PayoutPaid"),
        _does(f"{_PAYMENT}/bounced", "payment_bounced", "Says that it came back: it is owed again", payouts.bounced,
              "Payments", "PaymentBounced"),
        _does(f"{_PAYMENT}/hold", "hold_payment", "Keeps a payment that is due, or lets it go", payouts.hold_payment,
              "Payments", "PayoutHold"),
        _does(f"{_PAYMENT}/split", "split_payment", "Makes two of one", payouts.split, "Payments", "PaymentSplit"),
        _does(_FILES, "export_payouts", "Writes what is due into a file for a bank", payouts.export, "PayoutFile",
              "PayoutExport"),
        _asks(KeyKind.OPERATOR, f"{_FILES}/{{file_id}}", "payout_file", "The file again, the same bytes in base64",
              payouts.file, "PayoutFile"),
        _does(f"{_FILES}/{{file_id}}/withdraw", "withdraw_payout_file",
              "A bank did not take it: its payments are due again", payouts.withdraw, "PayoutWithdrawn",
              "PayoutWithdraw"),
        _asks(KeyKind.OPERATOR, _TERMS, "payment_terms", "How a seller is paid", payouts.terms, "PaymentTerms"),
        _does(_TERMS, "change_payment_terms", "Changes it; what is not said stays", payouts.change_terms,
              "PaymentTerms", "ChangePaymentTerms"),
    )  # fmt: skip


def _asks(
    key: KeyKind, path: str, name: str, summary: str, do: payouts.Do, gives: str, query: tuple[Parameter, ...] = ()
) -> Route:
    return Route("GET", path, name, summary, key, Rank.REPORT, do, gives, (*ASKED, 404), query=query)


def _does(path: str, name: str, summary: str, do: payouts.Do, gives: str, takes: str = "") -> Route:
    return Route("POST", path, name, summary, KeyKind.OPERATOR, Rank.REPORT, do, gives, (*TOLD, 409), takes)
