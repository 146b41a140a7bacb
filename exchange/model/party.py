"""Sellers and their campaigns; buyers and their contracts, as immutable versions: an award names the one it has.

A *bound* (`least`, `most`) is inclusive. Minutes count from midnight in the contract's own zone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from exchange.model.answer_shape import AnswerShape
from exchange.model.billing import BillingTerms
from exchange.model.lead import Mode
from exchange.model.ledger import Billing, buyer_account
from exchange.model.money import Money
from exchange.model.pause import Pause as Pause
from exchange.model.pause import State as State
from exchange.model.payout import PaymentTerms
from exchange.model.return_terms import USUAL_RETURNS, ReturnTerms
from exchange.model.scrub import Action
from exchange.model.verification import VerifierRule


class SaleMode(Enum):
    """How a contract buys. EITHER bids both ways; LEFTOVER takes shared slots nobody else filled."""

    EXCLUSIVE = "exclusive"
    SHARED = "shared"
    EITHER = "either"
    LEFTOVER = "leftover"


class Strategy(Enum):
    """How a tier orders its bids. Ties always fall to: higher price, lower priority number, contract id."""

    HIGHEST_PRICE = "highest_price"
    SECOND_PRICE = "second_price"  # ranks by price; an exclusive winner pays what the best other offer would bring
    PRIORITY = "priority"
    WEIGHTED = "weighted"
    ROUND_ROBIN = "round_robin"
    WATERFALL = "waterfall"  # asks one contract after another and takes the first that pays the reserve
    EXPECTED = "expected"  # by what a bid is worth with refusals and returns counted in


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a ping tree. Contracts name their tier by number; tiers are asked in that order."""

    number: int
    name: str
    strategy: Strategy
    ping_ms: int = 1_500  # how long this tier may take to bid, within the request's own deadline
    floor: Money | None = None  # the least a bid of this tier may be, where that is more than the lead's own least
    goes_on: bool = True  # the next tier is asked when this one sells nothing


@dataclass(frozen=True, slots=True)
class Payout:
    """What the seller earns: `fixed` per lead plus `share_bp` hundredths of a percent of the price.

    Fixed pays only `fixed`, percent only `share_bp`, hybrid both.
    """

    fixed: Money
    share_bp: int = 0

    def of(self, price: Money) -> Money:
        """The payout for a lead that brought `price` in all."""
        return self.fixed + price.share(self.share_bp)


@dataclass(frozen=True, slots=True)
class When:
    """What a price rule or a payout tier asks for; what is empty is not asked. `opens` equal to `closes`: at any time.

    `grades` are of the lead, `bands` of its source; `days` 0 Monday … 6 Sunday and minutes in the contract's zone.
    """

    grades: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    opens: int = 0
    closes: int = 0


@dataclass(frozen=True, slots=True)
class PriceRule:
    """What a contract with a fixed price pays where this fits; a shared sale pays `shared_price` if there is one."""

    when: When
    price: Money
    shared_price: Money | None = None


