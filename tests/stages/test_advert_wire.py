"""What advertising platforms are sent, field by field, beside cases written after their public documents."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from exchange.fields import field_types
from exchange.model.advert import AdAccount, AdEvent, AdTerms
from exchange.model.lead import FieldValue
from exchange.model.vertical import FieldSpec, Presence
from exchange.stages.adverts.files import csv_of, documents_of
from exchange.stages.adverts.hashing import person_of
from exchange.yaml_files import read_yaml
from tests.market import usd
from tests.stages.samples import lead

CASES: list[dict[str, Any]] = read_yaml((Path(__file__).parent / "adverts" / "cases.yaml").read_bytes(), "cases", [])
TERMS = AdTerms("123-456-7890", "777", ("solar",), True, "Sold lead", "555-000-1111", "TEST1")
CLICKS = {"gclid": "g-1", "msclkid": "m-1", "ttclid": "t-1"}
SOLD_AT = 1_795_271_648_900  # 2026-11-21 14:34:08.9 UTC; a return is 50 ms later
HASHES = {
    "PHONE_PLUS": "+16029580142",
    "EMAIL": "maria.sandoval+solar@gmail.com",
    "MAILBOX": "mariasandoval@gmail.com",
}
"""What the hashes of the cases are hashes of: platforms say how a value is written before it is hashed."""


def read(kind: str, raw: str) -> FieldValue:
    """A value as a seller wrote it, read by its type."""
    spec = FieldSpec(kind, kind, kind, Presence.ABSENT, Presence.OPTIONAL, personal=True)
    value = field_types()[kind].parse(raw, spec, SOLD_AT)
    assert isinstance(value, FieldValue), value
    return value


def event(kind: str) -> AdEvent:
    """A lead sold for 25.50 USD, or taken back at once."""
    back = kind == "retraction"
    sent = lead(phone=read("phone", "(602) 958-0142"), email=read("email", "  Maria.Sandoval+Solar@GMAIL.com "))
    return AdEvent(
        "ld_1",
        int(back),
        kind,
        SOLD_AT,
        SOLD_AT + 50 * back,
        usd("0" if back else "25.50"),
        CLICKS,
        SOLD_AT,
        "https://www.savings.example/solar",
        person_of(sent),
        "Mozilla/5.0 (X11)",
    )


def with_hashes(wanted: Any) -> Any:
    if isinstance(wanted, dict):
        return {name: with_hashes(value) for name, value in wanted.items()}
    if isinstance(wanted, list):
        return [with_hashes(value) for value in wanted]
    return sha256(HASHES[wanted].encode()).hexdigest() if wanted in HASHES else wanted


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_each_field_is_written_as_the_platform_documents_it(case: dict[str, Any]) -> None:
    account = AdAccount("ada_1", case["platform"], "Ads", TERMS, "active", 0, 0)
    told = event(case["kind"])
    if "rows" in case:
        assert case["rows"] == csv_of(account, [told], "America/New_York", changed=case["kind"] != "conversion")
    else:
        assert [with_hashes(case["document"])] == documents_of(account, [told])
