"""What a field reads, in a few words, and a value it would take; how consent must have been given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from exchange import limits
from exchange.fields import field_types
from exchange.model.vertical import ConsentPolicy, ConsentRule, FieldSpec, When
from exchange.stages.consent_policy import BY_NAME

_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "account_number": "Bank account, 4 to 17 digits",
        "amount": "Amount such as 12.50",
        "boolean": "Yes or no",
        "certificate": "TrustedForm certificate, https://cert.trustedform.com/…",
        "city": "City",
        "consent": "Yes or no",
        "country": "2-letter country code",
        "date": "Date such as 2026-11-20",
        "dob": "Date of birth such as 1980-02-29",
        "email": "Email",
        "first_name": "Name",
        "instant": "Time such as 2026-11-20T14:14:22Z, or seconds since 1970",
        "integer": "Whole number",
        "ip": "IPv4 or IPv6",
        "leadid": "Jornaya LeadiD, 36 characters",
        "line": "Text",
        "trap": "Empty",
        "name": "Name",
        "number": "Number",
        "phone": "US phone, 10 digits",
        "postal_code": "US ZIP, 5 digits",
        "routing_number": "US bank routing number, 9 digits",
        "ssn": "Social Security number, 9 digits",
        "state": "2-letter US state",
        "street": "Street address",
        "text": "Text",
        "url": "Web address, https:// or http://",
    }
)
_OWN: Mapping[str, str] = MappingProxyType(
    {"campaign_key": "Text, starts ck_", "ping_id": "From the ping's answer, png_…"}
)
_LENGTHS = frozenset({"text", "name", "first_name", "line", "street", "city"})
_BOUNDS = frozenset({"integer", "number", "amount"})
_EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "campaign_key": "ck_test_…",
        "campaign_id": "solar-west",
        "ping_id": "png_01KAG2V7RM",
        "seller_lead_id": "A-771203",
        "format": "json",
        "idempotency_key": "A-771203-ping",
        "test": "1",
        "timeout_ms": "4000",
        "min_price": "12.50",
        "sub_id1": "g-search",
        "click_id": "clk-20931",
        "landing_page_url": "https://www.savings.example/solar",
        "referrer_url": "https://www.search.example/",
        "utm_source": "search",
        "utm_medium": "cpc",
        "utm_campaign": "fall",
        "utm_term": "solar panels",
        "utm_content": "banner-2",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
        "device_id": "d-41f0",
        "session_id": "s-9a77",
        "visitor_id": "3f1c9a52-7f1e-4f0e-9d7a-2b6c1f5e8a10",
        "form_seconds": "41",
        "form_ms": "41200",
        "device": "1;ms=41200;k=63;p=0;f=2;m=58;a=0;tz=America/Phoenix;o=420;id=9f2c41d07be35a18",
        "honeypot": "(left empty)",
        "media_cost": "4.20",
        "tcpa_consent_text": "By clicking Get my quote you agree to be called about solar offers.",
        "consented_buyers": "Northsun Solar, Lumen Roofs",
        "hp": "(left empty)",
    }
)


def rule_of(spec: FieldSpec) -> str:
    """`Text, 2 to 40`, `One of 6`, `Whole number, 0 to 150`."""
    if spec.name in _OWN:
        return _OWN[spec.name]
    if spec.type == "choice":
        return f"One of {len(spec.allowed)}"
    plain = _PLAIN.get(spec.type, spec.type.replace("_", " ").capitalize())
    if spec.type == "dob" and (spec.least is not None or spec.most is not None):
        return f"{plain}, age {_span(spec.least, spec.most)}"
    if spec.type in _LENGTHS:
        cut = "; more is cut" if spec.type == "line" else ""
        return f"{plain}, {_span(spec.least, spec.most or limits.FIELD_CHARACTERS)} characters{cut}"
    if spec.type in _BOUNDS and (spec.least is not None or spec.most is not None):
        return f"{plain}, {_span(spec.least, spec.most)}"
    return f"{plain}, one of {len(spec.allowed)}" if spec.allowed else plain


def _span(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return f"{least:,} to {most:,}"
    return f"{least:,} or more" if least is not None else f"up to {most:,}"


def example_of(spec: FieldSpec) -> str:
    """A value that is read: the field's own example, the usual one, or one of its type."""
    usual = _EXAMPLES.get(spec.name, "")
    if spec.example or usual:
        return spec.example or usual
    kind = field_types().get(spec.type)
    made = kind.examples(spec) if kind is not None else ()
    return made[0] if made else spec.name.replace("_", "-")


_POLICIES: Mapping[ConsentPolicy, str] = MappingProxyType(
    {
        ConsentPolicy.ANY: "in any way",
        ConsentPolicy.WRITTEN: (
            "in writing, with tcpa_consent_text, a certificate, a LeadiD, or consent_method written or click"
        ),
        ConsentPolicy.NAMED_SELLER: (
            "in writing, to companies named one by one in consented_buyers; nobody else may have the lead"
        ),
        ConsentPolicy.AUTHORIZATION: (
            "by an authorization to sell health data that the consumer signed within the last year, its day in "
            "authorization_signed_at and the companies it names in consented_buyers; nobody else may have the lead"
        ),
    }
)
_THEN: Mapping[When, str] = MappingProxyType(
    {When.REFUSE: "is refused", When.HOLD: "waits for somebody to decide", When.FLAG: "is marked"}
)


def consent_words(rule: ConsentRule) -> Iterator[str]:
    """What a seller must know of it, in sentences; nothing where consent may be given in any way."""
    if rule.policy is ConsentPolicy.ANY and not rule.states:
        return
    yield f"Consent must have been given {_POLICIES[rule.policy]}; a post without {_THEN[rule.when_missing]}."
    for policy in ConsentPolicy:
        if states := [state for state, other in rule.states if other is policy and policy is not rule.policy]:
            yield f"From consumers in {', '.join(states)} it must have been given {_POLICIES[policy]}."
    if rule.max_age_days:
        yield f"A consent older than {rule.max_age_days} days {_THEN[rule.when_stale]}."
    if not BY_NAME.isdisjoint({rule.policy, *(policy for _, policy in rule.states)}):
        yield (
            "A ping that names nobody yet answers in companies whom the consumer may choose, also when it is unsold: "
            "show them one by one, ping again with those chosen in consented_buyers, then post."
        )
