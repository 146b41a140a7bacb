"""Queues that several kinds of jobs share."""

from __future__ import annotations

MAIL_QUEUE = "notices:email"
"""What goes out by the exchange's own mail server waits together while that is away."""
