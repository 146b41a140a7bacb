"""What is wrong with a verifier's document is told with its place; what came with a lead is no way to other hosts."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.connector import BadReply, Terms
from exchange.model.lead import Consent, FieldValue, Kind, Lead, Mode
from verifiers import VerifierProblems, read

PHONE = "+16025550142"
GOOD = {"means": "good", "when": {"where": "json:ok", "equals": True}}
CERTIFICATE = "2605ec3a321e1b3a41addf0bba1213505ef57985"
TOKEN = {
    "of": {"consent": "trustedform_url"},
    "what": "certificate",
    "hosts": ["cert.vendor.example"],
    "matches": "[0-9a-f]{40}",
}


def document(**changes: Any) -> dict[str, Any]:
    made = {
        "verifier": "line",
        "title": "Line",
        "vendor": "prairie",
        "checks": "phone",
        "needs": ["phone"],
        "verify": {
            "url": "https://api.vendor.example/check",
            "body": {"phone": "phone"},
            "reading": {"outcomes": [GOOD]},
        },
    }
    return {**made, **changes}


def asks(**changes: Any) -> dict[str, Any]:
    return document(verify={**document()["verify"], **changes})


def lead(certificate: str | None = None, phone: str | None = PHONE) -> Lead:
    values = {"phone": FieldValue(phone, phone, "•")} if phone is not None else {}
    consent = Consent(True, None, None, certificate, None, (), None, None, 0)
    return Lead(
        "ld_1", "req_1", "cedar", "cedar-solar", "solar", Mode.LIVE, Kind.POST, values, consent, {}, None, None, None,
        None, None, None, 0, "2026-11",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (document(colour="red"), "colour"),
        (document(checks="weather"), "checks"),
        (document(needs=[]), "needs: name the fields it is about, or the token"),
        (document(cost="-1"), "cost"),
        (document(cache="9999d"), "cache"),
        (document(token={**TOKEN, "hosts": ["*"]}), "token.hosts.0"),
        (document(token={**TOKEN, "matches": "["}), "token.matches"),
        (asks(reading={"outcomes": [{"means": "bad", "when": GOOD["when"]}]}), "verify.reading has no rule for good"),
        (asks(reading={"outcomes": [{"means": "good", "when": {"where": "status", "equals": "200"}}]}), "must rest on"),
        (asks(url="https://{phone}.vendor.example/"), "fixed host"),
        (asks(url="https://api.vendor.example/{phone}"), "{phone} cannot stand in a URL"),
        (asks(path={"phone": "phone"}), "does not stand in the URL"),
        (asks(url="ftp://api.vendor.example/"), "http or https"),
    ],
)
def test_what_is_wrong_is_told(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(VerifierProblems) as told:
        read(wrong)

    assert problem in " ".join(f"{each.path}: {each.message}" for each in told.value.problems)


@pytest.mark.parametrize(
    "sent",
    [
        f"http://cert.vendor.example/{CERTIFICATE}",
        f"https://169.254.169.254/{CERTIFICATE}",
        f"https://cert.vendor.example.evil.example/{CERTIFICATE}",
        f"https://cert.vendor.example@evil.example/{CERTIFICATE}",
        f"https://evil.example/?https://cert.vendor.example/{CERTIFICATE}",
        f"https://cert.vendor.example:8443/{CERTIFICATE}",
        "https://cert.vendor.example/../admin",
        f"https://cert.vendor.example/{CERTIFICATE}/../../admin",
        f"https://cert.vendor.example\\@evil.example/{CERTIFICATE}",
        "https://cert.vendor.example/%2e%2e%2fadmin",
        "https://[::1]/x",
        "https://[",
        CERTIFICATE,
    ],
)
def test_an_address_that_is_not_the_vendors_is_bad_and_nobody_is_asked(sent: str) -> None:
    verifier = read(document(token=TOKEN)).verifier

    assert verifier.asking(lead(sent)).unfit.startswith("what was sent is no certificate")
    with pytest.raises(BadReply):
        next(verifier.verify(lead(sent), Terms(0, "ref", {}), {}))


def test_of_a_certificates_address_only_its_id_is_used() -> None:
    verifier = read(
        document(
            token=TOKEN,
            verify={
                **document()["verify"],
                "url": "https://cert.vendor.example/{certificate}",
                "path": {"certificate": {"kept": "token"}},
            },
        )
    ).verifier
    sent = lead(f"https://cert.vendor.example/{CERTIFICATE}?x=1#y")

    assert (PHONE, CERTIFICATE) == verifier.asking(sent).about
    assert f"https://cert.vendor.example/{CERTIFICATE}" == next(verifier.verify(sent, Terms(0, "r", {}), {})).address


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_nothing_and_dots_never_stand_in_a_path(name: str) -> None:
    verifier = read(asks(url="https://api.vendor.example/p/{phone}", path={"phone": "phone"})).verifier

    with pytest.raises(BadReply):
        next(verifier.verify(lead(phone=name), Terms(0, "r", {}), {}))


def test_without_what_it_is_about_nothing_is_asked() -> None:
    verifier = read(document(token=TOKEN)).verifier

    assert ("phone", "certificate") == verifier.asking(lead(phone=None)).missing
