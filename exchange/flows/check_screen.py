"""The fraud screen in the line of checks: sees, remembers, weighs, tells."""

from __future__ import annotations

from exchange.fields.networks import REGIONS, Address, read_address
from exchange.fields.places import ZIPS
from exchange.fields.table import Tables
from exchange.fields.zones import country_of_zone, hours_apart
from exchange.flows.case import DAY_MS, Case
from exchange.flows.market import Market
from exchange.flows.screening import KEY_BYTES
from exchange.model.finding import Finding, Outcome
from exchange.model.lead import Kind, Lead, Mode
from exchange.model.party import ScreenRule
from exchange.model.reason import Reason
from exchange.model.screen import AlertRow, ScreenedRow
from exchange.stages.screen.agents import CRAWLERS
from exchange.stages.screen.device import Device, read_device
from exchange.stages.screen.judge import FLAG_AT, Judged, teaches, weigh
from exchange.stages.screen.lines import Line, line_of
from exchange.stages.screen.memory import Past
from exchange.stages.screen.seen import Seen, Steps, mailbox_number, tail_of
from exchange.stages.screen.signals import is_rush, signals_of
from exchange.storage.measures import take_source_cap
from exchange.vault import Vault

NAME = "screen"
_HEAD = 6
_NEAR_ZONES = ("America/", "US/", "Canada/", "Pacific/Honolulu", "Pacific/Guam", "Pacific/Pago", "Pacific/Saipan")
_ZONES_OF_NOWHERE = ("Etc/", "UTC", "GMT")


async def check_screen(case: Case, market: Market) -> Case:
    """The case with its fraud score and what the screen found. Test leads are judged and never remembered."""
    screening, lead = market.screening, case.lead
    sub_id = lead.tracking.get("sub_id1", "")
    blocked = screening.blocks.get((lead.seller_id, sub_id))
    if blocked is not None and lead.mode is Mode.LIVE:
        told = f"The operator blocks this sub id: {blocked}"
        return case.finding(Finding(NAME, Outcome.REFUSED, told, Reason.SUB_ID_BLOCKED))
    if lead.mode is Mode.LIVE and lead.kind is not Kind.PING:
        cap = market.live.standings.caps.get((lead.seller_id, sub_id))
        if cap is not None and not await _fits(market, lead, sub_id, cap):
            told = f"The operator takes {cap} posts a day of this sub id"
            return case.finding(Finding(NAME, Outcome.REFUSED, told, Reason.CAP_REACHED))
    seen = see(case, market)
    past = screening.memory.past(seen)
    judged = weigh(signals_of(seen, past), seen.source, screening.learned)
    finding = _finding(judged, past, case)
    lead = lead._replace(fraud=judged.fraud)
    findings = (*case.findings, finding)
    if lead.mode is Mode.TEST or lead.kind is Kind.PING:
        return case._replace(lead=lead, findings=findings)
    screening.memory.note(seen)
    row = _row(seen, judged, finding, case, market.clock.now())
    return case._replace(lead=lead, findings=findings, screened=row, alerts=_alerts(seen, judged, past))


async def _fits(market: Market, lead: Lead, sub_id: str, cap: int) -> bool:
    """Whether one more post fits into the day's cap: counted in the database, as every node counts there."""
    day = market.clock.now() // DAY_MS
    return await market.db.write(take_source_cap, lead.seller_id, sub_id, cap, day)


def see(case: Case, market: Market) -> Seen:
    """A lead as the screen sees it."""
    lead, vault = case.lead, market.vault
    tracking = lead.tracking
    address, agent = tracking.get("ip_address"), tracking.get("user_agent")
    place = read_address(address) if address is not None else None
    country, state = _region(place, market.tables)
    device = read_device(tracking.get("device"))
    phone, email = lead.text("phone"), lead.text("email")
    zone = device.time_zone if device is not None and device.time_zone else tracking.get("time_zone")
    device_id = (device.id if device is not None else None) or tracking.get("device_id")
    return Seen(
        lead.id,
        lead.received_at,
        lead.seller_id,
        tracking.get("sub_id1", ""),
        _key(vault, "line", address),
        line_of(place, market.tables) if place is not None else Line.UNKNOWN,
        country,
        state,
        market.screening.agent_key(vault, agent) if agent is not None else None,
        market.tables.value(CRAWLERS).of(agent).program if agent is not None else None,
        _form_ms(lead, device),
        "honeypot" in tracking or lead.text("hp") is not None or (device is not None and device.trap),
        _with_robot(device, tracking.get("automated")),
        _key(vault, "device", device_id),
        case.phone_index[:KEY_BYTES] if case.phone_index is not None else None,
        case.email_index[:KEY_BYTES] if case.email_index is not None else None,
        _steps(phone, email),
        _far(zone),
        country_of_zone(zone) if zone is not None else None,
        _apart(zone, state, lead.received_at, market.tables),
    )


