"""A payment provider on this machine that speaks as Stripe does: its API, its page to pay on, its signed events."""

PORT = 8176
