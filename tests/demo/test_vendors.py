"""The demo's vendor answers as its documents read it, on this machine and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange.catalog import default_config
from exchange.connector import Retains, Terms
from exchange.demo.vendors import answered
from exchange.model.lead import Consent, FieldValue, Kind, Lead, Mode
from exchange.model.verification import Kept, Verdict, Verified
from exchange.model.wire import Reply
from exchange.yaml_files import read_yaml
from verifiers import Loaded, read

FOLDER = default_config() / "demo" / "verifiers"
CERTIFICATE = "https://cert.trustedform.com/2605ec3a321e1b3a41addf0bba1213505ef57985"


def loaded(file: Path) -> Loaded:
    problems: list[str] = []
    return read(read_yaml(file.read_bytes(), file.name, problems))


def lead(number: int) -> Lead:
    told = {"phone": f"602958{number:04d}", "address": f"{number} Lake Ct", "zip": "85016"}
    consent = Consent(True, None, None, CERTIFICATE, None, (), None, None, 0)
    values = {name: FieldValue(text, text, "•") for name, text in told.items()}
    return Lead(
        "ld_1", "req_1", "acme", "acme-solar", "solar", Mode.LIVE, Kind.POST, values, consent, {}, None, None, None,
        None, None, None, 0, "2026-11",
    )  # fmt: skip


def reply_to(url: str, body: bytes) -> Reply:
    told = answered(url.partition("8178")[2], {"asked": body}, 1_795_000_000_000)
    assert told is not None
    return Reply(200, {"content-type": "application/json"}, told[1])


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_service_gives_good_answers_and_others(file: Path) -> None:
    found = loaded(file)
    verdicts: dict[Verdict, int] = {}
    for number in range(400):
        conversation = found.verifier.verify(lead(number), Terms(0, "ref", dict.fromkeys(found.secrets, "key")), {})
        message = next(conversation)
        with pytest.raises(StopIteration) as end:
            conversation.send(reply_to(message.address, message.shown().body))
        answer: Verified = end.value.value
        verdicts[answer.verdict] = verdicts.get(answer.verdict, 0) + 1

    assert verdicts[Verdict.GOOD] > 300 and len(verdicts) > 1
    assert all(url.startswith("http://127.0.0.1:") for url in found.urls.values())


def test_the_certificates_vendor_keeps_what_it_is_told_to() -> None:
    found = loaded(FOLDER / "harbor_certificate.yaml").verifier
    assert isinstance(found, Retains)
    conversation = found.retain(lead(1), Terms(0, "ref", {"harbor_checks_key": "key"}), {})
    message = next(conversation)
    with pytest.raises(StopIteration) as end:
        conversation.send(reply_to(message.address, message.shown().body))
    answer: Kept = end.value.value

    assert answer.kept and answer.reference is not None and answer.until is not None


def test_other_services_it_has_not() -> None:
    assert answered("/verify/horoscope", {}, 0) is None
    assert answered("/ping", {}, 0) is None