@dataclass(frozen=True, slots=True)
class PayoutTier:
    """What a seller earns for leads that this fits."""

    when: When
    payout: Payout


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `per_second` requests a second on average, `burst` at once, `running` at the same time."""

    per_second: float = 50.0
    burst: int = 100
    running: int = 100


class Disclosure(Enum):
    """How much a seller hears about a refusal."""

    FULL = "full"
    CATEGORY = "category"
    CODE = "code"


class Mismatch(Enum):
    """What to do when a post differs from its ping in a pinged field."""

    REJECT = "reject"
    REPING = "reping"


@dataclass(frozen=True, slots=True)
class Seller:
    """Who sends leads; `terms` say how it is paid."""

    id: str
    name: str
    state: State = State.ACTIVE
    terms: PaymentTerms = field(default_factory=PaymentTerms)
    why: str = ""  # it is paused
    blocked: bool = False  # paused for good, unless somebody of the exchange lets it in again

    @property
    def chargeback_days(self) -> int:
        """So long after a sale its return debits the seller; later the house bears it."""
        return self.terms.chargeback_days


@dataclass(frozen=True, slots=True)
class ScreenRule:
    """From how many fraud points (0 to 100) on a lead is refused, and from how many it waits for a person. None: never.

    A seller that pings `pings` times within 24 hours posts at least `posts_per_thousand` of them, or most of its pings
    are refused; `pings` None asks for no share.
    """

    refuse_at: int | None = 90
    hold_at: int | None = None
    pings: int | None = 1_000
    posts_per_thousand: int = 5


@dataclass(frozen=True, slots=True)
class StoreRule:
    """How unsold leads are offered in the store: at `first`, falling to a percent of it at each age in milliseconds,
    for `days`, to at most `sales` buyers, and never to more than the campaign has slots.

    `seen_by` names the buyers who may see it, each from an age in milliseconds on; nobody named: every buyer at once.
    """

    first: Money
    falls: tuple[tuple[int, int], ...] = ()
    days: int = 3
    sales: int = 1
    seen_by: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """What a campaign lets in beside its fields: empty parts ask nothing. Hours and caps hold for live leads alone.

    `consent` names parts of the record that a post must carry beside its vertical's. `caps` count sales, or the money
    that these earn the seller; `even` spreads them over their windows.
    """

    allowed_sub_ids: tuple[str, ...] = ()
    consent: tuple[str, ...] = ()
    filters: Group | None = None
    zone: str = "America/New_York"  # of hours and caps
    hours: tuple[Hours, ...] = ()
    caps: tuple[Cap, ...] = ()
    even: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """A seller's channel into one vertical: payout terms, floor, and how its requests are answered."""

    id: str
    version: int
    seller_id: str
    name: str
    vertical: str
    state: State
    currency: str
    payout: Payout
    tiers: tuple[Tier, ...]
    floor: Money
    min_margin: Money
    min_margin_bp: int = 0
    slots: int = 1  # 1 sells exclusively; N sells shared up to N times, or once exclusively if that brings more
    exclusive_only: bool = False
    allow_loss: bool = False  # honour the pinged price below break-even
    duplicate_days: int | None = None  # after a sale; None, here and below: the vertical's
    duplicate_pending_days: int | None = None  # while it may be sold
    duplicate_unsold_days: int | None = None
    duplicate_refused_days: int | None = None
    duplicate_scope: str = "vertical"  # among whose leads: seller | campaign | vertical | exchange
    duplicate_by: str = "person"  # person | contact: whether a shared phone or mailbox alone is enough
    timeout_ms: int = 4_000
    price_hold_ms: int = 120_000
    expired: str = "reject"  # a post after expires_at: reject | reauction
    mismatch: Mismatch = Mismatch.REJECT
    unclear_answer: str = "queued"  # queued | unsold
    disclosure: Disclosure = Disclosure.FULL
    always_200: bool = False
    query_string: bool = False  # GET with the fields in the URL
    rate: Rate = Rate()
    blocked_sub_ids: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    answers: str = "standard"  # the form of answers: standard | matched | success | accepted | custom
    answer_shape: AnswerShape | None = None  # of custom
    postback_url: str | None = None
    paused_reason: str = ""
    paused_by: str = ""  # operator | seller: who lets it run again
    live: bool = True  # False: it takes test leads alone until it goes live
    gate: Gate = Gate()
    redirect_sold: str = ""  # where the consumer goes when no buyer says so; and when nobody bought the lead
    redirect_unsold: str = ""
    screen: ScreenRule = ScreenRule()
    store: StoreRule | None = None  # what nobody buys is listed there; None: it stays unsold
    verifiers: tuple[VerifierRule, ...] | None = None  # None: the vertical's
    scrub: tuple[tuple[str, Action], ...] = ()  # by code, where it is not its vertical's action
    payout_tiers: tuple[PayoutTier, ...] = ()  # the first that fits a lead is its payout; else `payout`
    floors: tuple[tuple[str, Money], ...] = ()  # by state, where it is not `floor`
    floor_holdout_bp: int = (
        0  # of the leads of such a state, those that keep `floor`: what the other one is held against
    )


