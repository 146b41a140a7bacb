"""Accounts at advertising platforms, and what they are told of leads that were sold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from exchange.model.money import Money

GOOGLE, META, MICROSOFT, TIKTOK = "google", "meta", "microsoft", "tiktok"
PLATFORMS = (GOOGLE, META, MICROSOFT, TIKTOK)
NAMES: Mapping[str, str] = MappingProxyType(
    {GOOGLE: "Google Ads", META: "Meta", MICROSOFT: "Microsoft Advertising", TIKTOK: "TikTok"}
)
SECRETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        GOOGLE: ("client_id", "client_secret", "refresh_token"),
        META: ("access_token",),
        MICROSOFT: ("developer_token", "client_id", "client_secret", "refresh_token"),
        TIKTOK: ("access_token",),
    }
)
CLICKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {GOOGLE: ("gclid", "wbraid", "gbraid"), META: ("fbclid",), MICROSOFT: ("msclkid",), TIKTOK: ("ttclid",)}
)
"""The click ids that a platform knows its own clicks by."""
BY_PERSON = (GOOGLE, META, TIKTOK)
"""Platforms that find somebody by hashes of their phone and mailbox too."""
CORRECTED = (GOOGLE, MICROSOFT)
"""Platforms that take another worth of the same conversion by its click, so that no person need be told again."""
FILE_CLICKS: Mapping[str, str] = MappingProxyType({GOOGLE: "gclid", MICROSOFT: "msclkid"})
"""Platforms that take conversions as CSV, each with the one click id that its files know a click by."""
CONVERSION, RETRACTION, RESTATEMENT = "conversion", "retraction", "restatement"


@dataclass(frozen=True, slots=True)
class AdTerms:
    """How an account is told.

    `account` is its customer id, pixel or tag, `action` what the platform calls the conversion: of Google the number of
    its conversion action, whose `action_name` stands in files. Only leads of `verticals` are told. `hashed`: the
    consumers' consent covers hashes of their phone and mailbox, and these are sent. `url` and `token_url` are other
    addresses than the platform's own.
    """

    account: str
    action: str
    verticals: tuple[str, ...]
    hashed: bool = False
    action_name: str = ""
    login: str = ""  # google: the manager's customer id; microsoft: the customer id
    test_code: str = ""  # meta, tiktok: events of a test
    url: str = ""
    token_url: str = ""


class AdAccount(NamedTuple):
    id: str
    platform: str
    name: str
    terms: AdTerms
    state: str
    since: int
    seen_at: int


class Person(NamedTuple):
    """Hashes of one consumer, as platforms compare them; empty where there is none."""

    email: str = ""
    phone: str = ""
    phone_plus: str = ""  # of the number with its plus sign
    mailbox: str = ""  # of the address without what Google's own mailboxes do not tell apart
    first_name: str = ""
    last_name: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""


class AdEvent(NamedTuple):
    """What a platform is told. `happened_at` is the conversion's moment, `at` that of this word about it.

    `money` is the worth after it; `clicks` are the click ids of the lead. `person` is None and `agent`, the consumer's
    browser, empty where nothing of the consumer may be told.
    """

    lead_id: str
    number: int
    kind: str
    happened_at: int
    at: int
    money: Money
    clicks: Mapping[str, str]
    clicked_at: int
    page_url: str = ""
    person: Person | None = None
    agent: str = ""

    @property
    def changed_at(self) -> int:
        """The moment of a correction (epoch ms). Platforms refuse one that is not later, in whole seconds, than its
        conversion."""
        return max(self.at, (self.happened_at // 1000 + 1) * 1000)


class ConversionRow(NamedTuple):
    account_id: str
    lead_id: str
    number: int
    kind: str
    state: str
    why: str
    units: int
    currency: str
    happened_at: int
    made_at: int
    ended_at: int | None


class Refused(NamedTuple):
    """The platform will not have it, however often it is asked."""

    why: str


class Heard(NamedTuple):
    """The platform took it."""
