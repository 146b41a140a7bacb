"""A certificate that came with a lead is kept by its vendor once the lead is sold: until it answers, and only once."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.flows.alerts import look_for_alerts
from exchange.flows.proof_alarm import look_for_late_proofs
from exchange.flows.proofs import plan_proofs
from exchange.flows.sign_in import create_user
from exchange.model.verification import VerifierRule
from exchange.worker import run_jobs
from tests.flows.lab import OPERATOR, later, lead_of, post
from tests.flows.receivers import events, hook, listen, run_all
from tests.flows.vendors import MOBILE, document, vendor, with_vendor
from tests.market import POST, Exchange, buying, consumer, selling

CERTIFICATE = "2605ec3a321e1b3a41addf0bba1213505ef57985"
CERTIFIED = {"trustedform_cert_url": f"https://cert.trustedform.com/{CERTIFICATE}"}
KEPT = {**MOBILE, "kept": True, "until": "2031-11-18T20:43:31Z", "copy": "https://cert.vendor.example/masked-77"}
RULES = {"verifiers": (VerifierRule("line_check", budget_ms=5_000),)}


def keeping(address: str) -> dict[str, Any]:
    """The document of a vendor that also keeps certificates."""
    made = document(address)
    outcomes = [
        {"means": "good", "when": {"where": "json:kept", "equals": True}},
        {"means": "bad", "when": {"where": "json:kept", "equals": False}, "said": "json:why"},
    ]
    return {
        **made,
        "token": {
            "of": {"consent": "trustedform_url"},
            "what": "certificate",
            "hosts": ["cert.trustedform.com"],
            "matches": "[0-9a-f]{40}",
        },
        "retain": {
            "url": f"{address}/keep/{{certificate}}",
            "path": {"certificate": {"kept": "token"}},
            "body": {"reference": {"term": "reference"}},
            "reading": {
                "as": "json",
                "outcomes": outcomes,
                "reference": "json:copy",
                "until": {"where": "json:until", "as": "timestamp"},
            },
        },
        "retain_cost": "0.1000",
    }


@pytest.fixture
def certified() -> dict[str, str]:
    return {**POST, **CERTIFIED}


async def worked(exchange: Exchange) -> None:
    await plan_proofs(exchange.market)
    await run_jobs(exchange.market)


async def proofs(exchange: Exchange) -> list[tuple[str, str]]:
    rows = await exchange.rows("SELECT state, detail FROM retained ORDER BY made_at, lead_id")
    return [(row["state"], row["detail"]) for row in rows]


async def test_when_a_lead_is_sold_its_certificate_is_kept_once_with_a_receipt(
    either: Exchange, certified: dict[str, str]
) -> None:
    async with with_vendor(either, make=keeping) as (exchange, asked):
        asked.answer = KEPT
        await exchange.add(*buying("acme"), *selling("cedar", **RULES))
        posted = await post(exchange, certified)
        assert [("open", "")] == await proofs(exchange)
        await worked(exchange)
        await worked(exchange)
        rows = await exchange.rows("SELECT kept_until, receipt FROM retained")
        events = await exchange.rows("SELECT sentence FROM lead_events WHERE kind = 'proof_kept:line_check'")
        lead = await lead_of(exchange, posted)

    assert [f"/keep/{CERTIFICATE}"] == [path for path, _, _ in asked.asked if path.startswith("/keep")]
    assert {"reference": posted["lead_id"]} == asked.asked[-1][2]
    assert 1_952_801_011_000 == rows[0]["kept_until"]
    assert rows[0]["receipt"] is not None and b"masked" not in bytes(rows[0]["receipt"])
    assert ["Phone line is kept by its vendor until 2031-11-18"] == [row["sentence"] for row in events]
    assert 120 + 1_000 == lead["cost_units"]


async def test_a_lead_nobody_bought_leaves_its_certificate_alone(exchange: Exchange, certified: dict[str, str]) -> None:
    async with with_vendor(exchange, make=keeping) as (opened, asked):
        await opened.add(*buying("acme"), *selling("cedar", **RULES))
        opened.buyers.bids("acme", None)
        await post(opened, certified)
        await post(opened, consumer(3))  # without a certificate
        await worked(opened)
        told = await proofs(opened)

    assert [("open", "")] == told
    assert [] == [path for path, _, _ in asked.asked if path.startswith("/keep")]


async def test_a_vendor_that_is_away_is_asked_again_until_it_answers(
    exchange: Exchange, certified: dict[str, str]
) -> None:
    async with with_vendor(exchange, make=keeping) as (opened, asked):
        asked.answer = MOBILE  # knows the line, says nothing about keeping
        await opened.add(*buying("acme"), *selling("cedar", **RULES))
        await post(opened, certified)
        await worked(opened)
        before = await proofs(opened)
        asked.answer = KEPT
        later(opened, 60)
        await worked(opened)
        after = await proofs(opened)

    assert ([("due", "")], [("kept", "")]) == (before, after)


async def test_what_the_vendor_refuses_to_keep_is_told(exchange: Exchange, certified: dict[str, str]) -> None:
    async with with_vendor(exchange, make=keeping) as (opened, asked):
        await opened.add(*buying("acme"), *selling("cedar", **RULES))
        await post(opened, certified)
        asked.answer = {"kept": False, "why": "expired"}
        await worked(opened)
        told = await proofs(opened)
        fees = await opened.rows("SELECT reference FROM transactions WHERE kind = 'fee' ORDER BY reference")

    assert [("refused", "expired")] == told
    assert 1 == len(fees)


async def test_where_a_seller_says_that_a_certificate_lies_nobody_is_asked(exchange: Exchange) -> None:
    async with with_vendor(exchange, make=keeping) as (opened, asked), vendor() as stranger:
        await opened.add(*buying("acme"), *selling("cedar", **RULES))
        sent = {**POST, "trustedform_cert_url": f"https://127.0.0.1:{stranger.address[-5:]}/{CERTIFICATE}"}
        await post(opened, sent)

    assert ([], []) == (asked.asked, stranger.asked)


async def alarmed(exchange: Exchange, hours: float) -> list[tuple[str, int, str]]:
    """The alerts some hours later: state, how many leads, and what they say."""
    later(exchange, hours * 3_600)
    await look_for_late_proofs(exchange.market)
    await look_for_alerts(exchange.market)
    rows = await exchange.rows("SELECT state, leads, detail FROM screen_alerts ORDER BY found_at")
    return [(row["state"], row["leads"], row["detail"]) for row in rows]


async def test_a_proof_nobody_kept_for_48_hours_is_an_alarm_that_ends_by_itself(
    either: Exchange, certified: dict[str, str]
) -> None:
    async with with_vendor(either, make=keeping) as (exchange, asked):
        asked.answer = MOBILE
        await exchange.add(*buying("acme"), *selling("cedar", **RULES))
        await create_user(exchange.market, "olive@operator.example", "operator", None)
        await listen(exchange, hook("ember"), OPERATOR, "alert.*")
        posted = await post(exchange, certified)
        await worked(exchange)
        assert [] == await alarmed(exchange, 47)
        opened = await alarmed(exchange, 2)
        again = await alarmed(exchange, 1)
        asked.answer = KEPT
        later(exchange, 4 * 3_600)
        await worked(exchange)
        closed = await alarmed(exchange, 0)
        await run_all(exchange)

    told = "1 sold lead has no kept proof of consent: Phone line did not keep it within 48 hours"
    assert [("open", 1, told)] == opened == again
    assert [("closed", 1, told)] == closed
    told_of = [each for each in events(exchange, hook("ember")) if each["data"]["rule"] == "proof"]
    assert ["alert.opened", "alert.closed"] == sorted((each["type"] for each in told_of), reverse=True)
    (mail,) = [each for each in exchange.buyers.mailed if "keeps no proof of consent" in each.subject]
    assert told in mail.text and "Sandoval" not in mail.text
    lines = await exchange.rows("SELECT lead_id FROM lead_events WHERE kind = 'proof_late:line_check'")
    assert [posted["lead_id"]] == [line["lead_id"] for line in lines]


async def test_what_a_vendor_refuses_to_keep_is_an_alarm_at_once_and_one_for_many(
    exchange: Exchange, certified: dict[str, str]
) -> None:
    async with with_vendor(exchange, make=keeping) as (opened, asked):
        await opened.add(*buying("acme"), *selling("cedar", **RULES))
        for number in range(2):
            asked.answer = MOBILE
            await post(opened, {**consumer(number), **CERTIFIED})
            asked.answer = {"kept": False, "why": "expired"}
            await worked(opened)
            found = await alarmed(opened, 0)

    assert [("open", 2)] == [each[:2] for each in found]
    assert "Phone line refused to keep it" in found[0][2]
