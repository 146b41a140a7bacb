"""Ten people who never were, for tests of a connection: every field of a vertical filled, and nothing of a consumer."""

from __future__ import annotations

from exchange.fields import field_types
from exchange.model.lead import Consent, FieldValue, Kind, Lead, Mode
from exchange.model.vertical import Vertical

SAMPLES = 10
CONSENT_TEXT = "I agree to be contacted about my request at the number I gave. This is a test."
_PEOPLE = (
    ("Maria", "Sandoval", "85016", "AZ", "Phoenix"),
    ("James", "O'Connor", "10001", "NY", "New York"),
    ("Nguyễn", "Trần", "77002", "TX", "Houston"),
    ("Anne-Marie", "Dubois", "70112", "LA", "New Orleans"),
    ("Zoë", "Müller", "60610", "IL", "Chicago"),
    ("Li", "Wu", "94103", "CA", "San Francisco"),
    ("Aaliyah", "Washington", "30303", "GA", "Atlanta"),
    ("José", "Núñez", "33130", "FL", "Miami"),
    ("Robert", "van der Berg", "98101", "WA", "Seattle"),
    ("Grace", "Kim", "80202", "CO", "Denver"),
)


def sample_lead(vertical: Vertical, number: int, now: int) -> Lead:
    """Number 1 to `SAMPLES`. The same lead for the same number, but for its id and times."""
    assert 1 <= number <= SAMPLES
    texts = _texts(vertical, number)
    types = field_types()
    values: dict[str, FieldValue] = {}
    for spec in vertical.fields:
        for text in (texts.get(spec.name, ""), spec.example):
            value = types[spec.type].parse(text, spec, now) if text else None
            if isinstance(value, FieldValue):
                values[spec.name] = value
                break
    return Lead(
        id=f"ld_test_{now:x}",
        request_id=f"req_test_{now:x}",
        seller_id="test",
        campaign_id="test",
        vertical=vertical.name,
        mode=Mode.TEST,
        kind=Kind.POST,
        values=values,
        consent=_consent(number, now),
        tracking={"sub_id1": "test", "ip_address": f"198.51.100.{number}"},
        seller_lead_id=f"test-{number}",
        ping_id=None,
        min_price=None,
        timeout_ms=None,
        test_outcome=None,
        grade="A",
        received_at=now,
        month="",
    )


def name_of_sample(number: int) -> str:
    """As a list of samples tells it."""
    first, last, _, state, city = _PEOPLE[number - 1]
    return f"{first} {last}, {city} {state}"


def _texts(vertical: Vertical, number: int) -> dict[str, str]:
    first, last, zip_code, state, city = _PEOPLE[number - 1]
    texts = {
        "first_name": first,
        "last_name": last,
        "zip": zip_code,
        "state": state,
        "city": city,
        "phone": f"60255501{40 + number:02d}",  # 555-01xx is nobody's
        "email": f"sample{number}@consumer.example",
    }
    chosen = {spec.name: spec.allowed[(number - 1) % len(spec.allowed)] for spec in vertical.fields if spec.allowed}
    return chosen | texts


def _consent(number: int, now: int) -> Consent:
    return Consent(
        given=True,
        text=CONSENT_TEXT,
        agreed_at=now,
        trustedform_url=None,
        jornaya_leadid=None,
        buyers=(),
        ip_address=f"198.51.100.{number}",
        page_url="https://form.example/test",
        received_at=now,
    )


def without_person(lead: Lead, vertical: Vertical, stand_in: Lead) -> Lead:
    """A past lead as a test may send it: what is personal, and its proof of consent, is the stand-in's."""
    personal = {spec.name for spec in vertical.fields if spec.personal}
    kept = {name: value for name, value in lead.values.items() if name not in personal}
    made_up = {name: value for name, value in stand_in.values.items() if name in personal and name in lead.values}
    return stand_in._replace(values={**kept, **made_up}, grade=lead.grade)
