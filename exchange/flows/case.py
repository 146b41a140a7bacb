"""One request being worked: the submission, the lead, the deals and the deadline it is decided under."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from exchange import limits
from exchange.clock import month_of
from exchange.flows.deals import Deals
from exchange.flows.market import Market
from exchange.flows.trail import Trail
from exchange.model.finding import Finding
from exchange.model.lead import Kind, Lead, Mode, Problem, Submission
from exchange.model.money import Money
from exchange.model.party import Campaign
from exchange.model.screen import AlertRow, ScreenedRow
from exchange.model.vertical import Vertical
from exchange.model.work import Claim, Idempotency, Keep, LeadRow, LeadState, RequestRow, Seen
from exchange.stages.duplicates.windows import scope_key, taken_until, windows_of
from exchange.stages.gate import Gatekeeper
from exchange.stages.normalize import Normalized, normalize
from exchange.stages.scrub.lead import scrub
from exchange.stages.tracking import shown_tracking
from exchange.storage.database import Row
from exchange.vault import DataKey

DAY_MS = 86_400_000
HELD_DAYS = 30  # so long a lead waits for a person's decision, and its consumer is kept for it
FORM_CHANNEL = "form"
_IN_FLIGHT_MS = 3_600_000  # a claim whose request died is free again after an hour, if recovery did not end it


class Case(NamedTuple):
    """Frozen but for the trail, which collects. `deadline` is when the answer must leave, on the monotonic clock."""

    submission: Submission
    campaign: Campaign
    vertical: Vertical
    normalized: Normalized  # what was understood at first
    lead: Lead  # the lead as it stands now
    deals: Deals
    trail: Trail
    deadline: float
    data_key: DataKey
    wrapped: bytes
    phone_index: bytes | None
    email_index: bytes | None
    bought: Mapping[str, int]
    findings: tuple[Finding, ...] = ()
    spent_units: int = 0  # on outside checks before buyers were looked for, in the campaign's currency
    features: str | None = None  # what the conversion score saw, packed
    suppressed: Mapping[str, str] = MappingProxyType({})  # by buyer, the list of its own that the consumer is on
    screened: ScreenedRow | None = None
    alerts: tuple[AlertRow, ...] = ()
    seen: Seen = Seen()
    same_as: str | None = None  # the earlier lead of the same person
    duplicate_of: str | None = None  # the same, when this one repeats it
    corrected: tuple[Problem, ...] = ()  # warnings of the scrub: what it put right
    doubted: tuple[Problem, ...] = ()  # and what it found against the lead

    @property
    def mode(self) -> Mode:
        return self.submission.mode

    @property
    def live(self) -> bool:
        return self.submission.mode is Mode.LIVE

    @property
    def currency(self) -> str:
        return self.campaign.currency

    @property
    def gate(self) -> Gatekeeper | None:
        return self.deals.intakes[self.campaign.id].gate

    def knowing(self, bought: Mapping[str, int]) -> Case:
        """The case with when each buyer last bought this consumer."""
        return self._replace(bought=bought) if bought else self

    def finding(self, *findings: Finding) -> Case:
        """The case with more found about its lead."""
        return self._replace(findings=(*self.findings, *findings))

    def time_left_ms(self, market: Market) -> int:
        """Milliseconds until the answer must leave, less what committing and writing it takes."""
        return int((self.deadline - market.clock.monotonic()) * 1000) - limits.ANSWER_RESERVE_MS


def begin(submission: Submission, market: Market) -> Case:
    """Understand a submission. Nothing is stored yet, and nothing is refused yet."""
    trail = Trail(market.clock)
    deals = market.deals
    campaign = deals.campaigns[submission.campaign_id]
    vertical = deals.shapes.verticals[campaign.vertical]
    now = submission.received_at
    met = deals.intakes[campaign.id]
    normalized = normalize(submission, campaign, vertical, met.names, f"ld_{submission.id[4:]}", now)
    scrubbed = scrub(normalized.lead, normalized.mended, normalized.problems, met.scrub_terms, market.scrub_tools)
    lead = scrubbed.lead
    if submission.kind is Kind.POST and lead.ping_id is not None and lead.ping_id.startswith("png_"):
        lead = lead._replace(id=f"ld_{lead.ping_id[4:]}")  # a post goes on with its ping's lead: both ids end alike
    if lead.test_outcome is not None:  # the simulated buyers read it like any tracking value
        lead = lead._replace(tracking={**lead.tracking, "test_outcome": lead.test_outcome})
    timeout_ms = lead.timeout_ms or campaign.timeout_ms
    wrapped, data_key = market.vault.new_data_key()
    trail.step(
        "received",
        f"{submission.kind.value.capitalize()} received",
        f"{len(submission.fields)} fields, {submission.channel}",
        *submission.came_by,
        since_ms=0.0,
    )
    return Case(
        submission,
        campaign,
        vertical,
        normalized,
        lead,
        deals,
        trail,
        market.clock.monotonic() + timeout_ms / 1000,
        data_key,
        wrapped,
        _index(market, "phone", lead),
        _index(market, "email", lead),
        {},
        scrubbed.findings,
        corrected=scrubbed.corrected,
        doubted=scrubbed.doubted,
    )


def own_case(row: Row, lead: Lead, campaign: Campaign, vertical: Vertical, market: Market, channel: str) -> Case:
    """A case the exchange opens itself, by a channel of its own, about a lead it has (`row`)."""
    now = market.clock.now()
    submission = Submission(
        market.ids.new("req", now),
        row["seller_id"],
        campaign.id,
        Mode(row["mode"]),
        Kind.POST,
        channel,
        {},
        b"",
        "application/json",
        "json",
        "",
        "",
        None,
        now,
        month_of(now),
    )
    wrapped, data_key = market.vault.new_data_key()
    return Case(
        submission,
        campaign,
        vertical,
        Normalized(lead, (), (), ()),
        lead,
        market.deals,
        Trail(market.clock),
        market.clock.monotonic() + limits.TIMEOUT_MS_MOST / 1000,
        data_key,
        wrapped,
        _index(market, "phone", lead),
        _index(market, "email", lead),
        {},
    )


def own_lead(case: Case) -> Case:
    """A post that is refused at the door never touches the lead of the ping it names: it becomes a lead of its own."""
    lead = case.lead._replace(id=f"ld_{case.submission.id[4:]}")
    return case._replace(lead=lead)


def _index(market: Market, kind: str, lead: Lead) -> bytes | None:
    """The keyed hash of a phone or an email: what look-ups and duplicate checks go by."""
    value = lead.text(kind)
    return market.vault.index(kind, value.lower()) if value is not None else None


def ping_id(case: Case) -> str:
    return f"png_{case.lead.id[3:]}"


def request_row(case: Case, market: Market, stored: bytes, endpoint: str | None = None) -> RequestRow:
    """The request as kept: what was sent, sealed; a ping without the personal values it should not have carried."""
    submission = case.submission
    return RequestRow(
        submission.id,
        submission.month,
        submission.received_at,
        endpoint or submission.kind.value,
        submission.channel,
        submission.remote_ip,
        submission.seller_id,
        submission.campaign_id,
        submission.key_id,
        submission.mode.value,
        case.wrapped,
        case.lead.id,
        submission.content_type,
        submission.answer_format,
        market.vault.seal(case.data_key, f"raw:{submission.id}", stored),
        retention_of(case),
    )


def retention_of(case: Case) -> str:
    """The class by which raw rows are forgotten. A ping's are kept longer once it led to a post."""
    if not case.live:
        return "test"
    return "ping" if case.submission.kind is Kind.PING else "lead"