@dataclass(frozen=True, slots=True)
class Clause:
    """One typed test on a field: `monthly_bill at_least 150`. Operators are those of the field's type."""

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Clauses and inner groups, of which all or any must hold."""

    need: str  # all | any
    clauses: tuple[Clause | Group, ...]


@dataclass(frozen=True, slots=True)
class Geo:
    """Empty tuples allow everything. A ZIP passes when it is listed or within `radius_miles` of `center_zip`."""

    states: tuple[str, ...] = ()
    states_except: tuple[str, ...] = ()
    zips: frozenset[str] = frozenset()
    zips_except: frozenset[str] = frozenset()
    center_zip: str | None = None
    radius_miles: int = 0


@dataclass(frozen=True, slots=True)
class Sources:
    """Which sellers and sub ids a contract takes. `sub_ids` entries are `seller_id:sub_id` or `*:sub_id`."""

    sellers: frozenset[str] = frozenset()
    sellers_except: frozenset[str] = frozenset()
    sub_ids: frozenset[str] = frozenset()
    sub_ids_except: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hours:
    """Open on `weekdays` (0 Monday … 6 Sunday) from `opens` to `closes`, minutes of the contract's local day."""

    weekdays: tuple[int, ...]
    opens: int
    closes: int


class Window(Enum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` sales (`unit` count) or money units (`unit` money) per window in the contract's zone.

    `weekdays` empty means every day; else the cap holds on those days only.
    """

    window: Window
    unit: str  # count | money
    most: int
    weekdays: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.window.value}:{self.unit}"


class OnUnclear(Enum):
    """What silence means in the end, after `unclear_after_ms`."""

    ASK = "ask"
    ASSUME_ACCEPTED = "assume_accepted"
    ASSUME_REJECTED = "assume_rejected_and_resell"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who pays. `limit` is the credit limit of a credit buyer; a prepaid buyer spends what it put in."""

    id: str
    name: str
    state: State
    billing: Billing
    limit: Money
    group: str = ""  # buyers of one group never meet in one auction
    away_until: int | None = None
    terms: BillingTerms = field(default_factory=BillingTerms)
    pause: Pause | None = None  # of one whose state is PAUSED

    @property
    def account(self) -> str:
        """What new sales are held on and paid from."""
        return buyer_account(self.id, self.billing)


@dataclass(frozen=True, slots=True)
class Contract:
    """Standing terms of one buyer in one vertical. `price` None means it bids live, else it bids that by itself."""

    id: str
    version: int
    buyer_id: str
    name: str
    vertical: str
    leg: str
    state: State
    mode: Mode
    sale_mode: SaleMode
    tier: int
    connection: str
    price: Money | None
    shared_price: Money | None  # EITHER and fixed: what it pays when it shares
    max_bid: Money
    zero_price: bool = False
    priority: int = 100
    weight: int = 1
    zone: str = "America/New_York"
    hours: tuple[Hours, ...] = ()
    filters: Group | None = None
    geo: Geo = Geo()
    sources: Sources = Sources()
    min_grade: str | None = None
    max_fraud: int | None = None  # fraud points, 0 to 100; a lead that was not screened has none
    consent: tuple[str, ...] = ()
    calls_at_once: bool = False  # it calls or texts on arrival: it gets nothing outside the consumer's calling hours
    duplicate_days: int = 0  # 0: the buyer takes consumers it bought before
    caps: tuple[Cap, ...] = ()
    even: bool = False  # caps are spread over the hours of their window in which it buys
    budget: Money | None = None  # money in all, over the contract's life
    per_second: float = 0.0  # 0: no rate limit
    post_ms: int = 3_000
    lower_price: str = "reject"  # a post answered under the bid: reject | accept_lower
    on_unclear: OnUnclear = OnUnclear.ASK
    unclear_after_ms: int = 86_400_000
    sold_when: str = "delivered"  # delivered | at_once: a delivery that is answered later is a sale when it arrived
    give_up_ms: int = 86_400_000  # such a delivery is tried this long
    receipt_ms: int = 7_200_000  # and its receipt is waited for this long
    on_failure: str = "resell"  # resell | unsold: when it failed for good
    on_bounce: str = "ask"  # ask | reverse: when it came back after it had arrived
    schedule: str = ""  # deliveries go together at these times, as `stages/timetable.py` reads them; empty: one by one
    return_days: int = 7
    returns: ReturnTerms = USUAL_RETURNS
    paused_reason: str = ""
    settings: tuple[tuple[str, str], ...] = field(default=())  # values the connection's mapping may use
    price_rules: tuple[PriceRule, ...] = ()  # of a fixed price: the first that fits a lead is what it pays
    pause: Pause | None = None  # of one whose state is PAUSED
    permits: tuple[str, ...] = ("filters", "where", "caps", "schedule")  # sections of its terms that the buyer changes
