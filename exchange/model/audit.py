"""One line of the audit log: who did what to what, and what it was before and after."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor


@dataclass(frozen=True, slots=True)
class AuditLine:
    """`before` and `after` are JSON text without personal values, None where there is nothing to show."""

    id: str
    at: int
    month: str
    actor: Actor
    ip: str
    action: str  # contract.changed, lead.revealed, account.topped_up …
    subject: str  # contract:ct_1, lead:ld_1 …
    before: str | None = None
    after: str | None = None
