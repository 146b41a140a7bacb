"""The last check: sellers who ping to read prices, and who send refused leads again until they pass."""

from __future__ import annotations

from collections.abc import Hashable

from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.model.finding import Finding, Outcome
from exchange.model.lead import Kind, Lead
from exchange.model.party import ScreenRule
from exchange.model.screen import AlertRow
from exchange.stages.screen.device import read_device
from exchange.stages.screen.harvest import Limit, Spoken
from exchange.vault import Vault

NAME = KIND = "harvest"


async def check_harvest(case: Case, market: Market) -> Case:
    """Counts live pings and posts. A test lead is not counted."""
    if not case.live:
        return case
    lead, harvest = case.lead, market.screening.harvest
    at, said, zip_code = lead.received_at, _said(lead), lead.text("zip")
    if lead.kind is Kind.PING:
        limit = _limit(case.campaign.screen)
        return _told(case, market, harvest.ping(lead.seller_id, at, _visitor(lead), zip_code, said, limit))
    consumers = _consumers(case, market.vault)
    case = _told(case, market, harvest.post(lead.seller_id, at, zip_code, consumers, said))
    refused = next((each for each in case.findings if each.outcome is Outcome.REFUSED), None)
    if refused is not None and refused.reason is not None:
        harvest.refused(lead.seller_id, at, consumers, refused.reason, said)
    return case


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


def _said(lead: Lead) -> int:
    """A hash of what a lead says of its consumer, whatever the tags around it."""
    return hash(tuple(sorted((name, value.clean) for name, value in lead.values.items())))


def _visitor(lead: Lead) -> Hashable | None:
    """What tells one visitor from another in a ping: a session, a proof, a device, or a line with browser and ZIP."""
    tracking, consent = lead.tracking, lead.consent
    named = tracking.get("session_id") or consent.jornaya_leadid or consent.trustedform_url
    if named is not None:
        return named
    device = read_device(tracking.get("device"))
    if device is not None and device.id is not None:
        return device.id, lead.text("zip")
    address = tracking.get("ip_address")
    return (address, tracking.get("user_agent"), lead.text("zip")) if address is not None else None


def _consumers(case: Case, vault: Vault) -> tuple[bytes, ...]:
    """Keys under which a consumer is known again when some of the values were changed."""
    lead = case.lead
    name = (lead.text("first_name") or "")[:1], lead.text("last_name"), lead.text("address"), lead.text("zip")
    home = vault.index("person", "\0".join(str(part).lower() for part in name)) if all(name) else None
    found = (case.phone_index, case.email_index, home)
    return tuple(each for each in found if each is not None)
