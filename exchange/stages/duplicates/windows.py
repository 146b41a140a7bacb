"""How long a person counts as had before: by what became of the earlier lead, and among whose leads."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.party import Campaign
from exchange.model.vertical import Vertical
from exchange.model.work import LeadState

DAY_MS = 86_400_000
SCOPES = ("seller", "campaign", "vertical", "exchange")
_SOLD = (LeadState.SOLD,)
_UNSOLD = (LeadState.UNSOLD,)
_REFUSED = (LeadState.REJECTED, LeadState.INVALID, LeadState.DUPLICATE)


class Windows(NamedTuple):
    """Days that a lead keeps its person taken, by its outcome. 0: not at all. A lead at work counts as pending."""

    sold: int
    pending: int
    unsold: int
    refused: int

    def of(self, state: LeadState) -> int:
        if state in _SOLD:
            return self.sold
        if state in _UNSOLD:
            return self.unsold
        return self.refused if state in _REFUSED else self.pending

    @property
    def longest(self) -> int:
        return max(self)


def windows_of(campaign: Campaign | None, vertical: Vertical | None) -> Windows:
    """The campaign's own days, where it has any, else its vertical's. What may be sold counts as what is."""
    sold = pending = unsold = refused = None
    if campaign is not None:
        sold, pending = campaign.duplicate_days, campaign.duplicate_pending_days
        unsold, refused = campaign.duplicate_unsold_days, campaign.duplicate_refused_days
    if vertical is not None:
        sold = vertical.duplicate_days if sold is None else sold
        pending = vertical.duplicate_pending_days if pending is None else pending
        unsold = vertical.duplicate_unsold_days if unsold is None else unsold
        refused = vertical.duplicate_refused_days if refused is None else refused
    sold = sold or 0
    return Windows(sold, sold if pending is None else pending, unsold or 0, refused or 0)


def taken_until(windows: Windows, state: LeadState, now: int) -> int | None:
    """Until when a lead that ends like this keeps its person; None: given back at once."""
    days = windows.of(state)
    return now + days * DAY_MS if days else None


def scope_key(scope: str, mode: str, vertical: str, seller_id: str, campaign_id: str) -> str:
    """What the claims of one scope have in common: `live:solar`, `live:solar:cedar`, `live`."""
    parts = {
        "exchange": (mode,),
        "vertical": (mode, vertical),
        "seller": (mode, vertical, seller_id),
        "campaign": (mode, vertical, seller_id, campaign_id),
    }
    return ":".join(parts[scope])
