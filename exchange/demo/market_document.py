"""The shape of a parties document: who sells, who buys, on what terms. Unknown names are refused.

Amounts and percents are decimal text in quotes, so that no float comes near them; times are `"08:00"`, days `mon`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from exchange.model.return_terms import RETURN_REASONS
from exchange.stages.timetable import read_timetable
from exchange.verifier_rules import VerifierRuleDocument

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{1,60}$")]
Amount = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,4})?$")]
Percent = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,2})?$")]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Zip = Annotated[str, Field(pattern=r"^[0-9]{5}$")]
Mode = Literal["live", "test"]


def _comes_round(text: str) -> str:
    if text:
        read_timetable(text)
    return text


Timetable = Annotated[str, AfterValidator(_comes_round)]
State = Literal["active", "paused"]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TierShape(Shape):
    number: int = Field(ge=1, le=20)
    name: str
    strategy: Literal["highest_price", "priority", "weighted", "round_robin", "waterfall", "expected"] = "highest_price"
    ping_ms: int = Field(default=1_500, ge=50, le=10_000)


class PayoutShape(Shape):
    fixed: Amount = "0.00"
    percent: Percent = "0"


class RateShape(Shape):
    per_second: float = Field(default=50.0, gt=0)
    burst: int = Field(default=100, ge=1)
    running: int = Field(default=100, ge=1)


class StoreShape(Shape):
    """`falls` are percents of the first price by age, such as `1h: 60`."""

    first: Amount
    falls: dict[Annotated[str, Field(pattern=r"^[0-9]{1,3}[hd]$")], Annotated[int, Field(ge=1, le=100)]] = Field(
        default_factory=dict
    )
    days: int = Field(default=3, ge=1, le=30)
    sales: int = Field(default=1, ge=1, le=10)


class ScreenShape(Shape):
    refuse_at: int | None = Field(default=90, ge=1, le=100)
    hold_at: int | None = Field(default=None, ge=1, le=100)
    pings: int | None = Field(default=1_000, ge=1)
    posts_per_thousand: int = Field(default=5, ge=0, le=1_000)


class CampaignShape(Shape):
    id: Id
    name: str
    vertical: str
    state: State = "active"
    keys: tuple[Mode, ...] = ("live", "test")
    key_name: Id | None = None  # what the demo's fixed keys end in; the campaign's id when absent
    payout: PayoutShape
    tiers: tuple[TierShape, ...] = Field(min_length=1)
    floor: Amount = "0.00"
    min_margin: Amount = "0.00"
    min_margin_percent: Percent = "0"
    slots: int = Field(default=1, ge=1, le=20)
    exclusive_only: bool = False
    allow_loss: bool = False
    duplicate_days: int | None = Field(default=None, ge=0)
    duplicate_pending_days: int | None = Field(default=None, ge=0)
    duplicate_unsold_days: int | None = Field(default=None, ge=0)
    duplicate_refused_days: int | None = Field(default=None, ge=0)
    duplicate_scope: Literal["seller", "campaign", "vertical", "exchange"] = "vertical"
    duplicate_by: Literal["person", "contact"] = "person"
    timeout_ms: int = Field(default=4_000, ge=500, le=10_000)
    price_hold_ms: int = Field(default=120_000, ge=1_000)
    expired: Literal["reject", "reauction"] = "reject"
    mismatch: Literal["reject", "reping"] = "reject"
    unclear_answer: Literal["queued", "unsold"] = "queued"
    disclosure: Literal["full", "category", "code"] = "full"
    always_200: bool = False
    query_string: bool = False
    rate: RateShape = RateShape()
    blocked_sub_ids: tuple[str, ...] = ()
    screen: ScreenShape = ScreenShape()
    aliases: dict[str, str] = Field(default_factory=dict)
    postback_url: str | None = None
    store: StoreShape | None = None
    paused_reason: str = ""
    verifiers: tuple[VerifierRuleDocument, ...] | None = None  # None: the vertical's


class SellerShape(Shape):
    id: Id
    name: str
    state: State = "active"
    campaigns: tuple[CampaignShape, ...] = Field(min_length=1)


class ClauseShape(Shape):
    field: str
    operator: str
    values: tuple[str, ...] = ()


class GroupShape(Shape):
    """Exactly one of `all` and `any`."""

    all: tuple[ClauseShape | GroupShape, ...] | None = None
    any: tuple[ClauseShape | GroupShape, ...] | None = None


class GeoShape(Shape):
    states: tuple[str, ...] = ()
    states_except: tuple[str, ...] = ()
    zips: tuple[Zip, ...] = ()
    zips_except: tuple[Zip, ...] = ()
    center_zip: Zip | None = None
    radius_miles: int = Field(default=0, ge=0, le=3_000)


class SourcesShape(Shape):
    sellers: tuple[str, ...] = ()
    sellers_except: tuple[str, ...] = ()
    sub_ids: tuple[str, ...] = ()
    sub_ids_except: tuple[str, ...] = ()


class HoursShape(Shape):
    days: tuple[Day, ...] = Field(min_length=1)
    opens: TimeOfDay
    closes: TimeOfDay


class CapShape(Shape):
    """At most `sales`, or `money`, in each window; exactly one of the two."""

    window: Literal["hour", "day", "week", "month", "total"]
    sales: int | None = Field(default=None, ge=0)
    money: Amount | None = None
    days: tuple[Day, ...] = ()


class ReturnsShape(Shape):
    """On which terms leads come back, beside `return_days`."""

    reasons: tuple[str, ...] = RETURN_REASONS
    percent: float = Field(default=15.0, ge=0, le=100)  # of the leads of a period
    period: Literal["week", "month"] = "month"
    over_cap: Literal["queue", "decline"] = "queue"
    auto_approve: bool = True
    auto_decline: bool = True
    evidence: dict[str, Literal["note", "file"]] = Field(default_factory=dict)
    partial: bool = True
    resell_days: int = Field(default=0, ge=0, le=90)


class ContractShape(Shape):
    id: Id
    name: str
    vertical: str
    leg: str | None = None  # the company at the end; the buyer itself when absent
    state: State = "active"
    mode: Mode = "live"
    sale_mode: Literal["exclusive", "shared", "either", "leftover"] = "exclusive"
    tier: int = Field(default=1, ge=1, le=20)
    connection: str
    price: Amount | None = None
    shared_price: Amount | None = None
    max_bid: Amount
    zero_price: bool = False
    priority: int = 100
    weight: int = Field(default=1, ge=1)
    zone: str = "America/New_York"
    hours: tuple[HoursShape, ...] = ()
    filters: GroupShape | None = None
    geo: GeoShape = GeoShape()
    sources: SourcesShape = SourcesShape()
    min_grade: Literal["A", "B", "C", "D", "E", "F"] | None = None
    max_fraud: int | None = Field(default=None, ge=0, le=100)
    consent: tuple[str, ...] = ()
    duplicate_days: int = Field(default=0, ge=0)
    caps: tuple[CapShape, ...] = ()
    budget: Amount | None = None
    calls_at_once: bool = False
    per_second: float = Field(default=0.0, ge=0)
    post_ms: int = Field(default=3_000, ge=100, le=30_000)
    lower_price: Literal["reject", "accept_lower"] = "reject"
    on_unclear: Literal["ask", "assume_accepted", "assume_rejected_and_resell"] = "ask"
    unclear_after_ms: int = Field(default=86_400_000, ge=1_000)
    sold_when: Literal["delivered", "at_once"] = "delivered"
    give_up_ms: int = Field(default=86_400_000, ge=60_000)
    receipt_ms: int = Field(default=7_200_000, ge=60_000)
    on_failure: Literal["resell", "unsold"] = "resell"
    on_bounce: Literal["ask", "reverse"] = "ask"
    schedule: Timetable = ""
    return_days: int = Field(default=7, ge=0)
    returns: ReturnsShape = ReturnsShape()
    paused_reason: str = ""
    settings: dict[str, str] = Field(default_factory=dict)


class BuyerShape(Shape):
    id: Id
    name: str
    state: State = "active"
    billing: Literal["prepaid", "credit"] = "prepaid"
    limit: Amount = "0.00"  # of a credit buyer
    balance: Amount = "0.00"  # what a prepaid buyer has put in at the start
    group: str = ""
    away_until: datetime | None = None
    contracts: tuple[ContractShape, ...] = Field(min_length=1)


class PartiesShape(Shape):
    name: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    sellers: tuple[SellerShape, ...] = Field(min_length=1)
    buyers: tuple[BuyerShape, ...] = Field(min_length=1)
