"""What arrived (`Submission`), what we understand of it (`Lead`), and what a stranger may see (`Offer`)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

from exchange.model.money import Money

_NO_PARTS: Mapping[str, Any] = MappingProxyType({})


class Mode(Enum):
    LIVE = "live"
    TEST = "test"


class Kind(Enum):
    """What the seller asked for: a price, a sale, or both in one call."""

    PING = "ping"
    POST = "post"
    DIRECT = "pingpost"


class Submission(NamedTuple):
    """One request of a seller as it came, after the front door. `fields` is flat: name as sent → text.

    `came_by` are facts for the timeline about how it came: "from leads@dealer.example", "attachment lead.xml".
    """

    id: str
    seller_id: str
    campaign_id: str
    mode: Mode
    kind: Kind
    channel: str
    fields: Mapping[str, str]
    raw: bytes
    content_type: str
    answer_format: str
    remote_ip: str
    key_id: str
    idempotency_key: str | None
    received_at: int
    month: str
    came_by: tuple[str, ...] = ()


class FieldValue(NamedTuple):
    """One value: `raw` as sent, `clean` canonical text, `parts` for filters and mappings, `masked` for screens."""

    raw: str
    clean: str
    masked: str
    parts: Mapping[str, Any] = _NO_PARTS


class Problem(NamedTuple):
    """One thing wrong with a submission, or a warning about it. All are told at once, in field order."""

    field: str
    code: str
    message: str
    got: str = ""
    allowed: tuple[str, ...] = ()
    closest: str | None = None


class Consent(NamedTuple):
    """The consent record, immutable: what was agreed to, when, where, how, and the proof that came with it.

    `text_hash` is the SHA-256 of `text`, in hex; `time_zone` the consumer's own, such as `America/Phoenix`.
    """

    given: bool
    text: str | None
    agreed_at: int | None
    trustedform_url: str | None
    jornaya_leadid: str | None
    buyers: tuple[str, ...]
    ip_address: str | None
    page_url: str | None
    received_at: int
    text_hash: str | None = None
    version: str | None = None  # of the text, as whoever showed it counts
    method: str | None = None  # written | oral | click
    user_agent: str | None = None
    time_zone: str | None = None
    authorized_at: int | None = None  # when an authorization to sell health data was signed

    @property
    def scope(self) -> str:
        """Whom the consent names: companies by name, or partners."""
        return "named sellers" if self.buyers else "partners"


class Lead(NamedTuple):
    """A submission understood: typed values by canonical field name. Times are epoch milliseconds, UTC."""

    id: str
    request_id: str
    seller_id: str
    campaign_id: str
    vertical: str
    mode: Mode
    kind: Kind
    values: Mapping[str, FieldValue]
    consent: Consent
    tracking: Mapping[str, str]  # sub_id1..10, click_id, landing_page_url, referrer_url …
    seller_lead_id: str | None
    ping_id: str | None
    min_price: Money | None
    timeout_ms: int | None
    test_outcome: str | None
    grade: str | None
    received_at: int
    month: str
    fraud: int | None = None  # 0 (nothing against it) to 100
    score: int | None = None  # chance to convert, in thousandths
    points: int | None = None  # what the grade is made of
    appended: frozenset[str] = frozenset()  # of the values, those that a vendor added: no seller sent them

    def text(self, name: str) -> str | None:
        """The clean value of a field, or None when the lead does not carry it."""
        value = self.values.get(name)
        return value.clean if value is not None else None


class Offer(NamedTuple):
    """What a buyer sees in a ping: no personal field is in `values`, so it cannot leak one."""

    id: str
    vertical: str
    mode: Mode
    values: Mapping[str, FieldValue]
    tracking: Mapping[str, str]
    reserve: Money
    slots: int
    seller_alias: str
    grade: str | None = None