def lead_row(case: Case, market: Market, state: LeadState, reason: str | None) -> LeadRow:
    """The lead as kept: facts that lists and filters need in clear, every personal value sealed."""
    lead, submission = case.lead, case.submission
    personal = {spec.name for spec in case.vertical.fields if spec.personal}
    facts = {name: value.clean for name, value in lead.values.items() if name not in personal}
    sealed = {name: [value.raw, value.clean, value.masked] for name, value in lead.values.items() if name in personal}
    least = lead.min_price.text if lead.min_price is not None else None
    sealed_values = orjson.dumps({"values": sealed, "tracking": dict(lead.tracking), "min_price": least})
    return LeadRow(
        lead.id,
        lead.month,
        lead.received_at,
        submission.seller_id,
        submission.campaign_id,
        case.campaign.version,
        case.vertical.name,
        submission.mode.value,
        submission.kind.value,
        state.value,
        reason,
        lead.seller_lead_id,
        lead.tracking.get("sub_id1"),
        lead.text("zip"),
        lead.text("state"),
        lead.text("city"),  # a city names no person; lists show it beside the masked name
        _initials(lead),
        case.phone_index,
        case.email_index,
        orjson.dumps(facts).decode(),
        submission.id,
        market.vault.seal(case.data_key, f"lead:{lead.id}", sealed_values),
        lead.grade,
        case.currency,
        _sealed_consent(case, market),
        case.lead.consent.text_hash if _text_stands_apart(case) else None,
        submission.channel,
        orjson.dumps(shown_tracking(lead.tracking)).decode(),
    )


