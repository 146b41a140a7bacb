"""The fields every campaign understands whatever its vertical, with the other names they are read under.

A vertical that lists one of them itself decides its type, whether it is required and who may see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from types import MappingProxyType

from exchange import limits
from exchange.fields.characters import EDGE, read_text
from exchange.model.attribution import CLICK_IDS
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec, Presence
from exchange.stages.magic import OUTCOMES

DAY_MS = 86_400_000
CONSENT_OLDEST_MS = -3_650 * DAY_MS  # older is a slip; what is too old to be good is for the vertical to say
CONSENT_AHEAD_MS = 5 * 60_000
SUB_ID_CHARACTERS = 120


class Goes(Enum):
    """Where a field's value ends up."""

    VALUES = "values"  # the lead's own fields
    TRACKING = "tracking"
    CONSENT = "consent"
    CONTROL = "control"  # says how to treat the request
    IGNORED = "ignored"  # read by the front door
    CONTACT = "contact"  # personal, used only where the vertical lists it


def line(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    """A tracking value: any text of one line, cut to its length. Nobody's lead is lost for a long tag."""
    text = read_text(raw.strip(EDGE)[: spec.most or limits.FIELD_CHARACTERS], spec, limits.FIELD_CHARACTERS)
    return text if isinstance(text, Problem) else FieldValue(raw, text, text)


def trap(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    """A field no person sees. Only that it was filled is kept: what a program writes there is often a mailbox."""
    return FieldValue("filled", "filled", "filled")


@lru_cache(maxsize=1)
def standard_fields() -> Mapping[str, tuple[FieldSpec, Goes]]:
    """Canonical name → its spec and where it goes, in the order problems are told."""
    fields: dict[str, tuple[FieldSpec, Goes]] = {}
    for goes, specs in (
        (Goes.IGNORED, _ignored()),
        (Goes.CONTROL, _control()),
        (Goes.TRACKING, _tracking()),
        (Goes.CONSENT, _consent()),
        (Goes.CONTACT, _contact()),
    ):
        fields.update({spec.name: (spec, goes) for spec in specs})
    return MappingProxyType(fields)


def _spec(
    name: str,
    kind: str,
    *aliases: str,
    personal: bool = False,
    least: int | None = None,
    most: int | None = None,
    pattern: str | None = None,
    allowed: tuple[str, ...] = (),
) -> FieldSpec:
    return FieldSpec(
        name,
        kind,
        name.replace("_", " ").capitalize(),
        Presence.ABSENT if personal else Presence.OPTIONAL,
        Presence.OPTIONAL,
        personal,
        aliases,
        allowed,
        least,
        most,
        pattern,
    )


SEEN_BY_OTHERS = frozenset(
    {
        "seller_lead_id", "click_id", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
        *(f"sub_id{number}" for number in range(1, 11)), *CLICK_IDS,
    }
)  # fmt: skip
"""Tags that are shown in lists and reports, sent in pings, or written into addresses."""


def _ignored() -> list[FieldSpec]:
    return [
        _spec("campaign_key", "text", "key", "api_key", "lp_campaign_key", "lp_key", "post_key"),
        _spec("campaign_id", "text", "cid", "lp_campaign_id", "src", "type"),
        _spec("format", "text", "lp_response", "response_type"),
        _spec("idempotency_key", "text"),
    ]


def _control() -> list[FieldSpec]:
    return [
        _spec("test", "boolean", "lp_test", "test_lead", "is_test", "lp_action"),
        _spec("test_outcome", "choice", allowed=OUTCOMES),
        _spec("timeout_ms", "integer", least=limits.TIMEOUT_MS_LEAST, most=limits.TIMEOUT_MS_MOST),
        _spec("ping_id", "text", "lp_ping_id", "txid", "bid_id", pattern=r"[A-Za-z0-9_-]+", most=80),
        _spec("seller_lead_id", "text", "vendor_lead_id", "external_id", "ref", most=64),
        _spec("min_price", "amount", "price", "floor", "cost", least=0),
    ]


def _tracking() -> list[FieldSpec]:
    sub_ids = [
        _spec(f"sub_id{n}", "line", f"sub{n}", f"s{n}", f"lp_s{n}", f"lp_subid{n}", most=SUB_ID_CHARACTERS)
        for n in range(2, 11)
    ]
    more = ("subid", "pub_id")
    first = _spec("sub_id1", "line", "sub1", "s1", "lp_s1", "lp_subid1", *more, most=SUB_ID_CHARACTERS)
    tags = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", *CLICK_IDS)
    return [
        first,
        *sub_ids,
        _spec("click_id", "line", "transaction_id", "tid", "clickid", most=250),
        _spec("landing_page_url", "url", "landing_page", "url", "source_url", "lp_url"),
        _spec("referrer_url", "line", "referer", "referrer", most=limits.FIELD_CHARACTERS),
        *(_spec(tag, "line", most=250) for tag in tags),
        _spec("ip_address", "ip", "ip", "ipaddress", "client_ip"),
        _spec("user_agent", "line", "useragent", "browser", most=512),
        _spec("device_id", "line", most=200),
        _spec("session_id", "line", most=200),
        _spec("visitor_id", "line", most=64),
        _spec("form_seconds", "number", least=0),
        _spec("form_ms", "line", "form_time_ms", most=20),
        _spec("device", "line", "device_report", most=400),
        _spec("honeypot", "trap", "hp", "hp_field"),
        _spec("time_zone", "line", "timezone", most=60),
        _spec("automated", "boolean", "webdriver"),
        _spec("media_cost", "amount", "cpc", "spend", least=0),
    ]


def _consent() -> list[FieldSpec]:
    certificate = ("xxtrustedformcerturl", "trusted_form_url", "trustedform", "tf_cert", "trustedform_url")
    leadid = ("universal_leadid", "universal_lead_id", "leadid_token", "leadid")
    at = ("optin_timestamp", "consent_time", "consent_date", "optin_date", "optin_time")
    signed = ("authorization_date", "health_authorization_at")
    return [
        _spec("trustedform_cert_url", "certificate", *certificate),
        _spec("jornaya_leadid", "leadid", *leadid),
        _spec("tcpa_consent", "consent", "tcpa_optin", "optin"),
        _spec("tcpa_consent_at", "instant", *at, least=CONSENT_OLDEST_MS, most=CONSENT_AHEAD_MS),
        _spec("authorization_signed_at", "instant", *signed, least=CONSENT_OLDEST_MS, most=CONSENT_AHEAD_MS),
        _spec("tcpa_consent_text", "text", "tcpa_text", "tcpa_language", "disclaimer"),
        _spec("consented_buyers", "text", "owner", "partners"),
        _spec("consent_page_url", "url", "optin_url", "consent_url"),
        _spec("consent_version", "text", most=80),
        _spec("consent_method", "choice", allowed=("written", "oral", "click")),
    ]


def _contact() -> list[FieldSpec]:
    phone = ("phone_number", "phone1", "primary_phone", "mobile", "mobile_phone", "mobile_number", "cell", "cell_phone")
    other_phone = ("secondary_phone", "alt_phone", "alternate_phone", "work_phone", "evening_phone")
    return [
        _spec("full_name", "name", "name", "contact_name", "your_name", personal=True),
        _spec("first_name", "first_name", "fname", "first", "given_name", "contact_first_name", personal=True),
        _spec("last_name", "name", "lname", "last", "surname", "family_name", "contact_last_name", personal=True),
        _spec("email", "email", "email_address", "mail", personal=True),
        _spec("phone", "phone", *phone, "telephone", "tel", "home_phone", "phone_home", "day_phone", personal=True),
        _spec("phone2", "phone", *other_phone, personal=True),
        _spec("address", "street", "address1", "street", "street_address", "addr", "address_line_1", personal=True),
        _spec("address2", "street", "street2", "apt", "unit", "suite", "address_line_2", personal=True),
        _spec("city", "city", "town", "locality", personal=True),
        _spec("state", "state", "st", "region", "province", "state_code", personal=True),
        _spec("zip", "postal_code", "zip_code", "zip5", "postal_code", "postcode", "postal", personal=True),
        _spec("country", "country", "country_code", personal=True),
        _spec("dob", "dob", "date_of_birth", "birth_date", "birthday", personal=True),
        _spec("gender", "text", "sex", personal=True),
    ]
