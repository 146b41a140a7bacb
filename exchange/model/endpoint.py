"""Who is told of events over HTTP: signed webhooks, and sellers' postbacks. And the events that there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from exchange.model.actor import Role

EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "ping.accepted": "A ping was answered with a price.",
        "lead.sold": "A lead was sold; the price is what its seller earns.",
        "lead.unsold": "A valid lead that nobody took.",
        "lead.rejected": "A lead was refused by a check, or is a duplicate.",
        "lead.held": "A lead is queued: a buyer answers later, or its answer is unclear.",
        "lead.delivered": "A buyer took a lead; the price is what it pays.",
        "lead.delivery_failed": "A delivery failed for good.",
        "lead.disposition": "A buyer said what became of a lead.",
        "lead.assigned": "A bought lead was given to one of the buyer's agents.",
        "lead.return_requested": "A buyer asks its money back.",
        "lead.return_decided": "A return was decided.",
        "lead.claimed": "A lead of the store was claimed.",
        "store.match": "A lead came into the store that a saved search looks for.",
        "lead.erased": "The personal values of a lead were erased.",
        "consent.revoked": "A consumer took the consent back: contact them no more.",
        "import.finished": "An import came to its end.",
        "payout.issued": "A statement of what a seller is owed was made.",
        "payout.paid": "It was paid.",
        "invoice.issued": "An invoice was made.",
        "balance.low": "A buyer's money is nearly spent.",
        "cap.reached": "A cap of a contract is full.",
        "alert.opened": "Something needs a person.",
        "alert.closed": "It needs nobody any more.",
        "campaign.changed": "A campaign or its posting instructions changed.",
        "webhook.disabled": "An endpoint was disabled, because it failed too long or is gone.",
    }
)
POSTBACK_EVENTS = ("lead.sold", "lead.unsold", "lead.disposition", "lead.return_decided")
"""What a new postback hears unless somebody chooses: what a seller is paid by."""
LATE_EVENTS = ("lead.held", "lead.sold", "lead.unsold")
ACTIVE, DISABLED, REMOVED = "active", "disabled", "removed"
PER_SECOND = 20


class EndpointKind(Enum):
    SIGNED = "webhook"  # a JSON document with a signature of the Standard Webhooks scheme
    POSTBACK = "postback"  # a URL of a seller's own system with values in it


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of one party. `events` are names or wildcards (`lead.*`); at most `per_second` sends a second.

    A postback may be of one campaign. `late_only`: it hears only what no answer to a request told, as the address that
    stands in a campaign does.
    """

    id: str
    kind: EndpointKind
    role: Role
    party_id: str | None
    url: str
    events: tuple[str, ...]
    method: str = "POST"
    per_second: int = PER_SECOND
    state: str = ACTIVE
    campaign_id: str | None = None
    late_only: bool = False
    made_at: int = 0

    def wants(self, event: str) -> bool:
        return any(covers(pattern, event) for pattern in self.events)


def covers(pattern: str, event: str) -> bool:
    """`*` is every event, `lead.*` all about leads."""
    return pattern in ("*", event) or (pattern.endswith(".*") and event.startswith(pattern[:-1]))


def known_pattern(pattern: str) -> bool:
    """Whether there is an event that it covers."""
    return any(covers(pattern, event) for event in EVENTS)