def _initials(lead: Lead) -> str | None:
    """All that lists show of a name, and all of it that is stored in clear: `M. S.`"""
    names = (lead.text("first_name"), lead.text("last_name"))
    return " ".join(f"{name[0].upper()}." for name in names if name) or None


def _sealed_consent(case: Case, market: Market) -> bytes | None:
    if case.submission.kind is Kind.PING:
        return None
    record: dict[str, Any] = case.lead.consent._asdict()
    if _text_stands_apart(case):
        record["text"] = None
    return market.vault.seal(case.data_key, f"consent:{case.lead.id}", orjson.dumps(record))


def _text_stands_apart(case: Case) -> bool:
    """The words of our own forms are stored once, before anybody sends them; a seller's may name the consumer."""
    return case.submission.channel == FORM_CHANNEL and case.submission.kind is not Kind.PING


def idempotency(case: Case, body_hash: bytes) -> Idempotency | None:
    """The request's key: the header, else for a post the seller's own lead id, else the body while it runs.

    The body joins two identical posts at the same moment; once the first has ended the duplicate check decides.
    """
    submission = case.submission
    expires_at = submission.received_at + limits.IDEMPOTENCY_DAYS * DAY_MS
    endpoint = submission.kind.value
    if submission.idempotency_key is not None:
        key = f"{Keep.ALWAYS.value}:{submission.mode.value}:{submission.idempotency_key}"
        return Idempotency(submission.seller_id, endpoint, key, body_hash, expires_at, Keep.ALWAYS)
    if submission.kind is Kind.PING:
        return None
    if case.lead.seller_lead_id is not None:
        key = f"{Keep.SOLD.value}:{submission.mode.value}:{submission.campaign_id}:{case.lead.seller_lead_id}"
        return Idempotency(submission.seller_id, endpoint, key, b"", expires_at, Keep.SOLD)
    key = f"{Keep.NEVER.value}:{submission.key_id}:{body_hash.hex()}"
    return Idempotency(submission.seller_id, endpoint, key, body_hash, expires_at, Keep.NEVER)


def claims_until(case: Case, state: LeadState, now: int) -> int | None:
    """How long a lead that ends like this keeps its consumer; None: it is given back."""
    if state is LeadState.HELD:
        return now + HELD_DAYS * DAY_MS
    return taken_until(windows_of(case.campaign, case.vertical), state, now)


def checks_duplicates(case: Case) -> bool:
    """Whether this lead's consumer may be one that is taken: no ping's is known.

    A test lead that asks for its outcome gets it each time, whoever the consumer is.
    """
    windows = windows_of(case.campaign, case.vertical)
    return case.submission.kind is not Kind.PING and windows.longest > 0 and case.lead.test_outcome is None


def claims(case: Case) -> tuple[Claim, ...]:
    """The consumer of a post, by keyed hash of phone and email, within the campaign's scope."""
    if not checks_duplicates(case):
        return ()
    campaign = case.campaign
    scope = scope_key(campaign.duplicate_scope, case.mode.value, case.vertical.name, campaign.seller_id, campaign.id)
    expires_at = case.submission.received_at + _IN_FLIGHT_MS
    hashes = sorted({index for index in (case.phone_index, case.email_index) if index is not None})
    return tuple(Claim(scope, index, expires_at) for index in hashes)


def zero(case: Case) -> Money:
    return Money.zero(case.currency)


def month(now: int) -> str:
    return month_of(now)
