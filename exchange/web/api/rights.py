"""What each call needs of a program of operators, whose key has a role of the exchange. One table, as for pages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.model.rights import Right

BOOKS_SEEN = ("invoices", "invoice", "payouts", "payout", "payout_file", "payment_terms")
COMPARED = ("reconciliations", "reconciliation", "differences")
BOOKED = ("invoice_paid", "issue_invoices", "top_up", "bring_book", "compare_book", "decide_difference")
PAID = (
    "prepare_payout",
    "approve_payout",
    "hold_payout",
    "discard_payout",
    "payout_paid",
    "payment_paid",
    "payment_bounced",
    "hold_payment",
    "split_payment",
    "export_payouts",
    "withdraw_payout_file",
    "change_payment_terms",
)
EDITED = ("settle", "resend", "media_cost", "change_terms", "set_screen", "simulate")
WATCHED = (
    "decide_measure",
    "set_source_rule",
    "decide",
    "close_alert",
    "block",
    "suppression_file",
    "suppression_entry",
    "suppression_remove",
    "revoke_consent",
    "acknowledge_revocation",
)
HOOKED = ("webhook_add", "webhook_test", "webhook_replay", "webhook_change", "webhook_state", "webhook_secret")

NEEDS: Mapping[str, Right] = MappingProxyType(
    {
        **dict.fromkeys((*BOOKS_SEEN, *COMPARED), Right.BOOKS_SEE),
        **dict.fromkeys(BOOKED, Right.BOOKS),
        **dict.fromkeys(PAID, Right.PAYOUTS),
        **dict.fromkeys(EDITED, Right.EDIT),
        **dict.fromkeys(WATCHED, Right.PAUSE),
        **dict.fromkeys(HOOKED, Right.SETTINGS),
        "decide_return": Right.RETURNS,
    }
)
"""By the name of a call."""


def right_of(name: str, method: str) -> Right:
    """What changes something and is not named here is for owners and admins alone."""
    return NEEDS.get(name, Right.SEE if method in ("GET", "HEAD") else Right.SETTINGS)
