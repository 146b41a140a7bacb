"""What the exchange itself can find out about a request: everything it knew at the sale, and what a vendor says now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from exchange.flows.case import own_case
from exchange.flows.market import Market
from exchange.flows.return_terms import allowance_at
from exchange.flows.settle import terms_of
from exchange.flows.sightings import compared, person_behind
from exchange.flows.stored_lead import stored_lead
from exchange.flows.verify import OWN_CHANNEL, verify
from exchange.model.actor import SYSTEM
from exchange.model.lead import Lead
from exchange.model.party import Campaign, Contract
from exchange.model.verdict import Check
from exchange.model.verification import Checks, Stage, VerifierRule
from exchange.model.vertical import Vertical
from exchange.stages.duplicates.judge import Kind
from exchange.stages.eligible import BadBook, Facts, compile_book, judge
from exchange.stages.returns.evidence import Contact, Earlier, Evidence, Said
from exchange.stages.returns.terms import DAY_MS, closes_at
from exchange.storage.database import Row
from exchange.storage.feedback import dispositions_of
from exchange.storage.leads import consent_of, key_of, standing_sales
from exchange.storage.return_views import bought_leads
from exchange.storage.selling import read_lead
from exchange.storage.sightings import seen_around, sold_to_same_contact
from exchange.storage.verifiers import verified_of
from exchange.vault import VaultError

_FILTERS = ("geo", "source", "grade", "fraud", "consent", "named_seller")
_ASK_NOW = ("disconnected_phone", "wrong_number", "wrong_person", "bogus_data")
_ASKED_CHECKS = (Checks.PHONE, Checks.EMAIL)
_FRESH_MS = DAY_MS  # an answer of today is an answer of now


async def gather(market: Market, request: Row) -> Evidence | None:
    """Everything that is found about a request. None when the terms it was sold under are gone."""
    contract = await terms_of(market, request)
    lead = await market.db.write(read_lead, request["lead_id"])
    if contract is None or lead is None:
        return None
    use = await allowance_at(
        market, contract, request["mode"], request["sold_at"], (request["asked_at"], request["id"])
    )
    found = Evidence(
        request["reason"],
        request["asked_at"],
        request["sold_at"],
        closes_at(contract, request["sold_at"]),
        request["reason"] in contract.returns.reasons,
        use,
        note=bool(request["note"].strip() or request["sealed_note"]),
        file=request["file_name"] or "",
        returned=request["reversed_at"] is not None or request["returned_at"] is not None,
    )
    if found.returned or found.asked_at >= found.until:  # it is clear already: nobody is asked for money
        return found
    return await _about_lead(market, request, lead, contract, found)


async def _about_lead(market: Market, request: Row, lead: Row, contract: Contract, found: Evidence) -> Evidence:
    campaign, vertical = market.deals.campaigns.get(lead["campaign_id"]), market.verticals.get(lead["vertical"])
    opened = None
    if campaign is not None and vertical is not None:
        try:
            opened = await stored_lead(market, lead, campaign)
        except VaultError:
            opened = None
    failed: tuple[Check, ...] | None = None
    if opened is not None and campaign is not None and vertical is not None:
        failed = _failed(market, opened, contract, vertical, request["sold_at"])
        if request["reason"] in _ASK_NOW:
            await _ask_now(market, lead, opened, campaign, vertical)
    verified = await market.db.write(verified_of, lead["id"])
    earlier = await _earlier(market, request, lead)
    said, others = await _said(market, request)
    return found._replace(
        earlier=earlier or (),
        searched=earlier is not None,
        phone=_contact(market, verified, request, Checks.PHONE),
        email=_contact(market, verified, request, Checks.EMAIL),
        failed=failed,
        consent=await _consent(market, lead),
        said=said,
        others=others,
    )


def _failed(market: Market, lead: Lead, contract: Contract, vertical: Vertical, at: int) -> tuple[Check, ...] | None:
    """The filters of the contract, as it was then, that the lead does not meet."""
    buyer = market.deals.buyers.get(contract.buyer_id)
    if buyer is None:
        return None
    try:
        book = compile_book([contract], [buyer], vertical, market.places)
    except BadBook:
        return None
    verdicts = judge(book, lead, Facts(), at).verdicts
    failed = verdicts[0].failed if verdicts else ()
    return tuple(each for each in failed if each.name.startswith("filter:") or each.name in _FILTERS)


async def _ask_now(market: Market, row: Row, lead: Lead, campaign: Campaign, vertical: Vertical) -> None:
    """Ask the vendors that are set up for telephones and mailboxes once more; what they say is kept with the lead."""
    rules = campaign.verifiers if campaign.verifiers is not None else vertical.verifiers
    again = tuple(_again(rule) for rule in rules if _checks(market, rule.verifier) in _ASKED_CHECKS)
    if again:
        case = own_case(row, lead, replace(campaign, verifiers=again), vertical, market, OWN_CHANNEL)
        await verify(case, market, Stage.BEFORE)


def _again(rule: VerifierRule) -> VerifierRule:
    return replace(rule, on="post", stage=Stage.BEFORE, sample_bp=10_000, cache_ms=_FRESH_MS)


def _checks(market: Market, verifier: str) -> Checks | None:
    ready = market.deals.shapes.verifiers.get(verifier)
    return ready.card.checks if ready is not None else None


def _contact(market: Market, verified: Sequence[Row], request: Row, checks: Checks) -> Contact:
    """What was said up to the sale, and since the request. One bad word outweighs a good one."""
    told = [row for row in verified if row["verdict"] and _checks(market, row["verifier"]) is checks]
    then = [row["verdict"] for row in told if row["at"] <= request["sold_at"]]
    now = [row["verdict"] for row in told if row["at"] >= request["asked_at"]]
    return Contact(_worst(then), _worst(now))


def _worst(verdicts: Sequence[str]) -> str | None:
    return next((each for each in ("bad", "good", "unknown") if each in verdicts), None)


async def _earlier(market: Market, request: Row, lead: Row) -> tuple[Earlier, ...] | None:
    """Other leads of the same person, those this buyer bought with how long before. None: nobody can be compared."""
    wrapped = await market.db.write(key_of, lead["subject"])
    person = person_behind({**lead, "wrapped": wrapped}, market)
    if person is None:
        return None
    indexes = [bytes(each) if each is not None else None for each in (lead["phone_index"], lead["email_index"])]
    seen = [
        *await market.db.read(seen_around, SYSTEM, lead["id"]),
        *await market.db.read(sold_to_same_contact, SYSTEM, lead["id"], *indexes),
    ]
    same = []
    for row in {row["id"]: row for row in seen}.values():
        other = compared(person, row, market)
        if other is not None and other.match.kind is Kind.SAME and row["mode"] == lead["mode"]:
            same.append(row)
    bought = await market.db.read(bought_leads, request["buyer_id"], [row["id"] for row in same])
    found = []
    for row in same:
        at = bought.get(row["id"])
        days = (request["sold_at"] - (at if at is not None else row["received_at"])) / DAY_MS
        found.append(Earlier(row["id"], at is not None, days))
    return tuple(sorted(found, key=lambda each: each.days))


async def _said(market: Market, request: Row) -> tuple[tuple[Said, ...], tuple[str, ...]]:
    """What this buyer reported of the lead, and the last word of each other buyer that has it."""
    rows = await market.db.read(dispositions_of, request["lead_id"])
    zone = ZoneInfo(market.zone)
    own = tuple(
        Said(row["kind"], f"{datetime.fromtimestamp(row['at'] / 1000, zone):%d %b, %H:%M}", bool(row["value_units"]))
        for row in rows
        if row["sale_id"] == request["sale_id"]
    )
    last: Mapping[str, str] = {row["sale_id"]: row["kind"] for row in rows}
    sales = await market.db.read(standing_sales, request["lead_id"])
    return own, tuple(last.get(sale["id"], "") for sale in sales if sale["id"] != request["sale_id"])


async def _consent(market: Market, lead: Row) -> str:
    """The consent record in words, without what is personal in it."""
    kept = await market.db.write(consent_of, lead["id"])
    wrapped = await market.db.write(key_of, lead["subject"])
    if kept is None or wrapped is None:
        return ""
    record: dict[str, Any] = orjson.loads(
        market.vault.open(market.vault.data_key(wrapped), f"consent:{lead['id']}", bytes(kept["sealed"]))
    )
    parts = [name for name, words in _PROOFS if record.get(words)]
    agreed = record.get("agreed_at")
    when = f", given {datetime.fromtimestamp(agreed / 1000, ZoneInfo(market.zone)):%d %b %Y, %H:%M}" if agreed else ""
    return f"Consent record kept{when}{' with ' + ', '.join(parts) if parts else ''}"


_PROOFS = (("a TrustedForm certificate", "trustedform_url"), ("a Jornaya id", "jornaya_leadid"), ("its text", "text"))
