"""Payment providers. Another one is one more file here and one more line below."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.payments.protocol import PaymentProvider


def payment_secrets(name: str) -> tuple[str, str, str]:
    """The secrets of a provider: its key, what its events are signed with, and what they were signed with before."""
    return f"{name}_key", f"{name}_events", f"{name}_events_before"


def providers() -> Mapping[str, PaymentProvider]:
    """By the name that the setting `payment_provider` takes."""
    from exchange.payments.stripe import Stripe

    return {each.name: each for each in (Stripe(),)}
