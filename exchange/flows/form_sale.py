"""What was filled in becomes a lead: once, whoever presses twice and whatever stops in between.

First the submission is kept with its view, then it goes down the line under a key of its own. A second press, a reload
and the job that looks after it half a minute later all go on with the same bytes under the same key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from exchange.clock import month_of
from exchange.flows.case import FORM_CHANNEL
from exchange.flows.form_visit import Place, Visit, Visitor, readable, request_of
from exchange.flows.job_ends import ComeBack
from exchange.flows.jobs import SUBMIT_FORM, job
from exchange.flows.market import Market
from exchange.flows.quote import QUOTE
from exchange.flows.submit import submit
from exchange.model.lead import Kind, Mode, Submission
from exchange.model.reason import Reason
from exchange.model.vertical import ConsentPolicy
from exchange.model.work import AnswerRow, RequestRow
from exchange.stages.consent import text_hash
from exchange.stages.forms import can_ping, chosen_singly, completed, consent_text, named, ping_values
from exchange.stages.respond import rfc3339
from exchange.storage.arrivals import save_arrivals
from exchange.storage.database import Row
from exchange.storage.forms import Claim, claim_view, end_view, note_refused, quote_document, read_view, reopen_view

_LOOK_AFTER_MS = 30_000
_PRICE_LEFT_MS = 5_000
"""A price that is over sooner is asked for again: the post must come while it stands."""


class Signals(NamedTuple):
    """What the page's script found out, and the proofs that others' scripts left in it; each may be empty."""

    time_zone: str = ""
    automated: str = ""
    certificate: str = ""
    leadid: str = ""
    device: str = ""


class Sent(NamedTuple):
    """How a view stands that was sent. `over` is false while another process still works on it."""

    status: str
    over: bool


async def with_companies(market: Market, place: Place, visit: Visit, visitor: Visitor) -> Visit:
    """The visit with the companies that would buy, by name. They are asked again when what they know has changed."""
    if place.vertical.consent.policy_in(_state(place, visit)) is ConsentPolicy.AUTHORIZATION:
        return replace(visit, companies=(), ping_id="")  # a form cannot take the signature that it needs
    values = ping_values(completed(visit.values, place.names), place.names)
    pinged = sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    now = market.clock.now()
    known = bool(visit.companies) or not must_name(place, visit)
    stands = now < visit.ping_until - _PRICE_LEFT_MS if visit.ping_id else known
    if (visit.pinged == pinged and stands) or not can_ping(values, place.names):
        return visit
    about = readable({**visit.tags, "ip_address": visitor.ip}, place.names, now)
    request = request_of(market, place, Kind.PING, {**values, **ping_values(about, place.names)}, visitor)
    answer = orjson.loads((await submit(request, market, market.doors.write)).body)
    row = await market.db.read(quote_document, str(answer.get("ping_id", "")))
    asked = replace(visit, pinged=pinged, ping_id="", ping_until=0, companies=named(answer.get("companies", ())))
    if row is None:
        return asked
    bids = QUOTE.validate_python(orjson.loads(row["document"])["quote"]).bids
    companies = asked.companies or named([bid.brand or _buyer(market, bid.contract_id) for bid in bids])
    return replace(asked, ping_id=answer["ping_id"], ping_until=row["expires_at"], companies=companies)


def _buyer(market: Market, contract_id: str) -> str:
    deals = market.deals
    contract = deals.contracts.get(contract_id)
    return deals.buyers[contract.buyer_id].name if contract is not None else ""


def words_of(place: Place, visit: Visit) -> str:
    """The consent text this visit is shown; empty when the form asks for none."""
    words = place.form.consent
    return consent_text(words, visit.companies, singly=bool(choices_of(place, visit))) if words is not None else ""


def must_name(place: Place, visit: Visit) -> bool:
    """Whether only companies that this consumer chose one by one may have the lead."""
    return chosen_singly(place.vertical, _state(place, visit))


def _state(place: Place, visit: Visit) -> str | None:
    return completed(visit.values, place.names).get("state")


def choices_of(place: Place, visit: Visit) -> tuple[str, ...]:
    """The companies to tick one by one; none where the consent is to all at once, or to a single one."""
    return visit.companies if len(visit.companies) > 1 and must_name(place, visit) else ()


async def send(
    market: Market, place: Place, visit: Visit, visitor: Visitor, signals: Signals, text: str, agreed: bool
) -> Sent:
    """Keep what was filled in, and sell it. What was sent of this visit before is gone on with instead."""
    now = market.clock.now()
    fields = _fields(market, place, visit, visitor, signals)
    if text:
        companies = visit.chosen if choices_of(place, visit) else visit.companies
        fields |= readable(_consent(visit, companies, text, agreed, now), place.names, now)
    if visit.ping_id and not choices_of(place, visit):  # those who were chosen bid against each other, in one auction
        fields["ping_id"] = visit.ping_id
    kept = {
        "seller": place.campaign.seller_id,
        "campaign": place.campaign.id,
        "mode": place.form.mode.value,
        "form": place.form.name,
        "ip": visitor.ip,
        "fields": fields,
        "came_by": _came_by(place, visit, text, now),
    }
    sealed = market.vault.seal_secret(sent_secret(visit.view), orjson.dumps(kept))
    look = job(
        market,
        f"{SUBMIT_FORM}:{visit.view[-1]}",
        SUBMIT_FORM,
        {"view": visit.view},
        now + _LOOK_AFTER_MS,
        now,
        f"{SUBMIT_FORM}:{visit.view}",
    )
    shown = (text_hash(text), text) if text else None
    await market.db.write(claim_view, Claim(visit.view, sealed, now, len(place.steps), shown, look))
    return await finish(market, visit.view)


def _came_by(place: Place, visit: Visit, text: str, now: int) -> list[str]:
    """What the timeline tells of it."""
    seconds = _seconds(visit, now)
    told = [
        f"form {place.form.name}",
        f"step {len(place.steps)}",
        "plain HTML" if seconds is None else f"{seconds:.0f} s",
    ]
    return [*told, f"consent as shown, version {text_hash(text)[:8]}"] if text else told


def _seconds(visit: Visit, now: int) -> float | None:
    """How long it took; None when the page was not ours."""
    return (now - visit.began_at) / 1000 if visit.began_at else None


def _fields(market: Market, place: Place, visit: Visit, visitor: Visitor, signals: Signals) -> dict[str, str]:
    now = market.clock.now()
    seconds = _seconds(visit, now)
    ours = {
        **visit.tags,
        "ip_address": visitor.ip,
        "user_agent": visitor.user_agent,
        "landing_page_url": visit.page_url,
        "form_seconds": "" if seconds is None else f"{seconds:.1f}",
        "time_zone": signals.time_zone,
        "automated": signals.automated,
        "device": signals.device,
        "trustedform_cert_url": signals.certificate,
        "jornaya_leadid": signals.leadid,
    }
    return {**readable(ours, place.names, now), **completed(visit.values, place.names)}


def _consent(visit: Visit, companies: tuple[str, ...], text: str, agreed: bool, now: int) -> dict[str, str]:
    """The record's parts as the line reads them: the words exactly as they were on the screen."""
    return {
        "tcpa_consent": "yes" if agreed else "no",
        "tcpa_consent_text": text,
        "tcpa_consent_at": rfc3339(now),
        "consent_page_url": visit.page_url,
        "consented_buyers": ", ".join(companies),
        "consent_version": text_hash(text)[:8],
        "consent_method": "click",
    }


