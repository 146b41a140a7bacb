"""A watched lead as one line of text, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from exchange.commands.terminal import Terminal
from exchange.flows.watch import Watched
from exchange.stages.reasons import show_duration, show_money
from exchange.stages.respond import rfc3339

STATES = ("quoted", "sold", "unsold", "rejected", "duplicate", "invalid", "unclear", "pending")
_PAINTS: Mapping[str, str] = MappingProxyType(
    {"sold": "green", "rejected": "red", "unclear": "yellow", "pending": "yellow", "duplicate": "grey"}
)
_WORD_WIDTH = 9
_NAMES_WIDTH = 38


def wanted(lead: Watched, seller: str, status: str) -> bool:
    """Whether a lead is of this seller (part of its name is enough) and ended so. An invalid one counts as rejected."""
    if seller and seller.lower() not in lead.seller.lower() and not lead.campaign_id.lower().startswith(seller.lower()):
        return False
    if not status:
        return lead.state != "quoted"
    return status == lead.state or (status == "rejected" and lead.state == "invalid")


def line(terminal: Terminal, lead: Watched, zone: ZoneInfo) -> str:
    """`14:32:01  sold      Acme Media > Brightroof   $36.50   465 ms`"""
    at = datetime.fromtimestamp(lead.at / 1000, zone)
    word = "rejected" if lead.state == "invalid" else lead.state
    names = f"{lead.seller} > {', '.join(lead.buyers)}" if lead.buyers else lead.seller
    if lead.state == "sold":
        rest = f"{show_money(lead.revenue):>9}   {show_duration(lead.took_ms)}"
    else:
        rest = ", ".join(_problem(*problem) for problem in lead.problems) or (lead.reason or "").replace("_", " ")
    painted = terminal.paint(word.ljust(_WORD_WIDTH), _PAINTS.get(word, "grey"))
    test = "  (test)" if lead.mode == "test" else ""
    return f"  {at:%H:%M:%S}  {painted} {names.ljust(_NAMES_WIDTH)}  {rest}{test}".rstrip()


def _problem(field: str, code: str, got: str) -> str:
    return f'{field} {code} "{got}"' if got else f"{field} {code}"


def document(lead: Watched) -> dict[str, object]:
    return {
        "at": rfc3339(lead.at),
        "lead_id": lead.lead_id,
        "seller": lead.seller,
        "campaign": lead.campaign_id,
        "mode": lead.mode,
        "status": lead.state,
        "reason": lead.reason,
        "buyers": list(lead.buyers),
        "revenue": lead.revenue.text,
        "currency": lead.revenue.currency,
        "took_ms": lead.took_ms,
        "errors": [{"field": field, "code": code, "got": got} for field, code, got in lead.problems],
    }
