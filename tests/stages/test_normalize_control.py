"""What a submission says about itself: test flags, the least price, deadlines, and the consent it brings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.model.lead import Kind, Mode
from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.model.vertical import ConsentRule
from exchange.stages.consent import consent_problem
from exchange.stages.magic import TEST_ZIPS
from exchange.stages.magic import test_outcome as outcome_of
from tests.stages.submissions import NOW, POST, VERTICALS, codes, read, warned

DAY_MS = 86_400_000


def test_magic_zips_work_with_a_test_key_and_no_other() -> None:
    assert len(TEST_ZIPS) == 12
    for code, outcome in TEST_ZIPS.items():
        found = read({**POST, "zip": code, "state": "AZ"}, mode=Mode.TEST)
        assert found.problems == ()
        assert outcome_of(found.lead) == outcome
    assert outcome_of(read(POST, mode=Mode.TEST).lead) is None
    assert outcome_of(read({**POST, "test_outcome": "no_bid"}, mode=Mode.TEST).lead) == "no_bid"


@pytest.mark.parametrize("flag", ({"test": "1"}, {"LP_Test": "true"}, {"lp_action": "test"}, {"is_test": "yes"}))
def test_a_live_key_with_a_test_flag_is_told_to_use_a_test_key(flag: dict[str, str]) -> None:
    found = read({**POST, **flag})
    assert codes(found) == [("test", "conflict")]
    assert "test key" in found.problems[0].message
    assert read({**POST, **flag}, mode=Mode.TEST).problems == ()


def test_lp_action_says_other_things_too() -> None:
    found = read({**POST, "lp_action": "post", "lp_test": "0"})
    assert found.problems == ()
    assert ("lp_action", "unknown_field") not in warned(found)


@pytest.mark.parametrize("name", ("format", "LP_Response", "response_type"))
def test_a_format_that_nobody_writes_is_told_with_those_that_there_are(name: str) -> None:
    (warning,) = read({**POST, name: "yaml"}).warnings
    assert (warning.field, warning.code, warning.got) == ("format", "not_allowed", "yaml")
    assert warning.allowed == ("json", "xml", "nvp")
    assert warning.message == f"{name} must be json, xml or nvp; this answer is json."


@pytest.mark.parametrize("asked", ("json", " XML ", "form", "text/xml", "", "  "))
def test_a_format_that_is_written_or_not_asked_for_needs_no_warning(asked: str) -> None:
    assert read({**POST, "format": asked}).warnings == ()


def test_a_forced_outcome_needs_a_test_key() -> None:
    assert codes(read({**POST, "test_outcome": "sold"})) == [("test_outcome", "conflict")]


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    (
        ("min_price", "12,50", "type"),
        ("min_price", "-1", "range"),
        ("min_price", "1e9", "type"),
        ("timeout_ms", "soon", "type"),
        ("timeout_ms", "499", "range"),
        ("timeout_ms", "10001", "range"),
        ("ping_id", "png_1; DROP", "pattern"),
        ("seller_lead_id", "x" * 65, "length"),
    ),
)
def test_bad_control_fields_are_problems(name: str, raw: str, code: str) -> None:
    assert codes(read({**POST, name: raw})) == [(name, code)]


def test_control_fields_are_read_into_the_lead() -> None:
    lead = read({**POST, "floor": "$20.50", "timeout_ms": "1000", "txid": "png_1", "external_id": "A-77"}).lead
    assert lead.min_price == Money.parse("20.50", "USD")
    assert (lead.timeout_ms, lead.ping_id, lead.seller_lead_id) == (1000, "png_1", "A-77")


def test_consent_is_recorded_with_its_proof() -> None:
    token = "0123456789abcdef0123456789abcdef01234567"
    sent = {
        **POST,
        "xxTrustedFormCertUrl": f"https://cert.trustedform.com/{token}",
        "disclaimer": "By clicking Get my quote I agree to be called.",
        "optin_timestamp": str(NOW - 3_000),
        "partners": "Sunpath Direct; Brightroof LLC, Sunpath Direct",
        "landing_page": "https://sunsaver.example/az",
    }
    consent = read(sent).lead.consent
    assert consent.given is True
    assert consent.text == "By clicking Get my quote I agree to be called."
    assert consent.agreed_at == NOW - 3_000
    assert consent.trustedform_url == f"https://cert.trustedform.com/{token}"
    assert consent.buyers == ("Sunpath Direct", "Brightroof LLC")
    assert (consent.ip_address, consent.page_url) == ("198.51.100.77", "https://sunsaver.example/az")


@pytest.mark.parametrize(
    ("away_ms", "told"),
    (
        (-3_650 * DAY_MS, []),
        (-3_650 * DAY_MS - 1, ["too_old"]),
        (5 * 60_000, []),
        (5 * 60_000 + 1, ["in_future"]),
        (-NOW + 1_000_000_000_000, ["too_old"]),
    ),
)
def test_the_time_of_consent_is_bounded(away_ms: int, told: list[str]) -> None:
    found = read({**POST, "tcpa_consent_at": str(NOW + away_ms)})
    assert [problem.code for problem in found.problems] == told


def test_required_consent_is_missing_invalid_or_there() -> None:
    solar = VERTICALS["solar"]
    without = {name: raw for name, raw in POST.items() if name != "tcpa_consent"}
    assert consent_problem(read(POST).lead, solar) is None
    assert consent_problem(read(without).lead, solar) is Reason.CONSENT_MISSING
    assert consent_problem(read({**POST, "tcpa_consent": "no"}).lead, solar) is Reason.CONSENT_MISSING
    proof_beside_a_no = {**POST, "tcpa_consent": "no", "tcpa_text": "I agree to be called."}
    assert consent_problem(read(proof_beside_a_no).lead, solar) is Reason.CONSENT_INVALID
    assert consent_problem(read(without, Kind.PING).lead, solar) is None
    certified = replace(solar, consent=ConsentRule(("trustedform_cert_url",)))
    assert consent_problem(read(POST).lead, certified) is Reason.CONSENT_MISSING
    assert consent_problem(read(without).lead, replace(solar, consent=ConsentRule())) is None