async def finish(market: Market, view_id: str) -> Sent:
    """Go on with what a view sent, from wherever it stands. `status` is empty when it never sent anything."""
    row = await market.db.read(read_view, view_id)
    if row is None or row["submitted_at"] is None:
        return Sent("", True)
    if row["ended_at"] is not None:
        return Sent(row["status"], True)
    answer = orjson.loads((await submit(_kept(market, row), market, market.doors.write)).body)
    status = str(answer["status"])
    if answer.get("reason") == Reason.STILL_RUNNING.slug:
        return Sent(status, False)
    if status == "invalid":
        await market.db.write(reopen_view, view_id, row["tries"])
        return Sent(status, True)
    told = (status, str(answer["request_id"]), str(answer.get("lead_id", "")))
    await market.db.write(end_view, view_id, row["tries"], told, market.clock.now())
    return Sent(status, True)


async def submit_form(market: Market, payload: Mapping[str, object]) -> None:
    """The job that finishes what a stopped process left. Nearly always there is nothing left to do."""
    if not (await finish(market, str(payload["view"]))).over:
        raise ComeBack(market.clock.now() + _LOOK_AFTER_MS)


def _kept(market: Market, row: Row) -> Submission:
    kept: dict[str, Any] = orjson.loads(market.vault.open_secret(sent_secret(row["id"]), bytes(row["sealed"])))
    now = market.clock.now()
    return Submission(
        id=market.ids.new("req", now),
        seller_id=kept["seller"],
        campaign_id=kept["campaign"],
        mode=Mode(kept["mode"]),
        kind=Kind.POST if "ping_id" in kept["fields"] else Kind.DIRECT,
        channel=FORM_CHANNEL,
        fields=kept["fields"],
        raw=orjson.dumps(kept["fields"]),
        content_type="application/json",
        answer_format="json",
        remote_ip=kept["ip"],
        key_id=f"form:{kept['form']}",
        idempotency_key=f"form:{row['id']}:{row['tries']}",
        received_at=now,
        month=month_of(now),
        came_by=tuple(kept["came_by"]),
    )


async def refuse(market: Market, place: Place, visit: Visit, visitor: Visitor, why: str) -> None:
    """Somebody acted like a robot: the view says why, and a row of its own tells of the request. Nothing personal."""
    request = request_of(market, place, Kind.DIRECT, {}, visitor)
    row = RequestRow(
        request.id,
        request.month,
        request.received_at,
        FORM_CHANNEL,
        FORM_CHANNEL,
        request.remote_ip,
        request.seller_id,
        request.campaign_id,
        request.key_id,
        request.mode.value,
        None,
        None,
        request.content_type,
        request.answer_format,
        None,
        "ping",
    )
    answer = AnswerRow(request.id, 422, "rejected", Reason.FRAUD_SCORE.slug, b"", "text/html", 0)
    await market.db.write(save_arrivals, ((row, answer),))
    await market.db.write(note_refused, visit.view, why)


def sent_secret(view_id: str) -> str:
    return f"form sent {view_id}"