def _apart(zone: str | None, state: str | None, at: int, tables: Tables) -> float | None:
    """Hours between the clock of the device and the nearest one of the state that its address lies in."""
    if zone is None or state is None:
        return None
    return hours_apart(zone, tables.value(ZIPS).zones_of_state(state), at)


def _region(address: Address | None, tables: Tables) -> tuple[str | None, str | None]:
    """Country and state of an address, as far as the table of regions knows."""
    found = tables.value(REGIONS).of(address) if address is not None else None
    return (found[0], found[1] or None) if found is not None else (None, None)


def _key(vault: Vault, kind: str, value: str | None) -> bytes | None:
    return vault.index(kind, value)[:KEY_BYTES] if value is not None else None


def _form_ms(lead: Lead, device: Device | None) -> int | None:
    """How long the form took, the longest that is told: a script may have seen the last of several pages alone."""
    millis, seconds = lead.tracking.get("form_ms", ""), lead.tracking.get("form_seconds")
    told = [device.form_ms] if device is not None and device.form_ms is not None else []
    if millis.isascii() and millis.isdigit():
        told.append(int(millis))
    if seconds is not None:
        told.append(int(float(seconds) * 1000))
    return max(told, default=None)


def _with_robot(device: Device | None, automated: str | None) -> Device | None:
    """A form without the script may still say that a program drives the browser."""
    return Device(automation=1) if device is None and automated == "yes" else device


def _steps(phone: str | None, email: str | None) -> Steps | None:
    tail = tail_of(phone) if phone is not None else None
    if phone is None or tail is None:
        return None
    return Steps(hash(phone[:-4]), tail, mailbox_number(email) if email is not None else None)


def _far(zone: str | None) -> bool | None:
    if zone is None or "/" not in zone or zone.startswith(_ZONES_OF_NOWHERE):
        return None
    return not zone.startswith(_NEAR_ZONES)


def _finding(judged: Judged, past: Past, case: Case) -> Finding:
    """What is told: the score, and every reason with its points, the heaviest first."""
    facts = tuple(f"{each.kind.words} ({each.detail}): {each.points}" for each in judged.points)
    if is_rush(past):
        facts = (*facts, f"{past.alike.all + 1} leads of the sub id in 10 minutes, {past.alike.makers} browsers")
    rule = case.campaign.screen
    outcome = outcome_of(judged.fraud, rule, case.submission.kind)
    words = judged.points[0].kind.words if judged.points else ""
    match outcome:
        case Outcome.REFUSED:
            return Finding(NAME, outcome, f"Fraud score {judged.fraud}: {words.lower()}", judged.reason, facts)
        case Outcome.HELD:
            told = f"Fraud score {judged.fraud}: a person decides"
            return Finding(NAME, outcome, told, Reason.HELD_FOR_REVIEW, facts)
        case Outcome.FLAGGED:
            return Finding(NAME, outcome, f"Fraud score {judged.fraud}: {words.lower()}", None, facts)
    told = f"Fraud score {judged.fraud}" + ("" if judged.points else ": nothing speaks against the lead")
    return Finding(NAME, outcome, told, None, facts)


def outcome_of(fraud: int, rule: ScreenRule, kind: Kind) -> Outcome:
    """What a score means under a campaign's rule. A ping is never held: its post is."""
    if rule.refuse_at is not None and fraud >= rule.refuse_at:
        return Outcome.REFUSED
    if rule.hold_at is not None and fraud >= rule.hold_at and kind is not Kind.PING:
        return Outcome.HELD
    return Outcome.FLAGGED if fraud >= FLAG_AT else Outcome.PASSED


def _alerts(seen: Seen, judged: Judged, past: Past) -> tuple[AlertRow, ...]:
    """The bursts and farms this lead makes visible, with the earlier leads that belong to them."""
    details = {each.kind.name: each.detail for each in judged.points}
    members = {"burst": past.alike.alike, "farm": past.steady.near}
    return tuple(
        AlertRow(
            f"alr_{seen.lead_id[3:]}_{name}",
            name,
            seen.seller_id,
            seen.sub_id,
            seen.at,
            seen.at,
            details[name],
            (*members[name], seen.lead_id),
        )
        for name in members
        if name in details
    )


def _row(seen: Seen, judged: Judged, finding: Finding, case: Case, now: int) -> ScreenedRow:
    rule = case.campaign.screen
    refused = finding.outcome is Outcome.REFUSED
    return ScreenedRow(
        seen.lead_id,
        case.lead.month,
        seen.at,
        now,
        seen.seller_id,
        case.campaign.id,
        seen.sub_id,
        seen.address,
        seen.device_key or seen.agent,
        seen.phone,
        seen.email,
        seen.form_ms,
        judged.fraud,
        finding.outcome.value,
        " ".join(judged.names),
        " ".join(teaches(judged, rule.refuse_at)) if refused and rule.refuse_at is not None else "",
    )
