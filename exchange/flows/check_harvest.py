"""The last check: sellers who ping to read prices, and who send refused leads again until they pass."""

from __future__ import annotations

from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.flows.screening import KEY_BYTES
from exchange.model.finding import Finding, Outcome
from exchange.model.lead import Kind, Lead
from exchange.model.party import ScreenRule
from exchange.model.reason import Reason
from exchange.model.screen import AlertRow
from exchange.stages.screen.device import read_device
from exchange.stages.screen.harvest import Limit, Spoken
from exchange.vault import Vault

NAME = KIND = "harvest"


async def check_harvest(case: Case, market: Market) -> Case:
    """Counts live pings and posts. A test lead is not counted."""
    if not case.live:
        return case
    lead, harvest, vault = case.lead, market.screening.harvest, market.vault
    at, said, zip_code = lead.received_at, _said(lead, vault), lead.text("zip")
    if lead.kind is Kind.PING:
        limit = _limit(case.campaign.screen)
        return _told(case, market, harvest.ping(lead.seller_id, at, _visitor(lead, vault), zip_code, said, limit))
    return _told(case, market, harvest.post(lead.seller_id, at, zip_code, _consumers(case, vault), said))


def note_refusal(case: Case, market: Market, reason: Reason) -> None:
    """A live post is refused: by a check, by the claim of an earlier lead, or by a verifier that was asked at the end.

    Two people of one home may look alike, so who was only a duplicate is known again by phone and mailbox alone.
    """
    lead = case.lead
    if not case.live or lead.kind is Kind.PING or reason.fixer == "operator":  # what is our own doing counts not
        return
    claimed = reason in (Reason.DUPLICATE_SELLER, Reason.DUPLICATE_EXCHANGE)
    consumers = _consumers(case, market.vault, homes=not claimed)
    market.screening.harvest.refused(lead.seller_id, lead.received_at, consumers, reason, _said(lead, market.vault))


def _told(case: Case, market: Market, spoken: Spoken | None) -> Case:
    if spoken is None:
        return case.finding(Finding(NAME, Outcome.PASSED, "Nothing speaks against the seller's way of sending"))
    outcome = Outcome.REFUSED if spoken.refuses else Outcome.FLAGGED
    case = case.finding(Finding(NAME, outcome, spoken.sentence, spoken.reason if spoken.refuses else None))
    lead = case.lead
    if not market.screening.harvest.is_news(lead.seller_id, spoken.reason, lead.received_at):
        return case
    alert_id = f"alr_{lead.id[3:]}_{KIND}"
    alert = AlertRow(alert_id, KIND, lead.seller_id, "", lead.received_at, lead.received_at, spoken.sentence, ())
    return case._replace(alerts=(*case.alerts, alert))


def _limit(rule: ScreenRule) -> Limit | None:
    return Limit(rule.pings, rule.posts_per_thousand) if rule.pings is not None else None


def _said(lead: Lead, vault: Vault) -> int:
    """A keyed hash of what a lead says of its consumer, whatever the tags around it: the same on every node."""
    text = "\0".join(f"{name}={lead.values[name].clean}" for name in sorted(lead.values))
    return int.from_bytes(vault.index("said", text)[:KEY_BYTES], signed=True)


def _visitor(lead: Lead, vault: Vault) -> bytes | None:
    """What tells one visitor from another in a ping: a session, a proof, a device, or a line with browser and ZIP."""
    tracking, consent = lead.tracking, lead.consent
    named = tracking.get("session_id") or consent.jornaya_leadid or consent.trustedform_url
    if named is None:
        device, zip_code = read_device(tracking.get("device")), lead.text("zip")
        if device is not None and device.id is not None:
            named = f"{device.id}\0{zip_code}"
        elif (address := tracking.get("ip_address")) is not None:
            named = f"{address}\0{tracking.get('user_agent')}\0{zip_code}"
    return vault.index("visitor", named)[:KEY_BYTES] if named is not None else None


def _consumers(case: Case, vault: Vault, *, homes: bool = True) -> tuple[bytes, ...]:
    """Keys under which a consumer is known again when some of the values were changed."""
    lead = case.lead
    name = (lead.text("first_name") or "")[:1], lead.text("last_name"), lead.text("address"), lead.text("zip")
    home = vault.index("person", "\0".join(str(part).lower() for part in name)) if homes and all(name) else None
    found = (case.phone_index, case.email_index, home)
    return tuple(each[:KEY_BYTES] for each in found if each is not None)
